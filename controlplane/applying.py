"""Applying objects server-side and strictly, in order; and removing what an earlier run applied and this one lacks."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ..evaluation.quantities import quantity
from .client import Client
from .definitions import wait_until_served
from .failure import ApiError
from .inventory import STATEFUL, Entry, Inventory
from .objects import Object, identity, name, namespace

_PATIENCE_SECONDS = 30.0
# What a cluster answers while it is not yet ready for an object that is right.
_PASSING = (
    "failed calling webhook",
    "failed to call webhook",
    "connection refused",
    "no endpoints available",
    "no matches for kind",
    "the object has been modified",
    "serviceaccount",
    "being terminated",
    "server is currently unable",
    "context deadline exceeded",
    "etcdserver",
    # Trainer looks runtimes up in a cache that is a moment behind.
    "not found",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that the API server does not take, and why."""

    object: str
    reason: str

    def __str__(self) -> str:
        return f"{self.object}: {self.reason}"


@dataclass(kw_only=True)
class Outcome:
    """What applying did, by `Kind namespace/name`."""

    created: list[str] = field(default_factory=list[str])
    changed: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    refused: list[Refusal] = field(default_factory=list[Refusal])
    removed: list[str] = field(default_factory=list[str])
    kept: list[str] = field(default_factory=list[str])
    """Not wanted any more, but stateful: removed only on demand."""

    @property
    def same(self) -> bool:
        """Whether nothing in the cluster is different now."""
        return not (self.created or self.changed or self.removed or self.refused)


def apply_all(
    client: Client,
    objects: Sequence[Object],
    *,
    prune_stateful: bool = False,
    force_conflicts: bool = False,
    owner: str = "aidc",
    patience: float = _PATIENCE_SECONDS,
) -> Outcome:
    """Apply `objects` in the order given, and remove what an earlier run applied and this one lacks.

    An object that the cluster cannot take yet (its kind, webhook or runtime is not ready) is tried again for
    `patience` seconds. Nothing is removed when an object was refused: the list may be only half of what is wanted.

    Args:
        client: the cluster.
        objects: what shall be there.
        prune_stateful: also remove stateful objects (claims, volumes, namespaces, definitions, ...).
        force_conflicts: take over fields that someone else has set.
        owner: whose list this is; the lists of several owners live side by side in a cluster.
        patience: seconds.

    Raises:
        ApiUnreachable: the API server went away; what was applied is recorded, and another run continues.
    """
    objects = [_placed(client, thing) for thing in objects]
    inventory = Inventory(client, owner)
    before = inventory.read()
    now = [Entry.of(thing) for thing in objects]
    # Recorded first: whatever interrupts this run, the next one knows what may be there.
    wanted = set(now)
    inventory.write([*now, *(entry for entry in before if entry not in wanted)])
    outcome = Outcome()
    _apply_in_rounds(client, objects, force_conflicts, time.monotonic() + patience, outcome)
    if not outcome.refused:
        _prune(client, inventory, before, now, prune_stateful, outcome)
    return outcome


def _apply_in_rounds(client: Client, objects: Sequence[Object], force: bool, deadline: float, outcome: Outcome) -> None:
    """Apply all, then again those that the cluster could not take yet, until `deadline`."""
    waiting = list(objects)
    while waiting:
        later: list[tuple[Object, ApiError]] = []
        for thing in waiting:
            try:
                _apply(client, thing, force, outcome)
            except ApiError as error:
                later.append((thing, error))
        progressed = len(later) < len(waiting)
        passing = [thing for thing, error in later if _is_passing(error, progressed)]
        hopeless = [(thing, error) for thing, error in later if not _is_passing(error, progressed)]
        if time.monotonic() > deadline:
            hopeless, passing = later, []
        outcome.refused += [Refusal(identity(thing), _told(error)) for thing, error in hopeless]
        waiting = passing
        if waiting:
            time.sleep(0.5)


def _placed(client: Client, thing: Object) -> Object:
    """Return the object with the namespace that it lands in, and without the status that nobody may apply."""
    metadata = {key: value for key, value in thing["metadata"].items() if key != "managedFields"}
    if client.serves(thing["apiVersion"], thing["kind"]) and client.kind_of(thing).namespaced:
        metadata.setdefault("namespace", "default")
    return {**{key: value for key, value in thing.items() if key != "status"}, "metadata": metadata}


def _apply(client: Client, thing: Object, force: bool, outcome: Outcome) -> None:
    kind = client.kind_of(thing)
    before = client.get(kind, name(thing), namespace(thing) or None)
    if before is not None and before["metadata"].get("deletionTimestamp"):
        raise ApiError(409, "Terminating", "is being deleted, and not gone yet")
    if before is not None and _would_stay(client, before, thing, force):
        outcome.unchanged.append(identity(before))
        return
    label = identity(client.apply(thing, force=force))
    (outcome.created if before is None else outcome.changed).append(label)
    if thing["kind"] == "CustomResourceDefinition":
        wait_until_served(client, [name(thing)])


def _would_stay(client: Client, before: Object, thing: Object, force: bool) -> bool:
    """Tell whether applying would change nothing.

    Asked by a dry run, since applying what is there can still write: a webhook that stores `1000m` as `1` has
    the object change back and forth.
    """
    try:
        after = client.apply(thing, force=force, dry_run=True)
    except ApiError as error:
        # A webhook with side effects takes no dry run.
        if "dry run" in str(error).lower():
            return False
        raise
    return same_substance(before, after)


def same_substance(one: Object, other: Object) -> bool:
    """Tell whether two states of an object say the same, apart from status and what the server writes about it."""
    return _same(_substance(one), _substance(other))


def _substance(thing: Object) -> Object:
    own = ("resourceVersion", "managedFields", "generation")
    metadata = {key: value for key, value in thing["metadata"].items() if key not in own}
    return {**{key: value for key, value in thing.items() if key != "status"}, "metadata": metadata}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = cast("Object", one), cast("Object", other)
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    if isinstance(one, list) and isinstance(other, list):
        pairs = list(zip(cast("list[Any]", one), cast("list[Any]", other), strict=False))
        return len(cast("list[Any]", one)) == len(cast("list[Any]", other)) and all(_same(*pair) for pair in pairs)
    return one == other or _same_quantity(one, other)


def _same_quantity(one: Any, other: Any) -> bool:
    try:
        return quantity(str(one)) == quantity(str(other))
    except ValueError:
        return False


def _is_passing(error: ApiError, progressed: bool) -> bool:
    if error.reason in ("NoKind", "Terminating") or error.code in (429, 503, 504):
        return True
    message = str(error).lower()
    if "field not declared" in message or "immutable" in message or "is invalid" in message:
        return False
    if message.startswith("namespaces "):
        # It may come later in the list, but from nowhere else.
        return progressed
    return error.code in (403, 404, 409, 500) and any(words in message for words in _PASSING)


def _told(error: ApiError) -> str:
    message = str(error)
    if error.reason == "Conflict" and "conflict" in message.lower():
        return f"{message}; give --force-conflicts to take these fields over"
    if "immutable" in message:
        return f"{message}; delete the object first, then run this again"
    return message


def _prune(
    client: Client,
    inventory: Inventory,
    before: Iterable[Entry],
    now: Sequence[Entry],
    prune_stateful: bool,
    outcome: Outcome,
) -> None:
    wanted = set(now)
    kept: list[Entry] = []
    # What came last goes first: workloads before the namespaces and definitions that they stand on.
    for entry in reversed([entry for entry in before if entry not in wanted]):
        kind = entry.kind_in(client)
        if kind is None or client.get(kind, entry.name, entry.namespace or None) is None:
            continue
        if entry.kind in STATEFUL and not prune_stateful:
            outcome.kept.append(str(entry))
            kept.append(entry)
        elif client.delete(kind, entry.name, entry.namespace or None):
            outcome.removed.append(str(entry))
    inventory.write([*now, *reversed(kept)])
