"""Free local ports, chosen at start and never fixed."""

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

# Below the range from which Linux (32768) and macOS (49152) take the ports of outgoing connections, so that
# a port which was free when it was chosen is still free when a program binds it.
_LOW, _HIGH = 20_000, 32_000


def is_free(port: int) -> bool:
    """Tell whether a program could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(1)
        except OSError:
            return False
    return True


def choose_ports(roles: Iterable[str], taken: Iterable[int]) -> dict[str, int]:
    """Return a free port for each role, none of them in `taken`.

    Raises:
        OSError: there are not enough free ports.
    """
    chosen: dict[str, int] = {}
    avoid = set(taken)
    candidates = list(range(_LOW, _HIGH))
    random.shuffle(candidates)
    remaining = iter(candidates)
    for role in roles:
        for port in remaining:
            if port not in avoid and is_free(port):
                chosen[role] = port
                break
        else:
            raise OSError(f"no free port between {_LOW} and {_HIGH} for {role}")
    return chosen


def ports_of_others(clusters: Path, own: str) -> set[int]:
    """Return the ports that other clusters have recorded, whether they run or not."""
    taken: set[int] = set()
    for record in clusters.glob("*/cluster.json"):
        if record.parent.name != own:
            try:
                taken.update(json.loads(record.read_text())["ports"].values())
            except (OSError, ValueError, KeyError, AttributeError):
                continue
    return taken
