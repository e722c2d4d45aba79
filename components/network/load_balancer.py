"""A workload behind an address of its own, for those who may reach it and nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...problems import Problems
from ..network_policies import network_policy
from .aws_load_balancer import (
    LOAD_BALANCER_CLASS,
    NetworkLoadBalancer,
    is_network_load_balancer_annotation,
    plan_network_load_balancer,
)
from .exposure import (
    PRIVATE_NETWORKS,
    LoadBalancerScheme,
    check_annotations,
    plan_scheme,
    plan_source_ranges,
    scheme_annotations,
)
from .service_ports import PortPlan, ServicePort, first_address, plan_ports
from .target_groups import TargetType

_COMPONENT: Final = "load-balancer"
_SUFFIX: Final = "-load-balancer"
_NODE_PORTS: Final = (30_000, 32_767)
"""The API server's default for --service-node-port-range."""

_LONGEST_AFFINITY: Final = 86_400
"""Seconds: the API's bound for `sessionAffinityConfig.clientIP.timeoutSeconds`."""


class TrafficPolicy(StrEnum):
    """Which nodes a load balancer sends connections to."""

    LOCAL = "Local"
    """Those with a ready pod; the pod sees the client's own address."""

    CLUSTER = "Cluster"
    """All; a node without a pod passes the connection on under its own address."""


class LoadBalancerArgs(TypedDict):
    """Inputs of `LoadBalancer`."""

    namespace: pulumi.Input[str]
    """Namespace of the workload."""

    selector: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """Labels of the workload's pods, such as the output `selector` of an InferenceService."""

    ports: dict[str, ServicePort]
    """Ports by name, such as `{"http": {"port": 80, "target_port": 8000}}`."""

    scheme: NotRequired[LoadBalancerScheme]
    """Whether the address is `internal` or `internet-facing`; the latter needs `source_ranges`. Default: `internal`."""

    source_ranges: NotRequired[list[str]]
    """Networks that may connect. Everybody is `0.0.0.0/0`, which must be written out. Default: the private networks
    10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16."""

    affinity_seconds: NotRequired[int]
    """Seconds that a client's address stays with one pod, 1 to 86,400. Default: every connection goes to any pod."""

    traffic_policy: NotRequired[TrafficPolicy]
    """Which nodes get connections. `Local`: those with a ready pod, which the balancer asks on the health check port.
    `Cluster`: all. Default: `Local`."""

    health_check_port: NotRequired[int]
    """Port of every node that tells whether it has a ready pod, 30,000 to 32,767; only with `Local`, and fixed once
    made. Default: one that is free."""

    load_balancer_class: NotRequired[str]
    """Which controller makes it, such as `service.k8s.aws/nlb`; fixed once made. Default: that of the cluster, and
    `service.k8s.aws/nlb` with `aws`."""

    annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Settings of the platform's own, such as its health check's path and interval. Default: those of the scheme."""

    aws: NotRequired[NetworkLoadBalancer]
    """Options of a Network Load Balancer of AWS, whose controller (class `service.k8s.aws/nlb`) makes it; other
    platforms ignore them. Default: none are told."""

    network_policy: NotRequired[bool]
    """Whether a NetworkPolicy lets those who may connect reach the pods, as a namespace that denies by default needs.
    Without any other policy, that one shuts out everybody else. Default: true."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadBalancerPlan:
    """A load balancer with every default applied."""

    name: str
    namespace: pulumi.Input[str]
    selector: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    ports: Sequence[PortPlan]
    source_ranges: Sequence[str]
    affinity_seconds: int | None
    traffic_policy: TrafficPolicy
    health_check_port: int | None
    load_balancer_class: str | None
    annotations: Mapping[str, pulumi.Input[str]]
    target_type: TargetType | None
    """What a Network Load Balancer of AWS sends connections to; None where nothing is said of it."""

    network_policy: bool

    @property
    def service_name(self) -> str:
        """`metadata.name` of what it makes: a workload's own Service may have the component's name."""
        return f"{self.name}{_SUFFIX}"


def plan_load_balancer(args: LoadBalancerArgs, name: str = "load-balancer") -> LoadBalancerPlan:
    """Check the inputs of the load balancer called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, LoadBalancerArgs):
        problems.raise_if_any("LoadBalancer")
    check_name(problems, "name", name, room=len(_SUFFIX), host=True)
    selector = args["selector"]
    if isinstance(selector, Mapping) and not selector:
        problems.add("selector", "selects no pods; give the labels of the workload's pods")
    ports = plan_ports(problems, args["ports"])
    scheme = plan_scheme(problems, args.get("scheme", LoadBalancerScheme.INTERNAL))
    annotations = args.get("annotations", {})
    check_annotations(problems, annotations)
    affinity = _whole(args.get("affinity_seconds"))
    if affinity is not None:
        problems.between("affinitySeconds", affinity, 1, _LONGEST_AFFINITY, "seconds")
    policy = args.get("traffic_policy", TrafficPolicy.LOCAL)
    problems.choice("trafficPolicy", policy, [each.value for each in TrafficPolicy])
    ranges = plan_source_ranges(problems, args.get("source_ranges"), scheme)
    health_check_port = _plan_health_check(problems, args, policy)
    aws = args.get("aws")
    target_type, balancer_class = None, args.get("load_balancer_class")
    own: Mapping[str, pulumi.Input[str]] = {}
    if aws is not None:
        balancer_class = balancer_class or LOAD_BALANCER_CLASS
        for key in sorted(filter(is_network_load_balancer_annotation, annotations)):
            problems.add(f"annotations.{key}", "is written from aws; set it there")
        with problems.under("aws"):
            planned_aws = plan_network_load_balancer(problems, aws, ports, affinity=affinity is not None)
        target_type, own = planned_aws.target_type, planned_aws.annotations
    problems.raise_if_any("LoadBalancer")
    return LoadBalancerPlan(
        name=name,
        namespace=args["namespace"],
        selector=selector,
        ports=ports,
        source_ranges=ranges,
        affinity_seconds=affinity,
        traffic_policy=TrafficPolicy(policy),
        health_check_port=health_check_port,
        load_balancer_class=balancer_class,
        annotations={**scheme_annotations(scheme), **own, **annotations},
        target_type=target_type,
        network_policy=args.get("network_policy", True),
    )


def _plan_health_check(problems: Problems, args: LoadBalancerArgs, policy: str) -> int | None:
    port = _whole(args.get("health_check_port"))
    if port is not None:
        problems.between("healthCheckPort", port, *_NODE_PORTS)
        if policy == TrafficPolicy.CLUSTER:
            problems.add("healthCheckPort", "only Local has one, since with Cluster every node takes connections")
    return port


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


class LoadBalancer(pulumi.ComponentResource):
    """A Service of type LoadBalancer before a workload's pods, and a network policy that lets its clients reach them.

    Nothing is public unless asked: the address is internal, and only private networks may connect.

    Example: `LoadBalancer("chat", {"namespace": "ai", "selector": chat.selector, "ports": {"http": {"port": 8000}}})`
    """

    service_name: pulumi.Output[str]
    """Name of the Service."""

    address: pulumi.Output[str]
    """Host name or address that clients connect to; empty where the platform has given none."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("LoadBalancer", name, partial(plan_load_balancer, name=name), args)
        super().__init__("aidc:index:LoadBalancer", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        service = KubernetesObject(f"{name}-service", _service(plan), child)
        if plan.network_policy:
            KubernetesObject(f"{name}-clients", _network_policy(plan), child)
        self.service_name = service.object_name
        self.address = service.status.apply(first_address)
        self.register_outputs({"service_name": self.service_name, "address": self.address})


def _service(plan: LoadBalancerPlan) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "type": "LoadBalancer",
        "selector": plan.selector,
        "ports": [port.manifest() for port in plan.ports],
        "loadBalancerSourceRanges": list(plan.source_ranges),
        "externalTrafficPolicy": str(plan.traffic_policy),
        "sessionAffinity": "None",
    }
    if plan.affinity_seconds is not None:
        spec["sessionAffinity"] = "ClientIP"
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": plan.affinity_seconds}}
    if plan.health_check_port is not None:
        spec["healthCheckNodePort"] = plan.health_check_port
    if plan.load_balancer_class is not None:
        spec["loadBalancerClass"] = plan.load_balancer_class
    if plan.target_type is TargetType.IP:
        # Nobody comes through the nodes, so none of their ports needs to be open.
        spec["allocateLoadBalancerNodePorts"] = False
    metadata = {**_metadata(plan), "annotations": {key: plan.annotations[key] for key in sorted(plan.annotations)}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _network_policy(plan: LoadBalancerPlan) -> dict[str, Any]:
    sources = set(plan.source_ranges)
    if plan.traffic_policy is TrafficPolicy.CLUSTER or plan.target_type is not None:
        # The pod sees the address of the node that passed the connection on, not the client's; the health checks of a
        # Network Load Balancer come from its own.
        sources |= set(PRIVATE_NETWORKS)
    rule = {
        "from": [{"ipBlock": {"cidr": cidr}} for cidr in sorted(sources)],
        "ports": [
            {"protocol": protocol, "port": port}
            for protocol, port in sorted({(str(each.protocol), each.target_port) for each in plan.ports})
        ],
    }
    labels = object_labels(plan.name, _COMPONENT)
    return network_policy(plan.service_name, plan.namespace, labels=labels, pods=plan.selector, ingress=[rule])


def _metadata(plan: LoadBalancerPlan) -> dict[str, Any]:
    return {
        "name": plan.service_name,
        "namespace": plan.namespace,
        "labels": object_labels(plan.name, _COMPONENT),
    }
