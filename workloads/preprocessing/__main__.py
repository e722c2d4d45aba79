"""`python -m aidc.workloads.preprocessing`: clean, deduplicate, convert, measure and store."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from types import FrameType

from ...problems import InvalidInput
from ..addresses import StorageSilent
from ..programs import SETTINGS_PATH


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0, 1 on failure, 2 for bad input, 143 or 130 after a signal."""
    options = _parser().parse_args(arguments)
    signals = _Signals()
    signals.listen()
    try:
        return _run(options, signals)
    except InvalidInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except StorageSilent as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except SystemExit:
        # Ray ends the process in its own way while it starts, with the number of the signal for its exit code.
        return 128 + (signals.received or signal.SIGTERM)


class _Signals:
    """SIGTERM and SIGINT: they end the process at once until there is work that may end between two tasks."""

    def __init__(self) -> None:
        self.received: int | None = None
        self.are_noted = False

    def listen(self) -> None:
        """Take the signals; again where somebody else has taken them."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        if not self.are_noted:
            raise SystemExit(128 + number)


def _run(options: argparse.Namespace, signals: _Signals) -> int:
    from ..settings import override, read_file, read_settings
    from .cluster import ClusterError, ray_cluster
    from .metrics import Metrics
    from .pipeline import Pipeline, Terminated, check_output
    from .progress import make_progress
    from .settings import PreprocessingSettings

    values = override(read_file(options.config), options.set)
    settings = read_settings(PreprocessingSettings, values, str(options.config))
    check_output(settings)
    try:
        metrics = Metrics(settings.metrics_port)
    except OSError as error:
        reason = error.strerror or error
        print(f"error: port {settings.metrics_port} for metrics: {reason}; give another metrics_port", file=sys.stderr)
        return 1
    progress = make_progress()
    try:
        # What Ray says of lost workers goes to stdout, which is for the events.
        with redirect_stdout(sys.stderr), ray_cluster(settings.resources):
            # Ray has put its own handlers in place by now, which end the process at once.
            signals.are_noted = True
            signals.listen()
            Pipeline(settings, [progress, metrics], lambda: signals.received is not None).run()
    except Terminated:
        return 128 + (signals.received or signal.SIGTERM)
    except (OSError, ClusterError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        metrics.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m aidc.workloads.preprocessing",
        description="Make raw texts or images ready for training: clean, deduplicate, convert, measure, store.",
        epilog="It goes on where an earlier run with the same settings was ended. RAY_ADDRESS names a cluster.",
    )
    parser.add_argument(
        "--config", type=Path, default=Path(SETTINGS_PATH), help="settings in YAML (default: %(default)s)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="change a setting, such as output.folder=/data"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
