"""Links with capacities, demands for bandwidth, and what a routing of them looks like."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...problems import Problems, suggestion

ROUNDING: Final = 1e-7
"""Part of a rate below which a flow counts as none: what a linear program leaves behind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One direction of a connection."""

    source: str
    """Where it begins."""

    target: str
    """Where it ends; not its source."""

    capacity: float
    """Gbit/s; more than 0."""

    cost: float = 1.0
    """What one Gbit/s over it costs, more than 0: hops, milliseconds or dollars. Default: 1, so that hops count."""

    name: str = ""
    """Name, unique among the links. Default: `source->target`."""

    @property
    def key(self) -> str:
        """The name, with the default applied."""
        return self.name or f"{self.source}->{self.target}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """A rate that is to flow from one place to another, over one path or several."""

    name: str
    """Name, unique among the demands."""

    source: str
    """Where it begins: an end of some link."""

    target: str
    """Where it ends; not its source."""

    rate: float
    """Gbit/s; more than 0."""

    link_limit: float | None = None
    """Gbit/s of it at most on any one link, such as what one network interface or one flow may send. Default: no
    limit but the link's capacity."""


@dataclass(frozen=True, slots=True)
class PathFlow:
    """What one demand sends over one path: the rate to which it has to be limited there."""

    demand: str
    """Name of the demand."""

    links: tuple[str, ...]
    """Names of the links, in order."""

    rate: float
    """Gbit/s."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A demand that does not get all of its rate."""

    demand: str
    """Name of the demand."""

    asked: float
    """Gbit/s."""

    served: float
    """Gbit/s that it gets beside the others."""

    alone: float
    """Gbit/s that it would get if it were the only one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """Paths for all demands."""

    paths: tuple[PathFlow, ...]
    """Every path with its rate, by demand, the widest first."""

    utilisation: Mapping[str, float]
    """Load over capacity of each link by its name; above 1 only where nobody looked at capacities."""

    cost: float
    """Sum over the links of Gbit/s times cost."""

    shortfalls: tuple[Shortfall, ...] = ()
    """Demands that do not get all of their rate."""

    binding: tuple[str, ...] = ()
    """Links without whose limits more could flow: where there are shortfalls, or, with `factor`, what bounds it."""

    factor: float | None = None
    """By what all rates could be multiplied at once; less than 1 where they do not fit. None where it was not asked."""

    @property
    def most_utilised(self) -> float:
        """Utilisation of the fullest link; 0 without links."""
        return max(self.utilisation.values(), default=0.0)


def check_flows(links: Sequence[Link], demands: Sequence[Demand]) -> None:
    """Refuse what cannot be routed because it makes no sense.

    Raises:
        InvalidInput: a number out of its bounds, two of one name, an end that no link has, or no link at all.
    """
    problems = Problems()
    if not links:
        problems.add("links", "there are none; give 1 or more")
    _check_names("links", [link.key for link in links], problems)
    _check_names("demands", [demand.name for demand in demands], problems)
    for link in links:
        with problems.under(f"links.{link.key}"):
            _check_positive("capacity", link.capacity, problems)
            if not 0 < link.cost < float("inf"):
                problems.add("cost", f"{link.cost} is no cost; give more than 0, so that no flow runs in circles")
            if link.source == link.target:
                problems.add("target", f"'{link.target}' is its source as well; give another one")
    places = sorted({link.source for link in links} | {link.target for link in links})
    for demand in demands:
        with problems.under(f"demands.{demand.name}"):
            _check_positive("rate", demand.rate, problems)
            if demand.link_limit is not None:
                _check_positive("linkLimit", demand.link_limit, problems)
            for path, place in (("source", demand.source), ("target", demand.target)):
                if place not in places:
                    problems.add(path, f"no link has an end '{place}'{suggestion(place, places)}")
            if demand.source == demand.target:
                problems.add("target", f"'{demand.target}' is its source as well; give another one")
    problems.raise_if_any("routing")


def utilisation(links: Sequence[Link], loads: Sequence[float]) -> dict[str, float]:
    """Return load over capacity of each link by its name."""
    return {link.key: load / link.capacity for link, load in zip(links, loads, strict=True)}


def decompose(links: Sequence[Link], demand: Demand, flow: Sequence[float]) -> list[PathFlow]:
    """Return paths that carry `flow`, Gbit/s of one demand on each link; circles in it are left out.

    The widest path that is left is taken first, so that there are few; there are never more than links.
    """
    left = list(flow)
    least = ROUNDING * demand.rate
    leaving: defaultdict[str, list[int]] = defaultdict(list)
    for index, link in enumerate(links):
        leaving[link.source].append(index)
    found: list[PathFlow] = []
    while path := _widest(links, leaving, left, demand, least):
        rate = min(left[index] for index in path)
        for index in path:
            left[index] -= rate
        found.append(PathFlow(demand.name, tuple(links[index].key for index in path), rate))
    return found


def _widest(
    links: Sequence[Link], leaving: Mapping[str, list[int]], left: Sequence[float], demand: Demand, least: float
) -> list[int]:
    """Return the path of the greatest rate from source to target; nothing where none carries more than `least`."""
    queue: list[tuple[float, str, int]] = [(-float("inf"), demand.source, -1)]
    reached: dict[str, int] = {}
    while queue:
        width, place, by = heapq.heappop(queue)
        if place in reached:
            continue
        reached[place] = by
        if place == demand.target:
            break
        for index in leaving.get(place, ()):
            if left[index] > least and links[index].target not in reached:
                heapq.heappush(queue, (max(width, -left[index]), links[index].target, index))
    if demand.target not in reached:
        return []
    path: list[int] = []
    place = demand.target
    while place != demand.source:
        path.append(reached[place])
        place = links[reached[place]].source
    return path[::-1]


def _check_positive(path: str, value: float, problems: Problems) -> None:
    if not 0 < value < float("inf"):
        problems.add(path, f"{value} Gbit/s is no rate; give more than 0")


def _check_names(path: str, names: Iterable[str], problems: Problems) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            problems.add(path, f"several are called '{name}'; give each a name of its own")
        seen.add(name)
