"""What a program does not say and a bill depends on: a stated amount for each, which anyone may set."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from ...problems import Problems, camel_case, suggestion
from ..catalog.service_prices import service_price_names
from ..values import mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class CostAssumptions:
    """Amounts of a month. All defaults are round numbers of ours, not measurements: set what you know."""

    nat_gateway_gb: float = 1000.0
    """GB through each NAT gateway. Default: 1,000."""

    internet_gb: float = 1000.0
    """GB from each VPC to the internet. Default: 1,000."""

    cross_zone_gb: float = 1000.0
    """GB between zones of each VPC; both sides are charged. Default: 1,000."""

    endpoint_gb: float = 100.0
    """GB through each interface endpoint. Default: 100."""

    load_balancer_units: float = 1.0
    """Capacity units that each load balancer uses, on average. Default: 1."""

    bucket_gb: float = 1000.0
    """GB that each bucket keeps. Default: 1,000."""

    bucket_thousand_writes: float = 100.0
    """Thousands of requests that write or list, to each bucket. Default: 100."""

    bucket_thousand_reads: float = 1000.0
    """Thousands of requests that read, from each bucket. Default: 1,000."""

    replicated_gb: float = 100.0
    """GB that each replicated bucket sends to another region. Default: 100."""

    file_system_gb: float = 1000.0
    """GB that each EFS file system keeps. Default: 1,000."""

    file_system_read_gb: float = 1000.0
    """GB read from each EFS file system with elastic throughput. Default: 1,000."""

    file_system_written_gb: float = 100.0
    """GB written to each EFS file system with elastic throughput. Default: 100."""

    log_gb: float = 50.0
    """GB that each log group takes in. Default: 50."""

    repository_gb: float = 50.0
    """GB of images that each repository keeps. Default: 50."""

    key_ten_thousand_requests: float = 10.0
    """Tens of thousands of requests to each key. Default: 10."""

    secret_ten_thousand_requests: float = 1.0
    """Tens of thousands of requests for each secret. Default: 1."""

    queue_million_requests: float = 1.0
    """Millions of requests to each queue. Default: 1."""

    topic_million_requests: float = 1.0
    """Millions of messages of each topic. Default: 1."""

    web_million_requests: float = 100.0
    """Millions of requests that each web ACL looks at. Default: 100."""

    management_million_events: float = 10.0
    """Millions of management events that each GuardDuty detector looks at. Default: 10."""

    flow_log_gb: float = 100.0
    """GB of flow logs and DNS queries that each GuardDuty detector looks at. Default: 100."""

    data_hundred_thousand_events: float = 100.0
    """Hundreds of thousands of data events on each trail that records some, and in the S3 that GuardDuty protects.
    Default: 100."""

    audit_million_events: float = 10.0
    """Millions of events in the audit logs of EKS that GuardDuty looks at. Default: 10."""

    malware_scanned_gb: float = 100.0
    """GB of volumes that GuardDuty scans for malware. Default: 100."""

    backup_gb: float = 1000.0
    """GB of snapshots of EBS that each backup plan keeps. Default: 1,000."""

    prices: Mapping[str, float] = field(default_factory=dict[str, float])
    """Prices of your own, US dollars a unit, by the name of the price: they go before those of the list, in every
    region. An instance type's is `p5.48xlarge`, an hour. Default: none."""

    def amount(self, name: str) -> float:
        """Return the amount of one field, by its name in Python."""
        return cast(float, getattr(self, name))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase; the form that `read_cost_assumptions` takes."""
        amounts = {camel_case(each): self.amount(each) for each in _amounts()}
        return {**amounts, "prices": dict(sorted(self.prices.items()))}


def read_cost_assumptions(given: Mapping[str, Any], problems: Problems, instance_types: list[str]) -> CostAssumptions:
    """Return the assumptions with what is given in place of the defaults; what is wrong is added to `problems`.

    Args:
        given: by camelCase name.
        problems: takes what is wrong.
        instance_types: names of instance types, which prices may have too.
    """
    names = {camel_case(name): name for name in _amounts()}
    problems.known_keys(given, [*names, "prices"])
    found: dict[str, Any] = {
        name: float(given[key]) for key, name in names.items() if key in given and _is_amount(problems, key, given[key])
    }
    if given.get("prices") is not None and not isinstance(given["prices"], Mapping):
        problems.add("prices", "is no mapping of names to US dollars")
    with problems.under("prices"):
        known = [*service_price_names(), *instance_types]
        set_prices = dict(_own_prices(mapping(given.get("prices")), known, problems))
    return CostAssumptions(**found, prices=set_prices)


def _own_prices(given: Mapping[str, Any], known: list[str], problems: Problems) -> Iterator[tuple[str, float]]:
    for name, amount in given.items():
        if name not in known:
            problems.add(name, "unknown price" + suggestion(name, known))
        elif _is_amount(problems, name, amount):
            yield name, float(amount)


def _is_amount(problems: Problems, path: str, value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 <= cast(float, value) < float("inf"):
        return True
    problems.add(path, f"{value!r} is not an amount; give a number, 0 or more")
    return False


def _amounts() -> list[str]:
    return [each.name for each in fields(CostAssumptions) if each.name != "prices"]
