"""Candidates that run in the shadow of the one that decides: what each would have cost, and what would have been late.

This is following the leader among experts (N. Cesa-Bianchi and G. Lugosi, Prediction, Learning, and Games, 2006,
chapter 3), where a candidate's loss is not a guess: replicas that were wanted all through the start-up would have been
ready, and the load is the same whatever their number is, so its past is known exactly but for waiting within a step.
"""

import math
from typing import Any, Final

import numpy as np

from .demand_prior import CandidatePrior
from .lanes import Counts, Values

_MEMORY: Final = 2 * 86_400.0
_PRIOR_SECONDS: Final = 1800.0


class Shadows:
    """Replays candidates on the load as it comes."""

    def __init__(
        self, *, step: float, startup_delay: float, allowed_wait: float, count: int, prior: CandidatePrior
    ) -> None:
        """Begin with what is assumed of every candidate; `count` is their number."""
        self._step = step
        self._wait = allowed_wait
        self._prior = prior
        self._wanted = np.full((math.ceil(startup_delay / step - 1e-9) + 1, count), -1, dtype=np.int64)
        self._turn = 0
        self._backlog = np.zeros(count)
        self._decay = math.exp(-step / _MEMORY)
        self._replicas, self._late = np.zeros(count), np.zeros(count)
        self._asked = 0.0

    def observe(self, load: float) -> None:
        """Take the load of a step, in replicas; NaN where it is unknown."""
        if self._turn < len(self._wanted) or not math.isfinite(load):
            return
        # What was wanted all the time since the start-up began is ready, and no more than that.
        capacity = self._wanted.min(0).astype(np.float64)
        before = self._backlog
        self._backlog = np.clip(before + (load - capacity) * self._step, 0, 60 * load + 1e-9)
        allowed = np.maximum(capacity, 0.5) * self._wait
        late = (self._backlog > allowed) * 0.5 + (before > allowed) * 0.5
        newest = self._wanted[(self._turn - 1) % len(self._wanted)]
        self._replicas += newest
        self._late += late * load
        self._asked += load

    def follow(self, wanted: Counts) -> None:
        """Take what every candidate wants from now on, [candidates]."""
        self._wanted[self._turn % len(self._wanted)] = wanted
        self._turn += 1
        self._replicas *= self._decay
        self._late *= self._decay
        self._asked *= self._decay

    def learned(self) -> dict[str, Any]:
        """Return `replicas` for each unit of load and `late`, its share, of each candidate; the old counts less."""
        asked = max(self._asked, 1e-9)
        return {"replicas": self._replicas / asked, "late": self._late / asked}

    def totals(self, load: float, width: float) -> tuple[Values, Values]:
        """Return the replicas and the late load of every candidate, with what is assumed of it.

        Args:
            load: The usual load, in replicas.
            width: How uncertain the load is; loads that were as uncertain say what to assume.
        """
        weight = _PRIOR_SECONDS / self._step * max(load, 1e-3)
        replicas, late = self._prior.like(width)
        return self._replicas + weight * replicas, self._late + weight * late
