"""Folders that preprocessing writes: of these, only the shards that the manifest lists are data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from ...preprocessing.manifest import MANIFEST
from ...preprocessing.pipeline import WORK
from ...preprocessing.shards import QUARANTINE

_KEYS: Final = frozenset({"format", "fingerprint", "shards"})
"""Of a manifest of preprocessing; other programs have other files of that name."""

_BESIDE: Final = frozenset({WORK, QUARANTINE})


class _Shard(BaseModel):
    """What a manifest says of a shard that training has to know."""

    name: str
    bytes: int
    sha256: str


_SHARDS: Final = TypeAdapter(list[_Shard])


@dataclass(frozen=True, slots=True)
class Output:
    """A folder that preprocessing writes."""

    folder: Path

    shards: tuple[Path, ...] = ()
    """In their order."""

    hashes: Mapping[str, str] = field(default_factory=dict[str, str])
    """SHA-256 of the shards, by name."""

    refusal: str | None = None
    """Why it cannot be read, and the way out; None where it can."""

    def has(self, path: Path) -> bool:
        """Whether a file is one of the shards, where the folder's path is absolute."""
        return path.name in self.hashes and path.absolute().parent == self.folder


class Outputs:
    """Knows the outputs of preprocessing; each folder is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Path, Output | None] = {}

    def at(self, folder: Path) -> Output | None:
        """Return the output that `folder` is; None where preprocessing has not written it."""
        if folder not in self._known:
            self._known[folder] = _output(folder)
        return self._known[folder]

    def hashes(self) -> dict[Path, str]:
        """Return SHA-256 of the shards of every output that was looked at, by their absolute path."""
        outputs = [output for output in self._known.values() if output is not None]
        return {output.folder.absolute() / name: value for output in outputs for name, value in output.hashes.items()}

    def around(self, path: Path) -> Output | None:
        """Return the output that a file or folder belongs to; None where it belongs to none."""
        absolute = path.absolute()
        places = [absolute.parent, *(place.parent for place in absolute.parents if place.name in _BESIDE)]
        return next((output for place in places if (output := self.at(place)) is not None), None)


def _output(folder: Path) -> Output | None:
    path = folder / MANIFEST
    try:
        manifest: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        if not any((folder / WORK).glob("plan.json*")):
            return None
        reason = f"the preprocessing into it has not finished: it has {WORK}, and no {MANIFEST} yet"
        return Output(folder, refusal=f"{reason}; start the training once that is complete")
    except ValueError:
        if not any(folder.glob("shard-*.parquet")):
            return None
        return _damaged(folder)
    except OSError:
        return None
    if not isinstance(manifest, dict) or _KEYS.difference(cast(dict[str, Any], manifest)):
        return None
    try:
        return _finished(folder, _SHARDS.validate_python(cast(dict[str, Any], manifest)["shards"]))
    except ValidationError:
        return _damaged(folder)


def _damaged(folder: Path) -> Output:
    return Output(folder, refusal=f"its {MANIFEST} is damaged; preprocess into an empty folder again")


def _finished(folder: Path, shards: list[_Shard]) -> Output:
    paths = tuple(folder / shard.name for shard in shards)
    wrong = [path.name for path, shard in zip(paths, shards, strict=True) if _size(path) != shard.bytes]
    if not paths:
        return Output(folder, refusal=f"its {MANIFEST} lists no shards: preprocessing has left nothing of its input")
    if wrong:
        listed = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        reason = f"{listed} missing, or of another size than {MANIFEST} says"
        return Output(folder, refusal=f"{reason}; copy the folder again, or preprocess into an empty one")
    return Output(folder, paths, {shard.name: shard.sha256 for shard in shards})


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
