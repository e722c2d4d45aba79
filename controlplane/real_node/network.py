"""The network of a real node: a cable to this machine, and the routes that lead over it."""

import json
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, Final

from ...tools.packages import system_program
from ..failure import ControlPlaneFailure
from ..programs import SERVICE_RANGE
from .layout import Layout
from .namespaces import entered

_ENTRANCES: Final = (SERVICE_RANGE, "198.18.0.0/23")
"""Addresses of Services and of load balancers: the same in every cluster, so only one of them gets this machine's.

The latter are of the range for benchmarks (RFC 2544), and not of those for documentation (RFC 5737): what stands in for
the internet in a closed network often has addresses of these, and would not be reached while the routes are there.
"""

_SECONDS: Final = 30.0


def connect(layout: Layout, pid: int, tell: Callable[[str], None]) -> None:
    """Lay the cable between this machine and the namespace that a process holds, and the routes over it.

    What is there already is left as it is.

    Args:
        layout: names and addresses.
        pid: who holds the namespace.
        tell: is given what a person should know.

    Raises:
        ControlPlaneFailure: the system refuses, or another cluster's node has the same addresses.
    """
    _refuse_taken(layout)
    if not _has(layout, pid):
        _ip("link", "delete", layout.link, fails=False)
        _ip("link", "add", layout.link, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    _ip("address", "replace", f"{layout.host}/30", "dev", layout.link)
    _ip("link", "set", layout.link, "up")
    for arguments in (
        ("link", "set", "lo", "up"),
        ("address", "replace", f"{layout.address}/30", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        ("route", "replace", "default", "via", layout.host),
    ):
        _run(entered(pid, [_program(), *arguments], mounts=False))
    if not _route(layout, layout.pods):
        _refuse_taken(layout)
    taken = [network for network in _ENTRANCES if not _route(layout, network)]
    if taken:
        tell(
            f"this machine reaches {' and '.join(taken)} by another way already, so Services of the real node are"
            f" reached from its pods, and from here by node port at {layout.address}"
        )


def disconnect(layout: Layout) -> None:
    """Take the cable away, and with it the routes.

    The system does so by itself once the namespace is gone, but later: until then the next node would not get them.
    """
    _ip("link", "delete", layout.link, fails=False)


def _refuse_taken(layout: Layout) -> None:
    """Refuse addresses that lead to another node: of a state folder that this one cannot see, or started just now."""
    if devices := [entry.get("dev", "") for entry in _routes(layout.pods) if entry.get("dev") != layout.link]:
        raise ControlPlaneFailure(
            f"{layout.pods} leads to {', '.join(devices)} already, the real node of another cluster; stop that one, or"
            " `aidc down` this one and start it again: it gets other addresses then"
        )


def _has(layout: Layout, pid: int) -> bool:
    """Tell whether the cable is there and ends in this namespace."""
    here = _run([_program(), "-json", "link", "show", layout.link], fails=False)
    there = _run(entered(pid, [_program(), "-json", "link", "show", "eth0"], mounts=False), fails=False)
    if not here or not there:
        return False
    return json.loads(here)[0].get("link_index") == json.loads(there)[0].get("ifindex")


def _route(layout: Layout, network: str) -> bool:
    """Lead a network to the node; return whether that is so now."""
    found = _routes(network)
    if not found:
        _ip("route", "add", network, "via", layout.address)
        return True
    return any(entry.get("dev") == layout.link for entry in found)


def _routes(network: str) -> list[dict[str, Any]]:
    return json.loads(_run([_program(), "-json", "route", "show", "exact", network]) or "[]")


def _ip(*arguments: str, fails: bool = True) -> str:
    return _run([_program(), *arguments], fails=fails)


def _program() -> str:
    return str(system_program("ip"))


def _run(command: Sequence[str], *, fails: bool = True) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if answer.returncode and fails:
        raise ControlPlaneFailure(f"the real node's network: `{' '.join(command)}`: {answer.stderr.strip()}")
    return "" if answer.returncode else answer.stdout
