"""Waiting until what was applied does what it is there for."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .client import Client
from .failure import NotReady
from .families import Families, Key, key_of
from .objects import Object, identity
from .readiness import State, Surroundings, Verdict, has_rule, verdict
from .reasons import reasons

_EVERY_SECONDS = 0.7
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Progress:
    """How far everything is at one moment."""

    ready: int
    total: int
    waiting: Sequence[tuple[str, str]]
    """`Kind namespace/name` and what it waits for."""


def wait_until_ready(
    client: Client, objects: Sequence[Object], seconds: float, show: Callable[[Progress], None]
) -> None:
    """Wait until all `objects` are ready.

    Args:
        client: the cluster.
        objects: what was applied.
        seconds: how long at most.
        show: is told how far it is, at every round.

    Raises:
        NotReady: something failed, or is not ready in time; with the reasons that scheduler, Karpenter and
            controllers gave.
        ApiUnreachable: the API server went away.
    """
    watched = [thing for thing in objects if has_rule(thing)]
    deadline = time.monotonic() + seconds
    while True:
        verdicts = _verdicts(client, watched)
        late = {key: found for key, found in verdicts.items() if found.state is not State.READY}
        failed = {key: found for key, found in late.items() if found.state is State.FAILED}
        show(Progress(len(verdicts) - len(late), len(verdicts), [(_told(key), late[key].detail) for key in late]))
        if not late:
            return
        if failed:
            raise NotReady(_report(client, failed, "failed"))
        if time.monotonic() > deadline:
            raise NotReady(_report(client, late, f"not ready after {seconds:.0f} s"))
        time.sleep(_EVERY_SECONDS)


def _verdicts(client: Client, watched: Iterable[Object]) -> Mapping[Key, Verdict]:
    wanted = {key_of(thing): thing for thing in watched}
    present: dict[Key, Object] = {}
    for version, kind in dict.fromkeys((thing["apiVersion"], thing["kind"]) for thing in wanted.values()):
        present.update((key_of(thing), thing) for thing in client.list(version, kind))
    around = Surroundings.read(client)
    return {key: _verdict(_found(present, key), around) for key in wanted}


def _found(present: Mapping[Key, Object], key: Key) -> Object | None:
    # An object without a namespace of its own lands in `default`, where the kind has namespaces.
    return present.get(key) or (None if key.namespace else present.get(Key(key.kind, "default", key.name)))


def _verdict(thing: Object | None, around: Surroundings) -> Verdict:
    return Verdict(State.WAITING, "is gone") if thing is None else verdict(thing, around)


def _report(client: Client, late: Mapping[Key, Verdict], what: str) -> str:
    families = Families.read(client)
    lines = [f"{len(late)} {what}:"]
    for key, found in list(late.items())[:_SHOWN]:
        lines.append(f"  {_told(key)}: {found.detail}")
        lines += [f"      {line}" for line in reasons(client, families, key) if line != found.detail]
    if len(late) > _SHOWN:
        lines.append(f"  and {len(late) - _SHOWN} more")
    return "\n".join(lines)


def _told(key: Key) -> str:
    return identity({"kind": key.kind, "metadata": {"namespace": key.namespace, "name": key.name}})
