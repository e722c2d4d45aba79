"""What is simulated: the nodes that are there from the start, and what KWOK plays on every simulated node."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .client import Client
from .controllers import api_service, local_service
from .failure import ApiError
from .objects import Object
from .programs import Place

PRICE_LABEL = "eks-node-viewer/instance-price"
"""US dollars an hour; Karpenter's KWOK provider puts it on its nodes."""


@dataclass(frozen=True, kw_only=True)
class SystemNode:
    """A CPU node for whatever has no node pool of its own."""

    name: str
    zone: str
    instance_type: str = "m7i.2xlarge"
    cpu: int = 8
    """vCPUs."""

    memory: int = 32
    """GiB."""

    price: float | None = None
    """US dollars an hour."""

    def create(self, client: Client) -> None:
        """Create the node where it is not there."""
        kind = client.kind("v1", "Node")
        if client.get(kind, self.name) is not None:
            return
        try:
            client.create(self._object())
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise

    def _object(self) -> Object:
        resources = {
            "cpu": str(self.cpu),
            "memory": f"{self.memory}Gi",
            "ephemeral-storage": "100Gi",
            "pods": "110",
        }
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.name,
                "labels": {
                    "kubernetes.io/arch": "amd64",
                    "kubernetes.io/os": "linux",
                    "kubernetes.io/hostname": self.name,
                    "node.kubernetes.io/instance-type": self.instance_type,
                    "topology.kubernetes.io/zone": self.zone,
                    "topology.kubernetes.io/region": self.zone.rstrip("abcdef"),
                    "karpenter.sh/capacity-type": "on-demand",
                    "aidc.dev/pool": "system",
                    **({} if self.price is None else {PRICE_LABEL: f"{self.price:f}"}),
                },
                "annotations": {
                    "kwok.x-k8s.io/node": "fake",
                    "metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{self.name}/metrics/resource",
                },
            },
            "status": {"capacity": resources, "allocatable": resources, "phase": "Pending"},
        }


def system_nodes(region: str = "us-east-1", zones: Sequence[str] = ()) -> list[SystemNode]:
    """Return one system node for each zone, priced as in the region.

    Args:
        region: AWS region.
        zones: where. Default: the zones a and b of the region.
    """
    from ..planning.catalog import instance_type

    price = instance_type(SystemNode.instance_type).price(region)
    amount = None if price is None else price.amount
    where = zones or [f"{region}{letter}" for letter in "ab"]
    return [SystemNode(name=f"system-{zone}", zone=zone, price=amount) for zone in where]


def kwok_configuration() -> Path:
    """Return KWOK's configuration: stages of nodes, pods, volumes and Services, and usage metrics."""
    return Path(__file__).with_name("data") / "kwok.yaml"


def metrics_objects(place: Place) -> list[Object]:
    """Return the Service and the entry by which the API server serves pod metrics from metrics-server."""
    service = local_service("metrics-server", "kube-system", place.ports["metrics-server"])
    return [service, api_service("metrics.k8s.io", "v1beta1", service, place.authority.certificate)]
