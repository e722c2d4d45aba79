"""Saving and restoring a training's state, and what is kept of it."""

import logging
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from pickle import UnpicklingError
from typing import Any, Final, cast

import torch.distributed as distributed
from torch.distributed import ProcessGroup
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner, DefaultSavePlanner
from torch.distributed.checkpoint.state_dict_loader import load  # pyright: ignore[reportUnknownVariableType]
from torch.distributed.checkpoint.state_dict_saver import (
    AsyncSaveResponse,
    async_save,  # pyright: ignore[reportUnknownVariableType]
    save,  # pyright: ignore[reportUnknownVariableType]
)

from ....problems import InvalidInput, Problem
from ..outcomes import CheckpointFailed
from ..parallel.processes import Processes
from .collection import Collection, Found
from .manifest import Manifest
from .reading import CheckpointReader, faults, read_index
from .settings import CheckpointSettings
from .staging import Stager
from .state import TrainingState
from .storage import Storage, open_storage
from .writing import CheckpointWriter

_LOG: Final = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Measured:
    """What checkpoints took from a training."""

    saved: int = 0
    """Complete checkpoints that this process took part in."""

    failed: int = 0
    """Checkpoints that could not be written."""

    failed_step: int | None = None
    """Step of the last one that failed."""

    failure: str = ""
    """Why it failed."""

    pause_seconds: float = 0.0
    """Time that training stood still."""

    last_step: int | None = None
    """Step of the newest complete checkpoint."""


class Checkpoints:
    """The checkpoints of one training. Every process must call each method at the same steps."""

    def __init__(self, settings: CheckpointSettings, processes: Processes, storage: Storage | None = None) -> None:
        """Open the location; `storage` stands in for what `settings.location` says."""
        if storage is None:
            if settings.location is None:
                raise InvalidInput("checkpoints", [Problem("checkpoint.location", "missing; say where to keep them")])
            storage = open_storage(settings.location)
        self.collection = Collection(storage, settings.keep)
        self.measured = Measured()
        self._settings = settings
        self._processes = processes
        # Its own group: what is written in the background must not meet the training's own messages.
        timeout = timedelta(seconds=settings.timeout)
        self._group = cast(ProcessGroup, distributed.new_group(backend="gloo", timeout=timeout))
        self._run = str(self._agreed(secrets.token_hex(4)))
        self._attempts = 0
        self._failures = 0
        self._pending: _Pending | None = None
        self._stager: Stager | None = None

    def restore(self, state: TrainingState) -> int:
        """Read the newest complete checkpoint into `state`, on any number of processes and in any layout.

        One with missing or changed files is reported and left aside for the one before it.

        Returns:
            The step; 0 where there is no checkpoint.

        Raises:
            InvalidInput: There are checkpoints, and none is whole; or the newest is of another model.
        """
        collection = self.collection
        if self._processes.first:
            collection.remove_remains()
        for found in cast(list[Found], self._agreed(collection.complete() if self._processes.first else [])):
            wrong = self._check(found) or self._load(found, state)
            if not wrong:
                state.values.update(found.manifest.values)
                self.measured.last_step = found.manifest.step
                return found.manifest.step
            collection.damaged.add(found.folder)
            self._report("checkpoint %s is damaged and left aside: %s", found.folder, "; ".join(wrong))
        if self._agreed(bool(collection.damaged)):
            problem = Problem(
                "checkpoint.location",
                f"no checkpoint in {collection.storage.location} is whole; repair one, or begin anew elsewhere",
            )
            raise InvalidInput("checkpoints", [problem])
        return 0

    def save(self, step: int, state: TrainingState) -> None:
        """Begin to save `state` as of `step`. Call `staged` before it changes.

        Waits for the checkpoint before, where that is still being written.

        Raises:
            CheckpointFailed: More checkpoints in a row have failed than the settings bear.
        """
        began = time.perf_counter()
        self._finish(last=False)
        self._attempts += 1
        folder = f"step-{step:010d}-{self._run}-{self._attempts}"
        manifest = Manifest(
            step=step, world_size=self._processes.world_size, created=0.0, files={}, values=dict(state.values)
        )
        writer = CheckpointWriter(self.collection.storage, folder, manifest, self.collection.retain)
        tensors = state.tensors()
        if self._settings.asynchronous:
            self._pending = _Pending(step, folder, *self._begin(tensors, state.changed_by_forward(), writer))
        else:
            done: Future[Any] = Future()
            try:
                save(tensors, storage_writer=writer, planner=_plan(), process_group=self._group)
                done.set_result(None)
            except CheckpointException as error:
                done.set_exception(error)
            self._pending = _Pending(step, folder, None, done)
            self._finish(last=False)
        self.measured.pause_seconds += time.perf_counter() - began

    def staged(self) -> None:
        """Wait until the state that is being saved has been copied, and may change."""
        if self._pending is not None and self._pending.staging is not None:
            began = time.perf_counter()
            self._pending.staging.result()
            self._pending.staging = None
            self.measured.pause_seconds += time.perf_counter() - began

    def wait(self) -> None:
        """Wait for the last checkpoint; raises `CheckpointFailed` if it failed."""
        began = time.perf_counter()
        self._finish(last=True)
        self.measured.pause_seconds += time.perf_counter() - began

    def close(self) -> None:
        """Free the memory of copies; what is being written is finished first."""
        if self._pending is not None:
            self._pending.saving.exception()
            self._pending = None
        if self._stager is not None:
            self._stager.close()
            self._stager = None

    def _begin(
        self, tensors: dict[str, Any], changing: set[str], writer: CheckpointWriter
    ) -> tuple[Future[None], Future[Any]]:
        if self._stager is None:
            self._stager = Stager(self._processes.device)
        for name in changing:
            tensors[name] = tensors[name].detach().clone()
        response = cast(
            object,
            async_save(
                tensors,
                storage_writer=writer,
                planner=_plan(),
                process_group=self._group,
                async_stager=self._stager,
            ),
        )
        assert isinstance(response, AsyncSaveResponse)
        return response.staging_completion, response.upload_completion

    def _finish(self, last: bool) -> None:
        """Take note of how the checkpoint that is being written ended."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        error = pending.saving.exception()
        if error is None:
            self._failures = 0
            self.measured.saved += 1
            self.measured.last_step = pending.step
            return
        self._failures += 1
        self.measured.failed += 1
        reason = _reason(error)
        self.measured.failed_step, self.measured.failure = pending.step, reason
        self._report("checkpoint of step %d failed: %s", pending.step, reason)
        if self._processes.first:
            self.collection.remove(pending.folder)
        if last or self._failures > self._settings.failures:
            raise CheckpointFailed(
                f"the checkpoint of step {pending.step:,} failed, {self._failures} in a row: {reason}; the newest"
                f" complete one is of step {self.measured.last_step or 0:,}"
            ) from error

    def _check(self, found: Found) -> list[str]:
        """Compare the files with the manifest, each process its share of them, and see whether all can be read."""
        storage, files = self.collection.storage, sorted(found.manifest.files)
        mine = faults(storage, found.folder, found.manifest, files[self._processes.rank :: self._processes.world_size])
        try:
            read_index(storage, found.folder)
        except (OSError, UnpicklingError) as error:
            mine.append(f"process {self._processes.rank} cannot read its index: {error}")
        all_faults: list[list[str]] = [[] for _ in range(self._processes.world_size)]
        distributed.all_gather_object(all_faults, mine, group=self._group)
        return [fault for each in all_faults for fault in each]

    def _load(self, found: Found, state: TrainingState) -> list[str]:
        """Read a checkpoint; return why it cannot be."""
        storage = self.collection.storage
        same_processes = found.manifest.world_size == self._processes.world_size
        tensors = state.prepared(read_index(storage, found.folder), same_processes)
        try:
            load(
                cast(dict[str, Any], tensors),
                storage_reader=CheckpointReader(storage, found.folder),
                planner=DefaultLoadPlanner(flatten_state_dict=False, flatten_sharded_tensors=False),
                process_group=self._group,
            )
        except CheckpointException as error:
            return [_reason(error)]
        state.finish(tensors)
        return []

    def _agreed(self, value: Any) -> Any:
        """Return what process 0 gives."""
        values = [value]
        distributed.broadcast_object_list(values, src=0, group=self._group)
        return values[0]

    def _report(self, message: str, *arguments: object) -> None:
        if self._processes.first:
            _LOG.warning(message, *arguments)


@dataclass(slots=True)
class _Pending:
    step: int
    folder: str
    staging: Future[None] | None
    saving: Future[Any]


def _plan() -> DefaultSavePlanner:
    # What several processes have is written by one of them, each in turn.
    return DefaultSavePlanner(flatten_state_dict=False, flatten_sharded_tensors=False, dedup_save_to_lowest_rank=False)


def _reason(error: BaseException) -> str:
    if isinstance(error, CheckpointException):
        first = cast(Sequence[BaseException], [each[0] for each in error.failures.values()])
        return "; ".join(dict.fromkeys(f"{each}" for each in first))
    return str(error)
