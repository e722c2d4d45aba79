"""Checks of regions and zones, and of what is offered there."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

from .account import Account
from .check import Finding, Status, passed
from .demands import AccountDemands
from .machines import MachineDemand

_ENABLED: Final = frozenset({"opt-in-not-required", "opted-in"})


def check_region(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Whether the region is there, enabled, and the one that the program deploys to."""
    region = account.region
    if demands.region and region != demands.region:
        yield Finding(
            status=Status.ERROR,
            subject="region",
            wanted=demands.region,
            found=region,
            way_out=f"the program deploys to {demands.region}: leave --region out, or change the provider's region",
        )
    shell = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    if shell and shell != region:
        yield Finding(
            status=Status.WARNING,
            subject="region of the shell",
            wanted=region,
            found=f"{shell} (AWS_REGION)",
            way_out=f"the program deploys to {region} all the same; set AWS_REGION={region}, so that `aws` looks there",
        )
    answer = account.ask("ec2", "describe_regions", region=account.home, AllRegions=True)
    states = {str(each["RegionName"]): str(each.get("OptInStatus", "opted-in")) for each in answer["Regions"]}
    if region not in states:
        yield Finding(
            status=Status.ERROR,
            subject="region",
            wanted=region,
            found="no region of this partition is called so",
            way_out=f"give one of {', '.join(sorted(states))}",
        )
    elif states[region] not in _ENABLED:
        yield Finding(
            status=Status.ERROR,
            subject="region",
            wanted=f"{region}, enabled",
            found=states[region],
            way_out=f"aws account enable-region --region-name {region}; it takes minutes",
        )
    else:
        yield passed("region", found=f"{region}, {states[region]}")


def check_zones(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Whether each zone that something must be in is there and open."""
    if not demands.zones:
        return
    answer = account.ask("ec2", "describe_availability_zones", AllAvailabilityZones=True)
    states = {str(each["ZoneName"]): _zone_state(each) for each in answer["AvailabilityZones"]}
    there = ", ".join(sorted(zone for zone, state in states.items() if state == "available"))
    for zone in demands.zones:
        state = states.get(zone, "not there")
        if state == "available":
            yield passed(f"zone {zone}", found=state)
        else:
            way_out = f"use zones that are there: {there}"
            yield Finding(status=Status.ERROR, subject=f"zone {zone}", wanted=zone, found=state, way_out=way_out)


def check_instance_types(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Whether the types of each pool are offered in its zones; in zones of the subnets where it names none."""
    named = sorted({name for demand in demands.machines for name in demand.instance_types})
    if not named:
        return
    offered: dict[str, set[str]] = {name: set() for name in named}
    # EC2 takes 200 values of a filter at most.
    for start in range(0, len(named), 200):
        for each in account.ask_all(
            "ec2",
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": named[start : start + 200]}],
        ):
            offered.setdefault(str(each["InstanceType"]), set()).add(str(each["Location"]))
    anywhere = sorted({each.zone for each in demands.subnets if each.for_nodes})
    for demand in demands.machines:
        yield _offers(demand, demand.zones or anywhere, offered, account.region)


def _offers(demand: MachineDemand, zones: Sequence[str], offered: dict[str, set[str]], region: str) -> Finding:
    types = ", ".join(demand.instance_types[:3]) + (", ..." if len(demand.instance_types) > 3 else "")
    where = {zone for name in demand.instance_types for zone in offered[name]}
    wanted = f"{types} in {', '.join(zones) or region}"
    subject = f"pool {demand.pool}"
    found = f"offered in {', '.join(sorted(where))}" if where else f"offered nowhere in {region}"
    missing = [zone for zone in zones if zone not in where]
    nowhere = [name for name in demand.instance_types if not offered[name] & set(zones or offered[name])]
    if not where or (zones and len(missing) == len(zones)):
        way_out = f"take other zones or types: aws ec2 describe-instance-type-offerings --region {region}"
        return Finding(status=Status.ERROR, subject=subject, wanted=wanted, found=found, way_out=way_out)
    if missing and demand.zones:
        way_out = f"no node of this pool ever starts in {', '.join(missing)}; leave it out of the pool's zones"
        return Finding(status=Status.WARNING, subject=subject, wanted=wanted, found=found, way_out=way_out)
    if nowhere:
        found = f"not offered there: {', '.join(nowhere)}"
        way_out = "the pool uses its other types; leave these out"
        return Finding(status=Status.NOTE, subject=subject, wanted=wanted, found=found, way_out=way_out)
    return passed(subject, found=found, wanted=wanted)


def _zone_state(zone: Any) -> str:
    status = str(zone.get("OptInStatus", "opt-in-not-required"))
    return str(zone.get("State", "available")) if status in _ENABLED else status
