"""Problems from Alibaba's trace of a GPU cluster of 2023, and smaller ones drawn from it."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from ...problems import InvalidInput, Problem
from .cluster import WHOLE, ClusterNode, Job, PodShape, SchedulingProblem, scheduling_problem

_NODES: Final = "openb_node_list_all_node.csv"
_PODS: Final = "openb_pod_list_{}.csv"


def read_nodes(folder: Path, *, nodes_per_block: int = 32, accelerator_taint: bool = False) -> list[ClusterNode]:
    """Return the 1,523 nodes of the trace, from its published file in `folder`.

    The trace says nothing of the network. Blocks of `nodes_per_block` nodes that follow each other and have one model
    of GPU stand in for racks. `accelerator_taint` keeps pods without GPUs off nodes with GPUs; the trace does not.

    Raises:
        InvalidInput: the file is not there, or is not what was published.
    """
    found: list[ClusterNode] = []
    counts: dict[str, int] = {}
    for row in _rows(folder / _NODES, ("sn", "cpu_milli", "memory_mib", "gpu", "model")):
        model = row["model"]
        position = counts.get(model, 0)
        counts[model] = position + 1
        found.append(
            ClusterNode(
                name=row["sn"],
                cpu_milli=int(row["cpu_milli"]),
                memory_mib=int(row["memory_mib"]),
                gpus=int(row["gpu"]),
                gpu_model=model,
                block=f"{model or 'cpu'}-{position // nodes_per_block}",
                accelerator_taint=accelerator_taint and bool(model),
            )
        )
    return found


def read_jobs(folder: Path, name: str = "default") -> list[Job]:
    """Return the pods of one of the trace's lists (`default`, `gpuspec33`, `multigpu50`), each as a job of one pod.

    Raises:
        InvalidInput: the file is not there, or is not what was published.
    """
    found: list[Job] = []
    for row in _rows(folder / _PODS.format(name), ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")):
        gpus = int(row["num_gpu"])
        shape = PodShape(
            cpu_milli=int(row["cpu_milli"]),
            memory_mib=int(row["memory_mib"]),
            gpus=gpus,
            gpu_milli=int(row["gpu_milli"]) if gpus else WHOLE,
            gpu_models=frozenset(filter(None, (row.get("gpu_spec") or "").split("|"))),
        )
        found.append(Job(name=row["name"], shape=shape))
    return found


def sample(
    nodes: Sequence[ClusterNode],
    jobs: Sequence[Job],
    *,
    node_count: int,
    load: float,
    seed: int,
    gang_share: float = 0.2,
    nodes_per_block: int = 4,
) -> SchedulingProblem:
    """Return a smaller problem: nodes with GPUs, and pods that ask for GPUs, drawn from those given.

    Pods are drawn with replacement until they ask for `load` times the GPUs of the drawn nodes. A share of them,
    `gang_share`, become gangs of 2 to 4 pods of whole GPUs: the trace has no gangs. Nodes form blocks of
    `nodes_per_block` in the order of the draw. The same `seed` gives the same problem.
    """
    random = Random(seed)
    drawn = random.sample([node for node in nodes if node.gpus], node_count)
    placed = [
        ClusterNode(
            name=node.name,
            cpu_milli=node.cpu_milli,
            memory_mib=node.memory_mib,
            gpus=node.gpus,
            gpu_model=node.gpu_model,
            block=f"block-{position // nodes_per_block}",
        )
        for position, node in enumerate(drawn)
    ]
    there = {node.gpu_model for node in placed}
    largest = max(node.gpus for node in placed)
    suitable = [
        job
        for job in jobs
        if 0 < job.shape.gpus <= largest and (not job.shape.gpu_models or job.shape.gpu_models & there)
    ]
    wanted = load * WHOLE * sum(node.gpus for node in placed)
    found: list[Job] = []
    asked = 0
    while asked < wanted:
        shape = random.choice(suitable).shape
        pods = 1
        if random.random() < gang_share:
            pods = random.randint(2, 4)
            shape = PodShape(
                cpu_milli=shape.cpu_milli, memory_mib=shape.memory_mib, gpus=shape.gpus, gpu_models=shape.gpu_models
            )
        found.append(Job(name=f"job-{len(found):04d}", shape=shape, pods=pods))
        asked += pods * shape.gpu_demand
    return scheduling_problem(placed, found)


def _rows(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            rows = list(reader)
    except OSError as error:
        raise InvalidInput(str(path), [Problem("", f"cannot be read: {error.strerror}")]) from None
    if missing:
        raise InvalidInput(str(path), [Problem("", f"has no column {', '.join(missing)}; give the published file")])
    return rows
