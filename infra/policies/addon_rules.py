"""Rules for objects that an add-on of the cluster serves, or whose kind it brings."""

from collections.abc import Iterator, Mapping
from typing import Final

from ...evaluation.graph import Resource, ResourceGraph
from ...planning.values import section, text
from .pod_templates import POD_TYPES, pod_templates
from .rule import Level, Rule, StackRule

_CLUSTER: Final = "aws:eks/cluster:Cluster"

CHARTS: Final = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")
"""Types of what brings objects that the program does not list."""

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

DRIVERS: Final[Mapping[str, str]] = {
    "ebs.csi.aws.com": "aws-ebs-csi-driver",
    "efs.csi.aws.com": "aws-efs-csi-driver",
    "fsx.csi.aws.com": "aws-fsx-csi-driver",
    "s3.csi.aws.com": "aws-mountpoint-s3-csi-driver",
}
"""Drivers of volumes on AWS, and the add-ons that bring them."""

DEVICES: Final[Mapping[str, str]] = {
    "aws.amazon.com/neuron": "neuron-helm-chart",
    "aws.amazon.com/neuroncore": "neuron-helm-chart",
    "vpc.amazonaws.com/efa": "aws-efa-k8s-device-plugin",
}
"""Resources of nodes on AWS that no image offers by itself, and the add-ons that do. Auto Mode has both."""

_BALANCERS: Final = "aws-load-balancer-controller"
_ALB: Final = "alb"
_BALANCED: Final = frozenset({"service.k8s.aws/nlb", _ALB})
"""Classes of Services and Ingresses that it serves."""

_ADDON: Final = "aws:eks/addon:Addon"
_OTHERS: Final = (
    "kubernetes:core/v1:PersistentVolume",
    "kubernetes:core/v1:Service",
    "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:storage.k8s.io/v1:StorageClass",
)


def _asked(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what an object of Kubernetes' own asks for, and the add-on that does it."""
    spec = section(resource.inputs, "spec")
    for driver in (text(section(spec, "csi").get("driver")), text(resource.inputs.get("provisioner"))):
        if driver in DRIVERS:
            yield driver, DRIVERS[driver]
    for balanced in (text(spec.get("loadBalancerClass")), text(spec.get("ingressClassName"))):
        if balanced in _BALANCED:
            yield balanced, _BALANCERS
    wanted = {
        device
        for template in pod_templates(resource)
        for container in template.containers
        for device in section(container, "resources", "limits")
    }
    yield from ((device, DEVICES[device]) for device in sorted(wanted.intersection(DEVICES)))


def _group(resource: Resource) -> str:
    return resource.type.removeprefix("kubernetes:").partition("/")[0] if resource.package == "kubernetes" else ""


def _absent(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    # Without the cluster, nothing is known of what is in it.
    clusters = [each for each in graph if each.type == _CLUSTER and not each.read]
    if not clusters:
        return
    # It brings the devices, and lets people call their class of its own load balancers `alb`.
    is_auto = any(section(each.inputs, "computeConfig").get("enabled") is True for each in clusters)
    charts = {text(each.inputs.get("chart")).rpartition("/")[2] for each in graph if each.type in CHARTS}
    managed = {text(each.inputs.get("addonName")) for each in graph if each.type == _ADDON}
    defined = {text(section(each.inputs, "spec").get("group")) for each in graph if each.type == _DEFINITION}
    for resource in graph:
        group = _group(resource)
        if group in OBJECTS and group not in defined and not charts.intersection(OBJECTS[group]):
            yield resource, f"no chart of the program brings {group}; on EKS the add-on {OBJECTS[group][0]} does"
        for what, addon in _asked(resource) if resource.package == "kubernetes" else ():
            if addon not in charts | managed and not (is_auto and (what in DEVICES or what == _ALB)):
                yield resource, f"nothing in the program brings {what}; on EKS the add-on {addon} does"


ADDON_RULES: Final[tuple[Rule, ...]] = (
    StackRule(
        name="addon-there",
        level=Level.ADVISORY,
        title="What an object asks of an add-on is installed in the cluster that the program makes.",
        way_out="add the add-on, or say in an exception who installs it",
        published=("Kubernetes, Custom Resources: the definition comes first",),
        types=(*(f"kubernetes:{group}/*:*" for group in OBJECTS), *_OTHERS, *POD_TYPES),
        check=_absent,
    ),
)
"""Rules for objects that an add-on of the cluster serves, or whose kind it brings."""
