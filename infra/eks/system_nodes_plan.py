"""The system node group, with every default applied."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...problems import Problems
from ..addons import AmiFamily
from ..versions import AL2023_IMAGE, AL2023_KUBELETS, BOTTLEROCKET_BUILD, BOTTLEROCKET_IMAGE
from .arguments import SystemNodes
from .version_skew import check_minor_version, check_node_skew

_INSTANCE_TYPE: Final = re.compile(r"([a-z]+\d+)([-a-z0-9]*)\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?)")
"""Family and size: Amazon EC2 User Guide, Instance type naming conventions."""

SYSTEM_POOL: Final = "system"
"""What the label of pools says on system nodes."""

_MAXIMUM_NODES: Final = 450
"""Nodes of a managed node group: Amazon EKS service quotas, Nodes per managed node group."""

_MINIMUM_VOLUME: Final = 20
_MAXIMUM_VOLUME: Final = 16_384
"""GiB of a gp3 volume: Amazon EBS User Guide."""

_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "ARM_64"}
_IMAGE_NAMES: Final = {AmiFamily.BOTTLEROCKET: "BOTTLEROCKET_{}", AmiFamily.AL2023: "AL2023_{}_STANDARD"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemNodesPlan:
    """What the system node group is made of."""

    instance_types: Sequence[str]
    minimum_nodes: int
    maximum_nodes: int
    image: AmiFamily
    ami_type: str
    kubernetes_version: str
    release: str | None
    volume_size: int
    tags: Mapping[str, str]


def plan_system_nodes(problems: Problems, args: SystemNodes, control_plane: str) -> SystemNodesPlan:
    """Check the inputs and apply the defaults; `control_plane` is its Kubernetes version."""
    types = args.get("instance_types", ["m7i.xlarge"])
    minimum, maximum = int(args.get("minimum_nodes", 2)), int(args.get("maximum_nodes", 4))
    problems.between("minimumNodes", minimum, 1, _MAXIMUM_NODES, unit="nodes")
    problems.between("maximumNodes", maximum, max(minimum, 1), _MAXIMUM_NODES, unit="nodes")
    image = args.get("image", AmiFamily.BOTTLEROCKET)
    problems.choice("image", image, [each.value for each in AmiFamily])
    image = AmiFamily(image) if image in list(AmiFamily) else AmiFamily.BOTTLEROCKET
    version = args.get("kubernetes_version", control_plane)
    if check_minor_version(problems, "kubernetesVersion", version):
        check_node_skew(problems, "kubernetesVersion", control_plane=control_plane, nodes=version)
    volume_size = int(args.get("volume_size", 100))
    problems.between("volumeSize", volume_size, _MINIMUM_VOLUME, _MAXIMUM_VOLUME, unit="GiB")
    architecture = _architecture(problems, types)
    return SystemNodesPlan(
        # Their order is a preference, so it is kept.
        instance_types=tuple(types),
        minimum_nodes=minimum,
        maximum_nodes=maximum,
        image=image,
        ami_type=_IMAGE_NAMES[image].format(_ARCHITECTURES[architecture]),
        kubernetes_version=version,
        release=args.get("release", node_release(image, version)),
        volume_size=volume_size,
        tags=dict(sorted(args.get("tags", {}).items())),
    )


def node_release(image: AmiFamily, kubernetes_version: str) -> str | None:
    """Return the pinned release of an image, as a managed node group names it; None where none is pinned."""
    if image is AmiFamily.BOTTLEROCKET:
        return f"{BOTTLEROCKET_IMAGE.number}-{BOTTLEROCKET_BUILD}"
    kubelet = AL2023_KUBELETS.get(kubernetes_version)
    return f"{kubelet}-{AL2023_IMAGE.number}" if kubelet else None


def _architecture(problems: Problems, types: Sequence[str]) -> str:
    """Return the one architecture of the types: families with a `g` after their generation are Graviton."""
    found: set[str] = set()
    for index, name in enumerate(types):
        match = _INSTANCE_TYPE.fullmatch(name)
        if match is None:
            problems.add(f"instanceTypes[{index}]", f"'{name}' is not an instance type; write it like m7i.xlarge")
        else:
            found.add("arm64" if "g" in match[2].partition("-")[0] else "amd64")
    if not types:
        problems.add("instanceTypes", "none given; name one, or leave the key out")
    elif len(found) > 1:
        problems.add("instanceTypes", "types of two architectures; one image serves arm64 (Graviton) or amd64 alone")
    return "arm64" if found == {"arm64"} else "amd64"
