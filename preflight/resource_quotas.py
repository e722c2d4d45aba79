"""The check of quotas that are counted in things: networks, addresses, clusters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .account import Account
from .check import Finding, Status, passed, skipped
from .demands import AccountDemands
from .failures import PermissionMissing
from .quotas import quota_value, raising


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedQuota:
    """A quota of things in a region."""

    name: str
    service: str
    code: str
    type: str
    """Type token of what counts against it."""

    listing: tuple[str, str, str]
    """Service, operation and key that list what is there."""

    source: str


_GUIDE: Final = "https://docs.aws.amazon.com"
COUNTED_QUOTAS: Final[Sequence[CountedQuota]] = (
    CountedQuota(
        name="VPCs per Region",
        service="vpc",
        code="L-F678F1CE",
        type="aws:ec2/vpc:Vpc",
        listing=("ec2", "describe_vpcs", "Vpcs"),
        source=f"{_GUIDE}/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    CountedQuota(
        name="Internet gateways per Region",
        service="vpc",
        code="L-A4707A72",
        type="aws:ec2/internetGateway:InternetGateway",
        listing=("ec2", "describe_internet_gateways", "InternetGateways"),
        source=f"{_GUIDE}/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    CountedQuota(
        name="EC2-VPC Elastic IPs",
        service="ec2",
        code="L-0263D0A3",
        type="aws:ec2/eip:Eip",
        listing=("ec2", "describe_addresses", "Addresses"),
        source=f"{_GUIDE}/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html",
    ),
    CountedQuota(
        name="EKS clusters",
        service="eks",
        code="L-1194D53C",
        type="aws:eks/cluster:Cluster",
        listing=("eks", "list_clusters", "clusters"),
        source=f"{_GUIDE}/eks/latest/userguide/service-quotas.html",
    ),
)


def check_resource_quotas(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Compare each quota with what is there and what is wanted; what the environment made before counts once."""
    for quota in COUNTED_QUOTAS:
        wanted = demands.counts.get(quota.type, 0)
        if not wanted:
            continue
        try:
            yield _compared(account, demands, quota, wanted)
        except PermissionMissing as missing:
            yield skipped(f"{quota.name} ({quota.code})", str(missing), missing.way_out)


def _compared(account: Account, demands: AccountDemands, quota: CountedQuota, wanted: int) -> Finding:
    subject = f"{quota.name} ({quota.code})"
    value = quota_value(account, quota.service, quota.code)
    if value is None:
        return skipped(subject, "AWS tells no value of this quota")
    service, operation, key = quota.listing
    there = account.ask_all(service, operation, key)
    others = [each for each in there if _name(each) not in demands.tag_names | demands.clusters.keys()]
    needed = wanted + len(others)
    found = f"{value:.0f}, {len(others)} in use by others"
    if needed > value:
        way_out = raising(account, quota.service, quota.code, needed)
        return Finding(status=Status.ERROR, subject=subject, wanted=str(wanted), found=found, way_out=way_out)
    return passed(subject, found=found, wanted=str(wanted))


def _name(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    tags: list[Mapping[str, Any]] = thing.get("Tags", [])
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == "Name"), "")
