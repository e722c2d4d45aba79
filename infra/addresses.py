"""Networks and ports, as inputs give them."""

import ipaddress

from ..problems import Problems


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
