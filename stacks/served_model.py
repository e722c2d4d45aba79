"""An inference service with what reaches and scales it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from ..components.autoscaling import (
    EventDrivenScaling,
    HorizontalScaling,
    plan_event_driven_scaling,
    plan_horizontal_scaling,
)
from ..components.inference import InferenceService, plan_inference_service
from ..components.inference.deployment_plan import DEFAULT_PORT
from ..components.network import (
    ApplicationLoadBalancer,
    GatewayRoute,
    LoadBalancer,
    plan_application_load_balancer,
    plan_gateway_route,
    plan_load_balancer,
)
from ..infra.arguments import argument_hints
from ..problems import InvalidInput, Problems, camel_case
from .data_center_args import ServedModel


@dataclass(frozen=True, slots=True)
class _Links:
    """What ties the parts together: plain names while planning, outputs while making."""

    namespace: pulumi.Input[str]
    deployment: pulumi.Input[str]
    selector: pulumi.Input[Mapping[str, str]]


def plan_served_model(args: Mapping[str, Any], name: str) -> Any:
    """Check all parts together; return the plan of the service. Raises `InvalidInput`."""
    problems = Problems()
    problems.known_keys(args, argument_hints(ServedModel))
    for key, value in args.items():
        if not isinstance(value, Mapping):
            problems.add(camel_case(key), "not a map of keys to values")
    if "service" not in args:
        problems.add("service", "missing; it has no default")
    problems.raise_if_any("InferenceService")
    if "horizontal_scaling" in args and "event_driven_scaling" in args:
        problems.add("eventDrivenScaling", "horizontalScaling owns the number of pods already; give one of them")
    plan = None
    with problems.under("service"):
        try:
            plan = plan_inference_service(cast(Any, _service(args)), name)
        except InvalidInput as invalid:
            problems.extend(invalid.problems)
    links = _Links(args["service"].get("namespace", ""), name, {"app.kubernetes.io/name": name})
    for key, path, planner, more in (
        ("load_balancer", "loadBalancer", plan_load_balancer, _balancer_links(links)),
        (
            "application_load_balancer",
            "applicationLoadBalancer",
            plan_application_load_balancer,
            _rules(links, name, args["service"]),
        ),
        ("route", "route", plan_gateway_route, {"namespace": links.namespace}),
        ("horizontal_scaling", "horizontalScaling", plan_horizontal_scaling, _scaling_links(links)),
        ("event_driven_scaling", "eventDrivenScaling", plan_event_driven_scaling, _scaling_links(links)),
    ):
        if key in args:
            with problems.under(path):
                try:
                    planner(cast(Any, {**args[key], **more}), name)
                except InvalidInput as invalid:
                    problems.extend(invalid.problems)
    problems.raise_if_any("InferenceService")
    return plan


def create_served_model(name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions) -> InferenceService:
    """Make the service and what reaches and scales it."""
    service = InferenceService(name, cast(Any, _service(args)), opts)
    links = _Links(args["service"]["namespace"], service.deployment_name, service.selector)
    if "load_balancer" in args:
        LoadBalancer(name, cast(Any, {**args["load_balancer"], **_balancer_links(links)}), opts)
    if "application_load_balancer" in args:
        rules = _rules(links, service.service_name, args["service"])
        ApplicationLoadBalancer(name, cast(Any, {**args["application_load_balancer"], **rules}), opts)
    if "route" in args:
        after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[service]))
        GatewayRoute(name, cast(Any, {**args["route"], "namespace": links.namespace}), after)
    if "horizontal_scaling" in args:
        HorizontalScaling(name, cast(Any, {**args["horizontal_scaling"], **_scaling_links(links)}), opts)
    if "event_driven_scaling" in args:
        EventDrivenScaling(name, cast(Any, {**args["event_driven_scaling"], **_scaling_links(links)}), opts)
    return service


def _service(args: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the number of pods to the autoscaler, where there is one."""
    autoscaled = "horizontal_scaling" in args or "event_driven_scaling" in args
    return {**args["service"], "autoscaled": True} if autoscaled else dict(args["service"])


def _balancer_links(links: _Links) -> dict[str, Any]:
    return {"namespace": links.namespace, "selector": links.selector}


def _rules(links: _Links, service: pulumi.Input[str], args: Mapping[str, Any]) -> dict[str, Any]:
    """Lead all requests to the service."""
    port = args.get("port", DEFAULT_PORT)
    rule = {"service": service, "port": port, "pods": links.selector, "target_port": port}
    return {"namespace": links.namespace, "rules": {"service": rule}}


def _scaling_links(links: _Links) -> dict[str, Any]:
    return {"namespace": links.namespace, "target": {"name": links.deployment}}
