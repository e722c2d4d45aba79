"""How the network interfaces of an instance type are laid out over its network cards, with EFA.

The layout belongs to the instance type: no rule over "the first card" fits all of them, since card 0 of p6-b300 has
no EFA. Each has one plain interface, the primary, and one EFA-only interface on every card with EFA, which takes no
address of the subnet. Karpenter and EC2 launch templates both take such a list.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from ...problems import InvalidInput, Problems
from .data_files import read_data
from .instance_types import find_instance_type


class InterfaceKind(StrEnum):
    """What a network interface is, in EC2's words."""

    INTERFACE = "interface"
    """ENA alone: IP and nothing else."""

    EFA = "efa"
    """EFA and ENA in one."""

    EFA_ONLY = "efa-only"
    """EFA alone, without an address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkInterface:
    """One network interface of an instance, attached at launch."""

    card: int
    """Index of the network card, from 0."""

    device: int
    """Index of the interface on its card, from 0."""

    kind: InterfaceKind


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkLayout:
    """All network interfaces of an instance type with EFA."""

    cards: int
    """Network cards."""

    interfaces: tuple[NetworkInterface, ...]
    """The primary one first."""

    source: str
    """Name of the source, a key of `sources()`."""

    @property
    def efa_interfaces(self) -> int:
        """How many of the interfaces are EFA."""
        return sum(each.kind is not InterfaceKind.INTERFACE for each in self.interfaces)


def network_layout(instance_type: str) -> NetworkLayout:
    """Return the layout of an instance type with EFA.

    Raises:
        InvalidInput: the type is unknown, has no EFA, or no source tells its layout.
    """
    problems = Problems()
    found = find_network_layout(instance_type, problems)
    if found is None:
        raise InvalidInput("network layout", problems)
    return found


def find_network_layout(instance_type: str, problems: Problems, path: str = "instanceType") -> NetworkLayout | None:
    """Return the layout of an instance type with EFA; else add to `problems` at `path` and return None."""
    found = find_instance_type(instance_type, problems, path)
    if found is None:
        return None
    if not found.efa_interfaces:
        problems.add(path, f"{found.name} has no EFA; turn EFA off, or choose a type that has it")
        return None
    layout = network_layouts().get(found.name)
    if layout is None:
        problems.add(path, f"no source tells how EFA is laid out on {found.name}; turn EFA off, or choose another type")
    return layout


@cache
def network_layouts() -> dict[str, NetworkLayout]:
    """Return every known layout by instance type."""
    return {name: _layout(row) for row in read_data("network_interfaces")["layouts"] for name in row["types"]}


def _layout(row: dict[str, Any]) -> NetworkLayout:
    interfaces = [NetworkInterface(card=0, device=0, kind=InterfaceKind.INTERFACE)]
    if row["first_card_has_efa"]:
        interfaces.append(NetworkInterface(card=0, device=1, kind=InterfaceKind.EFA_ONLY))
    interfaces += [
        NetworkInterface(card=card, device=row["efa_device"], kind=InterfaceKind.EFA_ONLY)
        for card in range(1, row["cards"])
    ]
    return NetworkLayout(cards=row["cards"], interfaces=tuple(interfaces), source=row["source"])
