"""What AWS publishes for EKS: Kubernetes versions, managed add-ons, machine images.

AWS lists the builds of its add-ons only through its API (`aws eks describe-addon-versions`), so the day given with
one is that on which it was seen at work on a cluster of that Kubernetes version, not the day of its release.
"""

from collections.abc import Mapping
from typing import Final

from .kinds import Version

_GUIDE: Final = "https://docs.aws.amazon.com/eks/latest/userguide"
_CALENDAR: Final = f"{_GUIDE}/kubernetes-versions.html"
_SEEN: Final = "2026-09-16"

EKS_KUBERNETES_VERSIONS: Final[Mapping[str, Version]] = {
    # The first machine image for it.
    "1.36": Version(number="1.36", source=_CALENDAR, released="2026-06-10"),
    # 14 months before the end of its standard support.
    "1.35": Version(number="1.35", source=_CALENDAR, released="2026-01-27"),
}
"""Minor versions of which every add-on is pinned here, and the day EKS offered them. Newest first."""

EKS_KUBERNETES: Final = EKS_KUBERNETES_VERSIONS["1.36"]
"""The version that a cluster gets; the same minor as the API server against which manifests are proved."""

KARPENTER_MINIMUMS: Final[Mapping[str, Version]] = {
    minor: Version(
        number=number,
        source="https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/upgrading/compatibility.md",
        released="2026-08-21",
    )
    for minor, number in {
        "1.30": "0.37",
        "1.31": "1.0.5",
        "1.32": "1.2",
        "1.33": "1.5",
        "1.34": "1.6",
        "1.35": "1.9",
        "1.36": "1.13",
    }.items()
}
"""The oldest Karpenter for each Kubernetes version."""


def _addon(number: str, page: str, released: str = _SEEN) -> Version:
    return Version(number=number, source=f"{_GUIDE}/{page}", released=released)


_ANY_KUBERNETES: Final = {
    "aws-ebs-csi-driver": _addon("1.65.0-eksbuild.1", "ebs-csi.html"),
    "coredns": _addon("1.14.3-eksbuild.16", "managing-coredns.html"),
    "eks-node-monitoring-agent": _addon("1.6.6-eksbuild.1", "node-health.html"),
    "eks-pod-identity-agent": _addon("1.3.10-eksbuild.3", "pod-id-agent-setup.html"),
    "metrics-server": _addon("0.8.1-eksbuild.11", "metrics-server.html"),
    "snapshot-controller": _addon("8.6.0-eksbuild.8", "csi-snapshot-controller.html"),
    "vpc-cni": _addon("1.22.4-eksbuild.3", "managing-vpc-cni.html"),
}
"""Add-ons of which one build serves every Kubernetes version listed here."""

EKS_ADDONS: Final[Mapping[str, Mapping[str, Version]]] = {
    "1.36": {**_ANY_KUBERNETES, "kube-proxy": _addon("1.36.0-eksbuild.21", "managing-kube-proxy.html")},
    "1.35": {**_ANY_KUBERNETES, "kube-proxy": _addon("1.35.3-eksbuild.21", "managing-kube-proxy.html")},
}
"""Managed add-ons by Kubernetes version, then by name."""

AL2023_IMAGE: Final = Version(
    number="20260911",
    source="https://github.com/awslabs/amazon-eks-ami/releases/tag/v20260911",
    released="2026-09-11",
)
"""EKS-optimised Amazon Linux 2023, standard and accelerated (`al2023@v20260911` as an alias of Karpenter)."""

AL2023_KUBELETS: Final[Mapping[str, str]] = {"1.36": "1.36.3", "1.35": "1.35.7"}
"""The kubelet in that image; kubelet and image together are the release of a managed node group."""

BOTTLEROCKET_IMAGE: Final = Version(
    number="1.66.0",
    source="https://github.com/bottlerocket-os/bottlerocket/releases/tag/v1.66.0",
    released="2026-09-22",
)
"""Bottlerocket, standard and NVIDIA (`bottlerocket@v1.66.0` as an alias of Karpenter)."""

BOTTLEROCKET_BUILD: Final = "1ad6b4a4"
"""The commit of that image; number and commit together are the release of a managed node group."""

ADDON_NAMES: Final = tuple(sorted(EKS_ADDONS[EKS_KUBERNETES.number]))
"""The managed add-ons that are pinned here."""
