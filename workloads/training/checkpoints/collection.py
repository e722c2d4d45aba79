"""The checkpoints of a location: which are complete, which are kept, and what is removed."""

import logging
import re
from dataclasses import dataclass
from typing import Final

from .manifest import MANIFEST, DamagedManifest, Manifest
from .storage import Storage

_LOG: Final = logging.getLogger(__name__)
_FOLDER: Final = re.compile(r"step-(\d{10})-[0-9a-f]{8}-\d+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A complete checkpoint."""

    folder: str
    """Name below the location."""

    manifest: Manifest
    """What it holds."""


class Collection:
    """What lies at a location. Only one process of a training may remove things, and does so under a lock."""

    def __init__(self, storage: Storage, keep: int) -> None:
        self.storage = storage
        self.damaged: set[str] = set()
        """Folders that have a manifest and are not what it says; they go once a complete one follows."""
        self._keep = keep

    def complete(self) -> list[Found]:
        """Return the checkpoints with a whole manifest, the newest first."""
        return [found for _, found in self._listed() if found is not None]

    def retain(self) -> None:
        """Remove what a new complete checkpoint makes superfluous; a failure is reported only."""
        try:
            with self.storage.exclusive() as mine:
                if mine:
                    self._retain()
        except OSError as error:
            _LOG.warning("old checkpoints could not be removed: %s", error)

    def remove_remains(self) -> None:
        """Remove what a crash left half-written, or half-removed; a failure is reported only."""
        try:
            with self.storage.exclusive() as mine:
                for folder, found in self._listed() if mine else ():
                    if found is None:
                        _LOG.warning("checkpoint %s was never finished and is removed", folder)
                        self.storage.remove_folder(folder)
        except OSError as error:
            _LOG.warning("remains of checkpoints could not be removed: %s", error)

    def remove(self, folder: str) -> None:
        """Remove a checkpoint; a failure is reported only."""
        try:
            self._remove(folder)
        except OSError as error:
            _LOG.warning("the remains of checkpoint %s could not be removed: %s", folder, error)

    def _retain(self) -> None:
        whole = [found.folder for found in self.complete() if found.folder not in self.damaged]
        for folder in [*reversed(whole[self._keep :]), *sorted(self.damaged)]:
            self._remove(folder)
        self.damaged.clear()

    def _remove(self, folder: str) -> None:
        # Without its manifest it is no checkpoint any more, however much of it is left by a crash.
        self.storage.remove(f"{folder}/{MANIFEST}")
        self.storage.remove_folder(folder)

    def _listed(self) -> list[tuple[str, Found | None]]:
        """Return all checkpoints, the newest first, without those that have a damaged manifest."""
        found: list[tuple[str, Found | None]] = []
        for folder in self.storage.folders():
            if not _FOLDER.fullmatch(folder):
                continue
            data = self.storage.read(f"{folder}/{MANIFEST}")
            try:
                manifest = None if data is None else Manifest.parse(data)
            except DamagedManifest as error:
                if folder not in self.damaged:
                    self.damaged.add(folder)
                    _LOG.warning("checkpoint %s is damaged and left aside: of its manifest, %s", folder, error)
                continue
            found.append((folder, None if manifest is None else Found(folder=folder, manifest=manifest)))
        return sorted(found, key=_age, reverse=True)


def _age(item: tuple[str, Found | None]) -> tuple[int, float]:
    folder, found = item
    return int(folder.split("-")[1]), found.manifest.created if found else 0.0
