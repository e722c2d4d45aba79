"""What an environment on AWS looks like on a simulated cluster: the same pools and pods, on simulated machines."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .objects import Object, entries, identity, spec, table

_CLASS: Final = "default"
_AWS_GROUP: Final = "karpenter.k8s.aws"
_KWOK_GROUP: Final = "karpenter.kwok.sh"
_CAPACITY: Final = "karpenter.sh/capacity-type"

_SERVED: Final = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apps",
        "autoscaling",
        "autoscaling.k8s.io",
        "batch",
        "coordination.k8s.io",
        "events.k8s.io",
        "gateway.networking.k8s.io",
        "jobset.x-k8s.io",
        "karpenter.kwok.sh",
        "karpenter.sh",
        "keda.sh",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "trainer.kubeflow.org",
    }
)
"""API groups of Kubernetes itself and of the operators that a simulated cluster has."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The objects of an environment, as a simulated cluster can hold them."""

    objects: Sequence[Object]

    left_out: Sequence[str]
    """`Kind namespace/name` of those whose operator or cloud is not simulated."""


def rehearse(objects: Iterable[Object]) -> Rehearsal:
    """Return what a simulated cluster can hold of these objects; those of any other platform stay as they are.

    Karpenter's pools on EC2 become pools of simulated nodes of the same instance types, zones, labels and taints, and
    each load balancer that a controller of AWS would make becomes one of the simulation.
    """
    listed = list(objects)
    if not any(_is_on_ec2(thing) for thing in listed):
        return Rehearsal(listed, ())
    made: list[Object] = []
    left_out: list[str] = []
    for thing in listed:
        group = str(thing["apiVersion"]).rpartition("/")[0]
        if _is_on_ec2(thing) and thing["kind"] == "NodePool":
            made.append(_simulated_pool(thing))
        elif group not in _SERVED:
            left_out.append(identity(thing))
        else:
            made.append(_simulated_balancer(thing) if thing["kind"] == "Service" else thing)
    first = next(index for index, thing in enumerate(made) if thing["kind"] == "NodePool")
    made.insert(first, _node_class())
    return Rehearsal(made, left_out)


def _is_on_ec2(thing: Object) -> bool:
    return thing["kind"] == "NodePool" and _class_of(thing).get("group") == _AWS_GROUP


def _class_of(pool: Object) -> Mapping[str, Any]:
    return table(table(table(spec(pool).get("template")).get("spec")).get("nodeClassRef"))


def _simulated_pool(pool: Object) -> Object:
    made = copy.deepcopy(pool)
    template = made["spec"]["template"]["spec"]
    template["nodeClassRef"] = {"group": _KWOK_GROUP, "kind": "KWOKNodeClass", "name": _CLASS}
    template["requirements"] = [
        _simulated_requirement(each)
        for each in entries(template.get("requirements"))
        if not str(each.get("key")).startswith(f"{_AWS_GROUP}/")
    ]
    # A fixed number of nodes needs a feature gate; pods ask for the nodes here.
    replicas = made["spec"].pop("replicas", None)
    if replicas is not None:
        made["spec"].setdefault("limits", {})["nodes"] = str(replicas)
    limits = table(made["spec"].get("limits"))
    made["spec"]["limits"] = {key: value for key, value in limits.items() if key != "vpc.amazonaws.com/efa"}
    return made


def _simulated_requirement(requirement: Mapping[str, Any]) -> dict[str, Any]:
    """The simulation sells no reservations: their nodes are bought on demand."""
    if requirement.get("key") != _CAPACITY:
        return dict(requirement)
    values = {"on-demand" if value == "reserved" else value for value in requirement.get("values") or ()}
    return {**requirement, "values": sorted(values)}


def _simulated_balancer(service: Object) -> Object:
    if "loadBalancerClass" not in spec(service):
        return service
    made = copy.deepcopy(service)
    del made["spec"]["loadBalancerClass"]
    made["spec"].pop("allocateLoadBalancerNodePorts", None)
    return made


def _node_class() -> Object:
    return {
        "apiVersion": f"{_KWOK_GROUP}/v1alpha1",
        "kind": "KWOKNodeClass",
        "metadata": {"name": _CLASS, "labels": {"app.kubernetes.io/managed-by": "aidc"}},
        "spec": {},
    }
