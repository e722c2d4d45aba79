"""The programs of the simulated control plane: which versions, and what is released of them."""

from collections.abc import Mapping
from typing import Final

from .kinds import Artifact, GoModule, Image, Version

GO = Version(number="1.26.5", source="https://go.dev/dl/", released="2026-07-07")
"""The oldest Go that builds every tool: what Karpenter's go.mod asks for, the highest of all."""

KUBERNETES = GoModule(
    path="k8s.io/kubernetes",
    number="1.36.3",
    source="https://github.com/kubernetes/kubernetes/releases/tag/v1.36.3",
    released="2026-07-22",
)
"""The control plane. Also the version that manifests are checked against."""

ETCD = GoModule(
    path="go.etcd.io/etcd/server/v3",
    number="3.6.8",
    source="https://github.com/etcd-io/etcd/releases/tag/v3.6.8",
    released="2026-02-13",
)
"""The version that Kubernetes' own go.mod requires."""

KWOK = GoModule(
    path="sigs.k8s.io/kwok",
    number="0.8.0",
    source="https://github.com/kubernetes-sigs/kwok/releases/tag/v0.8.0",
    released="2026-06-23",
)
"""Simulated nodes."""

KARPENTER = GoModule(
    path="sigs.k8s.io/karpenter",
    number="1.14.0",
    source="https://github.com/kubernetes-sigs/karpenter/releases/tag/v1.14.0",
    released="2026-07-10",
    checksum="h1:+SXlqYNb9FIKRpDgPPRnphVmWbrWLw4tgzKezr372Mc=",
)
"""Karpenter and its KWOK provider. Kubernetes 1.36 needs 1.13 or later."""

METRICS_SERVER = GoModule(
    path="sigs.k8s.io/metrics-server",
    number="0.9.0",
    source="https://github.com/kubernetes-sigs/metrics-server/releases/tag/v0.9.0",
    released="2026-07-13",
    checksum="h1:nlqqZ2H0Xfko8eJC/1qaNVVT17hu4rxndkOi22KTZ4w=",
)
"""Resource metrics for the horizontal autoscaler."""

JOBSET = GoModule(
    path="sigs.k8s.io/jobset",
    number="0.8.2",
    source="https://github.com/kubernetes-sigs/jobset/releases/tag/v0.8.2",
    released="2025-07-11",
    checksum="h1:WC5a5G7MqfJJy4p+6OxGMpfbB90KoDSay96Mc4yMMZM=",
)
"""The version that Kubeflow Trainer's go.mod requires."""

TRAINER = GoModule(
    path="github.com/kubeflow/trainer/v2",
    number="2.0.0",
    source="https://github.com/kubeflow/trainer/releases/tag/v2.0.0",
    released="2025-07-22",
    checksum="h1:mnQSR9iPKItxyUR8mq66XsmxqKNVHwr9YYOB7BTU9dU=",
)
"""Kubeflow Trainer."""

KEDA = GoModule(
    path="github.com/kedacore/keda/v2",
    number="2.21.0",
    source="https://github.com/kedacore/keda/releases/tag/v2.21.0",
    released="2026-09-23",
    checksum="h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
)
"""Event-driven autoscaling: operator and metrics adapter."""

VERTICAL_POD_AUTOSCALER = GoModule(
    path="k8s.io/autoscaler/vertical-pod-autoscaler",
    number="1.8.1",
    source="https://github.com/kubernetes/autoscaler/releases/tag/vertical-pod-autoscaler-1.8.1",
    released="2026-10-21",
    checksum="h1:Pe8bV1wozN4gOKO1rleiIY5alIyAXN+DnXDbXQcL4fI=",
)
"""Sizes of pods: recommender, updater and admission controller."""

GATEWAY_API = GoModule(
    path="sigs.k8s.io/gateway-api",
    number="1.6.0",
    source="https://github.com/kubernetes-sigs/gateway-api/releases/tag/v1.6.0",
    released="2026-06-29",
    checksum="h1:735YBRj5NXFrOGX0GoSjwzUIzbz8kiEOfADsqHFmHgE=",
)
"""Gateway API: custom resource definitions only."""

CONTAINERD = GoModule(
    path="github.com/containerd/containerd/v2",
    number="2.1.4",
    source="https://github.com/containerd/containerd/releases/tag/v2.1.4",
    released="2025-07-30",
    checksum="h1:/hXWjiSFd6ftrBOBGfAZ6T30LJcx1dBjdKEeI8xucKQ=",
)
"""The container runtime of a real node."""

COREDNS = GoModule(
    path="github.com/coredns/coredns",
    number="1.14.7",
    source="https://github.com/coredns/coredns/releases/tag/v1.14.7",
    released="2026-08-19",
    checksum="h1:UPDkn4QN+xyNfjz3U5ldgoLszDYpMZEJoy3+ze9au4Q=",
)
"""The names of Services and pods on a real node. Kubernetes 1.36 deploys 1.14, of an earlier patch."""


def _kubernetes(program: str, amd64: str, arm64: str) -> dict[str, Artifact]:
    base = f"https://dl.k8s.io/{KUBERNETES.tag}/bin/linux"
    return {
        "linux/amd64": Artifact(address=f"{base}/amd64/{program}", sha256=amd64),
        "linux/arm64": Artifact(address=f"{base}/arm64/{program}", sha256=arm64),
    }


def _kwok(program: str, amd64: str, arm64: str) -> dict[str, Artifact]:
    base = f"https://github.com/kubernetes-sigs/kwok/releases/download/{KWOK.tag}/{program}-linux"
    return {
        "linux/amd64": Artifact(address=f"{base}-amd64", sha256=amd64),
        "linux/arm64": Artifact(address=f"{base}-arm64", sha256=arm64),
    }


def _etcd(architecture: str, sha256: str) -> Artifact:
    name = f"etcd-{ETCD.tag}-linux-{architecture}"
    return Artifact(
        address=f"https://github.com/etcd-io/etcd/releases/download/{ETCD.tag}/{name}.tar.gz",
        sha256=sha256,
        member=f"{name}/etcd",
    )


# Sources of the checksums:
# Kubernetes: kubernetes/kops pkg/assets/assetdata/k8s-1.36.yaml at 268927e26 (2026-08-22);
# etcd: kubernetes-sigs/kubespray roles/kubespray_defaults/vars/main/checksums.yml at 46dbdd399 (2026-08-21);
# KWOK: the Arch Linux package kwok-bin 0.8.0; the amd64 ones agree with a second, unrelated list.
# A program without a checksum that somebody has published is not downloaded but built.
ARTIFACTS: Mapping[str, Mapping[str, Artifact]] = {
    "etcd": {
        "linux/amd64": _etcd("amd64", "cf9cfe91a4856cb90eed9c99e6aee4b708db2c7888b88a6f116281f04b0ea693"),
        "linux/arm64": _etcd("arm64", "438f56a700d17ce761510a3e63e6fa5c1d587b2dd4d7a22c179c09a649366760"),
    },
    "kube-apiserver": _kubernetes(
        "kube-apiserver",
        "1f217d397234a6d065da663c6e086fdb02c0f0de97a0758ff3e6f3956f4ef8ab",
        "16001b9d35d23634c361a1e2b7b0fc7abe186984af697ef7a869c8c8cded78b7",
    ),
    "kube-controller-manager": _kubernetes(
        "kube-controller-manager",
        "7edfe976d5a06c7a702d653e914095f4a732a04bb2139115b6a6eba6a9b781c7",
        "27868a5c822824945b93f2d8a724a5dcd99affc68b47230ae766bff8795bbb84",
    ),
    "kube-scheduler": _kubernetes(
        "kube-scheduler",
        "b8955d4518c902110b50a825364339b1fb673822518ce0ba081a69ed634f8eee",
        "ca1c7cd0033942bf9ef7eac80e18375d91f6f29487244c3e685f11163b01a88d",
    ),
    "kwok": _kwok(
        "kwok",
        "f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46",
        "628f7d277860f524a2a775c217adcc58828e7b59ab0933680315784f1b8b0e37",
    ),
    "kwokctl": _kwok(
        "kwokctl",
        "d5743166c657283d6e827c7c4c20cacfd9009fd94830f06718ca7b2c7099461f",
        "5a642b27d3e975f36040d215640cd90fb4a63cb6fca0ad5865a61bcd9c81051b",
    ),
}
"""Released programs with a pinned checksum: by program, then by platform (`linux/amd64`)."""

PAUSE: Final = Image(
    number="3.10.2",
    source="https://github.com/kubernetes/kubernetes/blob/v1.36.3/cmd/kubeadm/app/constants/constants.go",
    released="2026-07-22",
    repository="registry.k8s.io/pause",
)
"""The image that does nothing, of the placeholders of warm capacity."""
