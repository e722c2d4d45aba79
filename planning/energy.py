"""Power and energy of machines: accelerators, hosts and buildings, with carbon, and with cost for one's own machines.

Power of a node = (accelerators * (idle + load * (TDP - idle)) + vCPUs * (idle + load * (full - idle)) + GB * W/GB)
* (1 + overhead). Figures are in catalog/data/power.json with their sources. Energy = power * PUE * 730 h. Storage,
control planes and networks between nodes are not in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from ..problems import Problems, camel_case
from .catalog import InstanceType, accelerators
from .catalog.power import Figure, grid_intensity, host_power, own_power_usage_effectiveness, power_usage_effectiveness
from .catalog.service_prices import HOURS_PER_MONTH
from .nodes.machines import MachineDemand, MachineOrigin
from .span import Span

_MIB_PER_GB: Final = 10**9 / 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class EnergyAssumptions:
    """At which load, and what holds for one's own machines."""

    accelerator_load: float = 0.8
    """Load of accelerators, 0 to 1. Default: 0.8, since 8 busy H100 stayed below their rating."""

    cpu_load: float = 0.5
    """Load of processors, 0 to 1. Default: 0.5, as Cloud Carbon Footprint has it."""

    own_power_usage_effectiveness: float | None = None
    """PUE of one's own data center. Default: the mean that IDC estimates, 1.63."""

    own_host_watts_per_accelerator_watt: float = 0.5
    """Watts of a host of one's own for each watt of its accelerators, at full load. Default: 0.5; 8.4 kW were measured
    on a node of 8 H100 of 700 W."""

    own_dollars_per_kwh: float | None = None
    """What a kWh costs, in US dollars. Default: not known, so that no cost of power is told."""

    own_grams_per_kwh: float | None = None
    """Grams of CO2 equivalent per kWh. Default: not known, so that no carbon is told."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase; the form that `read_energy_assumptions` takes."""
        return {camel_case(each.name): getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolPower:
    """What the machines of one pool take."""

    pool: str
    region: str
    """Empty for one's own machines."""

    is_own: bool
    """Whether the machines are somebody's own."""

    kilowatts: Span
    """kW of the machines at the stated load, with the fewest and with the most of them; without the building."""

    idle_kilowatts: float
    """kW of the most machines while they do nothing."""

    effectiveness: Figure
    """PUE: what the building takes, as a multiple of what machines take."""

    carbon_grams_per_kwh: Figure | None
    """Of the grid; None where no figure is known."""

    dollars_per_kwh: float | None
    """What one's own power costs; None where it is not known, or in the price of the machines."""

    @property
    def energy_kwh(self) -> Span:
        """Energy in a month of 730 hours, in kWh, with the building."""
        return self.kilowatts.times(self.effectiveness.value * HOURS_PER_MONTH)

    @property
    def carbon_kg(self) -> Span | None:
        """CO2 equivalent in a month, in kg; None where no figure of the grid is known."""
        grid = self.carbon_grams_per_kwh
        return self.energy_kwh.times(grid.value / 1000) if grid else None

    @property
    def monthly_cost(self) -> Span | None:
        """US dollars in a month for one's own power."""
        return None if self.dollars_per_kwh is None else self.energy_kwh.times(self.dollars_per_kwh)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase."""
        carbon, cost = self.carbon_kg, self.monthly_cost
        return {
            "pool": self.pool,
            "region": self.region or None,
            "own": self.is_own,
            "kilowatts": self.kilowatts.to_dict(),
            "idleKilowatts": self.idle_kilowatts,
            "powerUsageEffectiveness": self.effectiveness.value,
            "kwhPerMonth": self.energy_kwh.to_dict(),
            "carbonKgPerMonth": carbon.to_dict() if carbon else None,
            "ownPowerMonthly": cost.to_dict() if cost else None,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerEstimate:
    """What all machines take, as far as figures are known."""

    pools: tuple[PoolPower, ...]
    unknown: tuple[tuple[str, str], ...]
    """Pools that are in no sum, each with the reason."""

    assumptions: EnergyAssumptions

    @property
    def kilowatts(self) -> Span:
        """Power of all machines at the stated load, in kW, without buildings."""
        return Span.total(each.kilowatts for each in self.pools)

    @property
    def energy_kwh(self) -> Span:
        """Energy in a month, in kWh, with buildings."""
        return Span.total(each.energy_kwh for each in self.pools)

    @property
    def carbon_kg(self) -> Span:
        """CO2 equivalent in a month, in kg; without the pools of `without_carbon`."""
        return Span.total(carbon for each in self.pools if (carbon := each.carbon_kg))

    @property
    def without_carbon(self) -> tuple[str, ...]:
        """Pools whose grid has no figure."""
        return tuple(each.pool for each in self.pools if each.carbon_grams_per_kwh is None)

    @property
    def own_monthly(self) -> Span:
        """US dollars in a month for the power of one's own machines; without the pools of `without_cost`."""
        return Span.total(cost for each in self.pools if (cost := each.monthly_cost))

    @property
    def without_cost(self) -> tuple[str, ...]:
        """Pools of one's own machines, where what a kWh costs is not known."""
        return tuple(each.pool for each in self.pools if each.is_own and each.dollars_per_kwh is None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `--json`, camelCase."""
        return {
            "kilowatts": self.kilowatts.to_dict(),
            "kwhPerMonth": self.energy_kwh.to_dict(),
            "carbonKgPerMonth": self.carbon_kg.to_dict(),
            "withoutCarbon": list(self.without_carbon),
            "ownPowerMonthly": self.own_monthly.to_dict(),
            "withoutOwnPowerPrice": list(self.without_cost),
            "pools": [each.to_dict() for each in self.pools],
            "unknown": [{"pool": pool, "reason": reason} for pool, reason in self.unknown],
            "assumptions": self.assumptions.to_dict(),
        }


def node_watts(type: InstanceType, assumptions: EnergyAssumptions) -> float | None:
    """Return what one node of a type takes at the stated load, in watts; None where a figure of it is not known."""
    model, host = type.accelerator, host_power()
    watts = 0.0
    if model is not None:
        if type.is_accelerator_fraction or model.tdp_watts is None:
            return None
        watts = type.accelerator_count * _accelerator_watts(model.tdp_watts, assumptions.accelerator_load)
    each = host.idle_watts_per_vcpu + assumptions.cpu_load * (host.full_watts_per_vcpu - host.idle_watts_per_vcpu)
    watts += type.vcpus * each + type.memory_mib / _MIB_PER_GB * host.watts_per_gb
    return watts * (1 + host.overhead)


def estimate_power(machines: Iterable[MachineDemand], assumptions: EnergyAssumptions | None = None) -> PowerEstimate:
    """Return what machines take.

    Args:
        machines: As `find_machines` returns them.
        assumptions: Loads, and what holds for one's own machines. Default: `EnergyAssumptions()`.
    """
    assumptions = assumptions or EnergyAssumptions()
    idle = replace(assumptions, accelerator_load=0.0, cpu_load=0.0)
    pools: list[PoolPower] = []
    unknown: list[tuple[str, str]] = []
    for machine in machines:
        watts, idle_watts = _watts(machine, assumptions), _watts(machine, idle)
        if isinstance(watts, str) or isinstance(idle_watts, str):
            unknown.append((machine.pool, str(watts)))
            continue
        pools.append(_pool(machine, watts, idle_watts, assumptions))
    return PowerEstimate(pools=tuple(pools), unknown=tuple(unknown), assumptions=assumptions)


def read_energy_assumptions(given: Mapping[str, Any], problems: Problems) -> EnergyAssumptions:
    """Return the assumptions with what is given, by camelCase name; what is wrong is added to `problems`."""
    bounds = {
        "accelerator_load": (0.0, 1.0),
        "cpu_load": (0.0, 1.0),
        "own_power_usage_effectiveness": (1.0, 10.0),
        "own_host_watts_per_accelerator_watt": (0.0, 10.0),
        "own_dollars_per_kwh": (0.0, 100.0),
        "own_grams_per_kwh": (0.0, 10_000.0),
    }
    problems.known_keys(given, map(camel_case, bounds))
    found: dict[str, float] = {}
    for name, (low, high) in bounds.items():
        value: object = given.get(camel_case(name))
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            problems.add(camel_case(name), f"{value!r} is not a number; give one from {low:g} to {high:g}")
        elif not low <= value <= high:
            problems.add(camel_case(name), f"{value:g} is out of bounds; give a number from {low:g} to {high:g}")
        else:
            found[name] = float(value)
    return EnergyAssumptions(**found)


def _accelerator_watts(tdp: float, load: float) -> float:
    idle = tdp * host_power().accelerator_idle_fraction
    return idle + load * (tdp - idle)


def _watts(machine: MachineDemand, assumptions: EnergyAssumptions) -> Span | str:
    """Return the watts of the fewest and of the most machines, or why they are not known."""
    if machine.most is None:
        return "nothing bounds how many they are"
    if machine.origin is MachineOrigin.EXISTING and not machine.instance_types:
        return _own_watts(machine, assumptions)
    if not machine.is_known:
        return "its instance types are not known"
    each = {type.name: node_watts(type, assumptions) for type in machine.known_types}
    lacking = [name for name, watts in each.items() if watts is None]
    if lacking:
        return f"no power of the accelerators of {', '.join(lacking[:3])} is known"
    known = {name: watts for name, watts in each.items() if watts is not None}
    return Span.around(
        Span(least=machine.least_of(name), most=machine.most_of(name)).times(watts) for name, watts in known.items()
    )


def _own_watts(machine: MachineDemand, assumptions: EnergyAssumptions) -> Span | str:
    model = accelerators().get(machine.accelerator)
    if model is None or not machine.accelerators:
        return "the program does not say what these machines are"
    if model.tdp_watts is None:
        return f"no power of {model.title} is known"
    full = machine.accelerators * model.tdp_watts
    busy = machine.accelerators * _accelerator_watts(model.tdp_watts, assumptions.accelerator_load)
    watts = busy + full * assumptions.own_host_watts_per_accelerator_watt
    return Span.of(watts).times(machine.most or 0)


def _pool(machine: MachineDemand, watts: Span, idle_watts: Span, assumptions: EnergyAssumptions) -> PoolPower:
    is_own = machine.origin is MachineOrigin.EXISTING
    if is_own:
        given = assumptions.own_power_usage_effectiveness
        effectiveness = own_power_usage_effectiveness() if given is None else Figure(value=given, source="")
        grams = assumptions.own_grams_per_kwh
        grid = None if grams is None else Figure(value=grams, source="")
    else:
        effectiveness, grid = power_usage_effectiveness(machine.region), grid_intensity(machine.region)
    return PoolPower(
        pool=machine.pool,
        region="" if is_own else machine.region,
        is_own=is_own,
        kilowatts=watts.times(1 / 1000),
        idle_kilowatts=idle_watts.most / 1000,
        effectiveness=effectiveness,
        carbon_grams_per_kwh=grid,
        dollars_per_kwh=assumptions.own_dollars_per_kwh if is_own else None,
    )
