"""Programs that the system's own packages bring, and how they come to a machine that lacks them."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from .errors import ToolError
from .golang import run

PLUGINS: Final = "containernetworking-plugins"
"""Debian's package of the plugins that give pods their network."""

PROGRAMS: Final[Mapping[str, str]] = {
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
}
"""Debian's package, by the program that a node runs."""

IMAGE_PROGRAMS: Final[Mapping[str, str]] = {"buildah": "buildah", "debootstrap": "debootstrap"}
"""Debian's package, by the program that builds images."""

BROWSER_PROGRAMS: Final[Mapping[str, str]] = {"chromium": "chromium"}
"""Debian's package, by the program that shows a report as people see it."""

_PLUGIN_FOLDERS: Final = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
_NEEDED_PLUGINS: Final = ("ptp", "host-local", "portmap", "loopback")
_SYSTEM_FOLDERS: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SECONDS: Final = 600.0


def system_program(name: str) -> Path | None:
    """Return where a program of the system is; folders of administrators count, whoever asks."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")
    return None if found is None else Path(found)


def plugin_folder() -> Path | None:
    """Return the folder of the network plugins, or None where one of those that a node needs is missing."""
    for folder in _PLUGIN_FOLDERS:
        if all((folder / name).is_file() for name in _NEEDED_PLUGINS):
            return folder
    return None


def missing_packages() -> list[str]:
    """Return the Debian packages of a real node whose programs are not there, sorted."""
    return sorted({*_missing(PROGRAMS), *([] if plugin_folder() else [PLUGINS])})


def missing_image_packages() -> list[str]:
    """Return the Debian packages of what builds images whose programs are not there, sorted."""
    return _missing(IMAGE_PROGRAMS)


def missing_browser_packages() -> list[str]:
    """Return the Debian packages of the browser that tests drive whose programs are not there, sorted."""
    return _missing(BROWSER_PROGRAMS)


def _missing(programs: Mapping[str, str]) -> list[str]:
    return sorted({package for name, package in programs.items() if system_program(name) is None})


def apt_line(packages: Sequence[str]) -> str:
    """Return the command that installs packages on Debian and Ubuntu."""
    return f"apt-get install --no-install-recommends {' '.join(packages)}"


def install(
    tell: Callable[[str], None], purpose: str = "real node", missing: Callable[[], list[str]] | None = None
) -> None:
    """Install what is missing, where that can be done unasked: on Linux, as root, with apt.

    Elsewhere it says what is missing and how to have it; everything but its purpose works without.

    Args:
        tell: Is given each line that a person should see.
        purpose: What needs it, for messages.
        missing: Returns the packages that are missing. Default: `missing_packages`.

    Raises:
        ToolError: apt fails.
    """
    if platform.system() != "Linux":
        tell(f"{purpose}: only on Linux")
        return
    packages = (missing or missing_packages)()
    if not packages:
        return
    apt = system_program("apt-get")
    if os.geteuid() != 0 or apt is None:
        tell(f"{purpose}: {', '.join(packages)} missing; to have it, as root: {apt_line(packages)}")
        return
    tell(f"{purpose}: installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [str(apt), "install", "-y", "-qq", "--no-install-recommends", *packages]
    try:
        run(command, "/", environment, _SECONDS, "apt-get install")
    except ToolError:
        # A fresh machine has no lists of packages yet, an old one may have lists of what is gone.
        run([str(apt), "update", "-qq"], "/", environment, _SECONDS, "apt-get update")
        run(command, "/", environment, _SECONDS, "apt-get install")


def main() -> int:
    """Install what a real node and the tests' browser miss; return the exit code, 1 where apt fails."""
    try:
        install(lambda line: print(line, file=sys.stderr))
        install(lambda line: print(line, file=sys.stderr), "browser", missing_browser_packages)
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
