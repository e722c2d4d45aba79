"""What two plans differ by: resources, pools, capacity, cost and power."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...problems import InvalidInput, Problem
from ..span import Span
from ..values import mapping, mappings, section, text, texts
from .document import FORMAT, environment_pattern, without_environment

_POOL_FIELDS: Final = ("instanceTypes", "maximumNodes", "existingNodes", "gpuResource")
NO_COMPONENT: Final = "of no component"
"""Name of what belongs to none, as on the page of a plan."""

_TOTALS: Final = (
    ("nodes", ("capacity", "nodes"), 1.0),
    ("vCPUs", ("capacity", "vcpus"), 1.0),
    ("accelerators", ("capacity", "accelerators"), 1.0),
    ("PFLOPS, dense BF16", ("capacity", "densePflops"), 1.0),
    ("kW", ("power", "kilowatts"), 1.0),
    ("MWh a month", ("power", "kwhPerMonth"), 1000.0),
    ("t CO2e a month", ("power", "carbonKgPerMonth"), 1000.0),
    ("US dollars a month", ("cost", "monthly"), 1.0),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An amount before and after; None where the thing is not there."""

    name: str
    before: Span | None
    after: Span | None

    @property
    def is_change(self) -> bool:
        """Whether both differ."""
        return self.before != self.after

    @property
    def difference(self) -> Span:
        """After less before, at least and at most."""
        nothing = Span.of(0.0)
        before, after = self.before or nothing, self.after or nothing
        return Span(least=after.least - before.least, most=after.most - before.most)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, camelCase."""
        return {
            "name": self.name,
            "before": self.before.to_dict() if self.before else None,
            "after": self.after.to_dict() if self.after else None,
            "difference": self.difference.to_dict(),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolChange:
    """A pool that is not what it was."""

    name: str
    fields: Mapping[str, tuple[Any, Any]]
    """What differs: before and after, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanDifference:
    """What a plan differs by from an earlier one, or from that of another environment."""

    before: str
    """Which plan, as `project/stack`."""

    after: str
    added: tuple[tuple[str, str], ...]
    """Type and name of the resources that were not there, sorted."""

    removed: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, str], ...]
    """Of those whose inputs differ."""

    pools_added: tuple[str, ...]
    pools_removed: tuple[str, ...]
    pools_changed: tuple[PoolChange, ...]
    costs: tuple[Change, ...]
    """Cost of a month by component, the greatest difference first; equal ones are left out."""

    totals: tuple[Change, ...]
    """Sums, equal ones too."""

    unpriced_added: tuple[str, ...]
    """What has no price now."""

    unpriced_removed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        found = (self.added, self.removed, self.changed, self.pools_added, self.pools_removed, self.pools_changed)
        unpriced = self.unpriced_added or self.unpriced_removed
        return not any(found) and not self.costs and not unpriced and not any(each.is_change for each in self.totals)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `--json`, camelCase."""
        return {
            "before": self.before,
            "after": self.after,
            "resources": {
                kind: [{"type": type, "name": name} for type, name in found]
                for kind, found in (("added", self.added), ("removed", self.removed), ("changed", self.changed))
            },
            "nodePools": {
                "added": list(self.pools_added),
                "removed": list(self.pools_removed),
                "changed": [
                    {
                        "name": each.name,
                        "fields": {key: {"before": old, "after": new} for key, (old, new) in each.fields.items()},
                    }
                    for each in self.pools_changed
                ],
            },
            "costs": [each.to_dict() for each in self.costs],
            "totals": [each.to_dict() for each in self.totals],
            "unpriced": {"added": list(self.unpriced_added), "removed": list(self.unpriced_removed)},
        }


def compare_plans(before: Mapping[str, Any], after: Mapping[str, Any], subject: str = "plan") -> PlanDifference:
    """Return what the plan `after` differs by from the plan `before`.

    Where the name of an environment stands in the name of a resource or a component, it counts as the same in both.

    Args:
        before: A plan as `plan_document` returns it; also one that was written to a file.
        after: Another one.
        subject: What to name in an error: the file that `before` was read from.

    Raises:
        InvalidInput: `before` is no plan of this form.
    """
    if before.get("format") != FORMAT or not isinstance(before.get("inventory"), list):
        reason = "is no plan that this version wrote; write one with aidc plan ENV --json FILE"
        raise InvalidInput(subject, [Problem("", reason)])
    try:
        return _compared(before, after)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(subject, [Problem("", f"is damaged: {error}; write it again")]) from None


def _compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> PlanDifference:
    old, new = _Plan(before), _Plan(after)
    common = old.resources.keys() & new.resources.keys()
    costs = [
        Change(name=name, before=old.costs.get(name), after=new.costs.get(name)) for name in {**old.costs, **new.costs}
    ]
    return PlanDifference(
        before=old.title,
        after=new.title,
        added=tuple(sorted(new.resources.keys() - old.resources.keys())),
        removed=tuple(sorted(old.resources.keys() - new.resources.keys())),
        changed=tuple(sorted(key for key in common if old.resources[key] != new.resources[key])),
        pools_added=tuple(sorted(new.pools.keys() - old.pools.keys())),
        pools_removed=tuple(sorted(old.pools.keys() - new.pools.keys())),
        pools_changed=tuple(_pool_changes(old.pools, new.pools)),
        costs=tuple(sorted((each for each in costs if each.is_change), key=_size)),
        totals=tuple(
            Change(name=title, before=_span(before, path, unit), after=_span(after, path, unit))
            for title, path, unit in _TOTALS
        ),
        unpriced_added=tuple(sorted(new.unpriced - old.unpriced)),
        unpriced_removed=tuple(sorted(old.unpriced - new.unpriced)),
    )


class _Plan:
    """One plan, with the same names as that of another environment has."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._environment = environment_pattern(text(document.get("stack")), *texts(document.get("stacks")))
        self.title = f"{document.get('project')}/{document.get('stack')}"
        self.resources = self._resources(mappings(document.get("inventory")))
        self.pools = {self.name(str(each.get("name"))): each for each in mappings(document.get("nodePools"))}
        cost = mapping(document.get("cost"))
        self.costs = {
            self.name(str(name)) or NO_COMPONENT: _read(mapping(span))
            for name, span in mapping(cost.get("byComponent")).items()
        }
        self.unpriced = {
            f"{each.get('what')} ({self.name(str(each.get('name')))})" for each in mappings(cost.get("unpriced"))
        }

    def name(self, given: str) -> str:
        """Return a name with a stand-in for the environment's."""
        return without_environment(given, self._environment)

    def _resources(self, inventory: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for each in inventory:
            key = (str(each.get("type")), self.name(str(each.get("name"))))
            found.setdefault(key, []).append(str(each.get("fingerprint")))
        return {key: sorted(fingerprints) for key, fingerprints in found.items()}


def _pool_changes(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[PoolChange]:
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        fields = {key: (before.get(key), after.get(key)) for key in _POOL_FIELDS if before.get(key) != after.get(key)}
        if fields:
            yield PoolChange(name=name, fields=fields)


def _span(document: Mapping[str, Any], path: tuple[str, ...], unit: float) -> Span:
    return _read(section(document, *path)).times(1 / unit)


def _read(found: Mapping[str, Any]) -> Span:
    return Span(least=float(found.get("least", 0.0)), most=float(found.get("most", 0.0)))


def _size(change: Change) -> tuple[float, str]:
    return -max(abs(change.difference.least), abs(change.difference.most)), change.name
