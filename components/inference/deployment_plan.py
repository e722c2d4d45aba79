"""A replicated server: its inputs checked and its defaults applied."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from ...infra.addresses import check_cidr, check_port
from ...infra.labels import check_name, selector_labels
from ...problems import Problems
from ..pods import (
    ResourcesPlan,
    SecretKeyReference,
    VolumeMount,
    check_environment,
    check_image,
    check_mounts,
    check_shared_memory,
    plan_resources,
)
from ..settings_file import FOLDER, SettingsFile
from .deployment_inputs import DeploymentInputs, SpreadMode
from .engines import InferenceEngine, ServerProgram, plan_server

_MAXIMUM_PODS: Final = 150_000
"""Pods that one cluster is tested with: kubernetes.io, "Considerations for large clusters", read 2026-11."""

_NODE_SECONDS: Final = 600
"""Seconds that a new node may take to come and to pull an image of many GiB, before a rollout counts as stuck."""

_SURGE: Final = re.compile(r"[1-9]\d{0,5}%?")
_PATH: Final = re.compile(r"/[!-~]*")


_VLLM_HEALTH: Final = "/health"
"""Answers once the model is loaded, and fails when the engine has died, not when it is busy: docs.vllm.ai, read
2026-11."""

DEFAULT_PORT: Final = 8000
"""Port of a server that is told no other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How the server is asked whether it is alive and ready, and how long it may take."""

    liveness_path: str
    readiness_path: str
    startup_seconds: int
    drain_seconds: int
    termination_seconds: int

    @property
    def rollout_seconds(self) -> int:
        """Seconds after which a rollout that makes no progress counts as stuck."""
        return self.startup_seconds + _NODE_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """How many pods there are, and how many may be missing or extra."""

    replicas: int | None
    """None where an autoscaler owns the number."""

    max_surge: str
    max_unavailable: int
    spread: SpreadMode


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Which ports are open, and to whom."""

    port: int
    metrics_port: int
    metrics_path: str
    monitored: bool
    """Whether the Prometheus operator is told of the metrics."""

    allowed_namespaces: Sequence[str]
    allowed_cidrs: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentPlan:
    """A server with every default applied."""

    name: str
    component: str
    namespace: pulumi.Input[str]
    image: pulumi.Input[str]
    command: Sequence[pulumi.Input[str]]
    args: Sequence[pulumi.Input[str]]
    settings: SettingsFile | None
    """Settings of the server, as a file in each pod."""

    resources: ResourcesPlan
    environment: Mapping[str, pulumi.Input[str]]
    secret_environment: Mapping[str, SecretKeyReference]
    mounts: Sequence[VolumeMount]
    shared_memory: str | None
    node_pool: pulumi.Input[str] | None
    priority_class: pulumi.Input[str] | None
    service_account: pulumi.Input[str]
    health: Health
    availability: Availability
    access: Access

    @property
    def selector(self) -> dict[str, str]:
        """Labels that select its pods."""
        return selector_labels(self.name, self.component)


def plan_deployment(problems: Problems, inputs: DeploymentInputs, *, name: str, component: str) -> DeploymentPlan:
    """Check the inputs of a server and apply their defaults; problems are collected."""
    check_name(problems, "name", name, host=True)
    check_image(problems, "image", inputs["image"])
    with problems.under("resources"):
        resources = plan_resources(problems, inputs.get("resources", {}))
    variables, secrets = inputs.get("environment", {}), inputs.get("secret_environment", {})
    check_environment(problems, variables, secrets)
    mounts, shared_memory = inputs.get("mounts", []), inputs.get("shared_memory")
    check_mounts(problems, mounts)
    if shared_memory is not None:
        check_shared_memory(problems, "sharedMemory", shared_memory, resources)
    health, access = _plan_health(problems, inputs), _plan_access(problems, inputs)
    server = _plan_server(problems, inputs, name, resources, health, access)
    return DeploymentPlan(
        name=name,
        component=component,
        namespace=inputs["namespace"],
        image=inputs["image"],
        command=inputs.get("command", []) if server is None else server.command,
        args=inputs.get("args", []) if server is None else server.args,
        settings=None if server is None else server.settings,
        resources=resources,
        environment=variables if server is None else {**server.environment, **variables},
        secret_environment=secrets,
        mounts=mounts,
        shared_memory=shared_memory,
        node_pool=inputs.get("node_pool"),
        priority_class=inputs.get("priority_class"),
        service_account=inputs.get("service_account", "workload"),
        health=health,
        availability=_plan_availability(problems, inputs),
        access=access,
    )


def _plan_server(
    problems: Problems,
    inputs: DeploymentInputs,
    name: str,
    resources: ResourcesPlan,
    health: Health,
    access: Access,
) -> ServerProgram | None:
    if "model" not in inputs:
        for field in ("engine", "settings"):
            if field in inputs:
                problems.add(field, f"says how a model is served; give model, or leave {field} out")
        return None
    for index, mount in enumerate(inputs.get("mounts", [])):
        if mount["path"].rstrip("/") == FOLDER:
            problems.add(f"mounts[{index}].path", f"'{FOLDER}' holds the settings; mount the claim somewhere else")
    return plan_server(
        problems,
        inputs,
        name,
        port=access.port,
        gpus=resources.gpus,
        drain=health.drain_seconds,
        termination=health.termination_seconds,
    )


def _plan_health(problems: Problems, inputs: DeploymentInputs) -> Health:
    is_vllm = str(inputs.get("engine")) == InferenceEngine.VLLM
    alive, ready = (_VLLM_HEALTH, _VLLM_HEALTH) if is_vllm else ("/livez", "/readyz")
    liveness, readiness = inputs.get("liveness_path", alive), inputs.get("readiness_path", ready)
    _check_path(problems, "livenessPath", liveness)
    _check_path(problems, "readinessPath", readiness)
    if liveness == readiness and not is_vllm:
        problems.add(
            "readinessPath",
            f"'{readiness}' is livenessPath too; a server that is only busy would be killed, so give it two paths",
        )
    startup = int(inputs.get("startup_seconds", 600))
    drain, termination = int(inputs.get("drain_seconds", 10)), int(inputs.get("termination_seconds", 60))
    problems.between("startupSeconds", startup, 10, 86_400, "seconds")
    problems.between("drainSeconds", drain, 0, 3_600, "seconds")
    problems.between("terminationSeconds", termination, 1, 86_400, "seconds")
    if 0 <= drain <= 3_600 and 1 <= termination <= drain:
        problems.add(
            "terminationSeconds",
            f"{termination} seconds end before the drain of {drain} seconds does; give more than {drain} seconds",
        )
    return Health(
        liveness_path=liveness,
        readiness_path=readiness,
        startup_seconds=startup,
        drain_seconds=drain,
        termination_seconds=termination,
    )


def _plan_availability(problems: Problems, inputs: DeploymentInputs) -> Availability:
    autoscaled = inputs.get("autoscaled", False)
    if autoscaled and "replicas" in inputs:
        problems.add("replicas", "an autoscaler owns the number; leave out replicas, or autoscaled")
    replicas = None if autoscaled else int(inputs.get("replicas", 2))
    if replicas is not None:
        problems.between("replicas", replicas, 1, _MAXIMUM_PODS, "pods")
    unavailable = int(inputs.get("max_unavailable", 1))
    if unavailable < 1:
        problems.add("maxUnavailable", f"{unavailable} pods would block every drain of a node; give 1 pod or more")
    elif replicas is not None and unavailable >= max(replicas, 2):
        problems.add("maxUnavailable", f"{unavailable} pods are all of {replicas}; give fewer than the replicas")
    surge = inputs.get("max_surge", "25%")
    if not _SURGE.fullmatch(surge):
        problems.add("maxSurge", f"'{surge}' is not a number of extra pods; write it like 1 or 25%, more than 0")
    spread = inputs.get("spread", SpreadMode.PREFERRED)
    problems.choice("spread", spread, [mode.value for mode in SpreadMode])
    return Availability(
        replicas=replicas,
        max_surge=surge,
        max_unavailable=unavailable,
        spread=SpreadMode(spread) if spread in list(SpreadMode) else SpreadMode.PREFERRED,
    )


def _plan_access(problems: Problems, inputs: DeploymentInputs) -> Access:
    # Pods run without privileges, and the container runtime may keep ports below 1,024 to itself.
    port = check_port(problems, "port", inputs.get("port", DEFAULT_PORT), minimum=1024)
    metrics_port = port
    if "metrics_port" in inputs:
        metrics_port = check_port(problems, "metricsPort", inputs["metrics_port"], minimum=1024)
    metrics_path = inputs.get("metrics_path", "/metrics")
    _check_path(problems, "metricsPath", metrics_path)
    namespaces, cidrs = inputs.get("allowed_namespaces", []), inputs.get("allowed_cidrs", [])
    for index, namespace in enumerate(namespaces):
        check_name(problems, f"allowedNamespaces[{index}]", namespace)
    for index, cidr in enumerate(cidrs):
        check_cidr(problems, f"allowedCidrs[{index}]", cidr)
    return Access(
        port=port,
        metrics_port=metrics_port,
        metrics_path=metrics_path,
        monitored=inputs.get("monitored", False),
        allowed_namespaces=sorted(set(namespaces)),
        allowed_cidrs=sorted(set(cidrs)),
    )


def _check_path(problems: Problems, field: str, path: str) -> None:
    if not _PATH.fullmatch(path):
        problems.add(field, f"'{path}' is not a path; start it with / and leave out spaces")
