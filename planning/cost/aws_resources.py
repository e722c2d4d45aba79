"""What resources of AWS cost by themselves, by their type tokens."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...evaluation.graph import Resource
from ..catalog import all_instance_types
from ..catalog.prices import ON_DEMAND
from ..catalog.service_prices import HOURS_PER_MONTH, is_without_charge, read_currency, service_price_title
from ..nodes.disks import disk_of_volume
from ..span import Span
from ..values import mappings, number, text, whole
from .counter import UNKNOWN_SIZE, Counter, Entry
from .lines import CostLine, Unpriced

DETECTOR_FEATURE: Final = "aws:guardduty/detectorFeature:DetectorFeature"

COUNTED_ELSEWHERE: Final = frozenset({"aws:eks/nodeGroup:NodeGroup", "aws:ec2/instance:Instance", DETECTOR_FEATURE})
"""Machines, whose cost is written by pool, and what is paid for by machines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """One price that every resource of a type pays."""

    price: str
    """Name of the price."""

    assumption: str = ""
    """Field of the assumptions that says how much; empty for one of what is always there."""

    factor: float = 1.0


_CHARGES: Final[Mapping[str, tuple[Charge, ...]]] = {
    "aws:eks/cluster:Cluster": (Charge(price="eks-cluster"),),
    "aws:ec2/natGateway:NatGateway": (
        Charge(price="nat-gateway"),
        Charge(price="nat-gateway-data", assumption="nat_gateway_gb"),
    ),
    "aws:ec2/eip:Eip": (Charge(price="public-ipv4"),),
    "aws:ec2/vpc:Vpc": (
        # Who sends pays, and who receives as well: VPC data transfer is charged in each direction.
        Charge(price="transfer-between-zones", assumption="cross_zone_gb", factor=2.0),
        Charge(price="transfer-to-internet", assumption="internet_gb"),
    ),
    "aws:s3/bucket:Bucket": (
        Charge(price="s3-standard", assumption="bucket_gb"),
        Charge(price="s3-write", assumption="bucket_thousand_writes"),
        Charge(price="s3-read", assumption="bucket_thousand_reads"),
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": (
        Charge(price="transfer-between-regions", assumption="replicated_gb"),
    ),
    "aws:kms/key:Key": (
        Charge(price="kms-key"),
        Charge(price="kms-requests", assumption="key_ten_thousand_requests"),
    ),
    "aws:secretsmanager/secret:Secret": (
        Charge(price="secret"),
        Charge(price="secret-requests", assumption="secret_ten_thousand_requests"),
    ),
    "aws:ecr/repository:Repository": (Charge(price="registry-storage", assumption="repository_gb"),),
    "aws:sqs/queue:Queue": (Charge(price="queue-requests", assumption="queue_million_requests"),),
    "aws:sns/topic:Topic": (Charge(price="topic-requests", assumption="topic_million_requests"),),
    "aws:guardduty/detector:Detector": (
        Charge(price="guardduty-management-events", assumption="management_million_events"),
        Charge(price="guardduty-flow-logs", assumption="flow_log_gb"),
    ),
    "aws:backup/plan:Plan": (
        Charge(price="ebs-snapshot", assumption="backup_gb"),
        Charge(price="backup-other", assumption="backup_gb"),
    ),
}


def resource_lines(counter: Counter, resource: Resource) -> Iterator[Entry]:
    """Write what one resource costs; that it has no price, where its type is not known here."""
    if resource.package != "aws" or not resource.custom or resource.read or resource.is_provider:
        return
    region = counter.regions.of(resource)
    owner = counter.owner(resource)
    rule = _RULES.get(resource.type)
    if rule is not None:
        yield from rule(counter, resource)
        return
    for charge in _CHARGES.get(resource.type, ()):
        if charge.assumption:
            yield from counter.assumed(owner, charge.price, region, charge.assumption, charge.factor)
        else:
            yield from counter.there(owner, charge.price, region)
    if (
        resource.type not in _CHARGES
        and resource.type not in COUNTED_ELSEWHERE
        and not is_without_charge(resource.type)
    ):
        yield Unpriced(owner=owner, what=resource.type, reason="what this type of resource costs is not known here")


def _endpoint(counter: Counter, resource: Resource) -> Iterator[Entry]:
    kind = text(resource.inputs.get("vpcEndpointType")) or "Gateway"
    if kind == "Gateway":
        return
    owner, region = counter.owner(resource), counter.regions.of(resource)
    subnets: object = resource.inputs.get("subnetIds")
    zones = len(subnets) if isinstance(subnets, list) else 1  # pyright: ignore[reportUnknownArgumentType]
    if kind == "Interface":
        yield from counter.there(owner, "interface-endpoint", region, zones)
        yield from counter.assumed(owner, "interface-endpoint-data", region, "endpoint_gb")
    else:
        yield from counter.there(owner, "gateway-load-balancer-endpoint", region, zones)


def _load_balancer(counter: Counter, resource: Resource) -> Iterator[Entry]:
    kind = text(resource.inputs.get("loadBalancerType")) or "application"
    yield from balancer_lines(counter, resource, f"{kind}-load-balancer")


def balancer_lines(counter: Counter, resource: Resource, price: str, *, region: str = "") -> Iterator[Entry]:
    """Write what one load balancer costs: its hours, and the capacity units that it is assumed to use."""
    owner, region = counter.owner(resource), region or counter.regions.of(resource)
    yield from counter.there(owner, price, region)
    if price in ("application-load-balancer", "network-load-balancer"):
        units = f"{price}-capacity"
        yield from counter.assumed(owner, units, region, "load_balancer_units", HOURS_PER_MONTH)


def _lustre(counter: Counter, resource: Resource) -> Iterator[Entry]:
    inputs = resource.inputs
    gib = number(inputs.get("storageCapacity")) or 0.0
    kind = (text(inputs.get("deploymentType")) or "SCRATCH_1").lower().replace("_", "-")
    storage = (text(inputs.get("storageType")) or "SSD").lower()
    throughput = whole(inputs.get("perUnitStorageThroughput"))
    price = f"fsx-lustre-{kind}-{storage}" + (f"-{throughput}" if throughput else "")
    known = price if price in _LUSTRE else "fsx-lustre-other"
    if not gib:
        owner = counter.owner(resource)
        yield Unpriced(owner=owner, what=service_price_title(known), reason=UNKNOWN_SIZE)
        return
    yield from counter.said(counter.owner(resource), known, counter.regions.of(resource), Span.of(gib))


_LUSTRE: Final = (
    "fsx-lustre-scratch-2-ssd",
    *(f"fsx-lustre-persistent-2-ssd-{throughput}" for throughput in (125, 250, 500, 1000)),
)


def _elastic_file_system(counter: Counter, resource: Resource) -> Iterator[Entry]:
    inputs, owner, region = resource.inputs, counter.owner(resource), counter.regions.of(resource)
    storage = "efs-one-zone" if inputs.get("availabilityZoneName") else "efs-standard"
    yield from counter.assumed(owner, storage, region, "file_system_gb")
    mode = inputs.get("throughputMode")
    if mode == "elastic":
        yield from counter.assumed(owner, "efs-elastic-read", region, "file_system_read_gb")
        yield from counter.assumed(owner, "efs-elastic-write", region, "file_system_written_gb")
    elif mode == "provisioned":
        amount = number(inputs.get("provisionedThroughputInMibps")) or 0.0
        yield from counter.said(owner, "efs-provisioned-throughput", region, Span.of(amount))


def _log_group(counter: Counter, resource: Resource) -> Iterator[Entry]:
    owner, region = counter.owner(resource), counter.regions.of(resource)
    yield from counter.assumed(owner, "logs-ingested", region, "log_gb")
    days = number(resource.inputs.get("retentionInDays")) or 0.0
    if days:
        yield from counter.assumed(owner, "logs-stored", region, "log_gb", days * 24 / HOURS_PER_MONTH)
    else:
        what, reason = "CloudWatch logs, data stored", "it keeps logs for ever"
        yield Unpriced(owner=owner, what=what, reason=reason, way_out="give it retentionInDays")


def _web_acl(counter: Counter, resource: Resource) -> Iterator[Entry]:
    owner, region = counter.owner(resource), counter.regions.of(resource)
    yield from counter.there(owner, "web-acl", region)
    rules = sum(1 for _ in mappings(resource.inputs.get("rules")))
    if rules:
        yield from counter.there(owner, "web-acl-rule", region, rules)
    yield from counter.assumed(owner, "web-acl-requests", region, "web_million_requests")


def _trail(counter: Counter, resource: Resource) -> Iterator[Entry]:
    # The first trail's management events are free: only what is recorded beside them is charged.
    owner, region = counter.owner(resource), counter.regions.of(resource)
    if _records_data(resource.inputs):
        yield from counter.assumed(owner, "trail-data-events", region, "data_hundred_thousand_events")
    if any(True for _ in mappings(resource.inputs.get("insightSelectors"))):
        yield from counter.assumed(owner, "trail-insights", region, "data_hundred_thousand_events")


def _records_data(inputs: Mapping[str, Any]) -> bool:
    if any(each.get("dataResources") for each in mappings(inputs.get("eventSelectors"))):
        return True
    fields = (
        field
        for selector in mappings(inputs.get("advancedEventSelectors"))
        for field in mappings(selector.get("fieldSelectors"))
    )
    return any(field.get("field") == "eventCategory" and "Data" in (field.get("equals") or ()) for field in fields)


def _volume(counter: Counter, resource: Resource) -> Iterator[Entry]:
    disk, owner = disk_of_volume(resource.inputs), counter.owner(resource)
    if not disk.gib:
        yield Unpriced(owner=owner, what=f"a volume of {disk.type}", reason=UNKNOWN_SIZE)
    yield from counter.several(owner, disk.charges, counter.regions.of(resource), Span.of(1))


def _reservation(counter: Counter, resource: Resource) -> Iterator[Entry]:
    owner, region = counter.owner(resource), counter.regions.of(resource)
    name = text(resource.inputs.get("instanceType"))
    count = number(resource.inputs.get("instanceCount")) or 0.0
    found = all_instance_types().get(name)
    price = found.price(region, ON_DEMAND) if found else None
    if price is None:
        reason = f"no on-demand price of {name or 'its instance type'} is known in {region or 'a region nobody names'}"
        yield Unpriced(owner=owner, what=f"reservation of {count:g} {name}", reason=reason)
        return
    hours = Span.of(count * HOURS_PER_MONTH)
    yield CostLine(
        owner=owner,
        price=f"{ON_DEMAND}/{name}",
        title=f"reserved instances: {name}",
        unit="hour",
        quantity=hours,
        unit_price=Span.of(price.amount),
        monthly=hours.times(price.amount),
        region=region,
        currency=read_currency(),
        date=price.date,
        source=price.source,
    )


_RULES: Final[Mapping[str, Callable[[Counter, Resource], Iterator[Entry]]]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:alb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:fsx/lustreFileSystem:LustreFileSystem": _lustre,
    "aws:efs/fileSystem:FileSystem": _elastic_file_system,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:wafv2/webAcl:WebAcl": _web_acl,
    "aws:cloudtrail/trail:Trail": _trail,
    "aws:ebs/volume:Volume": _volume,
    "aws:ec2/capacityReservation:CapacityReservation": _reservation,
}
