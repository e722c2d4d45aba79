"""Policies beside each other over one load: what each setting costs and how much is late, and what that saves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrivals import Arrivals
from .contenders import REFERENCE, contender
from .lanes import Values
from .pareto import Front, Saving, saving
from .replay import Outcomes, replay
from .service import Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What one policy reached over a load."""

    policy: str
    """Its name."""

    settings: tuple[str, ...]
    """What each lane is."""

    outcomes: Outcomes
    """What each lane reached."""

    front: Front
    """The lanes that none beats."""

    saving: Saving | None
    """What it saves beside the tuned HPA; None for that itself, or where it is not among the policies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Policies beside each other over one load."""

    service: Service
    """What was scaled."""

    seconds: float
    """Length of the load."""

    requests: float
    """Requests that arrived."""

    results: tuple[Result, ...]
    """One a policy, in the order asked for."""

    def result(self, policy: str) -> Result:
        """Return what a policy reached; raises `KeyError` where it was not compared."""
        for each in self.results:
            if each.policy == policy:
                return each
        raise KeyError(policy)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON types, with camelCase keys."""
        return {
            "service": {
                "serviceTimeSeconds": self.service.service_time,
                "concurrency": self.service.concurrency,
                "latencyBoundSeconds": self.service.latency_bound,
                "startupDelaySeconds": self.service.startup_delay,
                "giveUpSeconds": self.service.give_up,
                "minReplicas": self.service.min_replicas,
                "maxReplicas": self.service.max_replicas,
                "pricePerReplicaHour": self.service.price,
            },
            "seconds": self.seconds,
            "requests": self.requests,
            "policies": [self._policy(each) for each in self.results],
        }

    def _policy(self, result: Result) -> dict[str, Any]:
        outcomes = result.outcomes
        points = [
            {
                "setting": setting,
                "lateShare": float(outcomes.late[lane]),
                "replicaHours": float(outcomes.replica_hours[lane]),
                "cost": float(outcomes.replica_hours[lane]) * self.service.price,
                "overProvision": float(outcomes.over[lane]),
                "underProvision": float(outcomes.under[lane]),
                "changes": int(outcomes.changes[lane]),
                "mostReplicas": int(outcomes.most[lane]),
                "onFront": lane in result.front.lanes,
            }
            for lane, setting in enumerate(result.settings)
        ]
        found: dict[str, Any] = {"name": result.policy, "settings": points}
        if result.saving is not None:
            found["besideTunedHorizontal"] = {
                "fewerLateAtEqualHours": result.saving.fewer_late,
                "fewerHoursAtEqualLate": result.saving.fewer_hours,
                "pointsCompared": result.saving.points,
            }
        return found


def compare(
    arrivals: Arrivals,
    service: Service,
    policies: Sequence[str],
    *,
    interval: float = 15.0,
    sweep: bool = True,
    record: bool = False,
    advanced: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Replay a load against policies.

    Args:
        arrivals: The load.
        service: What serves it.
        policies: Names, as `contender_names` gives them.
        interval: Seconds between two decisions. Default: 15.
        sweep: Whether each policy runs with all settings of its sweep, or with its usual ones. Default: all.
        record: Whether to keep the replicas at each decision. Default: no.
        advanced: Called at times with a policy, its decisions made and their number. Default: nobody is told.

    Raises:
        InvalidInput: A policy has no such name, or the service makes no sense.
    """
    service.check()
    outcomes: dict[str, tuple[tuple[str, ...], Outcomes]] = {}
    for name in policies:
        chosen = contender(name, service, arrivals, interval=interval, sweep=sweep)
        outcomes[name] = (
            chosen.settings,
            replay(
                arrivals,
                service,
                chosen.lanes,
                interval=interval,
                initial=None if chosen.initial is None else np.array(chosen.initial, dtype=np.int64),
                record=record,
                advanced=_about(name, advanced),
            ),
        )
    fronts = {name: Front.of(found.replica_hours, found.late) for name, (_, found) in outcomes.items()}
    reference = fronts.get(REFERENCE)
    return Comparison(
        service=service,
        seconds=arrivals.seconds,
        requests=float(arrivals.counts.sum()),
        results=tuple(
            Result(
                policy=name,
                settings=settings,
                outcomes=found,
                front=fronts[name],
                saving=saving(fronts[name], reference) if reference is not None and name != REFERENCE else None,
            )
            for name, (settings, found) in outcomes.items()
        ),
    )


def _about(name: str, advanced: Callable[[str, int, int], None] | None) -> Callable[[int, int], None] | None:
    if advanced is None:
        return None
    return lambda made, count: advanced(name, made, count)


def mean_replicas(outcomes: Outcomes, seconds: float) -> Values:
    """Return the replicas that each lane had on average, [lanes]."""
    return outcomes.replica_hours * 3600 / seconds
