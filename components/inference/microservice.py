"""A small service in one call: pods, an address, a number of pods that follows their load."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...problems import InvalidInput, Problems
from ..autoscaling.horizontal_scaling import HorizontalScaling, HorizontalScalingArgs, plan_horizontal_scaling
from ..autoscaling.scale_target import ScaleTarget
from ..network.aws_load_balancer import NetworkLoadBalancer
from ..network.exposure import LoadBalancerScheme
from ..network.load_balancer import LoadBalancer, LoadBalancerArgs, plan_load_balancer
from ..pods import PodResources, SecretKeyReference, VolumeMount
from .deployment_inputs import DeploymentInputs
from .deployment_plan import DEFAULT_PORT, DeploymentPlan, plan_deployment
from .deployment_resources import deploy_server

_COMPONENT: Final = "microservice"
_RESOURCES: Final[PodResources] = {"cpu": "0.1", "memory": "0.2Gi", "cpu_limit": "0.5", "memory_limit": "1Gi"}
_FROM_DEPLOYMENT: Final = (
    "namespace",
    "image",
    "model",
    "settings",
    "command",
    "args",
    "environment",
    "secret_environment",
    "mounts",
    "node_pool",
    "service_account",
    "liveness_path",
    "readiness_path",
    "startup_seconds",
    "allowed_namespaces",
    "monitored",
)


class MicroserviceArgs(TypedDict):
    """Inputs of `Microservice`."""

    namespace: pulumi.Input[str]
    """Namespace that it lives in."""

    image: pulumi.Input[str]
    """Image of the server, with a fixed tag or a digest."""

    model: NotRequired[pulumi.Input[str]]
    """What is served: the folder of an export on a mount, or its address, such as `s3://models/chat`. It is
    served by this library's server. Default: none, and the image's own program runs."""

    settings: NotRequired[dict[str, Any]]
    """Settings of this library's server of `model`, as in its YAML file. Default: those of the server."""

    command: NotRequired[list[pulumi.Input[str]]]
    """Program to run. Default: that of the image."""

    args: NotRequired[list[pulumi.Input[str]]]
    """Arguments of the program. Default: those of the image."""

    replicas: NotRequired[int]
    """Pods at least. 1 to 150,000. Default: 3."""

    max_replicas: NotRequired[int]
    """Pods at most. 1 to 150,000. Default: 10, or `replicas` where that is more."""

    cpu_percent: NotRequired[int]
    """Use of cores on average over the pods, in percent of their request, that the number of pods aims at. 1 to
    10,000. Default: 70."""

    port: NotRequired[int]
    """Port of the server, of its Service and of its load balancer. 1,024 to 65,535. Default: 8000."""

    resources: NotRequired[PodResources]
    """Compute resources of one pod, in the place of all defaults. Default: requests of 0.1 cores and 0.2Gi, limits
    of 0.5 cores and 1Gi."""

    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables. Default: none."""

    secret_environment: NotRequired[dict[str, SecretKeyReference]]
    """Environment variables whose values are keys of Secrets. Default: none."""

    mounts: NotRequired[list[VolumeMount]]
    """Claims, such as one with the model. Default: none."""

    node_pool: NotRequired[pulumi.Input[str]]
    """Node pool that its pods must run on. Default: any."""

    service_account: NotRequired[pulumi.Input[str]]
    """Service account of its pods. Default: `workload`, which a Tenancy makes."""

    liveness_path: NotRequired[str]
    """Path that answers while the process works. Default: `/livez`."""

    readiness_path: NotRequired[str]
    """Path that answers once requests are welcome. Default: `/readyz`."""

    startup_seconds: NotRequired[int]
    """Seconds that a pod may take until it is ready for the first time. 10 to 86,400. Default: 600."""

    scheme: NotRequired[LoadBalancerScheme]
    """Whether the address is `internal` or `internet-facing`; the latter needs `source_ranges`. Default: `internal`."""

    source_ranges: NotRequired[list[str]]
    """Networks that may connect. Default: the private networks."""

    allowed_namespaces: NotRequired[list[str]]
    """Namespaces whose pods may reach it, beside its own, such as that of Prometheus. Default: none."""

    monitored: NotRequired[bool]
    """Whether a PodMonitor leads Prometheus to its metrics, where the Prometheus operator is in the cluster. Default:
    false; a DataCenter with the add-on kube-prometheus-stack says true."""

    aws: NotRequired[NetworkLoadBalancer]
    """Options of a Network Load Balancer of AWS, whose controller makes it. Default: the cluster's own load
    balancer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MicroservicePlan:
    """A microservice with every default applied."""

    deployment: DeploymentPlan
    load_balancer: LoadBalancerArgs
    scaling: HorizontalScalingArgs


def plan_microservice(args: MicroserviceArgs, name: str = "microservice") -> MicroservicePlan:
    """Check the inputs of the microservice called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, MicroserviceArgs):
        problems.raise_if_any("Microservice")
    passed_on = {key: value for key, value in args.items() if key in _FROM_DEPLOYMENT}
    own = {"autoscaled": True, "port": args.get("port", DEFAULT_PORT), "resources": args.get("resources", _RESOURCES)}
    inputs = cast(DeploymentInputs, {**passed_on, **own})
    deployment = plan_deployment(problems, inputs, name=name, component=_COMPONENT)
    balancer = _plan_load_balancer(problems, args, deployment)
    scaling = _plan_scaling(problems, args, deployment)
    problems.raise_if_any("Microservice")
    return MicroservicePlan(deployment=deployment, load_balancer=balancer, scaling=scaling)


def _plan_load_balancer(problems: Problems, args: MicroserviceArgs, plan: DeploymentPlan) -> LoadBalancerArgs:
    wanted: LoadBalancerArgs = {
        "namespace": plan.namespace,
        "selector": plan.selector,
        "ports": {"http": {"port": plan.access.port}},
    }
    if "scheme" in args:
        wanted["scheme"] = args["scheme"]
    if "source_ranges" in args:
        wanted["source_ranges"] = args["source_ranges"]
    if "aws" in args:
        wanted["aws"] = args["aws"]
    try:
        plan_load_balancer(wanted, name=plan.name)
    except InvalidInput as invalid:
        _adopt(problems, invalid, {"name": "name", "scheme": "scheme", "sourceRanges": "sourceRanges", "aws": "aws"})
    return wanted


def _plan_scaling(problems: Problems, args: MicroserviceArgs, plan: DeploymentPlan) -> HorizontalScalingArgs:
    least = int(args.get("replicas", 3))
    wanted: HorizontalScalingArgs = {
        "namespace": plan.namespace,
        "target": {"name": plan.name},
        "min_replicas": least,
        "max_replicas": int(args.get("max_replicas", max(10, least))),
        "cpu_percent": int(args.get("cpu_percent", 70)),
    }
    try:
        plan_horizontal_scaling(wanted, name=plan.name)
    except InvalidInput as invalid:
        renamed = {"name": "name", "minReplicas": "replicas", "cpuPercent": "cpuPercent"}
        _adopt(problems, invalid, renamed | ({"maxReplicas": "maxReplicas"} if "max_replicas" in args else {}))
    return wanted


def _adopt(problems: Problems, invalid: InvalidInput, fields: Mapping[str, str]) -> None:
    """Take over what a part of it refused, under the names that its fields have here."""
    known = {problem.path for problem in problems}
    for problem in invalid.problems:
        head = problem.path.partition("[")[0]
        path = fields[head] + problem.path[len(head) :] if head in fields else None
        if path is not None and path not in known:
            reason = problem.reason
            for theirs, ours in fields.items():
                reason = reason.replace(theirs, ours)
            problems.add(path, reason)


class Microservice(pulumi.ComponentResource):
    """A Deployment of 3 pods or more, its Service, a load balancer before it, and an autoscaler by use of cores.

    The autoscaler owns the number of pods. A disruption budget and network policies come with it. Where more is to be
    said, use InferenceService, LoadBalancer and HorizontalScaling, which it is made of.

    Example: `Microservice("my-pytorch", {"namespace": "serving", "image": "registry.example/my-pytorch:1.0.0"})`
    """

    deployment_name: pulumi.Output[str]
    """Name of the Deployment."""

    service_name: pulumi.Output[str]
    """Name of the Service inside the cluster."""

    address: pulumi.Output[str]
    """Host name or address of the load balancer; empty where the platform has given none."""

    autoscaler_name: pulumi.Output[str]
    """Name of the HorizontalPodAutoscaler."""

    selector: pulumi.Output[dict[str, str]]
    """Labels that select its pods."""

    def __init__(self, name: str, args: MicroserviceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("Microservice", name, partial(plan_microservice, name=name), args)
        super().__init__("aidc:index:Microservice", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        server = deploy_server(name, plan.deployment, child)
        balancer = LoadBalancer(name, plan.load_balancer, child)
        # The name comes from the Deployment, so that the autoscaler comes after it.
        target: ScaleTarget = {"name": server.deployment.object_name}
        scaling = HorizontalScaling(name, {**plan.scaling, "target": target}, child)
        self.deployment_name = server.deployment.object_name
        self.service_name = server.service.object_name
        self.address = balancer.address
        self.autoscaler_name = scaling.autoscaler_name
        self.selector = pulumi.Output.from_input(plan.deployment.selector)
        self.register_outputs(
            {
                "deployment_name": self.deployment_name,
                "service_name": self.service_name,
                "address": self.address,
                "autoscaler_name": self.autoscaler_name,
                "selector": self.selector,
            }
        )
