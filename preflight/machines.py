"""The machines that an environment may ask AWS for, read from its graph."""

from collections.abc import Sequence

from ..evaluation.graph import ResourceGraph
from ..evaluation.manifests import Manifest
from ..planning.nodes.machines import NODE_GROUP, MachineDemand, MachineOrigin, Reservation, find_machines
from ..planning.nodes.node_pools import node_pools
from ..planning.regions import Regions

__all__ = ["NODE_GROUP", "MachineDemand", "Reservation", "machine_demands"]


def machine_demands(graph: ResourceGraph, manifests: Sequence[Manifest]) -> list[MachineDemand]:
    """Return what pools of Karpenter, managed node groups and single instances ask for, by name."""
    found = find_machines(graph, manifests, node_pools(graph, manifests), Regions(graph))
    return [demand for demand in found if demand.origin is MachineOrigin.AWS and demand.instance_types]
