"""The custom resource definitions of operators that the local control plane does not run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .kinds import Version
from .ray import KUBERAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions(Version):
    """The published definitions of one operator."""

    operator: str
    """Name of the operator."""

    file: str
    """Name of the file that holds them all."""

    groups: tuple[str, ...]
    """API groups that they define."""

    addresses: tuple[str, ...]
    """Where they are published, one or more files."""


_FILES: Final = "https://raw.githubusercontent.com"


def _files(repository: str, tag: str, *paths: str) -> tuple[str, ...]:
    return tuple(f"{_FILES}/{repository}/{tag}/{path}" for path in paths)


DEFINITIONS: Final[Sequence[Definitions]] = (
    Definitions(
        operator="External Secrets",
        file="external-secrets.yaml",
        groups=("external-secrets.io", "generators.external-secrets.io"),
        number="2.9.0",
        source="https://github.com/external-secrets/external-secrets/releases/tag/v2.9.0",
        released="2026-08-08",
        addresses=_files("external-secrets/external-secrets", "v2.9.0", "deploy/crds/bundle.yaml"),
    ),
    Definitions(
        operator="Karpenter for AWS",
        file="karpenter.yaml",
        groups=("karpenter.k8s.aws",),
        number="1.14.1",
        source="https://github.com/aws/karpenter-provider-aws/tree/v1.14.1/pkg/apis/crds",
        released="2026-08-21",
        addresses=_files(
            "aws/karpenter-provider-aws", "v1.14.1", "pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml"
        ),
    ),
    Definitions(
        operator="Karpenter's pools with the rules of AWS",
        file="karpenter-aws-core.yaml",
        groups=("karpenter.sh",),
        number="1.14.1",
        source="https://github.com/aws/karpenter-provider-aws/tree/v1.14.1/pkg/apis/crds",
        released="2026-08-21",
        addresses=_files(
            "aws/karpenter-provider-aws",
            "v1.14.1",
            "pkg/apis/crds/karpenter.sh_nodepools.yaml",
            "pkg/apis/crds/karpenter.sh_nodeclaims.yaml",
        ),
    ),
    Definitions(
        operator="KubeRay",
        file="kuberay.yaml",
        groups=("ray.io",),
        number=KUBERAY.number,
        source=KUBERAY.source,
        released=KUBERAY.released,
        addresses=_files(
            "ray-project/kuberay",
            KUBERAY.tag,
            *(
                f"ray-operator/config/crd/bases/ray.io_{kind}.yaml"
                for kind in ("rayclusters", "rayjobs", "rayservices", "raycronjobs")
            ),
        ),
    ),
    Definitions(
        operator="Prometheus operator",
        file="prometheus-operator.yaml",
        groups=("monitoring.coreos.com",),
        number="0.93.0",
        source="https://github.com/prometheus-operator/prometheus-operator/releases/tag/v0.93.0",
        released="2026-07-28",
        addresses=_files(
            "prometheus-operator/prometheus-operator",
            "v0.93.0",
            *(
                f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
                for kind in ("podmonitors", "prometheusrules", "servicemonitors")
            ),
        ),
    ),
    Definitions(
        operator="Rook",
        file="rook-ceph.yaml",
        groups=("ceph.rook.io", "objectbucket.io"),
        number="1.20.6",
        source="https://github.com/rook/rook/releases/tag/v1.20.6",
        released="2026-08-21",
        addresses=_files("rook/rook", "v1.20.6", "deploy/examples/crds.yaml"),
    ),
    Definitions(
        operator="CSI snapshotter",
        file="csi-snapshot.yaml",
        groups=("snapshot.storage.k8s.io",),
        number="8.7.0",
        source="https://github.com/kubernetes-csi/external-snapshotter/releases/tag/client%2Fv8.7.0",
        released="2026-08-21",
        addresses=_files(
            "kubernetes-csi/external-snapshotter",
            "client/v8.7.0",
            *(
                f"client/config/crd/snapshot.storage.k8s.io_{kind}.yaml"
                for kind in ("volumesnapshotclasses", "volumesnapshots", "volumesnapshotcontents")
            ),
        ),
    ),
)
"""Where a release day is not known, it is the day on which the repository was read."""
