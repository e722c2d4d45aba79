"""`python -m aidc.tools`: make tools ready, or say which there are."""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from ..problems import InvalidInput
from .errors import ToolError
from .folder import Folder, Tool
from .progress import shown_on
from .provision import find, provide
from .recipes import chosen, made_here


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 where a tool cannot be had, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        if options.list:
            _list(options.names or None, options.json)
        else:
            _provide(options.names or None, options.json)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run it again to go on", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m aidc.tools",
        description="Make the programs of the local control plane ready: find, download or build them.",
        epilog="AIDC_TOOLS: the folder where they are kept. AIDC_DOWNLOADS: an address that stands in for the "
        "hosts of released programs (it holds <host>/<path>), or off.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which tools (default: all that run here)")
    parser.add_argument("--list", action="store_true", help="say which tools are there, and make none")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _provide(names: Sequence[str] | None, as_json: bool) -> None:
    with shown_on(sys.stderr) as report:
        tools = provide(names, report)
    if as_json:
        print(json.dumps({name: _described(tool) for name, tool in tools.items()}, indent=2))


def _list(names: Sequence[str] | None, as_json: bool) -> None:
    folder = Folder.of(os.environ)
    found = {
        recipe.name: (recipe, find(recipe, folder, os.environ))
        for recipe in chosen(made_here(platform.system()) if names is None else names)
    }
    if as_json:
        described = {
            name: _described(tool) if tool else {"version": recipe.version, "how": None}
            for name, (recipe, tool) in found.items()
        }
        print(json.dumps(described, indent=2))
        return
    for name, (recipe, tool) in found.items():
        place = str(tool.program or tool.folder) if tool else "not there"
        print(f"{name:24}{recipe.version:10}{place}")


def _described(tool: Tool) -> Mapping[str, str | float | None]:
    manifests = tool.folder / "manifests"
    return {
        "version": tool.version,
        "how": tool.how.value,
        "seconds": round(tool.seconds, 1),
        "program": str(tool.program) if tool.program else None,
        "manifests": str(manifests) if manifests.is_dir() else None,
    }


def _terminate(number: int, frame: FrameType | None) -> None:
    # Raised, so that a build's processes end with this one and no partial folder stays.
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())
