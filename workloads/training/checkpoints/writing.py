"""Writes one checkpoint: the data files and their index by torch.distributed.checkpoint, the manifest at the end."""

import dataclasses
import hashlib
import pickle
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final, cast

from torch.distributed.checkpoint.filesystem import FileSystemBase, FileSystemWriter
from torch.distributed.checkpoint.metadata import Metadata
from torch.distributed.checkpoint.planner import SavePlan, SavePlanner
from torch.distributed.checkpoint.storage import WriteResult
from torch.futures import Future

from .manifest import MANIFEST, FileRecord, Manifest
from .storage import Storage

INDEX: Final = ".metadata"
"""Name of torch.distributed.checkpoint's index of tensors."""


class CheckpointWriter(FileSystemWriter):
    """Writes a folder of a storage, remembers the hash of what it writes, and publishes the manifest last."""

    def __init__(self, storage: Storage, folder: str, manifest: Manifest, published: Callable[[], None]) -> None:
        """`manifest` lacks its files; `published` is called by process 0 once it is there."""
        super().__init__(folder, sync_files=False)  # pyright: ignore[reportUnknownMemberType]
        self._files = _Hashing(storage)
        self.fs = self._files
        self.path = folder
        self._storage = storage
        self._manifest = manifest
        self._published = published

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> Future[list[WriteResult]]:
        """Write this process's files; the first result says what they are."""
        results = super().write_data(plan, planner).wait()
        if results:
            first = results[0]
            results[0] = _Written(first.index, first.size_in_bytes, first.storage_data, self._files.records)
        done: Future[list[WriteResult]] = Future()
        done.set_result(results)
        return done

    def finish(self, metadata: Metadata, results: list[list[WriteResult]]) -> None:
        """Write the index and the manifest, in process 0, after all data of all processes."""
        # The index has no dates of its own, so a folder without a manifest is all that a crash can leave.
        metadata.storage_data = {each.index: each.storage_data for written in results for each in written}
        metadata.storage_meta = self.storage_meta()
        with self._files.create_stream(f"{self.path}/{INDEX}", "wb") as stream:
            pickle.dump(metadata, cast(IO[bytes], stream))
        files = dict(self._files.records)
        for written in results:
            for each in written:
                if isinstance(each, _Written):
                    files.update(each.files)
        complete = dataclasses.replace(self._manifest, files=files, created=time.time())
        self._storage.publish(f"{self.path}/{MANIFEST}", complete.text().encode())
        self._published()


@dataclasses.dataclass(frozen=True)
class _Written(WriteResult):
    files: Mapping[str, FileRecord]


class _Hashing(FileSystemBase):
    """A storage in the shape that torch.distributed.checkpoint wants, which keeps the hashes of what it writes."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.records: dict[str, FileRecord] = {}

    @contextmanager
    def create_stream(self, path: Any, mode: str) -> Generator[Any]:
        with self._storage.create(str(path)) as stream:
            hashed = _HashedStream(stream)
            yield hashed
        self.records[str(path).rsplit("/", 1)[-1]] = hashed.record()

    def concat_path(self, path: Any, suffix: str) -> str:
        return f"{path}/{suffix}"

    def init_path(self, path: Any) -> str:
        return str(path)

    def mkdir(self, path: Any) -> None:
        self._storage.make(str(path))

    def exists(self, path: Any) -> bool:
        # A folder's name is never used twice.
        return False

    def rename(self, path: Any, new_path: Any) -> None:
        raise NotImplementedError("files are written in their place")

    def rm_file(self, path: Any) -> None:
        self._storage.remove(str(path))

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: Any) -> bool:
        return True


class _HashedStream:
    """Passes on what is written, and hashes it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, data: Any) -> int:
        with memoryview(data).cast("B") as view:
            self._hash.update(view)
            self._stream.write(view)
            self._size += len(view)
            return len(view)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        # What is buffered is written when the file is closed, and becomes durable there.
        pass

    def close(self) -> None:
        self._stream.close()

    def record(self) -> FileRecord:
        return FileRecord(size=self._size, sha256=self._hash.hexdigest())
