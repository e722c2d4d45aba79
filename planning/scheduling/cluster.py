"""What is to be scheduled, and on what: pods, jobs, nodes and the problem that they make."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ...problems import Problems, suggestion

WHOLE: Final = 1000
"""Thousandths of a GPU in a whole one."""


class Topology(StrEnum):
    """What the pods of a job want of the blocks that they run in, as Kueue's topology-aware scheduling names it."""

    ANY = "any"
    PREFERRED = "preferred"
    REQUIRED = "required"


@dataclass(frozen=True, kw_only=True, slots=True)
class PodShape:
    """What one pod asks for."""

    cpu_milli: int
    """Thousandths of a core; 0 or more."""

    memory_mib: int
    """MiB of main memory; 0 or more."""

    gpus: int = 0
    """GPUs that it runs on, all different. Default: none."""

    gpu_milli: int = WHOLE
    """Thousandths of each of its GPUs, 1 to 1000; less than 1000 leaves the rest to others. Default: whole ones."""

    gpu_models: frozenset[str] = frozenset()
    """Models of GPU that it may use. Default: any."""

    @property
    def gpu_demand(self) -> int:
        """Thousandths of a GPU in all."""
        return self.gpus * self.gpu_milli


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Equal pods of which all run, or none."""

    name: str
    """Name, unique in its problem."""

    shape: PodShape
    """What each pod asks for."""

    pods: int = 1
    """Pods; 1 or more."""

    topology: Topology = Topology.PREFERRED
    """Whether all pods must share a block, should use few, or may be anywhere. Default: few."""

    weight: int | None = None
    """What running it is worth; 1 or more. Default: the thousandths of GPU of all its pods, 1 without GPUs."""

    @property
    def value(self) -> int:
        """What running it is worth, with the default applied."""
        return self.weight if self.weight is not None else max(1, self.pods * self.shape.gpu_demand)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterNode:
    """One node, empty."""

    name: str
    """Name, unique in its problem."""

    cpu_milli: int
    """Thousandths of a core; 0 or more."""

    memory_mib: int
    """MiB of main memory; 0 or more."""

    gpus: int = 0
    """Whole GPUs. Default: none."""

    gpu_model: str = ""
    """Their model; empty where there are none, or where it is not known."""

    block: str = ""
    """The part of the network that it is in: a rack, a placement group, a zone. Default: one for all."""

    accelerator_taint: bool = False
    """Whether pods that ask for no GPU are kept off, as a GpuNodePool does. Default: they may come."""

    def accepts(self, shape: PodShape) -> bool:
        """Tell whether taint and model suit a pod; room is another question."""
        if not shape.gpus:
            return not self.accelerator_taint
        return not shape.gpu_models or self.gpu_model in shape.gpu_models


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulingProblem:
    """Jobs offered to empty nodes, all at once. Made and checked by `scheduling_problem`."""

    nodes: tuple[ClusterNode, ...]
    """The nodes; 1 or more."""

    jobs: tuple[Job, ...]
    """The jobs, in the order in which they came."""

    mix: tuple[tuple[PodShape, int], ...]
    """Shapes of the pods to come, each with how many there are of it: what fragments are measured by."""

    block_cost_milli: int = WHOLE
    """What each block that a gang uses beyond its first costs, in thousandths of a GPU lost to fragments."""

    @property
    def offered(self) -> int:
        """What all jobs are worth together."""
        return sum(job.value for job in self.jobs)

    @property
    def gpu_milli(self) -> int:
        """Thousandths of GPU of all nodes."""
        return WHOLE * sum(node.gpus for node in self.nodes)


def scheduling_problem(
    nodes: Iterable[ClusterNode],
    jobs: Iterable[Job],
    *,
    mix: Iterable[tuple[PodShape, int]] | None = None,
    block_cost_milli: int = WHOLE,
) -> SchedulingProblem:
    """Return the checked problem.

    The mix is by default that of the jobs themselves: their 16 most frequent shapes that ask for GPUs.

    Raises:
        InvalidInput: no node, two of one name, an amount out of its bounds, or a model that no node has.
    """
    made = SchedulingProblem(
        nodes=tuple(nodes),
        jobs=tuple(jobs),
        mix=tuple(mix) if mix is not None else (),
        block_cost_milli=block_cost_milli,
    )
    problems = Problems()
    if not made.nodes:
        problems.add("nodes", "there are none; give 1 or more")
    _check_names("nodes", [node.name for node in made.nodes], problems)
    _check_names("jobs", [job.name for job in made.jobs], problems)
    problems.between("blockCostMilli", block_cost_milli, 0, unit="thousandths")
    models = sorted({node.gpu_model for node in made.nodes if node.gpu_model})
    for node in made.nodes:
        with problems.under(f"nodes.{node.name}"):
            problems.between("cpuMilli", node.cpu_milli, 0, unit="thousandths")
            problems.between("memoryMib", node.memory_mib, 0, unit="MiB")
            problems.between("gpus", node.gpus, 0, unit="GPUs")
    for job in made.jobs:
        with problems.under(f"jobs.{job.name}"):
            problems.between("pods", job.pods, 1, unit="pods")
            if job.weight is not None:
                problems.between("weight", job.weight, 1)
            _check_shape(job.shape, models, problems)
    for index, (shape, count) in enumerate(made.mix):
        with problems.under(f"mix[{index}]"):
            problems.between("count", count, 1, unit="pods")
            problems.between("gpus", shape.gpus, 1, unit="GPUs")
            _check_shape(shape, models, problems)
    problems.raise_if_any("scheduling")
    if mix is None:
        return SchedulingProblem(
            nodes=made.nodes, jobs=made.jobs, mix=typical_mix(made.jobs), block_cost_milli=block_cost_milli
        )
    return made


def typical_mix(jobs: Sequence[Job], limit: int = 16) -> tuple[tuple[PodShape, int], ...]:
    """Return the `limit` most frequent shapes of pods that ask for GPUs, each with its number of pods."""
    counts: Counter[PodShape] = Counter()
    for job in jobs:
        if job.shape.gpus:
            counts[job.shape] += job.pods
    return tuple(counts.most_common(limit))


def _check_shape(shape: PodShape, models: Sequence[str], problems: Problems) -> None:
    problems.between("cpuMilli", shape.cpu_milli, 0, unit="thousandths")
    problems.between("memoryMib", shape.memory_mib, 0, unit="MiB")
    problems.between("gpus", shape.gpus, 0, unit="GPUs")
    problems.between("gpuMilli", shape.gpu_milli, 1, WHOLE, unit="thousandths")
    if shape.gpus and shape.gpu_models and not shape.gpu_models & set(models):
        asked = ", ".join(sorted(shape.gpu_models))
        close = suggestion(min(shape.gpu_models), models)
        problems.add("gpuModels", f"no node has {asked}; there are {', '.join(models) or 'no models'}{close}")


def _check_names(path: str, names: Sequence[str], problems: Problems) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            problems.add(path, f"{count} are called '{name}'; give each a name of its own")
