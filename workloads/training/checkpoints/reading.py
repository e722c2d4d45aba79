"""Reads one checkpoint, after its files were compared with its manifest."""

import hashlib
import pickle
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, Final

import torch
from torch.distributed.checkpoint.filesystem import FileSystemBase, FileSystemReader
from torch.distributed.checkpoint.metadata import Metadata

from .manifest import Manifest
from .storage import Storage
from .writing import INDEX

_CHUNK: Final = 2**22
_CLASSES: Final = frozenset(
    {
        ("collections", "OrderedDict"),
        ("torch", "Size"),
        ("torch.serialization", "_get_layout"),
        *(
            ("torch.distributed.checkpoint.metadata", name)
            for name in (
                "BytesStorageMetadata",
                "ChunkStorageMetadata",
                "Metadata",
                "MetadataIndex",
                "StorageMeta",
                "TensorProperties",
                "TensorStorageMetadata",
                "_MEM_FORMAT_ENCODING",
            )
        ),
        ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
    }
)
"""All that an index is made of; whatever else a file names is not loaded, since loading could run it."""


class CheckpointReader(FileSystemReader):
    """Reads a folder of a storage."""

    def __init__(self, storage: Storage, folder: str) -> None:
        super().__init__(folder)  # pyright: ignore[reportUnknownMemberType]
        self.fs = _ReadOnly(storage)
        self.path = folder
        self._storage = storage

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        """Return the index of tensors."""
        return read_index(self._storage, str(self.path))


def read_index(storage: Storage, folder: str) -> Metadata:
    """Return the index of a checkpoint's tensors; raises OSError, or UnpicklingError where it is none."""
    with storage.open(f"{folder}/{INDEX}") as stream:
        found = _Index(stream).load()
    if not isinstance(found, Metadata):
        raise pickle.UnpicklingError(f"{folder}/{INDEX} is no index of tensors")
    return found


def faults(storage: Storage, folder: str, manifest: Manifest, names: Sequence[str]) -> list[str]:
    """Return what is wrong with the files `names`: missing, of another size, or with another hash."""
    found: list[str] = []
    for name in names:
        record = manifest.files[name]
        try:
            size, digest = _digest(storage, f"{folder}/{name}")
        except OSError as error:
            found.append(f"{name} cannot be read: {error.strerror or error}")
            continue
        if size != record.size:
            found.append(f"{name} has {size:,} bytes of {record.size:,}")
        elif digest != record.sha256:
            found.append(f"{name} has not the content that was written")
    return found


def _digest(storage: Storage, path: str) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with storage.open(path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


class _Index(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        """Return a class of the index; raises UnpicklingError for any other."""
        is_type_of_numbers = module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)
        if is_type_of_numbers or (module, name) in _CLASSES:
            return super().find_class(module, name)
        if (module, name) == ("builtins", "getattr"):
            # Python 3.11 up to 3.11.3 writes a member of an enumeration as getattr(class, name).
            return _member
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into an index of tensors")


def _member(kind: Any, name: str) -> Enum:
    """Return a member of an enumeration; raises UnpicklingError for what else getattr would reach."""
    if isinstance(kind, type) and issubclass(kind, Enum) and name in kind.__members__:
        return kind[name]
    raise pickle.UnpicklingError(f"{kind}.{name} does not belong into an index of tensors")


class _ReadOnly(FileSystemBase):
    """A storage in the shape that torch.distributed.checkpoint wants."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @contextmanager
    def create_stream(self, path: Any, mode: str) -> Generator[Any]:
        with self._storage.open(str(path)) as stream:
            yield stream

    def concat_path(self, path: Any, suffix: str) -> str:
        return f"{path}/{suffix}"

    def init_path(self, path: Any) -> str:
        return str(path)

    def mkdir(self, path: Any) -> None:
        raise NotImplementedError("this storage is read")

    def exists(self, path: Any) -> bool:
        return str(path).rsplit("/", 1)[-1] in self._storage.sizes(str(path).rsplit("/", 1)[0])

    def rename(self, path: Any, new_path: Any) -> None:
        raise NotImplementedError("this storage is read")

    def rm_file(self, path: Any) -> None:
        raise NotImplementedError("this storage is read")

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: Any) -> bool:
        return True
