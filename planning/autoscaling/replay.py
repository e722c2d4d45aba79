"""Replays a load against policies: a queue, replicas that take time to start, and what it cost.

One first-come-first-served queue stands before all replicas. Within a step (1 second by default) arrivals and service
are spread evenly, so waiting is exact for work that flows; a request is late when it has not begun to be served after
the time that it may wait. What `late` and `replica_hours` mean follows the definitions that comparisons of autoscalers
share: late or failed requests by all requests, and replica-seconds from the wish for a replica to its end.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .arrivals import Arrivals
from .horizontal import SYNC_SECONDS
from .lanes import Counts, Lanes, Observations, Values
from .service import Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcomes:
    """What a replay measured, for every lane."""

    requests: float
    """Requests that arrived, whose fate is known at the end."""

    late: Values
    """Share of the requests that were answered after the latency bound, or never; [lanes]."""

    replica_hours: Values
    """Hours of all replicas, from the wish for one to its end, so those that start are in; [lanes]."""

    over: Values
    """Capacity that nobody used, as a share of the demand; [lanes]."""

    under: Values
    """Demand above the capacity of its moment, as a share of the demand; [lanes]."""

    changes: Counts
    """How often the number of replicas was changed; [lanes]."""

    most: Counts
    """Replicas at most; [lanes]."""

    replicas: Values | None = None
    """Replicas wanted at each decision, [decisions, lanes], where a record was asked for."""

    load: Values | None = None
    """Replicas that the work of each interval would keep busy, [decisions], where a record was asked for."""


@dataclass(slots=True)
class _State:
    """What lanes have at one moment."""

    ready: Counts
    backlog: Values
    beyond: Values
    starting: deque[tuple[int, Counts]] = field(default_factory=deque[tuple[int, Counts]])

    def wanted(self) -> Counts:
        return self.ready + sum((count for _, count in self.starting), 0)


def replay(
    arrivals: Arrivals,
    service: Service,
    lanes: Lanes,
    *,
    interval: float = SYNC_SECONDS,
    initial: Counts | None = None,
    record: bool = False,
    advanced: Callable[[int, int], None] | None = None,
) -> Outcomes:
    """Return what becomes of a load under policies.

    Args:
        arrivals: The load.
        service: What serves it.
        lanes: The policies, or the settings of one, that decide beside each other.
        interval: Seconds between two decisions; rounded to steps. Default: 15, as the HPA.
        initial: Replicas that are ready at the begin, [lanes]. Default: what the time needs, at 70 percent of use, in
            which no decision can help yet: the first interval and the start-up.
        record: Whether to keep the replicas at each decision. Default: no.
        advanced: Called at times with the decisions made and their number. Default: nobody is told.
    """
    service.check()
    step, count = arrivals.step, lanes.count
    block = max(1, round(interval / step))
    delay = max(0, int(np.ceil(service.startup_delay / step - 1e-9)))
    blocks = len(arrivals) // block
    allowed, patience = round(service.allowed_wait / step), max(1, round(service.give_up / step))
    rate = service.replica_rate * step
    arrived = np.concatenate([[0.0], np.cumsum(arrivals.work)])
    # Work that came in the time that a request may wait, before the end of each step.
    recent = arrived[1:] - arrived[np.maximum(np.arange(1, len(arrived)) - allowed, 0)]
    counts = np.concatenate([np.zeros(allowed), arrivals.counts])
    if initial is None:
        need = arrivals.work[: (block + delay) // block * block].reshape(-1, block).mean(1).max()
        first = max(service.min_replicas, int(np.ceil(need / rate / 0.7)))
        initial = np.full(count, min(first, service.max_replicas), dtype=np.int64)
    state = _State(initial.copy(), np.zeros(count), np.full(count, -1.0))
    late, seconds, over, under = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count)
    changes, most = np.zeros(count, dtype=np.int64), initial.copy()
    kept = np.empty((blocks, count)) if record else None
    along = np.arange(1, block + 1)[:, None]
    for index in range(blocks):
        begin = index * block
        end = begin + block
        work = arrivals.work[begin:end]
        capacity = _capacity(state, begin, block, along) * rate
        available = capacity[-1]
        level = state.backlog + (arrived[begin + 1 : end + 1, None] - arrived[begin]) - capacity
        level -= np.minimum(np.minimum.accumulate(level, axis=0), 0)
        beyond = level - recent[begin:end, None]
        before = np.concatenate([state.beyond[None], beyond[:-1]])
        share = np.maximum(beyond, 0) + np.maximum(before, 0)
        share /= np.abs(beyond) + np.abs(before) + 1e-12
        late += counts[begin:end] @ share
        asked = work.sum()
        served = state.backlog + asked - level[-1]
        state.beyond = beyond[-1]
        # Who waited longer has given up, and is late already.
        state.backlog = np.minimum(level[-1], arrived[end] - arrived[max(0, end - patience)])
        over += np.maximum(available - asked, 0)
        under += np.maximum(asked - available, 0)
        wanted = state.wanted()
        seconds += wanted * (block * step)
        with np.errstate(invalid="ignore", divide="ignore"):
            use = np.where(available > 0, served / available, np.nan)
        seen = Observations(
            time=arrivals.start + end * step,
            rate=float(asked) / (block * step),
            waiting=state.backlog,
            utilisation=use,
            ready=state.ready,
            wanted=wanted,
        )
        decided = np.clip(lanes.decide_all(seen), service.min_replicas, service.max_replicas)
        _apply(state, decided - wanted, end + delay, end)
        changes += decided != wanted
        most = np.maximum(most, decided)
        if kept is not None:
            kept[index] = decided
        if advanced is not None and index % 1000 == 0:
            advanced(index, blocks)
    used = blocks * block
    answered = float(counts[:used].sum())
    demand = float(arrived[used])
    return Outcomes(
        requests=answered,
        late=late / max(answered, 1.0),
        replica_hours=seconds / 3600,
        over=over / max(demand, 1e-12),
        under=under / max(demand, 1e-12),
        changes=changes,
        most=most,
        replicas=kept,
        load=arrivals.work[:used].reshape(blocks, block).mean(1) / rate if record else None,
    )


def _capacity(state: _State, begin: int, block: int, along: Counts) -> Values:
    """Return replica-steps from the begin of the block to the end of each step, and let what has started take part."""
    capacity = (state.ready * along).astype(np.float64)
    while state.starting and state.starting[0][0] < begin + block:
        at, started = state.starting.popleft()
        capacity += np.maximum(along - max(at - begin, 0), 0) * started
        state.ready = state.ready + started
    return capacity


def _apply(state: _State, change: Counts, ready_at: int, now: int) -> None:
    """Start replicas, and end first those that start, the youngest before the others, as Kubernetes does."""
    fewer = np.maximum(-change, 0)
    if fewer.any():
        for position in range(len(state.starting) - 1, -1, -1):
            at, started = state.starting[position]
            ended = np.minimum(started, fewer)
            state.starting[position] = (at, started - ended)
            fewer = fewer - ended
        state.ready = state.ready - fewer
    more = np.maximum(change, 0)
    if ready_at <= now:
        state.ready = state.ready + more
    elif more.any():
        state.starting.append((ready_at, more))
