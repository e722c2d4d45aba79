"""The check of reserved capacity: on-demand capacity reservations and capacity blocks."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from .account import Account
from .check import Finding, Status, passed
from .demands import AccountDemands
from .failures import NothingThere
from .machines import MachineDemand, Reservation


def check_reservations(account: Account, demands: AccountDemands) -> Iterator[Finding]:
    """Whether reservations are there, active, of the pool's types and zones, and large enough."""
    for machine in demands.machines:
        if not machine.reservations:
            continue
        usable = 0
        for reservation in machine.reservations:
            found = _look_up(account, reservation)
            subject = f"reservation {reservation} of pool {machine.pool}"
            if not found:
                way_out = "check id, tags, region and account; aws ec2 describe-capacity-reservations lists them"
                yield Finding(
                    status=Status.ERROR, subject=subject, wanted=str(reservation), found="not there", way_out=way_out
                )
            for each in found:
                finding = _judge(machine, each, f"reservation {each['CapacityReservationId']} of pool {machine.pool}")
                usable += int(each.get("TotalInstanceCount", 0)) if finding.status is not Status.ERROR else 0
                yield finding
        yield from _amount(machine, usable)


def _look_up(account: Account, reservation: Reservation) -> Sequence[Any]:
    if reservation.id:
        chosen: dict[str, Any] = {"CapacityReservationIds": [reservation.id]}
    else:
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in sorted(reservation.tags.items())]
        chosen = {"Filters": filters}
    try:
        return account.ask_all("ec2", "describe_capacity_reservations", "CapacityReservations", **chosen)
    except NothingThere:
        return []


def _judge(machine: MachineDemand, reservation: Any, subject: str) -> Finding:
    kind, zone = str(reservation["InstanceType"]), str(reservation["AvailabilityZone"])
    state = str(reservation["State"])
    found = f"{reservation.get('TotalInstanceCount', 0)} x {kind} in {zone}, {state}"
    wanted = ", ".join(machine.instance_types) + (f" in {', '.join(machine.zones)}" if machine.zones else "")

    def fault(status: Status, way_out: str) -> Finding:
        return Finding(status=status, subject=subject, wanted=wanted, found=found, way_out=way_out)

    if kind not in machine.instance_types:
        return fault(Status.ERROR, f"add {kind} to the pool's instance types, or name another reservation")
    if machine.zones and zone not in machine.zones:
        return fault(Status.ERROR, f"add {zone} to the pool's zones, or name another reservation")
    starts, ends = _time(reservation.get("StartDate")), _time(reservation.get("EndDate"))
    now = datetime.now(UTC)
    if state in ("scheduled", "pending", "assessing", "delayed"):
        when = f"{starts:%Y-%m-%d %H:%M} UTC" if starts else "its start"
        return fault(Status.WARNING, f"no node starts before {when}")
    if state != "active" or (ends is not None and ends <= now):
        return fault(Status.ERROR, "it cannot be used any more; name another reservation")
    if ends is not None:
        found = f"{found} until {ends:%Y-%m-%d %H:%M} UTC"
        if (ends - now).total_seconds() < 86_400:
            return fault(Status.WARNING, "less than a day is left; jobs must save their state before")
    return passed(subject, found=found, wanted=wanted)


def _amount(machine: MachineDemand, usable: int) -> Iterator[Finding]:
    """Compare what is reserved with what a pool wants that may have nothing else."""
    if list(machine.capacity_types) != ["reserved"] or not usable:
        return
    wanted = machine.most if machine.most is not None else machine.least
    if usable < wanted:
        yield Finding(
            status=Status.ERROR if usable < machine.least else Status.WARNING,
            subject=f"reserved machines of pool {machine.pool}",
            wanted=str(wanted),
            found=str(usable),
            way_out="reserve more, add on-demand to its capacity types, or make the pool smaller",
        )


def _time(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
