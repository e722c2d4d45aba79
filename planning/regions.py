"""Where the resources of a graph are: which region of AWS their prices are those of."""

import re
from collections.abc import Iterable
from typing import Final

from ..evaluation.graph import PROVIDER_PREFIX, Resource, ResourceGraph
from .values import text

_PROVIDER: Final = f"{PROVIDER_PREFIX}aws"
_CLUSTER: Final = "aws:eks/cluster:Cluster"
_ZONE: Final = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d+)[a-z]?")


def region_of_zones(zones: Iterable[str]) -> str:
    """Return the region that zones such as `us-east-1a` are in; empty where they name none, or several."""
    found = {match.group(1) for zone in zones if (match := _ZONE.match(zone))}
    return found.pop() if len(found) == 1 else ""


class Regions:
    """The regions of a graph's resources; an empty text where nothing says one."""

    def __init__(self, graph: ResourceGraph, default: str = "") -> None:
        """Take what holds where nothing else says a region: `aws:region` of the configuration, say."""
        self._graph = graph
        self._default = default
        providers = {urn: text(each.inputs.get("region")) for urn, each in _providers(graph)}
        self._of_provider = providers
        clusters = {self.of(each) for each in graph.of_type(_CLUSTER)}
        known = clusters or {region for region in providers.values() if region}
        self.main = known.pop() if len(known) == 1 else default
        """Region of the one cluster, or else the one that all providers have."""

    def of(self, resource: Resource) -> str:
        """Return the region of a resource of AWS."""
        return text(resource.inputs.get("region")) or self._of_provider.get(resource.provider, "") or self._default


def _providers(graph: ResourceGraph) -> Iterable[tuple[str, Resource]]:
    return ((each.urn, each) for each in graph.of_type(_PROVIDER))
