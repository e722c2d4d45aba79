"""An environment's node pools and workloads, as nodes and jobs to be scheduled."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ...evaluation.demand import Workload, workloads
from ...evaluation.graph import ResourceGraph
from ...evaluation.manifests import ordered_manifests
from ..catalog import all_instance_types
from ..nodes.fitting import pool_of
from ..nodes.node_pools import NodeKind, NodePool, is_accelerator, node_pools
from .cluster import ClusterNode, Job, PodShape

_MIB: Final = 2**20
_GANGS: Final = frozenset({"Job", "JobSet", "TrainJob", "RayJob"})
"""Kinds whose pods are of no use one by one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentParts:
    """What an environment says of scheduling."""

    nodes: tuple[ClusterNode, ...]
    """The nodes of its pools, as many as each may have; each pool is a block."""

    jobs: tuple[Job, ...]
    """Its workloads with the pods that they have at least: a training is one gang, a service a job for each pod."""

    left_out: tuple[str, ...]
    """What cannot be told in nodes or pods, in one sentence each."""


def environment_parts(graph: ResourceGraph) -> EnvironmentParts:
    """Return the nodes and jobs of an environment.

    A pool that may have several kinds of nodes counts with the smallest. Slices of GPUs count as GPUs of a model of
    their own, named by their resource.
    """
    manifests = ordered_manifests(graph, allow_unknowns=True)
    pools = node_pools(graph, manifests)
    left_out: list[str] = []
    nodes = [node for pool in pools for node in _nodes(pool, left_out)]
    found = workloads(manifests, left_out)
    jobs = [job for workload in found for job in _jobs(workload, pool_of(workload, pools))]
    return EnvironmentParts(nodes=tuple(nodes), jobs=tuple(_named_apart(jobs)), left_out=tuple(left_out))


def _nodes(pool: NodePool, left_out: list[str]) -> Iterator[ClusterNode]:
    kinds = [kind for kind in pool.kinds if {"cpu", "memory"} <= set(kind.offers)]
    if pool.maximum_nodes is None or not kinds:
        left_out.append(f"node pool {pool.name}: how many nodes it may have, or what they are, is not known")
        return
    kind = min(kinds, key=lambda each: (_gpus(each, pool), each.offers["cpu"], each.offers["memory"], each.name))
    for index in range(pool.maximum_nodes):
        yield ClusterNode(
            name=f"{pool.name}-{index}",
            cpu_milli=int(kind.offers["cpu"] * 1000),
            memory_mib=int(kind.offers["memory"] / _MIB),
            gpus=_gpus(kind, pool),
            gpu_model=_model(kind, pool),
            block=pool.name,
            accelerator_taint=bool(pool.gpu_resource),
        )


def _gpus(kind: NodeKind, pool: NodePool) -> int:
    return int(kind.offers.get(pool.gpu_resource, 0)) if pool.gpu_resource else 0


def _model(kind: NodeKind, pool: NodePool) -> str:
    if not pool.gpu_resource:
        return ""
    type = all_instance_types().get(kind.name)
    accelerator = type.accelerator if type is not None else None
    if accelerator is not None and accelerator.resource_name == pool.gpu_resource:
        return accelerator.name
    return pool.gpu_resource


def _jobs(workload: Workload, pool: NodePool | None) -> Iterator[Job]:
    if not workload.pods:
        return
    devices = {name: amount for name, amount in workload.requests.items() if is_accelerator(name) and amount}
    resource = next(iter(sorted(devices)), "")
    models: frozenset[str] = frozenset()
    if resource and pool is not None and pool.kinds:
        models = frozenset(_model(kind, pool) for kind in pool.kinds)
    shape = PodShape(
        cpu_milli=int(workload.requests.get("cpu", 0) * 1000),
        memory_mib=int(workload.requests.get("memory", 0) / _MIB),
        gpus=int(devices.get(resource, 0)),
        gpu_models=models,
    )
    name = f"{workload.namespace}/{workload.name}" if workload.namespace else workload.name
    if workload.kind in _GANGS:
        yield Job(name=name, shape=shape, pods=workload.pods)
        return
    for index in range(workload.pods):
        yield Job(name=name if workload.pods == 1 else f"{name}-{index}", shape=shape)


def _named_apart(jobs: Iterable[Job]) -> Iterator[Job]:
    """Number what has a name a second time: objects of two kinds may share one."""
    seen: dict[str, int] = {}
    for job in jobs:
        count = seen[job.name] = seen.get(job.name, 0) + 1
        yield job if count == 1 else replace(job, name=f"{job.name} ({count})")
