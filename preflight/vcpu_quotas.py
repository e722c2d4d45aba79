"""The check of quotas that EC2 counts in virtual CPUs, against what the pools may ask for."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..planning.catalog import all_instance_types, quota_of
from ..planning.catalog.prices import ON_DEMAND, SPOT
from ..planning.nodes.quota_demands import QuotaDemand, quota_demands, quotas_of
from .account import Account
from .check import Finding, Status, passed, skipped
from .demands import AccountDemands
from .failures import PermissionMissing
from .quotas import quota_value, raising

_CLUSTER_TAGS: Final = ("aws:eks:cluster-name", "eks:cluster-name", "karpenter.sh/discovery")
_OWNER_PREFIX: Final = "kubernetes.io/cluster/"
_BILLED: Final = ("pending", "running", "stopping", "shutting-down")


def check_vcpu_quotas(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Compare each quota with what runs already and what the pools may ask for."""
    catalog = all_instance_types()
    for machine in demands.machines:
        unknown = [name for name in machine.instance_types if name not in catalog]
        if unknown:
            yield skipped(f"pool {machine.pool}", f"the catalog does not know {', '.join(unknown)}")
        elif any(kind != "reserved" for kind in machine.capacity_types) and not quotas_of(machine):
            yield skipped(f"pool {machine.pool}", f"no quota is known for {', '.join(machine.instance_types)}")
    wanted = quota_demands(demands.machines)
    if not wanted:
        return
    try:
        used: Mapping[str, int] | None = _used(account, set(demands.clusters))
    except PermissionMissing as missing:
        used = None
        yield skipped("what runs already", str(missing), missing.way_out)
    for demand in wanted:
        yield _compared(account, demand, None if used is None else used.get(demand.quota.code, 0))


def _compared(account: Account, demand: QuotaDemand, used: int | None) -> Finding:
    quota = demand.quota
    subject = f"{quota.name} ({quota.code})"
    value = quota_value(account, quota.service, quota.code)
    if value is None:
        return skipped(subject, "AWS tells no value of this quota")
    free = value - (used or 0)
    enough = max(demand.most, demand.least, demand.smallest)
    pools = ", ".join(demand.pools + [f"{pool}: without a bound" for pool in demand.unbounded])
    wanted = f"{enough:,} vCPUs ({pools})"
    found = f"{value:,.0f}, {'unknown how many in use' if used is None else f'{used:,} in use by others'}"
    way_out = raising(account, quota.service, quota.code, enough + (used or 0))
    if free < max(demand.least, demand.smallest):
        first = (
            "not even one node starts" if free < demand.smallest else "not all nodes that shall always be there start"
        )
        found = f"{found}: {first}"
        return Finding(status=Status.ERROR, subject=subject, wanted=wanted, found=found, way_out=way_out)
    if free < demand.most:
        found = f"{found}: pools cannot grow to their largest"
        return Finding(status=Status.WARNING, subject=subject, wanted=wanted, found=found, way_out=way_out)
    return passed(subject, found=found, wanted=wanted)


def _used(account: Account, own: set[str]) -> dict[str, int]:
    """Return the virtual CPUs in use by quota code, without those of the environment's own clusters."""
    catalog, used = all_instance_types(), dict[str, int]()
    states = [{"Name": "instance-state-name", "Values": list(_BILLED)}]
    for reservation in account.ask_all("ec2", "describe_instances", "Reservations", Filters=states):
        for instance in reservation["Instances"]:
            name = str(instance["InstanceType"])
            if name in catalog and not _is_own(instance, own) and not instance.get("CapacityReservationId"):
                kind = SPOT if instance.get("InstanceLifecycle") == "spot" else ON_DEMAND
                quota = quota_of(name, kind)
                if quota is not None:
                    used[quota.code] = used.get(quota.code, 0) + catalog[name].vcpus
    return used


def _is_own(instance: Any, clusters: set[str]) -> bool:
    tags = {str(each["Key"]): str(each["Value"]) for each in instance.get("Tags", [])}
    named = {tags[key] for key in _CLUSTER_TAGS if key in tags}
    named |= {key.removeprefix(_OWNER_PREFIX) for key in tags if key.startswith(_OWNER_PREFIX)}
    return bool(named & clusters)
