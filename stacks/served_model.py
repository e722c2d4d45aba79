"""An inference service with what reaches and scales it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi

from ..components.autoscaling import (
    EventDrivenScaling,
    EventDrivenScalingArgs,
    HorizontalScaling,
    HybridScaling,
    PredictiveMode,
    PredictiveScaling,
    VerticalScaling,
    counted_resources,
    plan_event_driven_scaling,
    plan_horizontal_scaling,
    plan_hybrid_scaling,
    plan_predictive_scaling,
    plan_vertical_scaling,
)
from ..components.inference import InferenceService, plan_inference_service, plan_waiting_scaling
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

_SCALERS: Final = ("hybrid_scaling", "horizontal_scaling", "event_driven_scaling", "scale_on_waiting")
"""What owns the number of pods; one of them."""


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
    owners = _owners(args)
    for key in owners[1:]:
        problems.add(camel_case(key), f"{camel_case(owners[0])} owns the number of pods already; give one of them")
    if "vertical_scaling" in args and "hybrid_scaling" in args:
        problems.add("verticalScaling", "hybridScaling owns the size of pods already; give one of them")
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
        ("hybrid_scaling", "hybridScaling", plan_hybrid_scaling, _scaling_links(links)),
        ("predictive_scaling", "predictiveScaling", plan_predictive_scaling, _scaling_links(links)),
        ("vertical_scaling", "verticalScaling", plan_vertical_scaling, _sizing_links(args, links)),
    ):
        if key in args:
            with problems.under(path):
                try:
                    planner(cast(Any, {**args[key], **more}), name)
                except InvalidInput as invalid:
                    problems.extend(invalid.problems)
    if "scale_on_waiting" in args:
        with problems.under("scaleOnWaiting"):
            _plan_waiting(problems, args, links, name)
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
    if "hybrid_scaling" in args:
        HybridScaling(name, cast(Any, {**args["hybrid_scaling"], **_scaling_links(links)}), opts)
    if "predictive_scaling" in args:
        PredictiveScaling(name, cast(Any, {**args["predictive_scaling"], **_scaling_links(links)}), opts)
    if "vertical_scaling" in args:
        VerticalScaling(name, cast(Any, {**args["vertical_scaling"], **_sizing_links(args, links)}), opts)
    if "scale_on_waiting" in args:
        scaling = _waiting(Problems(), args, links, name)
        assert scaling is not None
        EventDrivenScaling(name, scaling, opts)
    return service


def _plan_waiting(problems: Problems, args: Mapping[str, Any], links: _Links, name: str) -> None:
    scaling = _waiting(problems, args, links, name)
    if scaling is not None:
        try:
            plan_event_driven_scaling(scaling, name)
        except InvalidInput as invalid:
            problems.extend(invalid.problems)


def _waiting(problems: Problems, args: Mapping[str, Any], links: _Links, name: str) -> EventDrivenScalingArgs | None:
    return plan_waiting_scaling(
        problems,
        args["scale_on_waiting"],
        args["service"],
        namespace=links.namespace,
        target=links.deployment,
        name=name,
    )


def _service(args: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the number of pods to the autoscaler, where there is one."""
    return {**args["service"], "autoscaled": True} if _owners(args) else dict(args["service"])


def _owners(args: Mapping[str, Any]) -> list[str]:
    """Return what owns the number of pods; a forecast that is only shown owns none."""
    acts = str(args.get("predictive_scaling", {}).get("mode")) == PredictiveMode.ACT
    return [key for key in _SCALERS if key in args] + (["predictive_scaling"] if acts else [])


def _balancer_links(links: _Links) -> dict[str, Any]:
    return {"namespace": links.namespace, "selector": links.selector}


def _rules(links: _Links, service: pulumi.Input[str], args: Mapping[str, Any]) -> dict[str, Any]:
    """Lead all requests to the service."""
    port = args.get("port", DEFAULT_PORT)
    rule = {"service": service, "port": port, "pods": links.selector, "target_port": port}
    return {"namespace": links.namespace, "rules": {"service": rule}}


def _scaling_links(links: _Links) -> dict[str, Any]:
    return {"namespace": links.namespace, "target": {"name": links.deployment}}


def _sizing_links(args: Mapping[str, Any], links: _Links) -> dict[str, Any]:
    """Leave to the horizontal autoscaler beside it what that one counts in percent of the request."""
    horizontal: Mapping[str, Any] = args.get("horizontal_scaling") or args.get("event_driven_scaling") or {}
    return {**_scaling_links(links), "counted_resources": counted_resources(horizontal)}
