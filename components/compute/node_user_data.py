"""What nodes on EC2 are told when they boot, beside what Karpenter or EKS tell them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...infra.addons.gpu_software import AmiFamily
from ...planning.catalog import Accelerator
from ...problems import Problems
from .sharing import SharingPlan

_MIG_MODELS: Final = {
    "a100-40gb": "a100.40gb",
    "a100-80gb": "a100.80gb",
    "h100": "h100.80gb",
    "h200": "h200.141gb",
}
"""Models that Bottlerocket cuts, by its names for them: bottlerocket.dev, settings.kubelet-device-plugins, NVIDIA
Multi-Instance GPU (MIG); the README of nvidia-migmanager."""

_BOUNDARY: Final = "//"


@dataclass(frozen=True, kw_only=True, slots=True)
class BootSettings:
    """What a node has to know at boot."""

    family: AmiFamily
    accelerator: Accelerator | None
    sharing: SharingPlan | None
    without_device_plugin: bool
    """Whether the device plugin of the image is off, because something else hands out its GPUs."""

    instance_store: bool
    """Whether local disks become a RAID 0; Karpenter tells its nodes so itself."""

    max_pods: int | None
    """Pods at most; Karpenter tells its nodes so itself."""


def check_image_sharing(problems: Problems, accelerator: Accelerator, mig_profile: str | None) -> None:
    """Require that Bottlerocket itself can cut an accelerator so."""
    if mig_profile is None:
        return
    if accelerator.name not in _MIG_MODELS:
        models = ", ".join(_MIG_MODELS)
        problems.add(
            "migProfile",
            f"Bottlerocket does not cut {accelerator.title}, only {models}; give aws.amiFamily al2023 and "
            "aws.gpuSoftware gpu-operator",
        )
    elif "+" in mig_profile:
        problems.add("migProfile", f"Bottlerocket does not know '{mig_profile}'; give a profile without a plus sign")


def karpenter_user_data(boot: BootSettings) -> str | None:
    """Return the EC2NodeClass's `userData`; None where there is nothing to say."""
    if boot.family is AmiFamily.BOTTLEROCKET:
        return _toml(_bottlerocket(boot)) or None
    # AL2023 shares no accelerators by itself: the add-ons do, by labels.
    return None


def group_user_data(boot: BootSettings) -> str | None:
    """Return the user data of a launch template, to which EKS adds its own; None where there is nothing to say."""
    if boot.family is AmiFamily.BOTTLEROCKET:
        settings = _bottlerocket(boot)
        if boot.instance_store:
            settings["settings.bootstrap-commands.000-mount-instance-storage"] = {
                "commands": [["apiclient", "ephemeral-storage", "init"], ["apiclient", "ephemeral-storage", "bind"]],
                "essential": True,
                "mode": "always",
            }
        if boot.max_pods is not None:
            settings.setdefault("settings.kubernetes", {})["max-pods"] = boot.max_pods
        return _toml(settings) or None
    spec: dict[str, Any] = {}
    if boot.instance_store:
        spec["instance"] = {"localStorage": {"strategy": "RAID0"}}
    if boot.max_pods is not None:
        spec["kubelet"] = {"config": {"maxPods": boot.max_pods}}
    return _mime({"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": spec}) if spec else None


def _bottlerocket(boot: BootSettings) -> dict[str, dict[str, Any]]:
    """Return settings by table; strings, numbers, truth values and lists."""
    settings: dict[str, dict[str, Any]] = {}
    plugin = "settings.kubelet-device-plugins.nvidia"
    if boot.accelerator is not None and boot.accelerator.vendor == "aws":
        # Containers without root may use Neuron devices: Karpenter's documentation, Device ownership in Bottlerocket.
        settings["settings.kubernetes"] = {"device-ownership-from-security-context": True}
    if boot.without_device_plugin:
        settings[plugin] = {"enabled": False}
    elif boot.sharing is not None and boot.sharing.time_slicing_replicas is not None:
        settings[plugin] = {"device-sharing-strategy": "time-slicing"}
        settings[f"{plugin}.time-slicing"] = {
            "replicas": boot.sharing.time_slicing_replicas,
            "rename-by-default": True,
            "fail-requests-greater-than-one": True,
        }
    elif boot.sharing is not None and boot.sharing.mig_profile is not None and boot.accelerator is not None:
        settings[plugin] = {"device-partitioning-strategy": "mig"}
        settings[f"{plugin}.mig.profile"] = {_MIG_MODELS[boot.accelerator.name]: boot.sharing.mig_profile}
    return settings


def _toml(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Write tables; strings, numbers, truth values and lists of them are the same in TOML as in JSON."""
    tables = [
        "\n".join([f"[{table}]", *(f'"{key}" = {json.dumps(value)}' for key, value in sorted(values.items()))])
        for table, values in sorted(settings.items())
    ]
    return "\n\n".join(tables) + "\n" if tables else ""


def _mime(document: Mapping[str, Any]) -> str:
    lines = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"',
        "",
        f"--{_BOUNDARY}",
        "Content-Type: application/node.eks.aws",
        "",
        json.dumps(document, indent=2, sort_keys=True),
        "",
        f"--{_BOUNDARY}--",
        "",
    ]
    return "\n".join(lines)
