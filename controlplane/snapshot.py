"""What runs where, at one moment: the data behind `aidc status`."""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ..problems import camel_case


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """One node."""

    name: str
    host: str
    """The short name, by which Karpenter calls it."""
    pool: str
    """The node pool, or `system`."""
    instance_type: str
    zone: str
    capacity_type: str
    """on-demand, spot or reserved."""
    ready: bool
    cpus: float
    """vCPUs that pods may use."""
    cpus_requested: float
    gpus: int
    """Accelerators: GPUs, MIG slices or Neuron devices."""
    gpus_used: int
    cost_per_hour: float | None
    """US dollars; none where the price is not known."""
    pods: tuple[str, ...]
    """`namespace/name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadView:
    """One workload: what a person declared, with all its pods."""

    namespace: str
    kind: str
    name: str
    ready: int
    """Pods that are ready or done."""
    wanted: int
    """Pods that there should be."""
    gpus: int
    """Accelerators that its pods request."""
    state: str
    """ready, waiting or failed."""
    detail: str
    nodes: tuple[str, ...]
    """Hosts."""
    instance_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PodView:
    """One pod."""

    namespace: str
    name: str
    phase: str
    """Pending, Running, Succeeded or Failed."""
    node: str
    """Name of its node; empty while it waits for one."""
    workload: str
    """Name of the workload that it belongs to, or its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """One Service."""

    namespace: str
    name: str
    type: str
    address: str
    """The public address where it has one, or the cluster's."""
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricView:
    """One metric of an autoscaler."""

    name: str
    current: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalerView:
    """One HPA."""

    namespace: str
    name: str
    target: str
    metrics: tuple[MetricView, ...]
    replicas: int
    desired: int
    minimum: int
    maximum: int
    active: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """One PersistentVolumeClaim."""

    namespace: str
    name: str
    phase: str
    storage_class: str
    size: str
    access_modes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """One NetworkPolicy."""

    namespace: str
    name: str
    types: tuple[str, ...]
    denies_by_default: bool
    """Whether it selects every pod and opens nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums."""

    nodes: int
    pods: int
    pods_running: int
    pods_pending: int
    gpus: int
    gpus_used: int
    cost_per_hour: float
    """US dollars, of the nodes whose price is known."""
    nodes_without_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything at one moment."""

    cluster: str
    environment: str
    server: str
    kubeconfig: str
    programs: dict[str, bool]
    """Whether each program of the control plane runs."""
    totals: Totals
    nodes: tuple[NodeView, ...]
    workloads: tuple[WorkloadView, ...]
    pods: tuple[PodView, ...]
    services: tuple[ServiceView, ...]
    autoscalers: tuple[AutoscalerView, ...]
    claims: tuple[ClaimView, ...]
    network_policies: tuple[PolicyView, ...]


def as_json(value: Any) -> Any:
    """Return a snapshot, or a part of one, as JSON holds it: camelCase keys, lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {camel_case(field.name): as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [as_json(entry) for entry in value]  # pyright: ignore[reportUnknownVariableType]
    return value
