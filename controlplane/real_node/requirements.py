"""What a machine must have for a real node."""

import os
import platform

from ...problems import InvalidInput, Problem
from ...tools.packages import apt_line, missing_packages


def lacking() -> list[str]:
    """Return what this machine lacks, each with the way out; nothing where a real node can run."""
    if platform.system() != "Linux":
        return [f"needs Linux, and this is {platform.system()}; without it, everything is simulated"]
    found: list[str] = []
    if os.geteuid() != 0:
        found.append("needs root, since it makes namespaces, routes and control groups; run it as root")
    if packages := missing_packages():
        found.append(f"{', '.join(packages)} missing; on Debian and Ubuntu: {apt_line(packages)}")
    return found


def require_machine() -> None:
    """Refuse a machine that lacks something, with all of it.

    Raises:
        InvalidInput: it does.
    """
    if reasons := lacking():
        raise InvalidInput("real node", [Problem("--real-node", reason) for reason in reasons])
