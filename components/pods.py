"""The parts of a pod that every workload shares: resources, mounts, environment, security, placement."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ..evaluation.quantities import quantity
from ..infra.arguments import is_known
from ..infra.labels import NODE_POOL_LABEL, accelerator_taint, check_label_key
from ..infra.quantities import check_quantity
from ..problems import Problems

_USER: Final = 65532
"""The `nonroot` user of distroless images; above 10,000 as CKV_K8S_40 asks."""

_SCRATCH: Final = "/tmp"
_SHARED_MEMORY: Final = "/dev/shm"
_HOME: Final = {"HOME": _SCRATCH, "USER": "workload"}
"""The pod's user has no entry in the image's password file: programs that ask who they are, torch's compiler among
them, fail without these."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SECRET_KEY: Final = re.compile(r"[-._A-Za-z0-9]{1,253}")

_IMAGE: Final = re.compile(
    r"((localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\d)|\[[0-9a-fA-F:]+\])(:\d+)?/)?"
    r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*"
    r"(:(?P<tag>\w[\w.-]{0,127}))?(?P<digest>@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128}))?",
    re.ASCII,
)
"""A reference to an image: its registry, its repository, a tag, a digest. The grammar of distribution/reference 0.6."""

_DEVICE_CLASSES: Final = "deviceclass.resource.kubernetes.io"
"""Domain of the resources that count the devices of a DeviceClass, by its name: dynamic resource allocation."""

MAXIMUM_ACCELERATORS: Final = 128
"""Accelerators that one pod may ask for: the NeuronCores of the largest node; MIG slices are fewer."""


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


class SecretKeyReference(TypedDict):
    """One key of a Kubernetes Secret, in the workload's namespace."""

    secret: pulumi.Input[str]
    """Name of the Secret."""

    key: str
    """Key inside it."""


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
    problems.between("gpus", gpus, 0, MAXIMUM_ACCELERATORS, "accelerators")
    gpu_resource = resources.get("gpu_resource", "nvidia.com/gpu")
    domain = gpu_resource.rpartition("/")[0]
    # Without a domain it would be one of Kubernetes' own resources, and take the place of the request for that.
    if not domain or (domain.endswith("kubernetes.io") and domain != _DEVICE_CLASSES):
        problems.add("gpuResource", f"'{gpu_resource}' counts no device; write it like nvidia.com/gpu, with its domain")
    else:
        check_label_key(problems, "gpuResource", gpu_resource, example="nvidia.com/gpu")
    if gpus > 0:
        # Kubernetes has no fractions of a device, and wants request and limit equal.
        requests[gpu_resource] = limits[gpu_resource] = str(gpus)
    return ResourcesPlan(requests=requests, limits=limits, gpus=gpus, gpu_resource=gpu_resource)


def check_mounts(problems: Problems, mounts: Sequence[VolumeMount]) -> None:
    """Refuse mount paths that are relative, doubled, or taken by what every pod has."""
    seen: set[PurePosixPath] = set()
    for index, mount in enumerate(mounts):
        path = mount["path"]
        place = PurePosixPath("/", path.strip("/")) if path.startswith("/") else PurePosixPath(path)
        with problems.under(f"mounts[{index}]"):
            if not path.startswith("/"):
                problems.add("path", f"'{path}' is relative; start it with /")
            elif str(place) in ("/", _SCRATCH, _SHARED_MEMORY):
                problems.add("path", f"'{path}' is taken in every pod; mount the claim somewhere else")
            elif ".." in place.parts or ":" in path or "\0" in path:
                problems.add("path", f"{path!r} is no place to mount at; write the path out, without .. and colons")
            if place in seen:
                problems.add("path", f"'{path}' is mounted twice; give each claim a path of its own")
        seen.add(place)


def check_shared_memory(problems: Problems, path: str, size: str, resources: ResourcesPlan) -> None:
    """Require a size of /dev/shm within the pod's memory, since what lies there counts as the pod's memory."""
    wanted = check_quantity(problems, path, size, unit="bytes")
    try:
        most = quantity(resources.limits["memory"])
    except ValueError:
        return
    if wanted is not None and wanted > most:
        problems.add(path, f"'{size}' is more than the memory limit '{resources.limits['memory']}', which it counts to")


def half_of_memory(resources: PodResources) -> str:
    """Return half of the memory limit, in whole MiB: the size of /dev/shm for several processes on accelerators."""
    limit = resources.get("memory_limit", resources.get("memory", "1Gi"))
    try:
        mebibytes = max(int(quantity(limit) / 2 / 2**20), 1)
    except ValueError:
        # The limit itself is refused elsewhere.
        return "1Mi"
    return f"{mebibytes // 1024}Gi" if mebibytes % 1024 == 0 else f"{mebibytes}Mi"


def volumes(
    mounts: Sequence[VolumeMount], *, scratch: str = "1Gi", shared_memory: str | None = None
) -> list[dict[str, Any]]:
    """The pod's `volumes`: claims, a writable /tmp since the root filesystem is read-only, and /dev/shm on demand."""
    listed: list[dict[str, Any]] = [
        {
            "name": f"claim-{index}",
            "persistentVolumeClaim": {"claimName": mount["claim"], "readOnly": mount.get("read_only", False)},
        }
        for index, mount in enumerate(_in_order(mounts))
    ]
    listed.append({"name": "tmp", "emptyDir": {"sizeLimit": scratch}})
    if shared_memory is not None:
        listed.append({"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": shared_memory}})
    return listed


def volume_mounts(mounts: Sequence[VolumeMount], *, shared_memory: str | None = None) -> list[dict[str, Any]]:
    """The container's `volumeMounts` that belong to `volumes`."""
    listed: list[dict[str, Any]] = [
        {"name": f"claim-{index}", "mountPath": mount["path"], "readOnly": mount.get("read_only", False)}
        for index, mount in enumerate(_in_order(mounts))
    ]
    listed.append({"name": "tmp", "mountPath": _SCRATCH})
    if shared_memory is not None:
        listed.append({"name": "shared-memory", "mountPath": _SHARED_MEMORY})
    return listed


def check_environment(
    problems: Problems,
    variables: Mapping[str, pulumi.Input[str]],
    secrets: Mapping[str, SecretKeyReference],
    *,
    reserved: Mapping[str, str] | None = None,
) -> None:
    """Refuse names that are no environment variables, that are given twice, or that somebody else sets (`reserved`)."""
    for field, names in (("environment", variables), ("secretEnvironment", secrets)):
        for name in sorted(names):
            if not _VARIABLE.fullmatch(name):
                problems.add(f"{field}.{name}", "not the name of a variable; use letters, digits and underscores")
            elif reserved and name in reserved:
                problems.add(f"{field}.{name}", reserved[name])
    for name, reference in secrets.items():
        if not _SECRET_KEY.fullmatch(reference["key"]):
            problems.add(
                f"secretEnvironment.{name}.key", f"'{reference['key']}' is no key of a Secret; use letters, digits, -._"
            )
    for name in sorted(variables.keys() & secrets.keys()):
        problems.add(f"secretEnvironment.{name}", "is in environment too; keep one of them")


def environment(
    variables: Mapping[str, pulumi.Input[str]], secrets: Mapping[str, SecretKeyReference] | None = None
) -> list[dict[str, Any]]:
    """The container's `env`, sorted by name so that the order in the program does not matter."""
    found: dict[str, dict[str, Any]] = {name: {"value": value} for name, value in {**_HOME, **variables}.items()}
    for name, reference in (secrets or {}).items():
        found[name] = {"valueFrom": {"secretKeyRef": {"name": reference["secret"], "key": reference["key"]}}}
    return [{"name": name, **found[name]} for name in sorted(found)]


def scraped(port: int, path: str = "/metrics") -> dict[str, str]:
    """The pod's annotations by which Prometheus finds its metrics."""
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": path}


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


def placement(node_pool: pulumi.Input[str] | None, resources: ResourcesPlan) -> dict[str, Any]:
    """The pod's node selector for a pool, and the toleration that GPU nodes ask for."""
    fields: dict[str, Any] = {}
    if node_pool is not None:
        fields["nodeSelector"] = {NODE_POOL_LABEL: node_pool}
    if resources.gpus > 0:
        fields["tolerations"] = [
            {"key": accelerator_taint(resources.gpu_resource), "operator": "Exists", "effect": "NoSchedule"}
        ]
    return fields


def check_image(problems: Problems, path: str, image: pulumi.Input[str]) -> None:
    """Refuse an image without a fixed tag or digest, as far as it is known."""
    if not is_known(image) or not isinstance(image, str):
        return
    found = _IMAGE.fullmatch(image)
    if found is None:
        problems.add(path, f"'{image}' is not an image reference; write it like registry.example/team/program:1.4.2")
    elif not found["digest"] and found["tag"] in (None, "latest"):
        problems.add(path, f"'{image}' has no fixed version; add a digest (@sha256:...) or a tag other than latest")


def _in_order(mounts: Sequence[VolumeMount]) -> list[VolumeMount]:
    return sorted(mounts, key=lambda mount: mount["path"])


def _path(resource: str) -> str:
    return "ephemeralStorage" if resource == "ephemeral-storage" else resource
