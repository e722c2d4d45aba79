"""Which settings of the cluster suit a mix of jobs: queues, pools and the scheduler."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ..catalog.accelerators import MigProfile, accelerators
from .cluster import WHOLE, SchedulingProblem, Topology
from .greedy import allowed_nodes, by_size, greedy
from .occupancy import Occupancy
from .rules import RULES
from .schedule import score

_MOST_REPLICAS: Final = 48
"""Pods that may share a GPU in turn: the bound of `timeSlicingReplicas`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """One setting, and why."""

    setting: str
    """Path in the settings of an environment, `*` for a name; or, beyond them, the object of Kubernetes or of Kueue."""

    value: str
    """What to set it to."""

    reason: str
    """The figures behind it, as one sentence."""


def advise(problem: SchedulingProblem) -> list[Advice]:
    """Return what the jobs say about the settings, each with its figures; nothing where the defaults do.

    It schedules the jobs with every greedy rule in the order in which they came, as a scheduler in the cluster would,
    and looks at gangs, shares of GPUs and what is left over. It takes seconds for thousands of nodes.
    """
    return [*_taint(problem), *_bin_packing(problem), *_quota(problem), *_gangs(problem), *_sharing(problem)]


def slices_for(shares: Iterable[int], most: int = _MOST_REPLICAS) -> tuple[int, int, int]:
    """Return the best equal slices of GPUs for pods that ask for parts of one, in thousandths.

    Kubernetes cuts the GPUs of a pool into equal slices and gives a pod one of them. Returns how many slices a GPU is
    cut into (1 where cutting saves nothing), the pods whose share a slice holds, and the GPUs that all pods need then:
    those of the pool of slices, and a whole one for each other pod.
    """
    counts = Counter(shares)
    pods = sum(counts.values())
    best = (1, 0, pods)
    for slices in range(2, most + 1):
        fitting = sum(count for share, count in counts.items() if share * slices <= WHOLE)
        needed = math.ceil(fitting / slices) + pods - fitting
        if needed < best[2]:
            best = (slices, fitting, needed)
    return best


def _bin_packing(problem: SchedulingProblem) -> list[Advice]:
    arrival = range(len(problem.jobs))
    spread = score(problem, greedy(problem, "least-allocated", arrival))
    packed = score(problem, greedy(problem, "most-allocated", arrival))
    if packed.key <= spread.key:
        return []
    return [
        Advice(
            setting="KubeSchedulerConfiguration: profiles[].pluginConfig NodeResourcesFit scoringStrategy.type",
            value="MostAllocated",
            reason=f"as they come, jobs of {_share(packed.weight, problem)} of the weight run with it and of "
            f"{_share(spread.weight, problem)} with the default, LeastAllocated; "
            f"{packed.fragmented_gpus:,.1f} free GPUs are then fragments, and {spread.fragmented_gpus:,.1f} by "
            "default. On EKS, whose own scheduler has no such setting, a second scheduler has it",
        )
    ]


def _taint(problem: SchedulingProblem) -> list[Advice]:
    nodes = tuple(replace(node, accelerator_taint=node.gpus > 0) for node in problem.nodes)
    if nodes == problem.nodes or all(job.shape.gpus for job in problem.jobs):
        return []
    arrival = range(len(problem.jobs))
    tainted = replace(problem, nodes=nodes)
    without = score(problem, greedy(problem, "least-allocated", arrival))
    with_taint = score(tainted, greedy(tainted, "least-allocated", arrival))
    if with_taint.weight <= without.weight:
        return []
    return [
        Advice(
            setting="gpuNodePools.*.acceleratorTaint",
            value="true",
            reason=f"pods without GPUs then leave the cores beside GPUs alone: as they come, jobs of "
            f"{_share(with_taint.weight, problem)} of the weight run with it and of {_share(without.weight, problem)} "
            "without",
        )
    ]


def _quota(problem: SchedulingProblem) -> list[Advice]:
    offered = sum(job.pods * job.shape.gpu_demand for job in problem.jobs)
    orders = (by_size(problem), list(range(len(problem.jobs))))
    best = max(
        (score(problem, greedy(problem, rule, order)) for rule in RULES for order in orders),
        key=lambda found: found.gpu_milli,
    )
    if offered <= best.gpu_milli:
        return []
    usable = best.gpu_milli // WHOLE
    return [
        Advice(
            setting="Kueue ClusterQueue nominalQuota, and the sum of tenants.*.quota.gpus",
            value=f"{usable:,}",
            reason=f"jobs ask for {offered / WHOLE:,.0f} GPUs of {problem.gpu_milli // WHOLE:,}, and the best schedule "
            f"found uses {best.gpu_milli / WHOLE:,.0f}; a greater quota would admit jobs that then find no node",
        )
    ]


def _gangs(problem: SchedulingProblem) -> list[Advice]:
    gangs = [job for job in problem.jobs if job.pods > 1]
    if not gangs:
        return []
    found: list[Advice] = []
    asked = sum(job.pods * job.shape.gpu_demand for job in problem.jobs)
    if asked > problem.gpu_milli:
        found.append(
            Advice(
                setting="trainingJobs.*.queueName",
                value="a LocalQueue of Kueue (clusterAddons.addons.kueue)",
                reason=f"{len(gangs):,} jobs need several pods at once, and all jobs ask for {asked / WHOLE:,.0f} GPUs "
                f"of {problem.gpu_milli // WHOLE:,}: without a queue, gangs can hold GPUs and wait for each other",
            )
        )
    empty = Occupancy(problem)
    numbers = {job.shape: number for number, job in enumerate(problem.jobs)}
    one = [
        job
        for job in gangs
        if allowed_nodes(empty, empty.shape_of[numbers[job.shape]], job.pods, Topology.REQUIRED) is not None
    ]
    if empty.blocks > 1 and one:
        found.append(
            Advice(
                setting="trainingJobs.*.topologyKey",
                value="the label of the blocks, where a job needs the speed and may wait for it",
                reason=f"{len(one):,} of {len(gangs):,} gangs fit into one of {empty.blocks:,} blocks while it is "
                "empty" + ("; the others would never start with it" if len(one) < len(gangs) else ""),
            )
        )
    return found


def _sharing(problem: SchedulingProblem) -> list[Advice]:
    shares = [
        job.shape.gpu_milli
        for job in problem.jobs
        for _ in range(job.pods)
        if job.shape.gpus == 1 and job.shape.gpu_milli < WHOLE
    ]
    found: list[Advice] = []
    slices, fitting, needed = slices_for(shares)
    if slices > 1:
        found.append(
            Advice(
                setting="gpuNodePools.*.timeSlicingReplicas",
                value=str(slices),
                reason=f"{fitting:,} of {len(shares):,} pods that ask for a part of a GPU ask for 1/{slices} or less; "
                f"a pool of {math.ceil(fitting / slices):,} shared GPUs holds them, and all need {needed:,} GPUs "
                f"instead of {len(shares):,}. Time-slicing isolates neither memory nor time",
            )
        )
    for model in sorted({node.gpu_model for node in problem.nodes}):
        known = accelerators().get(model.lower())
        cut = _best_profile(known.mig_profiles, shares) if known is not None else None
        if cut is not None:
            profile, fitting, needed = cut
            found.append(
                Advice(
                    setting=f"gpuNodePools.*.migProfile, on {model}",
                    value=profile.name,
                    reason=f"{fitting:,} of {len(shares):,} pods ask for no more than an instance has; with "
                    f"{profile.max_instances} isolated instances on each GPU all need {needed:,} GPUs instead of "
                    f"{len(shares):,}",
                )
            )
    return found


def _best_profile(profiles: Iterable[MigProfile], shares: list[int]) -> tuple[MigProfile, int, int] | None:
    """Return the profile with which the pods need the fewest GPUs, the pods that fit it, and the GPUs."""
    best: tuple[MigProfile, int, int] | None = None
    for profile in profiles:
        fitting = sum(share <= WHOLE * profile.memory_fraction for share in shares)
        needed = math.ceil(fitting / profile.max_instances) + len(shares) - fitting
        if needed < (best[2] if best else len(shares)):
            best = (profile, fitting, needed)
    return best


def _share(weight: int, problem: SchedulingProblem) -> str:
    return f"{weight / max(1, problem.offered):.1%}"
