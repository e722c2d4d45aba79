"""Who owns what makes NVIDIA GPUs usable on a node: driver, container toolkit, device plugin, DRA driver.

One setting decides it, together with the image of the nodes, because a part that is there twice breaks the GPUs:
two device plugins hand one GPU out twice, and an operator's validators never become ready on drivers it did not
expect. Sources: EKS User Guide, "Use EKS-optimized accelerated AMIs for GPU instances" and "Use the NVIDIA DRA
driver or device plugin on Amazon EKS".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ...problems import Problems

DEVICE_PLUGIN: Final = "nvidia-device-plugin"
GPU_OPERATOR: Final = "gpu-operator"
DRA_DRIVER: Final = "dra-driver-nvidia-gpu"
"""Add-ons of which at most one is in a cluster."""

DRA_KUBERNETES: Final = "1.34"
"""The oldest Kubernetes with resource claims for GPUs on EKS: EKS User Guide, comparison of DRA and device plugin."""


class GpuSoftware(StrEnum):
    """Who brings what GPUs need beside the driver."""

    AMI = "ami"
    GPU_OPERATOR = "gpu-operator"
    DRA = "dra"


class AmiFamily(StrEnum):
    """The operating system of the nodes."""

    BOTTLEROCKET = "bottlerocket"
    AL2023 = "al2023"


class GpuOwner(StrEnum):
    """What brings a part to the nodes: their image, or an add-on."""

    IMAGE = "image"
    DEVICE_PLUGIN = DEVICE_PLUGIN
    GPU_OPERATOR = GPU_OPERATOR
    DRA_DRIVER = DRA_DRIVER


@dataclass(frozen=True, kw_only=True, slots=True)
class GpuOwnership:
    """Who owns each part."""

    device_plugin: GpuOwner | None
    """Offers GPUs as the resource `nvidia.com/gpu`; none where pods ask for them by resource claims."""

    dra_driver: GpuOwner | None
    """Offers GPUs as devices of resource claims."""

    addon: str | None
    """The add-on that the choice brings along."""

    disables_built_in_plugin: bool = False
    """Whether nodes must be told not to run the device plugin of their image: Bottlerocket's setting
    `settings.kubelet-device-plugins.nvidia.enabled = false`, of version 1.63 and later."""

    guards_gpus: bool = False
    """Whether the image shows GPUs only to pods that were given them by a device plugin or a mount, and heeds no
    variable of an unprivileged container: bottlerocket-os/bottlerocket, sources/shared-defaults,
    nvidia-k8s-container-toolkit.toml."""

    driver: GpuOwner = GpuOwner.IMAGE
    """The kernel driver. EKS's accelerated images have it, so no add-on may install it again."""

    toolkit: GpuOwner = GpuOwner.IMAGE
    """The container toolkit, which images with the driver have too."""

    @property
    def offers_gpu_resource(self) -> bool:
        """Whether pods ask for GPUs by the resource `nvidia.com/gpu`."""
        return self.device_plugin is not None


OWNERSHIP: Final[Mapping[tuple[GpuSoftware, AmiFamily], GpuOwnership]] = {
    (GpuSoftware.AMI, AmiFamily.AL2023): GpuOwnership(
        device_plugin=GpuOwner.DEVICE_PLUGIN, dra_driver=None, addon=DEVICE_PLUGIN
    ),
    (GpuSoftware.AMI, AmiFamily.BOTTLEROCKET): GpuOwnership(
        device_plugin=GpuOwner.IMAGE, dra_driver=None, addon=None, guards_gpus=True
    ),
    (GpuSoftware.GPU_OPERATOR, AmiFamily.AL2023): GpuOwnership(
        device_plugin=GpuOwner.GPU_OPERATOR, dra_driver=None, addon=GPU_OPERATOR
    ),
    (GpuSoftware.DRA, AmiFamily.AL2023): GpuOwnership(
        device_plugin=None, dra_driver=GpuOwner.DRA_DRIVER, addon=DRA_DRIVER
    ),
    (GpuSoftware.DRA, AmiFamily.BOTTLEROCKET): GpuOwnership(
        device_plugin=None,
        dra_driver=GpuOwner.DRA_DRIVER,
        addon=DRA_DRIVER,
        disables_built_in_plugin=True,
        guards_gpus=True,
    ),
}
"""The table of truth. What is not in it is a contradiction."""

_CONTRADICTIONS: Final[Mapping[tuple[GpuSoftware, AmiFamily], str]] = {
    # NVIDIA's list of supported systems is without Bottlerocket: bottlerocket-os/bottlerocket issue 4162.
    (GpuSoftware.GPU_OPERATOR, AmiFamily.BOTTLEROCKET): (
        "'gpu-operator' does not know Bottlerocket, whose image has driver, toolkit and device plugin already; "
        "give amiFamily al2023, or gpuSoftware ami"
    ),
}


def gpu_ownership(
    problems: Problems, gpu_software: str, ami_family: str, *, kubernetes_version: str | None = None
) -> GpuOwnership | None:
    """Return who owns what; add a problem and return None where the choices contradict each other.

    Args:
        problems: where problems go, under `gpuSoftware` and `amiFamily`.
        gpu_software: a member of `GpuSoftware`.
        ami_family: a member of `AmiFamily`.
        kubernetes_version: minor version of the cluster, such as `1.36`. Default: not checked.
    """
    before = len(problems)
    problems.choice("gpuSoftware", gpu_software, [each.value for each in GpuSoftware])
    problems.choice("amiFamily", ami_family, [each.value for each in AmiFamily])
    if len(problems) > before:
        return None
    chosen = (GpuSoftware(gpu_software), AmiFamily(ami_family))
    if chosen in _CONTRADICTIONS:
        problems.add("gpuSoftware", _CONTRADICTIONS[chosen])
        return None
    if chosen[0] is GpuSoftware.DRA and kubernetes_version is not None:
        check_kubernetes(problems, "gpuSoftware", "'dra'", kubernetes_version, DRA_KUBERNETES)
    return OWNERSHIP[chosen]


def check_kubernetes(problems: Problems, path: str, what: str, version: str, oldest: str) -> None:
    """Require that the minor `version` of a cluster is `oldest` or newer."""
    if _minor(version) < _minor(oldest):
        problems.add(
            path, f"{what} needs Kubernetes {oldest} or newer, and the cluster has {version}; upgrade it first"
        )


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
