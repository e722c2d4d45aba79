"""What the components of a replicated server share as inputs."""

from enum import StrEnum
from typing import Any, Required, TypedDict

import pulumi

from ..pods import PodResources, SecretKeyReference, VolumeMount
from .engines import InferenceEngine


class SpreadMode(StrEnum):
    """What happens to a pod that would make the spread over zones and nodes uneven."""

    PREFERRED = "preferred"
    REQUIRED = "required"


class DeploymentInputs(TypedDict, total=False):
    """The fields that every component of a server may have; each of them documents its own."""

    namespace: Required[pulumi.Input[str]]
    image: Required[pulumi.Input[str]]
    port: int
    model: pulumi.Input[str]
    engine: InferenceEngine
    settings: dict[str, Any]
    command: list[pulumi.Input[str]]
    args: list[pulumi.Input[str]]
    replicas: int
    autoscaled: bool
    resources: PodResources
    environment: dict[str, pulumi.Input[str]]
    secret_environment: dict[str, SecretKeyReference]
    mounts: list[VolumeMount]
    shared_memory: str
    node_pool: pulumi.Input[str]
    priority_class: pulumi.Input[str]
    service_account: pulumi.Input[str]
    liveness_path: str
    readiness_path: str
    startup_seconds: int
    drain_seconds: int
    termination_seconds: int
    max_surge: str
    max_unavailable: int
    spread: SpreadMode
    allowed_namespaces: list[str]
    allowed_cidrs: list[str]
    metrics_port: int
    metrics_path: str
    monitored: bool
