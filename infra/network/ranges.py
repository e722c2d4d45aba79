"""The ranges and zones of a network, as inputs give them."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Final

from ...problems import Problems
from .subnet_layout import (
    LARGEST_BLOCK,
    LARGEST_POD_RANGE,
    LONGEST_POD_RANGE,
    LONGEST_RANGE,
    ZONE_ROOM,
    region_of,
)

_SHARED: Final = IPv4Network("100.64.0.0/10")
_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_USED_BY_AWS: Final = IPv4Network("172.17.0.0/16")
_LEGACY: Final = (IPv4Network("10.0.0.0/15"), IPv4Network("10.0.0.0/16"))


def checked_zones(problems: Problems, given: Sequence[str]) -> list[str]:
    """Return the availability zones, sorted; those that are none are left out, with a problem."""
    zones: list[str] = []
    for index, zone in enumerate(given):
        try:
            region = region_of(zone)
        except ValueError:
            problems.add(
                f"zones[{index}]",
                f"'{zone}' is not an availability zone; write it like us-east-1a, with a letter from a to f",
            )
            continue
        if zone in zones:
            problems.add(f"zones[{index}]", f"'{zone}' is there twice; name each zone once")
        elif zones and region != region_of(zones[0]):
            problems.add(
                f"zones[{index}]", f"'{zone}' is in another region than '{zones[0]}'; give zones of one region"
            )
        else:
            zones.append(zone)
    if len(given) < 2:
        problems.add("zones", f"{len(given)} given; an EKS cluster needs 2, and {ZONE_ROOM} at most have room")
    elif len(given) > ZONE_ROOM:
        problems.add("zones", f"{len(given)} given; {ZONE_ROOM} at most have room")
    return sorted(zones)


def checked_range(problems: Problems, cidr: str, pod_cidr: str | None) -> tuple[IPv4Network | None, IPv4Network | None]:
    """Return the range of the VPC and that of its pods, None where there is none or a problem."""
    network = _parsed(problems, "cidr", cidr, "10.0.0.0/16")
    if network is not None:
        _check_size(problems, "cidr", network, LARGEST_BLOCK, LONGEST_RANGE)
        if _home(network) is None:
            problems.add(
                "cidr",
                f"{network} is not private, so parts of the internet would be out of reach; give a range inside "
                f"{', '.join(map(str, _PRIVATE))} or {_SHARED}",
            )
        elif network.overlaps(_USED_BY_AWS):
            # Amazon VPC User Guide, "VPC CIDR blocks": services of AWS use it themselves.
            problems.add("cidr", f"{network} overlaps {_USED_BY_AWS}, which services of AWS use; give another range")
    if pod_cidr is None:
        return network, None
    pods = _parsed(problems, "podCidr", pod_cidr, "100.64.0.0/16")
    if pods is not None:
        _check_size(problems, "podCidr", pods, LARGEST_POD_RANGE, LONGEST_POD_RANGE)
        if network is not None:
            _check_together(problems, network, pods)
    return network, pods


def _check_together(problems: Problems, network: IPv4Network, pods: IPv4Network) -> None:
    """Require ranges that AWS puts into one VPC: Amazon VPC User Guide, "IPv4 CIDR block association restrictions"."""
    home = _home(network)
    if network.overlaps(pods):
        problems.add("podCidr", f"{pods} overlaps {network}, the range of the VPC; give another range")
    elif home is not None and not any(pods.subnet_of(range) for range in (_SHARED, home)):
        allowed = str(_SHARED) if home == _SHARED else f"{_SHARED} or {home}"
        problems.add("podCidr", f"AWS does not put {pods} into a VPC of {network}; give a range inside {allowed}")
    elif network.subnet_of(_LEGACY[0]) and pods.overlaps(_LEGACY[1]):
        problems.add("podCidr", f"AWS adds nothing of {_LEGACY[1]} to a VPC of {network}; give another range")


def _parsed(problems: Problems, path: str, cidr: str, example: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr)
    except ValueError:
        problems.add(path, f"'{cidr}' is not an IPv4 range; write it like {example}, without host bits")
        return None


def _check_size(problems: Problems, path: str, network: IPv4Network, largest: int, smallest: int) -> None:
    """Require a prefix length from `largest` to `smallest`."""
    has = f"{network} has {network.num_addresses:,} addresses"
    low, high = (2 ** (network.max_prefixlen - length) for length in (smallest, largest))
    if network.num_addresses < low:
        problems.add(path, f"{has}; give a /{smallest} ({low:,}) or larger, so that {ZONE_ROOM} zones have room")
    elif network.num_addresses > high:
        problems.add(path, f"{has}; give a /{largest} ({high:,}) or smaller")


def _home(network: IPv4Network) -> IPv4Network | None:
    """Return the private or shared range that a network lies in."""
    return next((range for range in (*_PRIVATE, _SHARED) if network.subnet_of(range)), None)
