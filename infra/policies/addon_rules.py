"""Rules for objects whose kind an add-on of the cluster brings."""

from collections.abc import Iterator, Mapping
from typing import Final

from ...evaluation.graph import Resource, ResourceGraph
from ...planning.values import section, text
from .rule import Level, Rule, StackRule

_CLUSTER: Final = "aws:eks/cluster:Cluster"
_RELEASES: Final = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")
_DEFINITION: Final = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"

OBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "autoscaling.k8s.io": ("vertical-pod-autoscaler",),
    "cert-manager.io": ("cert-manager",),
    "elbv2.k8s.aws": ("aws-load-balancer-controller",),
    "external-secrets.io": ("external-secrets",),
    "jobset.x-k8s.io": ("jobset",),
    "keda.sh": ("keda",),
    "kueue.x-k8s.io": ("kueue",),
    "leaderworkerset.x-k8s.io": ("lws",),
    "monitoring.coreos.com": ("prometheus-operator-crds", "kube-prometheus-stack"),
    "trainer.kubeflow.org": ("kubeflow-trainer",),
}
"""API groups whose objects people write, and the charts that bring them. Not read from the add-ons, whose module needs
Pulumi; a test compares both."""


def _group(resource: Resource) -> str:
    return resource.type.removeprefix("kubernetes:").partition("/")[0] if resource.package == "kubernetes" else ""


def _absent(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    # Without the cluster, nothing is known of what is in it.
    if not any(each.type == _CLUSTER and not each.read for each in graph):
        return
    charts = {text(each.inputs.get("chart")).rpartition("/")[2] for each in graph if each.type in _RELEASES}
    defined = {text(section(each.inputs, "spec").get("group")) for each in graph if each.type == _DEFINITION}
    for resource in graph:
        group = _group(resource)
        if group in OBJECTS and group not in defined and not charts.intersection(OBJECTS[group]):
            yield resource, f"no chart of the program brings {group}; on EKS the add-on {OBJECTS[group][0]} does"


ADDON_RULES: Final[tuple[Rule, ...]] = (
    StackRule(
        name="addon-there",
        level=Level.ADVISORY,
        title="What a custom object asks for is installed in the cluster that the program makes.",
        way_out="add the add-on, or say in an exception who installs it",
        published=("Kubernetes, Custom Resources: the definition comes first",),
        types=tuple(f"kubernetes:{group}/*:*" for group in OBJECTS),
        check=_absent,
    ),
)
"""Rules for objects whose kind an add-on of the cluster brings."""
