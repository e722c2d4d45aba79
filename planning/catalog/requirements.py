"""Choosing instance types by what they must have, not by name."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...problems import InvalidInput, Problems, camel_case
from .accelerators import find_models
from .instance_types import InstanceType, all_instance_types
from .prices import regions

ARCHITECTURES = ("amd64", "arm64")

_NUMBERS = (
    "accelerators",
    "accelerators_at_least",
    "accelerator_memory_gib",
    "vcpus",
    "memory_gib",
    "network_gbps",
    "local_nvme_gb",
    "max_price",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """What an instance type must have. A condition that is None is not asked for."""

    accelerator: str | None = None
    """Accelerator, by name, alias or model (`a100` fits both sizes)."""

    accelerators: int | None = None
    """Accelerators of one node, exactly; 0 asks for a type without any, not even a fraction."""

    accelerators_at_least: int | None = None
    """Accelerators of one node, or more."""

    accelerator_memory_gib: float | None = None
    """GiB of each accelerator, or more (an A10G or L4 "of 24 GB" has 22.35 GiB)."""

    vcpus: int | None = None
    """Virtual CPUs of one node, or more."""

    memory_gib: float | None = None
    """GiB of main memory of one node, or more."""

    network_gbps: float | None = None
    """Gbps of network bandwidth of one node, or more."""

    efa: bool | None = None
    """Whether it must (True) or must not (False) have an Elastic Fabric Adapter."""

    architecture: str | None = None
    """`amd64` or `arm64`."""

    local_nvme_gb: float | None = None
    """GB of local NVMe storage of one node, or more."""

    max_price: float | None = None
    """US dollars an hour on demand in `region`, or less. A type without a price there does not fit."""

    region: str = "us-east-1"
    """AWS region of the prices that bound and order the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Condition:
    field: str
    wanted: str
    fits: Callable[[InstanceType], bool]
    has: Callable[[InstanceType], str]
    """What an instance type has instead, for a message."""

    distance: Callable[[InstanceType], float] = lambda each: 0
    """How far an instance type is from fitting, to order those that do not."""


def instance_types(requirement: Requirement) -> tuple[InstanceType, ...]:
    """Return the instance types that fit, cheapest first, those without a price last, then by name.

    Raises:
        InvalidInput: a condition makes no sense, or none fits (with what excluded the closest ones).
    """
    problems = Problems()
    found = find_instance_types(requirement, problems)
    if len(problems):
        raise InvalidInput("instance requirement", problems)
    return found


def find_instance_types(requirement: Requirement, problems: Problems) -> tuple[InstanceType, ...]:
    """Return the instance types that fit, as `instance_types`; else add to `problems` and return ()."""
    before = len(problems)
    _check(requirement, problems)
    if len(problems) > before:
        return ()
    conditions = [*_accelerator_conditions(requirement), *_node_conditions(requirement)]
    known = all_instance_types().values()
    found = [each for each in known if all(condition.fits(each) for condition in conditions)]
    if not found:
        _explain(conditions, problems)
    return tuple(sorted(found, key=lambda each: _order(each, requirement.region)))


def _order(each: InstanceType, region: str) -> tuple[float, str]:
    price = each.price(region)
    return (price.amount if price else math.inf, each.name)


def _check(requirement: Requirement, problems: Problems) -> None:
    if requirement.accelerator is not None:
        find_models(requirement.accelerator, problems)
    for field in _NUMBERS:
        value = getattr(requirement, field)
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if value is not None and not (math.isfinite(number) and number >= 0):
            problems.add(camel_case(field), f"{value!r} is not a quantity; give a number, 0 or more")
    if requirement.accelerators is not None and requirement.accelerators_at_least is not None:
        problems.add("acceleratorsAtLeast", "given together with accelerators; give one of them")
    if requirement.architecture is not None:
        problems.choice("architecture", requirement.architecture, ARCHITECTURES)
    problems.choice("region", requirement.region, regions())


def _accelerator_conditions(requirement: Requirement) -> Iterator[_Condition]:
    if requirement.accelerator is not None:
        names = {each.name for each in find_models(requirement.accelerator, Problems())}
        yield _Condition(
            field="accelerator",
            wanted=requirement.accelerator,
            fits=lambda each: each.accelerator is not None and each.accelerator.name in names,
            has=lambda each: each.accelerator.name if each.accelerator else "none",
        )
    exact = requirement.accelerators
    if exact is not None:
        yield _Condition(
            field="accelerators",
            wanted=f"exactly {exact}",
            fits=lambda each: each.accelerator_count == exact and not each.is_accelerator_fraction,
            has=lambda each: "a fraction" if each.is_accelerator_fraction else str(each.accelerator_count),
            distance=lambda each: abs(each.accelerator_count - exact),
        )
    least, memory = requirement.accelerators_at_least, requirement.accelerator_memory_gib
    yield from _at_least("accelerators_at_least", least, "", lambda each: each.accelerator_count)
    yield from _at_least("accelerator_memory_gib", memory, " GiB", lambda each: each.accelerator_memory_mib / 1024)


def _node_conditions(requirement: Requirement) -> Iterator[_Condition]:
    memory, network, nvme = requirement.memory_gib, requirement.network_gbps, requirement.local_nvme_gb
    yield from _at_least("vcpus", requirement.vcpus, " vCPU", lambda each: each.vcpus)
    yield from _at_least("memory_gib", memory, " GiB", lambda each: each.memory_mib / 1024)
    yield from _at_least("network_gbps", network, " Gbps", lambda each: each.network_mbps / 1000)
    yield from _at_least("local_nvme_gb", nvme, " GB", lambda each: each.local_nvme_gb)
    efa, architecture, most = requirement.efa, requirement.architecture, requirement.max_price
    if efa is not None:
        yield _Condition(
            field="efa",
            wanted=str(efa).lower(),
            fits=lambda each: (each.efa_interfaces > 0) == efa,
            has=lambda each: f"{each.efa_interfaces} adapters",
        )
    if architecture is not None:
        yield _Condition(
            field="architecture",
            wanted=architecture,
            fits=lambda each: each.architecture == architecture,
            has=lambda each: each.architecture,
        )
    if most is not None:
        region = requirement.region
        yield _Condition(
            field="max_price",
            wanted=f"${most:,g} an hour or less in {region}",
            fits=lambda each: (price := each.price(region)) is not None and price.amount <= most,
            has=lambda each: f"${price.amount:,g}" if (price := each.price(region)) else "no price",
            distance=lambda each: _order(each, region)[0],
        )


def _at_least(
    field: str, least: float | None, unit: str, measure: Callable[[InstanceType], float]
) -> Iterator[_Condition]:
    if least is not None:
        yield _Condition(
            field=field,
            wanted=f"{least:,g}{unit} or more",
            fits=lambda each: measure(each) >= least,
            has=lambda each: f"{measure(each):,g}{unit}",
            distance=lambda each: least - measure(each),
        )


def _explain(conditions: list[_Condition], problems: Problems) -> None:
    """Say what excluded the instance types that miss the fewest conditions, of the named accelerator first."""
    missed = [
        (each, [condition for condition in conditions if not condition.fits(each)])
        for each in all_instance_types().values()
    ]

    def weight(lacking: list[_Condition]) -> int:
        return sum(len(conditions) if condition.field == "accelerator" else 1 for condition in lacking)

    lightest = min(weight(lacking) for _, lacking in missed)
    closest = [(each, lacking) for each, lacking in missed if weight(lacking) == lightest]
    for condition in conditions:
        excluded = [each for each, lacking in closest if condition in lacking]
        if excluded:
            excluded.sort(key=condition.distance)
            shown = ", ".join(f"{each.name} has {condition.has(each)}" for each in excluded[:3])
            problems.add(
                camel_case(condition.field),
                f"{condition.wanted} fits no instance type with the other conditions; the closest: {shown}",
            )
