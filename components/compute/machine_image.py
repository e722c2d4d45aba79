"""The machine image of nodes on EC2: which one, as Karpenter and as EKS name it, and its disks."""

import re
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from ...infra.addons.gpu_software import AmiFamily
from ...infra.versions import AL2023_IMAGE, AL2023_KUBELETS, BOTTLEROCKET_BUILD, BOTTLEROCKET_IMAGE, EKS_KUBERNETES
from ...planning.catalog import Accelerator
from ...problems import Problems
from .aws_node_options import AwsNodeOptions

MINIMUM_VOLUME_GIB: Final = 20
MAXIMUM_VOLUME_GIB: Final = 16_384
_IOPS: Final = (3_000, 16_000)
_THROUGHPUT: Final = (125, 1_000)
_IOPS_PER_GIB: Final = 500
_IOPS_PER_MIBPS: Final = 4
"""Bounds of gp3: Amazon EBS User Guide, General Purpose SSD volumes; those that Karpenter's definition repeats."""

_VOLUME_GIB: Final = 200
_BOTTLEROCKET_ROOT_GIB: Final = 4
"""What Bottlerocket's read-only system takes; everything else is on its data disk: Karpenter's own default."""

_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "ARM_64"}


_RELEASES: Final = {
    (AmiFamily.BOTTLEROCKET, False): (re.compile(r"v?\d+\.\d+\.\d+"), BOTTLEROCKET_IMAGE.number),
    (AmiFamily.AL2023, False): (re.compile(r"v?\d{8}"), AL2023_IMAGE.number),
    (AmiFamily.BOTTLEROCKET, True): (
        re.compile(r"\d+\.\d+\.\d+-[0-9a-f]{8}"),
        f"{BOTTLEROCKET_IMAGE.number}-{BOTTLEROCKET_BUILD}",
    ),
    (AmiFamily.AL2023, True): (
        re.compile(r"\d+\.\d+\.\d+-\d{8}"),
        f"{AL2023_KUBELETS[EKS_KUBERNETES.number]}-{AL2023_IMAGE.number}",
    ),
}
"""What a release looks like, and an example, by family and whether a managed group names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumePlan:
    """The disk of a node for images, logs and containers' files."""

    gib: int
    iops: int
    throughput_mibps: int
    encryption_key: pulumi.Input[str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagePlan:
    """A machine image and the disks that it wants."""

    family: AmiFamily
    release: str | None
    """As the caller gave it; None for the one that the library pins."""

    kubernetes_version: str
    volume: VolumePlan

    @property
    def alias(self) -> str:
        """The image as Karpenter's alias."""
        pinned = BOTTLEROCKET_IMAGE if self.family is AmiFamily.BOTTLEROCKET else AL2023_IMAGE
        return f"{self.family}@v{(self.release or pinned.number).removeprefix('v')}"

    @property
    def group_release(self) -> str:
        """The image as the release of a managed node group."""
        if self.release is not None:
            return self.release
        if self.family is AmiFamily.BOTTLEROCKET:
            return f"{BOTTLEROCKET_IMAGE.number}-{BOTTLEROCKET_BUILD}"
        return f"{AL2023_KUBELETS[self.kubernetes_version]}-{AL2023_IMAGE.number}"

    def group_type(self, architecture: str, accelerator: Accelerator | None) -> str:
        """Return the AMI type of a managed node group."""
        where = _ARCHITECTURES[architecture]
        nvidia = accelerator is not None and accelerator.vendor == "nvidia"
        if self.family is AmiFamily.BOTTLEROCKET:
            # The plain variant has the driver of Neuron devices.
            return f"BOTTLEROCKET_{where}_NVIDIA" if nvidia else f"BOTTLEROCKET_{where}"
        if accelerator is None:
            return f"AL2023_{where}_STANDARD"
        return f"AL2023_{where}_{'NVIDIA' if nvidia else 'NEURON'}"

    def disks(self) -> list[tuple[str, int | None]]:
        """Device names, with GiB where the size is not that of the volume."""
        if self.family is AmiFamily.BOTTLEROCKET:
            return [("/dev/xvda", _BOTTLEROCKET_ROOT_GIB), ("/dev/xvdb", None)]
        return [("/dev/xvda", None)]

    def node_class_disks(self) -> list[dict[str, Any]]:
        """The EC2NodeClass's `blockDeviceMappings`."""
        return [{"deviceName": device, "ebs": self._node_class_disk(gib)} for device, gib in self.disks()]

    def launch_template_disks(self) -> list[dict[str, Any]]:
        """The launch template's `block_device_mappings`."""
        return [{"device_name": device, "ebs": self._launch_template_disk(gib)} for device, gib in self.disks()]

    def _node_class_disk(self, gib: int | None) -> dict[str, Any]:
        size = self.volume.gib if gib is None else gib
        disk: dict[str, Any] = {"volumeSize": f"{size}Gi", "volumeType": "gp3"}
        disk |= {"encrypted": True, "deleteOnTermination": True}
        if gib is None:
            disk |= {"iops": self.volume.iops, "throughput": self.volume.throughput_mibps}
        if self.volume.encryption_key is not None:
            disk["kmsKeyID"] = self.volume.encryption_key
        return disk

    def _launch_template_disk(self, gib: int | None) -> dict[str, Any]:
        disk: dict[str, Any] = {"volume_size": self.volume.gib if gib is None else gib, "volume_type": "gp3"}
        # EC2's API has strings here.
        disk |= {"encrypted": "true", "delete_on_termination": "true"}
        if gib is None:
            disk |= {"iops": self.volume.iops, "throughput": self.volume.throughput_mibps}
        if self.volume.encryption_key is not None:
            disk["kms_key_id"] = self.volume.encryption_key
        return disk


def plan_image(problems: Problems, options: AwsNodeOptions, family: AmiFamily, *, is_managed: bool) -> ImagePlan:
    """Check the image and the disk of some nodes and apply the defaults."""
    version, release = options.get("kubernetes_version", EKS_KUBERNETES.number), options.get("ami_release")
    if "kubernetes_version" in options and not is_managed:
        problems.add("kubernetesVersion", "belongs to the provisioner managed-node-group; leave it out")
    if is_managed and family is AmiFamily.AL2023 and release is None and version not in AL2023_KUBELETS:
        known = ", ".join(AL2023_KUBELETS)
        problems.add("kubernetesVersion", f"no release of al2023 is pinned for '{version}', only for {known}; give one")
    form, example = _RELEASES[family, is_managed]
    if release is not None and not form.fullmatch(release):
        # Karpenter would find no image by it, and `latest` would replace all nodes on a day of AWS's choosing.
        problems.add("amiRelease", f"'{release}' is not a release of {family}; write it like {example}")
    gib = int(options.get("volume_gib", _VOLUME_GIB))
    iops = int(options.get("volume_iops", _IOPS[0]))
    throughput = int(options.get("volume_throughput_mibps", _THROUGHPUT[0]))
    problems.between("volumeGib", gib, MINIMUM_VOLUME_GIB, MAXIMUM_VOLUME_GIB, "GiB")
    problems.between("volumeIops", iops, *_IOPS, unit="operations a second")
    problems.between("volumeThroughputMibps", throughput, *_THROUGHPUT, unit="MiB a second")
    if iops > gib * _IOPS_PER_GIB:
        problems.add("volumeIops", f"{iops:,} are more than {_IOPS_PER_GIB} for each GiB; raise volumeGib")
    if throughput * _IOPS_PER_MIBPS > iops:
        least = throughput * _IOPS_PER_MIBPS
        problems.add("volumeThroughputMibps", f"{throughput:,} MiB a second need {least:,} volumeIops; raise them")
    key = options.get("encryption_key")
    volume = VolumePlan(gib=gib, iops=iops, throughput_mibps=throughput, encryption_key=key)
    return ImagePlan(family=family, release=release, kubernetes_version=version, volume=volume)
