"""Entry point: `python -m aidc.workloads.autoscaler --config FILE`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ...problems import InvalidInput
from ..settings import override, read_file, read_settings
from .settings import AutoscalerSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Scale until told to stop. Exit code 2: what was asked is wrong; 0: stopped as asked."""
    parser = argparse.ArgumentParser(
        prog="python -m aidc.workloads.autoscaler",
        description="Forecast the load of a workload and decide on its number of pods. Unless the settings say "
        "`mode: act`, decisions are shown and not done.",
    )
    parser.add_argument("--config", type=Path, required=True, help="YAML file with settings")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="another setting")
    given = parser.parse_args(arguments)
    try:
        values = override(read_file(given.config), given.set)
        settings = read_settings(AutoscalerSettings, values, "settings of the autoscaler")
        # What reads logs and numbers is imported once the settings are right.
        from .logs import configure_logs
        from .run import run

        configure_logs(settings.log)
        return run(settings)
    except InvalidInput as invalid:
        print(f"error: {invalid}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
