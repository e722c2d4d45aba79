"""Rules for what pods may do on their node: those of the restricted Pod Security Standard, and a few more."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...evaluation.graph import Resource
from ...planning.values import mappings, number, section, text, texts
from .pod_templates import POD_TYPES, PodTemplate, pod_templates
from .rule import Level, ResourceRule

_LOWEST_USER: Final = 10_000
"""User ids from here on are of no user of the node: checkov's CKV_K8S_40."""

_PodCheck = Callable[[PodTemplate], Iterator[str]]


def _each(check: _PodCheck) -> Callable[[Resource], Iterator[str]]:
    """Return a check of a resource from one of each of its pods."""

    def checked(resource: Resource) -> Iterator[str]:
        for pod in pod_templates(resource):
            yield from check(pod)

    return checked


def _called(container: Mapping[str, Any]) -> str:
    return f"container {container.get('name')}"


def _privileged(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        security = section(container, "securityContext")
        if security.get("privileged") is True:
            yield f"{_called(container)} is privileged"
        if security.get("allowPrivilegeEscalation", True) is True:
            yield f"{_called(container)} may gain privileges"


def _host(pod: PodTemplate) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field) is True:
            yield f"has {field}"
    for container in pod.containers:
        for port in mappings(container.get("ports")):
            if number(port.get("hostPort")):
                yield f"{_called(container)} takes port {port['hostPort']} of its node"


def _host_paths(pod: PodTemplate) -> Iterator[str]:
    for volume in mappings(pod.spec.get("volumes")):
        if "hostPath" in volume:
            yield f"volume {volume.get('name')} is the folder {section(volume, 'hostPath').get('path')} of its node"


def _root(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        if pod.security(container, "runAsNonRoot") in (None, False):
            yield f"{_called(container)} may run as root"


def _user(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        user = number(pod.security(container, "runAsUser"))
        if pod.security(container, "runAsUser") is None:
            yield f"{_called(container)} runs as whatever user its image names"
        elif user is not None and user < _LOWEST_USER:
            yield f"{_called(container)} runs as user {user:.0f}, who may be one of the node's"


def _read_only(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        if section(container, "securityContext").get("readOnlyRootFilesystem") in (None, False):
            yield f"{_called(container)} may change the files of its image"


def _capabilities(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        found = section(container, "securityContext", "capabilities")
        if "ALL" not in texts(found.get("drop")):
            yield f"{_called(container)} keeps capabilities"
        more = [each for each in texts(found.get("add")) if each != "NET_BIND_SERVICE"]
        if more:
            yield f"{_called(container)} adds {', '.join(more)}"


def _system_calls(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        profile = pod.security(container, "seccompProfile")
        kind = section({"profile": profile}, "profile").get("type")
        if profile is None or kind == "Unconfined":
            yield f"{_called(container)} may make every system call"


def _images(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        image = text(container.get("image"))
        tag = image.rpartition("/")[2].partition(":")[2]
        if image and "@sha256:" not in image and tag in ("", "latest"):
            yield f"image {image} is another one tomorrow"


def _digests(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        image = text(container.get("image"))
        if image and "@sha256:" not in image:
            yield f"image {image} has no digest"


def _secrets(pod: PodTemplate) -> Iterator[str]:
    for container in pod.containers:
        named = [each for each in mappings(container.get("env")) if section(each, "valueFrom", "secretKeyRef")]
        whole = [each for each in mappings(container.get("envFrom")) if section(each, "secretRef")]
        if named or whole:
            yield f"{_called(container)} has a Secret in its environment"


def _rule(name: str, title: str, way_out: str, published: tuple[str, ...], check: _PodCheck) -> ResourceRule:
    is_advice = name in ("pod-user", "image-digest", "pod-secret-files")
    return ResourceRule(
        name=name,
        level=Level.ADVISORY if is_advice else Level.MANDATORY,
        title=title,
        way_out=way_out,
        published=published,
        types=POD_TYPES,
        check=_each(check),
    )


POD_RULES: Final = (
    _rule(
        "pod-privileged",
        "No container is privileged, or can become so.",
        "set allowPrivilegeEscalation to false and leave privileged out",
        ("CKV_K8S_16", "CKV_K8S_20", "PSS restricted"),
        _privileged,
    ),
    _rule(
        "pod-host-namespaces",
        "No pod shares a namespace or a port with its node.",
        "leave hostNetwork, hostPID, hostIPC and hostPort out",
        ("CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CKV_K8S_26", "PSS baseline"),
        _host,
    ),
    _rule(
        "pod-host-path",
        "No pod mounts a folder of its node, such as the socket of the container runtime.",
        "mount a claim; for a local disk, a StorageClass of local volumes",
        ("CKV_K8S_27", "PSS baseline", "Kyverno restrict-volume-types"),
        _host_paths,
    ),
    _rule(
        "pod-non-root",
        "No container runs as root.",
        "set runAsNonRoot to true",
        ("CKV_K8S_23", "PSS restricted"),
        _root,
    ),
    _rule(
        "pod-user",
        "Containers run as a user that is none of the node's.",
        f"set runAsUser to {_LOWEST_USER} or more",
        ("CKV_K8S_40",),
        _user,
    ),
    _rule(
        "pod-read-only-root",
        "No container changes the files of its image.",
        "set readOnlyRootFilesystem to true and mount an emptyDir where it writes",
        ("CKV_K8S_22", "kube-score container-security-context-readonlyrootfilesystem"),
        _read_only,
    ),
    _rule(
        "pod-capabilities",
        "Containers drop all capabilities.",
        "set capabilities.drop to [ALL] and add none beside NET_BIND_SERVICE",
        ("CKV_K8S_28", "CKV_K8S_37", "PSS restricted"),
        _capabilities,
    ),
    _rule(
        "pod-system-calls",
        "The runtime bounds the system calls of containers.",
        "set seccompProfile.type to RuntimeDefault",
        ("CKV_K8S_31", "PSS restricted"),
        _system_calls,
    ),
    _rule(
        "image-tag",
        "Images have a fixed tag or a digest.",
        "name a version",
        ("CKV_K8S_14", "Kyverno disallow-latest-tag"),
        _images,
    ),
    _rule(
        "image-digest",
        "Images are named by digest.",
        "name it by @sha256:..., as WorkloadImage does for what it builds",
        ("CKV_K8S_43", "Kyverno require-image-checksum"),
        _digests,
    ),
    _rule(
        "pod-secret-files",
        "Secrets come as files, which are not printed with the environment.",
        "mount the Secret as a volume",
        ("CKV_K8S_35", "kubesec SecretsAsEnvironmentVariables", "CIS EKS 4.4.1"),
        _secrets,
    ),
)
"""Rules for what pods may do on their node."""
