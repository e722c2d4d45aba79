"""Networks, ports and regions, as inputs give them."""

import ipaddress
import re
from typing import Final

from ..problems import Problems

_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
"""Such as `us-east-1`, `us-gov-west-1` and `eusc-de-east-1`: AWS General Reference, Regions."""


def check_cidr(problems: Problems, path: str, cidr: str) -> None:
    """Require a network such as `10.0.0.0/8`."""
    try:
        ipaddress.ip_network(cidr)
    except ValueError:
        problems.add(path, f"'{cidr}' is not a network; write it like 10.0.0.0/8, without host bits")


def check_port(problems: Problems, path: str, port: float, *, minimum: int = 1) -> int:
    """Require a port number; `minimum` is 1,024 where a program without privileges listens on it."""
    problems.between(path, port, minimum, 65_535)
    return int(port)


def is_aws_region(text: str) -> bool:
    """Return whether a text has the form of a region's name: which there are, AWS alone knows."""
    return _REGION.fullmatch(text) is not None


def check_aws_region(problems: Problems, path: str, region: str) -> None:
    """Require the form of a region's name."""
    if not is_aws_region(region):
        problems.add(path, f"'{region}' is not the name of a region; write it like us-west-2")
