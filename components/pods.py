"""The parts of a pod that every workload shares: resources, mounts, security, probes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ..problems import Problems
from .arguments import is_known
from .labels import GPU_TAINT, NODE_POOL_LABEL
from .quantities import check_quantity

_USER: Final = 65532
"""The `nonroot` user of distroless images; above 10,000 as CKV_K8S_40 asks."""

_MAXIMUM_GPUS: Final = 64
"""Accelerators that one pod may ask for: more than the largest single node has."""


class PodResources(TypedDict):
    """Compute resources of one pod."""

    cpu: NotRequired[str]
    """Cores requested, such as `500m` or `4`. Default: `1`."""

    memory: NotRequired[str]
    """Memory requested, such as `512Mi` or `16Gi`. Default: `1Gi`."""

    cpu_limit: NotRequired[str]
    """Cores at most. Default: no limit, since a limit throttles latency-bound work."""

    memory_limit: NotRequired[str]
    """Memory at most. Default: the request, so that a pod is never killed for what it was promised."""

    ephemeral_storage: NotRequired[str]
    """Scratch space requested and at most, such as `10Gi`. Default: `1Gi`."""

    gpus: NotRequired[int]
    """Accelerators. Default: 0."""

    gpu_resource: NotRequired[str]
    """Resource that the accelerators are counted in, such as `nvidia.com/mig-1g.10gb`. Default: `nvidia.com/gpu`."""


class VolumeMount(TypedDict):
    """A claim mounted into the workload's container."""

    claim: pulumi.Input[str]
    """Name of the PersistentVolumeClaim, in the workload's namespace."""

    path: str
    """Absolute path inside the container."""

    read_only: NotRequired[bool]
    """Whether writing is refused. Default: false."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourcesPlan:
    """Resources with every default applied."""

    requests: Mapping[str, str]
    limits: Mapping[str, str]
    gpus: int
    gpu_resource: str

    def manifest(self) -> dict[str, Any]:
        """The container's `resources`."""
        return {"requests": dict(self.requests), "limits": dict(self.limits)}


def plan_resources(problems: Problems, resources: PodResources) -> ResourcesPlan:
    """Check resources and apply their defaults."""
    cpu, memory = resources.get("cpu", "1"), resources.get("memory", "1Gi")
    requests = {"cpu": cpu, "memory": memory, "ephemeral-storage": resources.get("ephemeral_storage", "1Gi")}
    limits = {"memory": resources.get("memory_limit", memory), "ephemeral-storage": requests["ephemeral-storage"]}
    if "cpu_limit" in resources:
        limits["cpu"] = resources["cpu_limit"]
    units = {"cpu": "cores", "memory": "bytes", "ephemeral-storage": "bytes"}
    wanted = {key: check_quantity(problems, _path(key), value, unit=units[key]) for key, value in requests.items()}
    for key in ("cpu", "memory"):
        if key in limits and limits[key] != requests[key]:
            path = f"{key}Limit"
            most, least = check_quantity(problems, path, limits[key], unit=units[key]), wanted[key]
            if most is not None and least is not None and most < least:
                problems.add(path, f"'{limits[key]}' is less than the request '{requests[key]}'; raise it")
    gpus = int(resources.get("gpus", 0))
    problems.between("gpus", gpus, 0, _MAXIMUM_GPUS, "accelerators")
    gpu_resource = resources.get("gpu_resource", "nvidia.com/gpu")
    if gpus > 0:
        # Kubernetes has no fractions of a device, and wants request and limit equal.
        requests[gpu_resource] = limits[gpu_resource] = str(gpus)
    return ResourcesPlan(requests=requests, limits=limits, gpus=gpus, gpu_resource=gpu_resource)


def check_mounts(problems: Problems, mounts: Sequence[VolumeMount]) -> None:
    """Refuse relative and doubled mount paths."""
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        path = mount["path"]
        if not path.startswith("/"):
            problems.add(f"mounts[{index}].path", f"'{path}' is relative; start it with /")
        if path in seen:
            problems.add(f"mounts[{index}].path", f"'{path}' is mounted twice; give each claim a path of its own")
        seen.add(path)


def volumes(mounts: Sequence[VolumeMount]) -> list[dict[str, Any]]:
    """The pod's `volumes` for claims, and a writable /tmp, since the root filesystem is read-only."""
    claims = [
        {
            "name": f"claim-{index}",
            "persistentVolumeClaim": {"claimName": mount["claim"], "readOnly": mount.get("read_only", False)},
        }
        for index, mount in enumerate(mounts)
    ]
    return [*claims, {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}]


def volume_mounts(mounts: Sequence[VolumeMount]) -> list[dict[str, Any]]:
    """The container's `volumeMounts` that belong to `volumes`."""
    claims = [
        {"name": f"claim-{index}", "mountPath": mount["path"], "readOnly": mount.get("read_only", False)}
        for index, mount in enumerate(mounts)
    ]
    return [*claims, {"name": "tmp", "mountPath": "/tmp"}]


def environment(variables: Mapping[str, pulumi.Input[str]]) -> list[dict[str, Any]]:
    """The container's `env`, sorted by name so that the order in the program does not matter."""
    return [{"name": name, "value": variables[name]} for name in sorted(variables)]


def container_security() -> dict[str, Any]:
    """What Pod Security `restricted` asks of a container, and a read-only root filesystem."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }


def pod_security() -> dict[str, Any]:
    """What Pod Security `restricted` asks of a pod, with an unprivileged user and group."""
    return {
        "runAsNonRoot": True,
        "runAsUser": _USER,
        "runAsGroup": _USER,
        "fsGroup": _USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def placement(node_pool: str | None, resources: ResourcesPlan) -> dict[str, Any]:
    """The pod's node selector for a pool, and the toleration that GPU nodes ask for."""
    fields: dict[str, Any] = {}
    if node_pool is not None:
        fields["nodeSelector"] = {NODE_POOL_LABEL: node_pool}
    if resources.gpus > 0:
        fields["tolerations"] = [{"key": GPU_TAINT, "operator": "Exists", "effect": "NoSchedule"}]
    return fields


def check_image(problems: Problems, path: str, image: pulumi.Input[str]) -> None:
    """Refuse an image without a fixed tag or digest, as far as it is known."""
    if not is_known(image) or not isinstance(image, str):
        return
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not image or any(character.isspace() for character in image):
        problems.add(path, f"'{image}' is not an image reference")
    elif not digest and tag in ("", "latest"):
        problems.add(path, f"'{image}' has no fixed version; add a digest (@sha256:...) or a tag other than latest")


def _path(resource: str) -> str:
    return "ephemeralStorage" if resource == "ephemeral-storage" else resource
