"""The settings of a data center: what an environment may say, and what the data center fills in itself."""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

import pulumi

from ..components.autoscaling import EventDrivenScalingArgs, HorizontalScalingArgs
from ..components.compute import CpuNodePoolArgs, GpuNodePoolArgs, NodeScalingArgs
from ..components.inference import InferenceServiceArgs, MicroserviceArgs
from ..components.network import GatewayRouteArgs, LoadBalancerArgs
from ..components.storage import DatasetVolumeArgs, ObjectStoreArgs, SharedFilesystemArgs
from ..components.tenancy import TenancyArgs
from ..components.training import TrainingJobArgs
from ..infra.cluster import Platform


class PriorityClass(TypedDict):
    """How important pods are, compared with others."""

    value: int
    """Higher is more important; -1,000,000,000 to 1,000,000,000."""

    preempts: NotRequired[bool]
    """Whether its pods push less important ones out. Default: true."""

    description: NotRequired[str]
    """Who should use it. Default: none."""


class ServedModel(TypedDict):
    """An inference service, and how it is reached and scaled."""

    service: InferenceServiceArgs
    """The service itself."""

    load_balancer: NotRequired[LoadBalancerArgs]
    """A load balancer before it. Default: none, so that it is reached inside the cluster only."""

    route: NotRequired[GatewayRouteArgs]
    """A route of the Gateway API to it. Default: none."""

    horizontal_scaling: NotRequired[HorizontalScalingArgs]
    """Scaling by metrics. Default: none."""

    event_driven_scaling: NotRequired[EventDrivenScalingArgs]
    """Scaling by events, instead of by metrics. Default: none."""


class DataCenterArgs(TypedDict):
    """Inputs of `DataCenter`: the settings of one environment."""

    platform: Platform
    """What it stands on: `simulated` (this machine) or `kubernetes` (any kubeconfig)."""

    kubeconfig: NotRequired[pulumi.Input[str]]
    """Path or content of a kubeconfig. Default: that of the simulated cluster with the stack's name, or for
    `kubernetes` what KUBECONFIG or ~/.kube/config says."""

    kube_context: NotRequired[pulumi.Input[str]]
    """Context of the kubeconfig. Default: the current one."""

    region: NotRequired[str]
    """AWS region whose prices count. Default: `us-east-1`."""

    zones: NotRequired[list[str]]
    """Zones of node pools that name none. Default: any."""

    gpu_node_pools: NotRequired[dict[str, GpuNodePoolArgs]]
    """Pools of nodes with accelerators, by name. Default: none."""

    cpu_node_pools: NotRequired[dict[str, CpuNodePoolArgs]]
    """Pools of nodes without, by name. Default: none."""

    warm_capacity: NotRequired[dict[str, NodeScalingArgs]]
    """Room kept free in node pools, by name. Default: none."""

    priority_classes: NotRequired[dict[str, PriorityClass]]
    """Priorities of pods, by name. Default: none."""

    tenants: NotRequired[dict[str, TenancyArgs]]
    """Namespaces and their bounds, by name. Default: none."""

    shared_filesystems: NotRequired[dict[str, SharedFilesystemArgs]]
    """File systems that many pods write to, by name. Default: none."""

    object_stores: NotRequired[dict[str, ObjectStoreArgs]]
    """Buckets, by name. Default: none."""

    dataset_volumes: NotRequired[dict[str, DatasetVolumeArgs]]
    """Data sets that many pods read, by name. Default: none."""

    training_jobs: NotRequired[dict[str, TrainingJobArgs]]
    """Training jobs, by name. Default: none."""

    inference_services: NotRequired[dict[str, ServedModel]]
    """Inference services, by name. Default: none."""

    microservices: NotRequired[dict[str, MicroserviceArgs]]
    """Small services with a load balancer and an autoscaler, by name. Default: none."""


FILLED_IN: Final[Mapping[type, frozenset[str]]] = {
    GpuNodePoolArgs: frozenset({"provisioner", "region", "node_class", "pool_name"}),
    CpuNodePoolArgs: frozenset({"provisioner", "region", "node_class", "pool_name"}),
    InferenceServiceArgs: frozenset({"autoscaled"}),
    LoadBalancerArgs: frozenset({"namespace", "selector"}),
    GatewayRouteArgs: frozenset({"namespace"}),
    HorizontalScalingArgs: frozenset({"namespace", "target"}),
    EventDrivenScalingArgs: frozenset({"namespace", "target"}),
}
"""What the data center knows better than its settings: those keys are not in the schema."""
