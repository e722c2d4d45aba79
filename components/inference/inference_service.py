"""A model behind an address inside the cluster, that rollouts and drains never make smaller than wanted."""

from functools import partial
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.versions import VLLM
from ...problems import Problems
from ..pods import PodResources, SecretKeyReference, VolumeMount, half_of_memory
from .deployment_inputs import DeploymentInputs, SpreadMode
from .deployment_plan import DeploymentPlan, plan_deployment
from .deployment_resources import deploy_server
from .engines import InferenceEngine

_COMPONENT: Final = "inference"


class InferenceServiceArgs(TypedDict):
    """Inputs of `InferenceService`."""

    namespace: pulumi.Input[str]
    """Namespace that it lives in."""

    image: NotRequired[pulumi.Input[str]]
    """Image of the server, with a fixed tag or a digest. Default: the pinned image of vLLM with `engine` vllm; needed
    otherwise."""

    model: NotRequired[pulumi.Input[str]]
    """What is served: the folder of an export on a mount, or its address, such as `s3://models/chat`; with vLLM also a
    name on Hugging Face. Default: none, and the image's own program runs."""

    engine: NotRequired[InferenceEngine]
    """What serves `model`: `aidc`, the server of this library, or `vllm`. Default: `aidc`."""

    settings: NotRequired[dict[str, Any]]
    """Settings of the server of `model`: of this library's as in its YAML file, of vLLM as on its command line, such as
    `max_model_len`. Default: those of the server; the drain follows from the fields below."""

    command: NotRequired[list[pulumi.Input[str]]]
    """Program to run. Default: that of the image."""

    args: NotRequired[list[pulumi.Input[str]]]
    """Arguments of the program. Default: those of the image."""

    replicas: NotRequired[int]
    """Pods. 1 to 150,000. Default: 2, so that a drain or a crash leaves one."""

    autoscaled: NotRequired[bool]
    """Whether an autoscaler owns the number of pods, which is then not written. Default: false."""

    port: NotRequired[int]
    """Port of the server and of its Service. 1,024 to 65,535. Default: 8000."""

    resources: NotRequired[PodResources]
    """Compute resources of one pod. Default: 1 core, 1Gi, no accelerator."""

    shared_memory: NotRequired[str]
    """Size of /dev/shm, within the memory limit; several GPUs in one pod need it. Default: the runtime's 64 MiB."""

    mounts: NotRequired[list[VolumeMount]]
    """Claims, such as one with the model. Default: none."""

    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables. Default: none."""

    secret_environment: NotRequired[dict[str, SecretKeyReference]]
    """Environment variables whose values are keys of Secrets. Default: none."""

    node_pool: NotRequired[pulumi.Input[str]]
    """Node pool that its pods must run on. Default: any."""

    priority_class: NotRequired[pulumi.Input[str]]
    """Name of a PriorityClass. Default: that of the cluster."""

    service_account: NotRequired[pulumi.Input[str]]
    """Service account of its pods. Default: `workload`, which a Tenancy makes."""

    liveness_path: NotRequired[str]
    """Path that answers while the process works; a pod that fails it 6 times, for a minute, is restarted.
    Default: `/livez`."""

    readiness_path: NotRequired[str]
    """Path that answers once the model is loaded and requests are welcome. Default: `/readyz`."""

    startup_seconds: NotRequired[int]
    """Seconds that loading the model may take before the pod is restarted. 10 to 86,400. Default: 600."""

    drain_seconds: NotRequired[int]
    """Seconds between being taken out of the Service and being told to stop. 0 to 3,600. Default: 10."""

    termination_seconds: NotRequired[int]
    """Seconds from the beginning of the drain until the pod is killed; longer than the drain and the longest request
    together. 1 to 86,400. Default: 60."""

    max_surge: NotRequired[str]
    """Extra pods during a rollout, as a number or a share of the wanted ones; each needs room, with GPUs a node's
    worth of them. Default: `25%`, rounded up."""

    max_unavailable: NotRequired[int]
    """Pods that drains may take at once. Rollouts take none. 1 or more, fewer than the replicas. Default: 1."""

    spread: NotRequired[SpreadMode]
    """Whether the even spread over zones and nodes is `preferred` or `required`. Required needs nodes that carry
    the labels of both. Default: `preferred`."""

    allowed_namespaces: NotRequired[list[str]]
    """Namespaces whose pods may reach it, beside its own, such as that of Prometheus. Default: none."""

    allowed_cidrs: NotRequired[list[str]]
    """Networks that may reach its port, such as that of the load balancer's nodes. Default: none."""

    metrics_port: NotRequired[int]
    """Port of the metrics. 1,024 to 65,535. Default: that of the server."""

    metrics_path: NotRequired[str]
    """Path of the metrics. Default: `/metrics`."""

    monitored: NotRequired[bool]
    """Whether a PodMonitor leads Prometheus to its metrics, where the Prometheus operator is in the cluster. Default:
    false; a DataCenter with the add-on kube-prometheus-stack says true."""


def plan_inference_service(args: InferenceServiceArgs, name: str = "inference") -> DeploymentPlan:
    """Check the inputs of the service called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, InferenceServiceArgs):
        problems.raise_if_any("InferenceService")
    plan = plan_deployment(problems, _complete(problems, args), name=name, component=_COMPONENT)
    problems.raise_if_any("InferenceService")
    return plan


def _complete(problems: Problems, args: InferenceServiceArgs) -> DeploymentInputs:
    """Fill in what the engine brings along."""
    inputs = cast(dict[str, Any], dict(args))
    is_vllm = str(args.get("engine")) == InferenceEngine.VLLM
    if "image" not in args:
        if not is_vllm:
            problems.add("image", "missing; it has no default but with engine vllm")
        inputs["image"] = VLLM.reference
    gpus = int(args.get("resources", {}).get("gpus", 0))
    if is_vllm and gpus > 1 and "shared_memory" not in args:
        # The processes of one model exchange data through it.
        inputs["shared_memory"] = half_of_memory(args.get("resources", {}))
    return cast(DeploymentInputs, inputs)


class InferenceService(pulumi.ComponentResource):
    """A Deployment, its Service inside the cluster, a disruption budget and a network policy for its ports.

    It makes nothing outside the cluster: put a LoadBalancer or a GatewayRoute before it. It does not scale: with
    `autoscaled`, a HorizontalScaling or EventDrivenScaling owns the number of pods.

    Example: `InferenceService("chat", {"namespace": "serving", "image": "registry.example/inference:1.0.0",
    "model": "s3://models/chat"})`
    """

    deployment_name: pulumi.Output[str]
    """Name of the Deployment: the target of an autoscaler."""

    service_name: pulumi.Output[str]
    """Name of the Service: the backend of a route."""

    port: pulumi.Output[int]
    """Port of the Service."""

    url: pulumi.Output[str]
    """Address inside the cluster, such as `http://chat.serving.svc:8000`."""

    selector: pulumi.Output[dict[str, str]]
    """Labels that select its pods."""

    def __init__(self, name: str, args: InferenceServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("InferenceService", name, partial(plan_inference_service, name=name), args)
        super().__init__("aidc:index:InferenceService", name, recorded(args), opts)
        server = deploy_server(name, plan, pulumi.ResourceOptions(parent=self))
        port = plan.access.port
        self.deployment_name = server.deployment.object_name
        self.service_name = server.service.object_name
        self.port = pulumi.Output.from_input(port)
        self.url = pulumi.Output.concat("http://", self.service_name, ".", plan.namespace, f".svc:{port}")
        self.selector = pulumi.Output.from_input(plan.selector)
        self.register_outputs(
            {
                "deployment_name": self.deployment_name,
                "service_name": self.service_name,
                "port": self.port,
                "url": self.url,
                "selector": self.selector,
            }
        )
