"""The Helm charts of cluster add-ons."""

from collections.abc import Mapping
from typing import Final

from .kinds import Chart

_PUBLISHED: Final = "2026-08-21"
"""The day on which a chart's own repository was read, where its release day is not known."""

KARPENTER_CHART = Chart(
    name="karpenter",
    number="1.14.1",
    repository="oci://public.ecr.aws/karpenter",
    source="https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/charts/karpenter/Chart.yaml",
    released=_PUBLISHED,
)
"""Karpenter's controller for AWS."""

KARPENTER_CRD_CHART = Chart(
    name="karpenter-crd",
    number="1.14.1",
    repository="oci://public.ecr.aws/karpenter",
    source="https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/charts/karpenter-crd/Chart.yaml",
    released=_PUBLISHED,
)
"""Its definitions, a release of their own, so that they outlive the controller and are upgraded with it."""

VELERO_CHART = Chart(
    name="velero",
    number="12.1.0",
    repository="https://vmware-tanzu.github.io/helm-charts",
    source="https://github.com/vmware-tanzu/helm-charts/releases/tag/velero-12.1.0",
    released="2026-06-25",
)
"""Copies of Kubernetes objects and volumes."""

_EKS_CHARTS: Final = "https://aws.github.io/eks-charts"
_PROMETHEUS_CHARTS: Final = "https://prometheus-community.github.io/helm-charts"


def _chart(
    name: str, number: str, repository: str, source: str, released: str, *, is_tagged: bool = False
) -> tuple[str, Chart]:
    chart = Chart(
        name=name,
        number=number,
        repository=repository,
        source=f"https://github.com/{source}",
        released=released,
        is_tagged=is_tagged,
    )
    return name, chart


ADDON_CHARTS: Final[Mapping[str, Chart]] = dict(
    [
        _chart(
            "aws-efa-k8s-device-plugin",
            "0.5.30",
            _EKS_CHARTS,
            "aws/eks-charts/tree/v0.0.242/stable/aws-efa-k8s-device-plugin",
            "2026-07-21",
            is_tagged=True,
        ),
        _chart(
            "aws-efs-csi-driver",
            "4.4.1",
            "https://kubernetes-sigs.github.io/aws-efs-csi-driver",
            "kubernetes-sigs/aws-efs-csi-driver/tree/helm-chart-aws-efs-csi-driver-4.4.1/charts/aws-efs-csi-driver",
            "2026-07-23",
        ),
        _chart(
            "aws-fsx-csi-driver",
            "1.17.0",
            "https://kubernetes-sigs.github.io/aws-fsx-csi-driver",
            "kubernetes-sigs/aws-fsx-csi-driver/tree/helm-chart-aws-fsx-csi-driver-1.17.0/charts/aws-fsx-csi-driver",
            "2026-04-21",
        ),
        _chart(
            "aws-load-balancer-controller",
            "3.5.0",
            _EKS_CHARTS,
            "aws/eks-charts/tree/v0.0.242/stable/aws-load-balancer-controller",
            "2026-08-03",
        ),
        _chart(
            "aws-mountpoint-s3-csi-driver",
            "2.7.0",
            "https://awslabs.github.io/mountpoint-s3-csi-driver",
            "awslabs/mountpoint-s3-csi-driver/tree/helm-chart-aws-mountpoint-s3-csi-driver-2.7.0/charts",
            "2026-06-11",
        ),
        _chart(
            "cert-manager",
            "1.21.1",
            "https://charts.jetstack.io",
            "cert-manager/cert-manager/releases/tag/v1.21.1",
            "2026-07-29",
            is_tagged=True,
        ),
        _chart(
            "dcgm-exporter",
            "4.8.2",
            "https://nvidia.github.io/dcgm-exporter/helm-charts",
            "NVIDIA/dcgm-exporter/tree/4.5.3-4.8.2/deployment",
            "2026-05-06",
        ),
        # The version that the EKS User Guide installs.
        _chart(
            "dra-driver-nvidia-gpu",
            "0.4.1",
            "oci://registry.k8s.io/dra-driver-nvidia/charts",
            "kubernetes-sigs/dra-driver-nvidia-gpu/releases/tag/v0.4.1",
            "2026-06-30",
        ),
        _chart(
            "external-dns",
            "1.21.1",
            "https://kubernetes-sigs.github.io/external-dns",
            "kubernetes-sigs/external-dns/tree/external-dns-helm-chart-1.21.1/charts/external-dns",
            "2026-04-30",
        ),
        _chart(
            "external-secrets",
            "2.9.0",
            "https://charts.external-secrets.io",
            "external-secrets/external-secrets/tree/helm-chart-2.9.0/deploy/charts/external-secrets",
            "2026-08-08",
        ),
        _chart(
            "gpu-operator",
            "26.7.0",
            "https://helm.ngc.nvidia.com/nvidia",
            "NVIDIA/gpu-operator/releases/tag/v26.7.0",
            "2026-08-20",
            is_tagged=True,
        ),
        # It serves jobset.x-k8s.io/v1alpha2, as the program of the simulated control plane does.
        _chart(
            "jobset",
            "0.12.0",
            "oci://registry.k8s.io/jobset/charts",
            "kubernetes-sigs/jobset/releases/tag/v0.12.0",
            "2026-05-08",
        ),
        _chart(
            "keda",
            "2.20.2",
            "https://kedacore.github.io/charts",
            "kedacore/charts/releases/tag/v2.20.2",
            "2026-07-31",
        ),
        _chart(
            "kube-prometheus-stack",
            "88.5.3",
            _PROMETHEUS_CHARTS,
            "prometheus-community/helm-charts/releases/tag/kube-prometheus-stack-88.5.3",
            "2026-08-21",
        ),
        # It serves trainer.kubeflow.org/v1alpha1, as the program of the simulated control plane does.
        _chart(
            "kubeflow-trainer",
            "2.3.0",
            "oci://ghcr.io/kubeflow/charts",
            "kubeflow/trainer/releases/tag/v2.3.0",
            "2026-08-06",
        ),
        _chart(
            "kueue",
            "0.19.2",
            "oci://registry.k8s.io/kueue/charts",
            "kubernetes-sigs/kueue/releases/tag/v0.19.2",
            "2026-08-20",
        ),
        _chart(
            "lws",
            "0.10.0",
            "oci://registry.k8s.io/lws/charts",
            "kubernetes-sigs/lws/releases/tag/v0.10.0",
            "2026-08-11",
        ),
        _chart(
            "metrics-server",
            "3.13.1",
            "https://kubernetes-sigs.github.io/metrics-server",
            "kubernetes-sigs/metrics-server/releases/tag/metrics-server-helm-chart-3.13.1",
            "2026-06-11",
        ),
        _chart(
            "neuron-helm-chart",
            "1.9.0",
            "oci://public.ecr.aws/neuron",
            "aws-neuron/neuron-helm-charts/releases/tag/1.9.0",
            "2026-07-10",
        ),
        _chart(
            "nvidia-device-plugin",
            "0.20.0",
            "https://nvidia.github.io/k8s-device-plugin",
            "NVIDIA/k8s-device-plugin/releases/tag/v0.20.0",
            "2026-08-19",
        ),
        _chart(
            "prometheus-operator-crds",
            "31.0.1",
            _PROMETHEUS_CHARTS,
            "prometheus-community/helm-charts/releases/tag/prometheus-operator-crds-31.0.1",
            "2026-08-10",
        ),
        # Versions 1.8.0 and 1.8.1 of the programs carry it with the same templates, values and definitions; which of
        # them it runs is a value of ours. The day is that of 1.8.0.
        _chart(
            "vertical-pod-autoscaler",
            "0.13.0",
            "https://kubernetes.github.io/autoscaler",
            "kubernetes/autoscaler/tree/vertical-pod-autoscaler-1.8.1/vertical-pod-autoscaler/charts",
            "2026-09-23",
        ),
    ]
)
"""The charts of cluster add-ons, by name."""
