"""Figures of power: what hosts take, what buildings add, and what a grid emits."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from .data_files import read_data


@dataclass(frozen=True, kw_only=True, slots=True)
class HostPower:
    """What a host takes beside its accelerators."""

    idle_watts_per_vcpu: float
    """Watts of one virtual CPU that does nothing."""

    full_watts_per_vcpu: float
    """Watts of one virtual CPU at full load."""

    watts_per_gb: float
    """Watts of one GB (10^9 bytes) of main memory, at any load."""

    overhead: float
    """What fans, conversion, network cards and switches inside add, as a part of all the rest of a node."""

    accelerator_idle_fraction: float
    """Part of its thermal design power that an accelerator takes while it does nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure and where it was read."""

    value: float
    source: str
    """Name of the source, a key of `sources()`."""

    is_average: bool = False
    """Whether it is the mean of all regions, because this one has no figure of its own."""


@cache
def host_power() -> HostPower:
    """Return the figures of hosts; they are means, and AWS publishes none."""
    data = _data()
    return HostPower(
        idle_watts_per_vcpu=data["host"]["idle_watts_per_vcpu"],
        full_watts_per_vcpu=data["host"]["full_watts_per_vcpu"],
        watts_per_gb=data["host"]["watts_per_gb"],
        overhead=data["node_overhead"]["value"],
        accelerator_idle_fraction=data["accelerator_idle_fraction"]["value"],
    )


def power_usage_effectiveness(region: str) -> Figure:
    """Return the PUE that AWS publishes for a region, or its mean over all regions."""
    listed = _data()["power_usage_effectiveness"]
    value = listed["regions"].get(region)
    return Figure(
        value=listed["average"] if value is None else value, source=listed["source"], is_average=value is None
    )


def own_power_usage_effectiveness() -> Figure:
    """Return the mean PUE of enterprises' own data centers: measure yours."""
    listed = _data()["own_power_usage_effectiveness"]
    return Figure(value=listed["value"], source=listed["source"], is_average=True)


def grid_intensity(region: str) -> Figure | None:
    """Return grams of CO2 equivalent per kWh of the grid at a region of AWS; None where no figure is known."""
    listed = _data()["grid_grams_per_kwh"]
    value = listed["regions"].get(region)
    return None if value is None else Figure(value=value, source=listed["source"])


def grid_regions() -> list[str]:
    """Return the regions with a figure of their grid, sorted."""
    return sorted(_data()["grid_grams_per_kwh"]["regions"])


@cache
def _data() -> dict[str, Any]:
    return read_data("power")
