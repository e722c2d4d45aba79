"""A cluster and its jobs as people write them in YAML, made into a problem."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from ...problems import Problems
from ..catalog import InstanceType, find_instance_type
from ..quantities import gibibytes
from ..reader import Reader
from .cluster import WHOLE, ClusterNode, Job, PodShape, SchedulingProblem, Topology, scheduling_problem

_TOP: Final = ("nodes", "jobs")
_NODE: Final = (
    "instanceType",
    "cpu",
    "memory",
    "gpus",
    "gpuModel",
    "count",
    "nodesPerBlock",
    "acceleratorTaint",
)
_JOB: Final = ("cpu", "memory", "gpus", "gpuModels", "pods", "count", "topology", "weight")
_MOST: Final = 100_000
"""Nodes, jobs or pods of one entry at most: a slip of the finger should not fill the memory."""

_MOST_GPUS: Final = 256
"""GPUs of one node at most: several times what any has."""

_MOST_CORES: Final = 1e6
_MOST_GIB: Final = 1e6


def read_scheduling_request(
    document: Mapping[str, Any], subject: str, nodes: Iterable[ClusterNode] = (), jobs: Iterable[Job] = ()
) -> SchedulingProblem:
    """Return the problem that `document` is, with `nodes` and `jobs` that are there besides.

    `nodes` is a mapping of names to a kind of node and their `count` (default: 1): an `instanceType` of the catalog, or
    `cpu` (cores), `memory` (such as 768Gi), `gpus` (0) and `gpuModel`. Each entry is one block of the network, unless
    `nodesPerBlock` says how many form one. `acceleratorTaint` (default: true where there are GPUs) keeps pods
    without GPUs off.

    `jobs` is a mapping of names to what each pod asks for, `cpu`, `memory` and `gpus` (0; below 1 it is a part of one),
    and to `pods` that run together (1), `count` of such jobs (1), `gpuModels` (any), `topology` (preferred), `weight`
    (the thousandths of GPU).

    Raises:
        InvalidInput: it makes no sense; all problems at once, under the name `subject`.
    """
    problems = Problems()
    problems.known_keys(document, _TOP)
    reader = Reader(document, problems)
    found = list(nodes)
    for name, given in reader.mapping("nodes").items():
        with problems.under(f"nodes.{name}"):
            found += _nodes(name, _inside(given, problems), problems)
    asked = list(jobs)
    for name, given in reader.mapping("jobs").items():
        with problems.under(f"jobs.{name}"):
            asked += _jobs(name, _inside(given, problems), problems)
    if not len(problems) and not asked:
        problems.add("jobs", "there are none; give 1 or more")
    problems.raise_if_any(subject)
    return scheduling_problem(found, asked)


def _inside(given: object, problems: Problems) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return cast(Mapping[str, Any], given)
    problems.add("", f"{given!r} is no mapping; give names with values")
    return {}


def _nodes(name: str, given: Mapping[str, Any], problems: Problems) -> list[ClusterNode]:
    problems.known_keys(given, _NODE)
    reader = Reader(given, problems)
    many = _count(reader, "count", problems)
    per_block = reader.whole("nodesPerBlock")
    if per_block is not None:
        problems.between("nodesPerBlock", per_block, 1, unit="nodes")
    own = ("cpu", "memory", "gpus", "gpuModel")
    if given.get("instanceType") is None:
        reader.needed(("cpu", "memory"))
        cpu, memory = _milli(reader), _mib(given, problems)
        gpus, model = reader.whole("gpus") or 0, str(given.get("gpuModel") or "")
        problems.between("gpus", gpus, 0, _MOST_GPUS, unit="GPUs")
    else:
        for key in own:
            if given.get(key) is not None:
                problems.add(key, "is what the instance type says; give one of them")
        type = find_instance_type(str(given["instanceType"]), problems, "instanceType")
        cpu, memory, gpus, model = _of_type(type) if type is not None else (0, 0, 0, "")
    tainted = reader.flag("acceleratorTaint") if given.get("acceleratorTaint") is not None else gpus > 0
    return [
        ClusterNode(
            name=f"{name}-{index}",
            cpu_milli=cpu,
            memory_mib=memory,
            gpus=gpus,
            gpu_model=model,
            block=f"{name}-{index // per_block}" if per_block and per_block > 0 else name,
            accelerator_taint=tainted,
        )
        for index in range(many)
    ]


def _of_type(type: InstanceType) -> tuple[int, int, int, str]:
    """Return what a node leaves for pods: thousandths of cores, MiB, accelerators and their model."""
    accelerator = type.accelerator
    gpus = type.extended_resources.get(accelerator.resource_name, 0) if accelerator is not None else 0
    name = accelerator.name if accelerator is not None else ""
    return type.allocatable_cpu_millis, type.allocatable_memory_mib, gpus, name


def _jobs(name: str, given: Mapping[str, Any], problems: Problems) -> list[Job]:
    problems.known_keys(given, _JOB)
    reader = Reader(given, problems)
    reader.needed(("cpu", "memory"))
    many = _count(reader, "count", problems)
    topology = str(given.get("topology", Topology.PREFERRED))
    problems.choice("topology", topology, list(Topology))
    gpus, gpu_milli = _gpus(reader, problems)
    shape = PodShape(
        cpu_milli=_milli(reader),
        memory_mib=_mib(given, problems),
        gpus=gpus,
        gpu_milli=gpu_milli,
        gpu_models=frozenset(str(model) for model in reader.listed("gpuModels")),
    )
    pods, weight = _count(reader, "pods", problems), reader.whole("weight")
    if len(problems):
        return []
    return [
        Job(
            name=name if many == 1 else f"{name}-{index}",
            shape=shape,
            pods=pods,
            topology=Topology(topology),
            weight=weight,
        )
        for index in range(many)
    ]


def _gpus(reader: Reader, problems: Problems) -> tuple[int, int]:
    """Return whole GPUs, and the thousandths of each."""
    value = reader.number("gpus", 0.0)
    if 0 < value < 1:
        return 1, max(1, round(value * WHOLE))
    problems.between("gpus", value, 0, _MOST_GPUS, unit="GPUs")
    if value != int(value):
        problems.add("gpus", f"{value:g} is not possible; give a part of one GPU, below 1, or whole ones")
    return int(value), WHOLE


def _count(reader: Reader, key: str, problems: Problems) -> int:
    value = reader.whole(key)
    if value is None:
        return 1
    problems.between(key, value, 1, _MOST)
    return min(max(value, 0), _MOST)


def _milli(reader: Reader) -> int:
    cores = reader.number("cpu", 0.0)
    reader.problems.between("cpu", cores, 0, _MOST_CORES, unit="cores")
    return round(cores * 1000)


def _mib(given: Mapping[str, Any], problems: Problems) -> int:
    value = given.get("memory")
    if value is None:
        return 0
    gib = gibibytes("memory", value, problems)
    problems.between("memory", gib, 0, _MOST_GIB, unit="GiB")
    return round(gib * 1024)
