"""Requests by host name and path to a workload, through a Gateway."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...problems import Problems
from .gateway import API_VERSION, GatewayDefinition, GatewayPlan, GatewayReference, check_host_name, plan_gateway
from .route_rules import RouteRule, RulePlan, plan_rules

_COMPONENT: Final = "gateway-route"
_MAXIMUM_HOST_NAMES: Final = 16


class GatewayRouteArgs(TypedDict):
    """Inputs of `GatewayRoute`."""

    namespace: pulumi.Input[str]
    """Namespace of the backends, of the route, and of the Gateway where the route makes one."""

    rules: dict[str, RouteRule]
    """Rules by name, 1 to 16."""

    existing_gateway: NotRequired[GatewayReference]
    """A Gateway that is there already. Either this or `own_gateway`."""

    own_gateway: NotRequired[GatewayDefinition]
    """A Gateway to make. Either this or `existing_gateway`."""

    hostnames: NotRequired[list[str]]
    """Host names of the requests, at most 16, such as `chat.example.org`. Default: those of the listeners."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayRoutePlan:
    """A route with every default applied."""

    name: str
    namespace: pulumi.Input[str]
    rules: Sequence[RulePlan]
    parent: Mapping[str, Any]
    gateway: GatewayPlan | None
    hostnames: Sequence[str]


def plan_gateway_route(args: GatewayRouteArgs, name: str = "gateway-route") -> GatewayRoutePlan:
    """Check the inputs of the route called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, GatewayRouteArgs):
        problems.raise_if_any("GatewayRoute")
    check_name(problems, "name", name)
    own, existing = args.get("own_gateway"), args.get("existing_gateway")
    if (own is None) is (existing is None):
        count = "neither is" if own is None else "both are"
        problems.add("", f"{count} given of existingGateway and ownGateway; give one of them")
    gateway = None
    if own is not None:
        with problems.under("ownGateway"):
            gateway = plan_gateway(problems, own)
    hostnames = args.get("hostnames", [])
    problems.between("hostnames", len(hostnames), 0, _MAXIMUM_HOST_NAMES, "host names")
    for index, hostname in enumerate(hostnames):
        check_host_name(problems, f"hostnames[{index}]", hostname)
    rules = plan_rules(problems, args["rules"])
    problems.raise_if_any("GatewayRoute")
    return GatewayRoutePlan(
        name=name,
        namespace=args["namespace"],
        rules=rules,
        parent=_parent(name, existing),
        gateway=gateway,
        hostnames=sorted(set(hostnames)),
    )


def _parent(name: str, existing: GatewayReference | None) -> Mapping[str, Any]:
    reference: dict[str, Any] = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
    if existing is None:
        return reference | {"name": name}
    reference["name"] = existing["name"]
    if "namespace" in existing:
        reference["namespace"] = existing["namespace"]
    if "listener" in existing:
        reference["sectionName"] = existing["listener"]
    return reference


class GatewayRoute(pulumi.ComponentResource):
    """An HTTPRoute of the Gateway API to one or more Services, and the Gateway itself where it is asked for.

    It installs neither the API's resource definitions nor a controller. A gateway's pods reach the backends from the
    controller's namespace: name it in the Tenancy's `ingress_namespaces` or in the workload's `allowed_namespaces`.

    Example: `GatewayRoute("chat", {"namespace": "ai", "existing_gateway": {"name": "edge"}, "rules": {...}})`
    """

    route_name: pulumi.Output[str]
    """Name of the HTTPRoute."""

    gateway_name: pulumi.Output[str]
    """Name of the Gateway that takes the requests."""

    address: pulumi.Output[str]
    """Host name or address of a Gateway that it made; empty where it has none yet, or is not of this route."""

    def __init__(self, name: str, args: GatewayRouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("GatewayRoute", name, partial(plan_gateway_route, name=name), args)
        super().__init__("aidc:index:GatewayRoute", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        metadata = {"name": name, "namespace": plan.namespace, "labels": object_labels(name, _COMPONENT)}
        if plan.gateway is None:
            self.gateway_name = pulumi.Output.from_input(plan.parent["name"])
            self.address = pulumi.Output.from_input("")
        else:
            gateway = KubernetesObject(f"{name}-gateway", plan.gateway.manifest(metadata), child)
            child = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[gateway]))
            self.gateway_name = gateway.object_name
            self.address = gateway.status.apply(_address)
        self.route_name = KubernetesObject(f"{name}-route", _route(plan, metadata), child).object_name
        self.register_outputs(
            {"route_name": self.route_name, "gateway_name": self.gateway_name, "address": self.address}
        )


def _route(plan: GatewayRoutePlan, metadata: Mapping[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {"parentRefs": [dict(plan.parent)], "rules": [rule.manifest() for rule in plan.rules]}
    if plan.hostnames:
        spec["hostnames"] = list(plan.hostnames)
    return {"apiVersion": API_VERSION, "kind": "HTTPRoute", "metadata": dict(metadata), "spec": spec}


def _address(status: Any) -> str:
    found: Any = status or {}
    addresses: Any = found.get("addresses") or [{}]
    return addresses[0].get("value") or ""
