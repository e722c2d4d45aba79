"""Where a real node is on its machine: folders, addresses, and the names by which the kernel knows it."""

import hashlib
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Final

import psutil

from ..failure import ControlPlaneFailure

NODE: Final = "real"
"""Name of the node, and of the pool that it is."""

_LINKS: Final = IPv4Network("10.98.0.0/16")
_PODS: Final = IPv4Network("10.99.0.0/16")
NETWORKS: Final = 256
"""Real nodes that one machine has addresses for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The place of one cluster's real node."""

    folder: Path
    """The cluster's folder."""

    number: int
    """Which of the machine's networks is its own."""

    @property
    def home(self) -> Path:
        """Folder of whatever belongs to the node."""
        return self.folder / "node"

    @property
    def root(self) -> Path:
        """What the node sees as `/`."""
        return self.home / "root"

    @property
    def configuration(self) -> Path:
        """Folder of its programs' configuration."""
        return self.home / "configuration"

    @property
    def tag(self) -> str:
        """What tells its kernel objects from those of other clusters."""
        return hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]

    @property
    def link(self) -> str:
        """Network interface on this machine that leads to the node."""
        return f"aidc{self.tag}"

    @property
    def cgroup(self) -> str:
        """Control group of all its pods."""
        return f"aidc-{self.tag}"

    @property
    def host(self) -> str:
        """This machine's address on the link."""
        return str(_subnet(_LINKS, self.number)[1])

    @property
    def address(self) -> str:
        """The node's address on the link."""
        return str(_subnet(_LINKS, self.number)[2])

    @property
    def pods(self) -> str:
        """Range of its pods' addresses."""
        return str(_subnet(_PODS, self.number))


def choose_number(taken: Iterable[int]) -> int:
    """Return the number of a network that no other cluster has, and no interface of this machine.

    Raises:
        ControlPlaneFailure: there is none.
    """
    interfaces = psutil.net_if_addrs().values()
    own = [ip_address(entry.address) for each in interfaces for entry in each if entry.family == socket.AF_INET]
    avoid = set(taken)
    for number in range(NETWORKS):
        networks = (_subnet(_LINKS, number), _subnet(_PODS, number))
        if number not in avoid and not any(address in network for address in own for network in networks):
            return number
    raise ControlPlaneFailure(f"all {NETWORKS} networks of {_LINKS} and {_PODS} are in use on this machine")


def _subnet(whole: IPv4Network, number: int) -> IPv4Network:
    first = int(whole.network_address) + number * NETWORKS
    return IPv4Network((first, 24))
