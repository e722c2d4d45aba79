"""The manifest of a checkpoint: written last, it says that the checkpoint is complete, and what belongs to it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

MANIFEST: Final = "manifest.json"
"""Name of the file."""

_VERSION: Final = 1


class DamagedManifest(ValueError):
    """A manifest is there, but is not what was written."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file of a checkpoint must be."""

    size: int
    """Bytes."""

    sha256: str
    """SHA-256 in hexadecimal digits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a complete checkpoint holds."""

    step: int
    """Steps of the optimizer that led to it."""

    world_size: int
    """Processes that wrote it."""

    created: float
    """When the manifest was written, in seconds since 1970."""

    files: Mapping[str, FileRecord]
    """Every other file of the folder."""

    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is no tensor: plain JSON."""

    def text(self) -> str:
        """Return it as JSON, with a checksum of its own."""
        body = {"version": _VERSION, **asdict(self)}
        return json.dumps({**body, "sha256": _checksum(body)}, indent=1, sort_keys=True)

    @classmethod
    def parse(cls, data: bytes) -> "Manifest":
        """Return what `text` wrote; raises `DamagedManifest`."""
        try:
            body: dict[str, Any] = json.loads(data)
            checksum = body.pop("sha256")
            if _checksum(body) != checksum:
                raise DamagedManifest("its checksum does not fit")
            version = body.pop("version")
            if version != _VERSION:
                raise DamagedManifest(f"its version is {version}, and this program reads version {_VERSION}")
            body["files"] = {name: FileRecord(**record) for name, record in body["files"].items()}
            return cls(**body)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, DamagedManifest):
                raise
            raise DamagedManifest("it is no manifest") from error


def _checksum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
