"""A predictive autoscaler: its inputs checked and its defaults applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi

from ...infra.addresses import check_cidr
from ...infra.arguments import check_keys
from ...infra.labels import check_name, selector_labels
from ...problems import InvalidInput, Problems
from ...workloads.programs import AUTOSCALER, DECISION_PATH
from ..network.exposure import PRIVATE_NETWORKS
from ..pods import PodResources, ResourcesPlan, check_image, plan_resources
from .event_driven_scaling import EventDrivenScalingArgs, plan_event_driven_scaling
from .predictive_inputs import PredictiveActing, PredictiveMode, PredictiveScalingArgs
from .predictive_program import AutoscalerProgram, plan_program
from .prometheus import PROMETHEUS, PROMETHEUS_NAMESPACE, PROMETHEUS_PORT
from .scale_target import ScaleTargetPlan, plan_bounds, plan_target
from .triggers import ScalingTrigger

COMPONENT: Final = "predictive-scaling"
_SUFFIX: Final = "-autoscaler"
_LONGEST: Final = len(_SUFFIX + "-settings-01234567")
_RESOURCES: Final[PodResources] = {"cpu": "100m", "memory": "256Mi", "ephemeral_storage": "64Mi"}
_MOST: Final = 5
"""Pods of the autoscaler at most: one acts, the others wait."""

FORECAST_TRIGGER: Final = "forecast"
LOAD_TRIGGER: Final = "load"
_OWN_TRIGGERS: Final = (FORECAST_TRIGGER, LOAD_TRIGGER)


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictiveScalingPlan:
    """A predictive autoscaler with every default applied."""

    component: str
    """Name of the component, which is in the labels."""

    name: str
    """Name of its objects."""

    namespace: pulumi.Input[str]
    image: pulumi.Input[str]
    target: ScaleTargetPlan
    min_replicas: int
    max_replicas: int
    mode: PredictiveMode
    acting: PredictiveActing
    program: AutoscalerProgram
    start_up_seconds: int
    resource: str | None
    """What the resource metrics API is asked for; None where Prometheus is asked."""

    autoscalers: int
    resources: ResourcesPlan
    node_pool: pulumi.Input[str] | None
    priority_class: pulumi.Input[str] | None
    prometheus_namespace: str
    prometheus_port: int
    keda_namespace: str
    api_networks: Sequence[str]
    allowed_namespaces: Sequence[str]
    monitored: bool
    scaling: EventDrivenScalingArgs | None
    """What KEDA is told; None where it has no part in it."""

    @property
    def selector(self) -> dict[str, str]:
        """Labels that select its pods."""
        return selector_labels(self.component, COMPONENT)

    @property
    def writes_scale(self) -> bool:
        """Whether it writes the number of pods itself."""
        return self.mode is PredictiveMode.ACT and self.acting is PredictiveActing.SCALE

    @property
    def metrics_port(self) -> int:
        """Port of metrics and health."""
        return AUTOSCALER.metrics_port

    @property
    def answers_keda(self) -> bool:
        """Whether KEDA asks it."""
        return self.acting is PredictiveActing.KEDA


def plan_predictive_scaling(args: PredictiveScalingArgs, name: str = "predictive-scaling") -> PredictiveScalingPlan:
    """Check the inputs of the autoscaler called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, PredictiveScalingArgs):
        problems.raise_if_any("PredictiveScaling")
    check_name(problems, "name", name, room=_LONGEST, host=True)
    check_image(problems, "image", args["image"])
    with problems.under("target"):
        target = plan_target(problems, args["target"])
    lower, upper = plan_bounds(problems, args, least=0, default=1)
    mode, acting = _choices(problems, args)
    if ("load" in args) is ("resource" in args):
        problems.add("load", "give load or resource, one of them")
        problems.raise_if_any("PredictiveScaling")
    problems.between("autoscalers", int(args.get("autoscalers", 2)), 1, _MOST, "pods")
    with problems.under("resources"):
        resources = plan_resources(problems, args.get("resources", _RESOURCES))
    networks, allowed = _access(problems, args)
    before = len(problems)
    program = plan_program(problems, args, target, name=f"{name}{_SUFFIX}", minimum=lower)
    scaling = None
    if mode is PredictiveMode.ACT and acting is PredictiveActing.KEDA:
        for key in _OWN_TRIGGERS:
            if key in args.get("triggers", {}):
                problems.add(f"triggers.{key}", "is made by this component; give yours another name")
        scaling = _scaling(args, program, name, lower)
        if len(problems) == before:
            _check_scaling(problems, scaling, name)
    elif any(key in args for key in ("triggers", "scale_up", "scale_down")) and acting is PredictiveActing.SCALE:
        problems.add("acting", "'scale' asks nothing of KEDA; leave triggers, scaleUp and scaleDown out")
    problems.raise_if_any("PredictiveScaling")
    return PredictiveScalingPlan(
        component=name,
        name=f"{name}{_SUFFIX}",
        namespace=args["namespace"],
        image=args["image"],
        target=target,
        min_replicas=lower,
        max_replicas=upper,
        mode=mode,
        acting=acting,
        program=program,
        start_up_seconds=int(args.get("start_up_seconds", 120)),
        resource=args.get("resource"),
        autoscalers=int(args.get("autoscalers", 2)),
        resources=resources,
        node_pool=args.get("node_pool"),
        priority_class=args.get("priority_class"),
        prometheus_namespace=args.get("load", {}).get("namespace", PROMETHEUS_NAMESPACE),
        prometheus_port=_port(args),
        keda_namespace=args.get("keda_namespace", "keda"),
        api_networks=networks,
        allowed_namespaces=allowed,
        monitored=args.get("monitored", False),
        scaling=scaling,
    )


def _choices(problems: Problems, args: PredictiveScalingArgs) -> tuple[PredictiveMode, PredictiveActing]:
    mode, acting = args.get("mode", PredictiveMode.FORECAST), args.get("acting", PredictiveActing.KEDA)
    problems.choice("mode", mode, [each.value for each in PredictiveMode])
    problems.choice("acting", acting, [each.value for each in PredictiveActing])
    problems.raise_if_any("PredictiveScaling")
    return PredictiveMode(mode), PredictiveActing(acting)


def _access(problems: Problems, args: PredictiveScalingArgs) -> tuple[Sequence[str], Sequence[str]]:
    networks = args.get("api_networks", list(PRIVATE_NETWORKS))
    allowed = args.get("allowed_namespaces", [PROMETHEUS_NAMESPACE])
    for index, network in enumerate(networks):
        check_cidr(problems, f"apiNetworks[{index}]", network)
    if not networks:
        problems.add(
            "apiNetworks", "is empty, and without the API server nothing is decided; leave it out, or give one"
        )
    for index, namespace in enumerate(allowed):
        check_name(problems, f"allowedNamespaces[{index}]", namespace)
    check_name(problems, "kedaNamespace", args.get("keda_namespace", "keda"))
    check_name(problems, "load.namespace", args.get("load", {}).get("namespace", PROMETHEUS_NAMESPACE))
    return sorted(set(networks)), sorted(set(allowed))


def _port(args: PredictiveScalingArgs) -> int:
    """Return the port of Prometheus, as far as its address is known."""
    address = args.get("load", {}).get("address", PROMETHEUS)
    if not isinstance(address, str):
        return PROMETHEUS_PORT
    try:
        parts = urlsplit(address)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme, PROMETHEUS_PORT)
    except ValueError:
        # The program's settings refuse the address.
        return PROMETHEUS_PORT


def _scaling(
    args: PredictiveScalingArgs, program: AutoscalerProgram, name: str, minimum: int
) -> EventDrivenScalingArgs:
    """Return the inputs of the ScaledObject: the load of now and the forecast, of which the larger one counts."""
    triggers: dict[str, ScalingTrigger] = {
        **args.get("triggers", {}),
        LOAD_TRIGGER: _load_trigger(args, program),
        FORECAST_TRIGGER: {
            # Not `external`: an external scaler that is gone takes all other triggers with it (KEDA 2.21,
            # GetScaledObjectMetrics in pkg/scaling/scale_handler.go).
            "type": "metrics-api",
            "metadata": {
                # In its place the component puts an address that comes from the Deployment.
                "url": f"http://{name}{_SUFFIX}:{AUTOSCALER.metrics_port}{DECISION_PATH}",
                "valueLocation": "replicas",
                "targetValue": "1",
            },
        },
    }
    scaling: EventDrivenScalingArgs = {
        "namespace": args["namespace"],
        "target": args["target"],
        "triggers": triggers,
        "min_replicas": minimum,
        "max_replicas": int(args["max_replicas"]),
    }
    if "scale_up" in args:
        scaling["scale_up"] = args["scale_up"]
    if "scale_down" in args:
        scaling["scale_down"] = args["scale_down"]
    return scaling


def _check_scaling(problems: Problems, scaling: EventDrivenScalingArgs, name: str) -> None:
    try:
        plan_event_driven_scaling(scaling, name)
    except InvalidInput as invalid:
        problems.extend(each for each in invalid.problems if each.path != "name")


def _load_trigger(args: PredictiveScalingArgs, program: AutoscalerProgram) -> ScalingTrigger:
    load = args.get("load")
    if load is None:
        return {"type": str(args.get("resource")), "metadata": {"value": f"{program.utilisation * 100:.0f}"}}
    metadata: Mapping[str, Any] = {
        "serverAddress": load.get("address", PROMETHEUS),
        "query": load["query"],
        "threshold": f"{program.threshold:.6f}".rstrip("0").rstrip("."),
        # No answer is a failure, and no sign that nothing comes.
        "ignoreNullValues": "false",
    }
    return {"type": "prometheus", "metadata": dict(metadata)}
