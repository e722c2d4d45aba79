"""What a plan assumes: everything that the program does not say, in one record that anyone may set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...problems import Problems
from ..catalog import all_instance_types
from ..cost.assumptions import CostAssumptions, read_cost_assumptions
from ..energy import EnergyAssumptions, read_energy_assumptions
from ..values import mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanAssumptions:
    """Assumptions of a plan."""

    region: str = ""
    """Region of AWS where nothing in the program says one. Default: none, so that such things have no price."""

    cost: CostAssumptions = field(default_factory=CostAssumptions)
    energy: EnergyAssumptions = field(default_factory=EnergyAssumptions)


def read_plan_assumptions(given: Mapping[str, Any], region: str = "", subject: str = "assumptions") -> PlanAssumptions:
    """Return the assumptions with what is given in place of the defaults.

    Args:
        given: `cost` and `energy`, each by camelCase name.
        region: As in `PlanAssumptions`.
        subject: What to name in an error: the file.

    Raises:
        InvalidInput: an unknown name, or what is no such number.
    """
    problems = Problems()
    problems.known_keys(given, ["cost", "energy"])
    for key in ("cost", "energy"):
        if given.get(key) is not None and not isinstance(given[key], Mapping):
            problems.add(key, f"{given[key]!r} is no mapping of names to numbers")
    with problems.under("cost"):
        cost = read_cost_assumptions(mapping(given.get("cost")), problems, list(all_instance_types()))
    with problems.under("energy"):
        energy = read_energy_assumptions(mapping(given.get("energy")), problems)
    problems.raise_if_any(subject)
    return PlanAssumptions(region=region, cost=cost, energy=energy)
