"""Simulated nodes that nobody provisions: there from the start, or standing for machines that one has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .client import Client
from .failure import ApiError
from .objects import Object, labels, name

PRICE_LABEL = "eks-node-viewer/instance-price"
"""US dollars an hour; Karpenter's KWOK provider puts it on its nodes."""

SYSTEM_TYPE = "m7i.2xlarge"
_OWN = "aidc.dev/simulated"


@dataclass(frozen=True, kw_only=True)
class SimulatedNode:
    """One node."""

    name: str
    instance_type: str
    zone: str
    resources: Mapping[str, str]
    """What pods may use: quantities by resource."""

    architecture: str = "amd64"
    capacity_type: str = "on-demand"
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """More labels, above those that every node has."""

    taints: Sequence[Mapping[str, str]] = ()
    price: float | None = None
    """US dollars an hour. Default: not known."""

    def manifest(self) -> Object:
        """Return the node as KWOK takes it over."""
        tags = {
            "kubernetes.io/arch": self.architecture,
            "kubernetes.io/os": "linux",
            "kubernetes.io/hostname": self.name,
            "node.kubernetes.io/instance-type": self.instance_type,
            "topology.kubernetes.io/zone": self.zone,
            "topology.kubernetes.io/region": self.zone.rstrip("abcdef"),
            "karpenter.sh/capacity-type": self.capacity_type,
            _OWN: "true",
            **({} if self.price is None else {PRICE_LABEL: f"{self.price:f}"}),
            **self.labels,
        }
        resources = {"ephemeral-storage": "100Gi", "pods": "110", **self.resources}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.name,
                "labels": tags,
                "annotations": {
                    "kwok.x-k8s.io/node": "fake",
                    "metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{self.name}/metrics/resource",
                },
            },
            "spec": {"taints": [dict(taint) for taint in self.taints]} if self.taints else {},
            "status": {"capacity": resources, "allocatable": resources, "phase": "Pending"},
        }


def system_nodes(region: str) -> list[SimulatedNode]:
    """Return two CPU nodes, in the zones a and b of a region, for whatever has no node pool of its own."""
    from ..planning.catalog import instance_type

    kind = instance_type(SYSTEM_TYPE)
    price = kind.price(region)
    return [
        SimulatedNode(
            name=f"system-{region}{letter}",
            instance_type=SYSTEM_TYPE,
            zone=f"{region}{letter}",
            resources={"cpu": str(kind.vcpus), "memory": f"{kind.memory_mib}Mi"},
            labels={"aidc.dev/pool": "system"},
            price=None if price is None else price.amount,
        )
        for letter in "ab"
    ]


def reconcile_nodes(client: Client, wanted: Iterable[SimulatedNode]) -> None:
    """Create the nodes that are not there, and delete those of ours that are not wanted any more.

    A node whose description changed is made anew: a machine does not grow either.
    """
    kind = client.kind("v1", "Node")
    by_name = {node.name: node for node in wanted}
    present = {name(node): node for node in client.list("v1", "Node", labels=_OWN)}
    for gone in [node for key, node in present.items() if key not in by_name or _differs(node, by_name[key])]:
        client.delete(kind, name(gone))
        present.pop(name(gone))
    for node in by_name.values():
        if node.name in present:
            continue
        try:
            client.create(node.manifest())
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise


def _differs(present: Object, node: SimulatedNode) -> bool:
    manifest = node.manifest()
    tags = labels(present)
    taints = [
        {key: value for key, value in taint.items() if key != "timeAdded"}
        for taint in present["spec"].get("taints", ())
        # The node controller's own, such as while a node gets ready.
        if not str(taint["key"]).startswith("node.kubernetes.io/")
    ]
    return (
        any(tags.get(key) != value for key, value in manifest["metadata"]["labels"].items())
        or taints != manifest["spec"].get("taints", [])
        or any(present["status"]["allocatable"].get(key) != value for key, value in node.resources.items())
    )
