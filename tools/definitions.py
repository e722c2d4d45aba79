"""`python -m aidc.tools.definitions FOLDER`: say where operators publish their definitions, and download them."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from ..infra.versions import DEFINITIONS, Definitions
from ..problems import InvalidInput
from .downloads import DownloadFailed, Downloads

_KIND = "CustomResourceDefinition"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 where something cannot be downloaded, 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m aidc.tools.definitions",
        description="Download the published custom resource definitions that tests of AWS environments apply.",
        epilog="AIDC_DOWNLOADS: an address that stands in for the hosts (it holds <host>/<path>), or off.",
    )
    parser.add_argument("folder", type=Path, help="where they are put, one file an operator")
    folder = parser.parse_args(arguments).folder
    try:
        downloads = Downloads.of(os.environ)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    missing = [each for each in DEFINITIONS if not _provide(each, folder, downloads)]
    for each in missing:
        print(f"get {each.file} by hand: put all documents of these into it", file=sys.stderr)
        for address in each.addresses:
            print(f"  {address}", file=sys.stderr)
    return 1 if missing else 0


def _provide(definitions: Definitions, folder: Path, downloads: Downloads | None) -> bool:
    """Have the file of an operator; say so, or why not."""
    target = folder / definitions.file
    what = f"{definitions.operator} {definitions.number}, {definitions.source}"
    if target.is_file():
        print(f"{definitions.file}: there ({what})")
        return True
    if downloads is None:
        print(f"{definitions.file}: not there, and downloads are off ({what})")
        return False
    try:
        texts = [downloads.read(address) for address in definitions.addresses]
        _check(texts, definitions.groups)
    except DownloadFailed as failure:
        print(f"{definitions.file}: not downloaded: {failure} ({what})")
        return False
    partial = target.with_suffix(".partial")
    partial.write_bytes(b"\n---\n".join(texts))
    # Whoever reads the folder meanwhile sees the whole file or none.
    partial.replace(target)
    print(f"{definitions.file}: downloaded ({what})")
    return True


def _check(texts: Iterable[bytes], groups: Iterable[str]) -> None:
    """Refuse what are no definitions of these groups."""
    found: set[str] = set()
    for text in texts:
        try:
            loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            documents: list[Any] = [each for each in yaml.load_all(text, loader) if each]
        except yaml.YAMLError as error:
            raise DownloadFailed("what came is no YAML") from error
        for document in documents:
            if not isinstance(document, dict) or cast("dict[str, Any]", document).get("kind") != _KIND:
                raise DownloadFailed("what came are no custom resource definitions")
            found.add(cast("dict[str, Any]", document)["spec"]["group"])
    if lacking := sorted(set(groups) - found):
        raise DownloadFailed(f"what came has nothing of {', '.join(lacking)}")


if __name__ == "__main__":
    sys.exit(main())
