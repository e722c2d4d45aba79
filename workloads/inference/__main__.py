"""Entry point: `python -m aidc.workloads.inference --model FOLDER_OR_ADDRESS`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ...problems import InvalidInput
from ..settings import override, read_file
from .settings import ENVIRONMENT_PREFIX, from_environment, serving_settings
from .supervisor import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Exit code 2: what was asked is wrong; 0: stopped as asked."""
    parser = argparse.ArgumentParser(
        prog="python -m aidc.workloads.inference",
        description="Serve an exported model over HTTP. Settings are taken from --config, then from environment "
        f"variables such as {ENVIRONMENT_PREFIX}MODEL, then from these options; the last one wins.",
    )
    parser.add_argument("--model", help="folder of an export, or its address, such as s3://models/chat")
    parser.add_argument("--config", type=Path, help="YAML file with settings")
    parser.add_argument("--host", help="IP address to listen on (default: all)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 8000)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other setting")
    given = parser.parse_args(arguments)
    options = {name: value for name in ("model", "host", "port") if (value := getattr(given, name)) is not None}
    try:
        file = read_file(given.config) if given.config is not None else {}
        chosen = override(options, given.set)
        settings = serving_settings(
            file, from_environment(os.environ), chosen, title="settings of the inference server"
        )
        return serve(settings)
    except InvalidInput as invalid:
        print(f"error: {invalid}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
