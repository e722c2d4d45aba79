"""`python -m aidc.tools.image_archives`: the programs' images as archives, for a real node."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence

from ..problems import suggestion
from .errors import ToolError
from .images import PROGRAMS, Images, images_folder
from .packages import install, missing_image_packages
from .progress import shown_on

_PURPOSE = "images"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 where an image cannot be had.

    Where images cannot be built at all, for want of Linux, root or Debian's packages, it says so and returns 0: all
    but real pods of the programs works without.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    for name in options.programs:
        if name not in PROGRAMS:
            parser.error(f"'{name}' has no image{suggestion(name, PROGRAMS)}; give any of {', '.join(PROGRAMS)}")
    say = sys.stderr
    try:
        install(lambda line: print(line, file=say), _PURPOSE, missing_image_packages)
        if platform.system() != "Linux" or missing_image_packages():
            return 0
        if os.geteuid() != 0:
            print(f"{_PURPOSE}: only root can build them", file=say)
            return 0
        folder = images_folder(os.environ)
        with shown_on(say) as report:
            images = Images(folder, report)
            with images.alone():
                found = [images.provide(program, options.base) for program in options.programs or PROGRAMS]
    except ToolError as error:
        print(f"error: {error}", file=say)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run it again to go on", file=say)
        return 130
    if options.json:
        keys = ("reference", "identity", "bytes")
        described = [{**{key: getattr(each, key) for key in keys}, "path": str(each.path)} for each in found]
        print(json.dumps(described, indent=2))
    else:
        for each in found:
            print(f"{each.reference}: {each.bytes / 1e9:.2f} GB unpacked, {each.path}", file=say)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m aidc.tools.image_archives",
        description="Build the images of the programs with buildah, and write them as archives: Linux, as root.",
        epilog="AIDC_IMAGES: the folder where layers and archives are kept (about 14 GB, and 6 more while building).",
    )
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"of {', '.join(PROGRAMS)} (default: all)")
    parser.add_argument("--base", metavar="IMAGE", help="what to build on (default: as the Dockerfile says)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
