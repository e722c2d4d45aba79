"""The whole preprocessing: stages of tasks, each of which is done once, however often it is begun."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from ...problems import Problems
from ..addresses import is_address, refusal_to_write
from .cluster import Task, run_tasks
from .duplicates import DUPLICATES, plan_buckets
from .features import make_features
from .manifest import MANIFEST, make_manifest
from .partitions import Plan, plan_partitions
from .preparing import PREPARED
from .progress import Listener
from .removal import REMOVAL
from .settings import PreprocessingSettings
from .shards import QUARANTINE, WRITTEN, plan_shards
from .stages import aside_task, clusters_task, duplicates_task, prepare_task, removal_task, shard_task
from .storage import Folder

WORK: Final = "_work"
"""Folder of unfinished work below the output."""

_REPORT_SECONDS: Final = 10.0

_Items = dict[str, dict[str, Any]]
"""What tasks are given, by the name of the marker that each leaves."""


class Terminated(Exception):
    """A signal asked for the end; the same command goes on from there."""


class Pipeline:
    """One preprocessing, run in the Ray that this process is part of."""

    def __init__(
        self,
        settings: PreprocessingSettings,
        listeners: Sequence[Listener] = (),
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take settings, those who want to know, and what says whether the end was asked for."""
        self._settings = settings
        self._listeners = listeners
        self._stopping = stopping
        placed = _placed(settings)
        self._output = Folder(placed.output.folder)
        self._work = self._output.below(WORK)
        self._common = {"settings": placed.model_dump_json(), "work": self._work.address}

    def run(self) -> dict[str, Any]:
        """Do what is not done yet, and return the manifest.

        Raises:
            InvalidInput: there is no input, the encoding cannot be read, or the output holds something else.
            Terminated: the end was asked for.
        """
        make_features(self._settings.features)
        plan = plan_partitions(self._settings)
        fingerprint = plan.fingerprint(self._settings)
        finished = self._output.read_document(MANIFEST)
        self._check(finished, fingerprint)
        if finished is None:
            size = sum(source.size for source in plan.sources)
            self._tell("started", files=len(plan.sources), partitions=len(plan.partitions), bytes=size)
            self._work.write_document("plan.json", {"fingerprint": fingerprint})
            finished = self._do(plan)
            self._remove_temporary()
            self._output.write_document(MANIFEST, finished)
        self._work.remove()
        self._tell("finished", **finished["records"], shards=len(finished["shards"]))
        return finished

    def _check(self, finished: dict[str, Any] | None, fingerprint: str) -> None:
        problems = Problems()
        place = self._settings.output.folder
        names = self._output.names()
        begun = self._work.read_document("plan.json")
        if finished is not None:
            if finished.get("fingerprint") != fingerprint:
                problems.add(
                    "output.folder", f"'{place}' holds the result of other settings or input; give another one"
                )
        elif begun is not None:
            if begun["fingerprint"] != fingerprint:
                reason = "holds unfinished work on other settings or input; remove it, or give another one"
                problems.add("output.folder", f"'{place}' {reason}")
        elif set(names) - {WORK}:
            problems.add("output.folder", f"'{place}' holds something else, such as {names[0]}; give an empty one")
        problems.raise_if_any("preprocessing")
        self._remove_temporary()

    def _remove_temporary(self) -> None:
        """Remove what a killed run or a killed worker has begun to write."""
        for folder in (self._output, self._output.below(QUARANTINE)):
            for name in folder.names():
                if name.endswith(".temporary"):
                    folder.remove(name)

    def _do(self, plan: Plan) -> dict[str, Any]:
        names = [partition.name for partition in plan.partitions]
        prepared = self._stage(
            "prepare",
            PREPARED,
            prepare_task,
            {one.name: self._common | {"partition": one.document()} for one in plan.partitions},
        )
        exact, near = self._duplicates(names, sum(marker["rows"] for marker in prepared))
        column = "image" if self._settings.input.kind == "images" else "bytes"
        shared = {"exact": exact, "near": near, "column": column, "work": self._work.address}
        removal = self._stage(
            "remove_duplicates",
            REMOVAL,
            removal_task,
            {name: shared | {"index": index, "partition": name} for index, name in enumerate(names)},
        )
        starts = _line_starts(plan, prepared)
        target = self._common | {"output": self._output.address}
        shards = plan_shards(names, prepared, removal, starts, self._settings.output.shard_bytes)
        written = self._stage(
            "write_shards", WRITTEN, shard_task, {one.name: target | {"shard": one.document()} for one in shards}
        )
        aside = self._stage(
            "write_quarantine",
            WRITTEN,
            aside_task,
            {
                f"{name}.jsonl": target | {"partition": name, "starts": starts[index]}
                for index, name in enumerate(names)
                if prepared[index]["aside"]
            },
        )
        return make_manifest(plan, self._settings, prepared, removal, written, aside)

    def _duplicates(self, names: list[str], rows: int) -> tuple[list[str], list[str]]:
        """Return the names of the files of pairs: exact ones and near ones."""
        wanted = self._settings.deduplication
        bands = range(1, wanted.near.bands + 1) if wanted.near is not None else range(0)
        buckets = plan_buckets(rows, [*([0] if wanted.exact else []), *bands])
        shared = {"partitions": names, "work": self._work.address}
        items = {bucket.name: shared | {"bucket": bucket.document()} for bucket in buckets}
        self._stage("find_duplicates", DUPLICATES, duplicates_task, items)
        exact = [bucket.name for bucket in buckets if bucket.band == 0]
        found = [bucket.name for bucket in buckets if bucket.band]
        if not found:
            return exact, []
        item = {"buckets": found, "work": self._work.address}
        self._stage("join_clusters", DUPLICATES, clusters_task, {"clusters": item})
        return exact, ["clusters"]

    def _stage(self, stage: str, folder: str, task: Task, items: _Items) -> list[dict[str, Any]]:
        """Run the tasks that have left no marker, and return all markers in the order of the items."""
        place = self._work.below(folder)
        there = set(place.names())
        pending = [item for name, item in items.items() if f"{name}.json" not in there]
        done = len(items) - len(pending)
        self._tell("stage", stage=stage, tasks=len(items), done=done)
        self._stop_if_asked()
        told = time.monotonic()
        for result in run_tasks(task, pending, self._settings.resources):
            done += 1
            self._tell("task", **result)
            if time.monotonic() - told >= _REPORT_SECONDS:
                told = time.monotonic()
                self._tell("progress", stage=stage, tasks=len(items), done=done)
            self._stop_if_asked()
        return [place.read_document(f"{name}.json") for name in items]

    def _stop_if_asked(self) -> None:
        if self._stopping():
            self._tell("terminating")
            raise Terminated

    def _tell(self, event: str, **values: Any) -> None:
        for listener in self._listeners:
            listener.hear(event, values)


def check_output(settings: PreprocessingSettings) -> None:
    """Refuse an output that cannot be written to, before Ray is started.

    Raises:
        InvalidInput: nothing can be written there.
        StorageSilent: its storage does not answer now.
    """
    problems = Problems()
    # A Job ends for good where its input is wrong, and starts another pod where storage was away.
    if (reason := refusal_to_write(settings.output.folder, makes=False, tries_again=True)) is not None:
        problems.add("output.folder", f"'{settings.output.folder}' cannot be written to: {reason}; give another one")
    problems.raise_if_any("preprocessing")


def _placed(settings: PreprocessingSettings) -> PreprocessingSettings:
    """Return settings whose paths hold in every working folder, since workers may have another one."""
    encoding = settings.features.encoding
    if encoding is not None and encoding != "bytes":
        encoding = os.path.abspath(encoding)
    folder = settings.output.folder
    output = settings.output.model_copy(update={"folder": folder if is_address(folder) else os.path.abspath(folder)})
    features = settings.features.model_copy(update={"encoding": encoding})
    return settings.model_copy(update={"output": output, "features": features})


def _line_starts(plan: Plan, prepared: Sequence[dict[str, Any]]) -> list[list[int]]:
    """Return the lines of a file before each piece, by partition."""
    lines: dict[str, int] = {}
    starts: list[list[int]] = []
    for partition, marker in zip(plan.partitions, prepared, strict=True):
        here: list[int] = []
        for piece, count in zip(partition.pieces, marker["lines"], strict=True):
            here.append(lines.get(piece.path, 0))
            lines[piece.path] = here[-1] + count
        starts.append(here)
    return starts
