"""A network with every default applied."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final, cast

import pulumi

from ...problems import Problems
from ..arguments import check_keys, is_known
from .arguments import FlowLogTraffic, NatGateways, NetworkArgs
from .endpoint_services import (
    DEFAULT_GATEWAY_SERVICES,
    GATEWAY_SERVICES,
    PRIVATE_CLUSTER_SERVICES,
    check_interface_services,
)
from .ranges import checked_range, checked_zones
from .subnet_layout import SubnetLayout, region_of, subnet_layout

DEFAULT_POD_RANGE: Final = "100.64.0.0/14"
"""Shared address space, RFC 6598, which nobody's company network uses. 32,763 pods a zone; as six zones use three
blocks of it, a VPC stays within its quota of five blocks (Amazon VPC User Guide, "Amazon VPC quotas")."""

NO_POD_RANGE: Final = "none"

DEFAULT_RETENTION: Final = 365
"""Days: what auditors ask of logs, such as check CKV_AWS_338 of checkov."""

_RETENTIONS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days that CloudWatch keeps logs: Amazon CloudWatch Logs API Reference, PutRetentionPolicy."""

_CLUSTER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:(kms|iam):\S+")


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkPlan:
    """What a `Network` makes."""

    name: str
    network: IPv4Network
    region: str
    zones: Sequence[str]
    """Sorted."""

    layout: SubnetLayout
    nat_zones: Sequence[str]
    """Zones that get a NAT gateway, sorted."""

    is_fully_private: bool
    is_dual_stack: bool
    cluster_name: str
    """Empty where none is named."""

    gateway_services: Sequence[str]
    interface_services: Sequence[str]
    traffic: FlowLogTraffic
    retention: int
    encryption_key: pulumi.Input[str] | None
    permissions_boundary: pulumi.Input[str] | None

    def nat_of(self, zone: str) -> str:
        """Return the zone whose NAT gateway a zone uses; empty where there is none."""
        return zone if zone in self.nat_zones else next(iter(self.nat_zones), "")


def plan_network(args: NetworkArgs, name: str) -> NetworkPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, NetworkArgs):
        problems.raise_if_any("Network")
    zones = checked_zones(problems, args["zones"])
    network, pod_range = checked_range(problems, args["cidr"], _pod_range(args))
    nat, nat_zones = _nat(problems, args, zones)
    traffic = args.get("flow_logs", FlowLogTraffic.ALL)
    problems.choice("flowLogs", traffic, [each.value for each in FlowLogTraffic])
    gateways = sorted(set(args.get("gateway_endpoints", DEFAULT_GATEWAY_SERVICES)))
    for index, service in enumerate(args.get("gateway_endpoints", [])):
        problems.choice(f"gatewayEndpoints[{index}]", service, GATEWAY_SERVICES)
    has_way_out = nat != NatGateways.NONE.value
    interfaces = args.get("interface_endpoints", [] if has_way_out else PRIVATE_CLUSTER_SERVICES)
    region = region_of(zones[0]) if zones else ""
    check_interface_services(problems, "interfaceEndpoints", region, interfaces)
    retention = _retention(problems, args)
    if "cluster_name" in args and not _CLUSTER.fullmatch(args["cluster_name"]):
        problems.add(
            "clusterName",
            f"'{args['cluster_name']}' is not the name of an EKS cluster; give 1 to 100 letters, digits, - and _, "
            "a letter or digit first",
        )
    _check_arn(problems, args, "encryption_key", "encryptionKey")
    _check_arn(problems, args, "permissions_boundary", "permissionsBoundary")
    problems.raise_if_any("Network")
    assert network is not None, "a range without problems is a network"
    return NetworkPlan(
        name=name,
        network=network,
        region=region,
        zones=zones,
        layout=subnet_layout(network, zones, pod_range),
        nat_zones=nat_zones,
        is_fully_private=args.get("fully_private", False),
        is_dual_stack=args.get("dual_stack", False),
        cluster_name=args.get("cluster_name", ""),
        gateway_services=gateways,
        interface_services=sorted(set(interfaces)),
        traffic=FlowLogTraffic(traffic),
        retention=retention,
        encryption_key=args.get("encryption_key"),
        permissions_boundary=args.get("permissions_boundary"),
    )


def _pod_range(args: NetworkArgs) -> str | None:
    given = args.get("pod_cidr", DEFAULT_POD_RANGE)
    return None if given == NO_POD_RANGE else given


def _nat(problems: Problems, args: NetworkArgs, zones: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the mode, and the zones that get a gateway."""
    is_private = args.get("fully_private", False)
    nat = str(args.get("nat", NatGateways.NONE if is_private else NatGateways.PER_ZONE))
    problems.choice("nat", nat, [each.value for each in NatGateways])
    if is_private and nat != NatGateways.NONE.value:
        problems.add("nat", f"'{nat}' leads to the internet, but the network is fullyPrivate; leave one of them out")
    nat_zone = args.get("nat_zone")
    if nat_zone is not None and nat != NatGateways.ONE.value:
        problems.add("natZone", f"names the zone of the one NAT gateway, but nat is '{nat}'; leave it out")
    elif nat_zone is not None:
        problems.choice("natZone", nat_zone, zones)
    if nat == NatGateways.PER_ZONE.value:
        return nat, zones
    return nat, [nat_zone or zones[0]] if nat == NatGateways.ONE.value and zones else []


def _retention(problems: Problems, args: NetworkArgs) -> int:
    retention = int(args.get("flow_log_retention", DEFAULT_RETENTION))
    if "flow_log_retention" in args and args.get("flow_logs") == FlowLogTraffic.NONE.value:
        problems.add("flowLogRetention", "given, but flowLogs is none; leave one of them out")
    elif retention not in _RETENTIONS:
        longer = next((days for days in _RETENTIONS if days > retention), _RETENTIONS[-1])
        problems.add("flowLogRetention", f"CloudWatch does not keep logs for {retention:,} days; give {longer:,}, say")
    return retention


def _check_arn(problems: Problems, args: NetworkArgs, key: str, path: str) -> None:
    value = cast(Mapping[str, Any], args).get(key)
    if isinstance(value, str) and is_known(value) and not _ARN.fullmatch(value):
        problems.add(path, f"'{value}' is not an ARN; it begins with arn:aws:")
