"""A request as people write it, in YAML or by options, made into demands, offers and limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from ...problems import Problems
from ..quantities import count
from ..reader import Reader
from .limits import AllocationProblem, Limits
from .offers import Market, Reservation, market
from .quota_names import quota_code
from .request_demand import ReadDemand, read_demand
from .serving import ServingNode
from .training import TrainingLayout

_TOP: Final = ("region", "zones", "vendor", "instanceTypes", "demands", "limits", "reservations", "prices", "available")
_REGION: Final = "us-east-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked for."""

    problem: AllocationProblem
    """Demands, offers and limits."""

    market: Market
    """What can be bought."""

    layouts: Mapping[str, Mapping[str, TrainingLayout]]
    """How each training is spread, by demand and instance type."""

    serving: Mapping[str, Mapping[str, ServingNode]]
    """How each service uses a node, by demand and instance type."""


def read_request(document: Mapping[str, Any], subject: str) -> Request:
    """Return the request that `document` is.

    Raises:
        InvalidInput: it makes no sense; all problems at once, under the name `subject`.
    """
    problems = Problems()
    problems.known_keys(document, _TOP)
    reader = Reader(document, problems)
    found: list[ReadDemand] = []
    for name, given in reader.mapping("demands").items():
        with problems.under(f"demands.{name}"):
            read = read_demand(name, given, document, problems)
        if read is not None:
            found.append(read)
    limits = _limits(reader.mapping("limits"), problems)
    bought = market(
        str(document.get("region", _REGION)),
        [str(zone) for zone in reader.listed("zones")],
        problems,
        instance_types=reader.instance_types(),
        reservations=_reservations(reader.listed("reservations"), problems),
        prices=_prices(reader.mapping("prices"), problems),
        available={
            name: int(count(f"available.{name}", nodes, problems))
            for name, nodes in reader.mapping("available").items()
        },
    )
    if bought is not None:
        problem = AllocationProblem(demands=tuple(each.demand for each in found), offers=bought.offers, limits=limits)
        if not len(problems):
            problem.check(problems)
        if not len(problems):
            return Request(
                problem=problem,
                market=bought,
                layouts={each.demand.name: each.layouts for each in found},
                serving={each.demand.name: each.serving for each in found},
            )
    problems.raise_if_any(subject)
    raise AssertionError("something is wrong")


def _limits(given: Mapping[str, Any], problems: Problems) -> Limits:
    with problems.under("limits"):
        problems.known_keys(given, ("quotas", "budgetPerHour", "maximumNodes"))
        reader = Reader(given, problems)
        quotas: dict[str, float] = {}
        for name, amount in reader.mapping("quotas").items():
            code = quota_code(name, f"quotas.{name}", problems)
            quotas[code or name] = count(f"quotas.{name}", amount, problems)
        return Limits(
            quotas=quotas,
            budget_per_hour=reader.number("budgetPerHour", 0.0) if given.get("budgetPerHour") is not None else None,
            maximum_nodes=reader.whole("maximumNodes"),
        )


def _reservations(given: Sequence[Any], problems: Problems) -> list[Reservation]:
    found: list[Reservation] = []
    for index, each in enumerate(given):
        with problems.under(f"reservations[{index}]"):
            values: Mapping[str, Any] = cast(Mapping[str, Any], each) if isinstance(each, Mapping) else {}
            problems.known_keys(values, ("id", "instanceType", "zone", "nodes", "pricePerHour"))
            reader = Reader(values, problems)
            if reader.needed(("id", "instanceType", "zone", "nodes")):
                price = values.get("pricePerHour")
                found.append(
                    Reservation(
                        id=str(values["id"]),
                        instance_type=str(values["instanceType"]),
                        zone=str(values["zone"]),
                        nodes=reader.whole("nodes") or 0,
                        price=None if price is None else reader.number("pricePerHour", 0.0),
                    )
                )
    return found


def _prices(given: Mapping[str, Any], problems: Problems) -> dict[str, dict[str, float]]:
    reader = Reader(given, problems)
    with problems.under("prices"):
        return {
            name: {
                option: count(f"{name}.{option}", amount, problems) for option, amount in reader.mapping(name).items()
            }
            for name in given
        }
