"""The Helm charts of cluster add-ons."""

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
