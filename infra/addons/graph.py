"""Which add-ons are installed, and in which order."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ...problems import Problems, suggestion
from .addon import Addon


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedAddons:
    """A choice of add-ons with all that it needs."""

    order: tuple[Addon, ...]
    """Each after those that it needs; alike in every run."""

    added: Mapping[str, tuple[str, ...]]
    """Those that nobody asked for, and who needs each, sorted."""

    def before(self, addon: Addon) -> tuple[str, ...]:
        """Return the add-ons that must be there first, sorted."""
        present = {each.name for each in self.order}
        return tuple(sorted(present & {*addon.needs, *addon.after}))


def resolve_addons(
    problems: Problems,
    path: str,
    wanted: Iterable[str],
    addons: Mapping[str, Addon],
    present: Collection[str] = (),
) -> ResolvedAddons:
    """Add what is needed, refuse what cannot be together, and put all into order.

    Args:
        problems: where problems go.
        path: path of the choice in the inputs.
        wanted: names of the add-ons that are asked for; their order has no meaning.
        addons: the add-ons that there are, by name.
        present: names of those that the cluster has from elsewhere; who needs them brings none along.
    """
    chosen = sorted(set(wanted))
    for name in chosen:
        if name not in addons:
            problems.add(f"{path}.{name}", f"no such add-on{suggestion(name, addons)}")
    found = {name: addons[name] for name in chosen if name in addons}
    added: dict[str, set[str]] = {}
    rest = list(found.values())
    while rest:
        addon = rest.pop()
        for need in addon.needs:
            if need in present:
                continue
            if need not in chosen:
                added.setdefault(need, set()).add(addon.name)
            if need not in found:
                found[need] = addons[need]
                rest.append(addons[need])
    _check_conflicts(problems, path, found)
    return ResolvedAddons(
        order=tuple(found[name] for name in _in_order(found)),
        added={name: tuple(sorted(who)) for name, who in sorted(added.items())},
    )


def _check_conflicts(problems: Problems, path: str, found: Mapping[str, Addon]) -> None:
    for addon in found.values():
        for other, way_out in sorted(addon.conflicts.items()):
            if other in found:
                problems.add(f"{path}.{addon.name}", f"cannot be beside '{other}': {way_out}")


def _in_order(found: Mapping[str, Addon]) -> list[str]:
    """Return names, each after what it needs; of those that could come next, the first by name."""
    before = {name: {each for each in (*addon.needs, *addon.after) if each in found} for name, addon in found.items()}
    sorter = TopologicalSorter(before)
    try:
        sorter.prepare()
    except CycleError as error:
        raise AssertionError(f"add-ons need each other in a circle: {' -> '.join(error.args[1])}") from error
    order: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted({*ready, *sorter.get_ready()})
        order.append(ready.pop(0))
        sorter.done(order[-1])
    return order
