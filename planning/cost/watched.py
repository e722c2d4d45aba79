"""What GuardDuty's protection plans cost: by what they look at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...evaluation.graph import Resource
from ..catalog.service_prices import service_price_title
from ..nodes.machines import MachineDemand, MachineOrigin
from ..span import Span
from ..values import text
from .counter import Counter, Entry
from .lines import Unpriced

_OTHER: Final = "guardduty-feature"
_RUNTIME: Final = "guardduty-runtime-monitoring"
_FIRST: Final = 500.0
"""Virtual CPUs of the first tier."""

_MORE: Final = "at the price of the next 4,500 vCPUs; those above 5,000 cost less"


@dataclass(frozen=True, slots=True)
class _Volume:
    """A plan that is paid for by what it reads."""

    price: str
    assumption: str
    factor: float = 1.0


_BY_VOLUME: Final[Mapping[str, _Volume]] = {
    "EBS_MALWARE_PROTECTION": _Volume("guardduty-malware-scans", "malware_scanned_gb"),
    "EKS_AUDIT_LOGS": _Volume("guardduty-eks-audit-logs", "audit_million_events"),
    "S3_DATA_EVENTS": _Volume("guardduty-s3-data-events", "data_hundred_thousand_events", 0.1),
}
"""By the name of the feature: GuardDuty API Reference, DetectorFeatureConfiguration."""


def detector_feature(counter: Counter, resource: Resource, machines: Sequence[MachineDemand]) -> Iterator[Entry]:
    """Write what one protection plan costs.

    Args:
        counter: writes the lines.
        resource: the feature of a detector.
        machines: all machines of the graph; runtime monitoring is paid for by their virtual CPUs.
    """
    name, owner, region = text(resource.inputs.get("name")), counter.owner(resource), counter.regions.of(resource)
    if resource.inputs.get("status") == "DISABLED":
        return
    if name in _BY_VOLUME:
        plan = _BY_VOLUME[name]
        yield from counter.assumed(owner, plan.price, region, plan.assumption, plan.factor)
    elif name == "RUNTIME_MONITORING":
        here = [each for each in machines if each.origin is MachineOrigin.AWS and each.region == region]
        unknown = sorted(each.pool for each in here if each.most is None or not each.is_known)
        if unknown or not here:
            which = f"how many vCPUs {', '.join(unknown)} may have is not known" if unknown else "no machines are here"
            yield Unpriced(owner=owner, what=service_price_title(_RUNTIME), reason=which)
        else:
            vcpus = Span.total(map(_vcpus, here))
            first = Span(least=min(vcpus.least, _FIRST), most=min(vcpus.most, _FIRST))
            yield from counter.said(owner, _RUNTIME, region, first)
            if vcpus.most > _FIRST:
                more = Span(least=vcpus.least - first.least, most=vcpus.most - first.most)
                yield from counter.said(owner, f"{_RUNTIME}-more", region, more, note=_MORE)
    else:
        yield from counter.there(owner, _OTHER, region)


def _vcpus(machine: MachineDemand) -> Span:
    types = machine.known_types
    least = min(machine.least_of(each.name) * each.vcpus for each in types)
    most = max(machine.most_of(each.name) * each.vcpus for each in types)
    return Span(least=least, most=most if machine.most_vcpus is None else max(least, min(most, machine.most_vcpus)))
