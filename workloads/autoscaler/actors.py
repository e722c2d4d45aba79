"""What is done with a decision: it is shown, written, or told to KEDA."""

import logging
from collections.abc import Callable
from typing import Final, Protocol

from .answers import Answer
from .bounds import Outcome
from .cluster import ApiFailure
from .lease import Office
from .metrics import Metrics
from .target import Superseded, Target, TargetState

_LOG: Final = logging.getLogger("aidc.autoscaler")
_ATTEMPTS: Final = 3
"""Writes of one decision at most, where the target changes under it."""

_CONTESTED: Final = 5
"""Weight of changes by others from which on the number of pods is contested: each adds two, each round without takes
one away."""

_SECONDS: Final = 5.0
"""Seconds that one write may take at most."""

Again = Callable[[TargetState], Outcome]


class Actor(Protocol):
    """Does what was decided."""

    @property
    def is_responsible(self) -> bool:
        """Whether this process is the one that acts."""
        ...

    @property
    def is_contested(self) -> bool:
        """Whether somebody else writes the number of pods too."""
        ...

    def act(self, state: TargetState, outcome: Outcome, again: Again) -> Outcome:
        """Do it, and return what was done at last; `again` decides anew for a target that has changed meanwhile."""
        ...

    def rest(self, *, is_gone: bool) -> None:
        """Do nothing this time: the target is gone, or was not read."""
        ...


class Spectator:
    """Does nothing: decisions are shown only."""

    is_contested = False

    def __init__(self, office: Office) -> None:
        """Hold an office, so that one of several stores the history."""
        self._office = office

    @property
    def is_responsible(self) -> bool:
        """Whether it holds the office."""
        return self._office.remaining > 0

    def act(self, state: TargetState, outcome: Outcome, again: Again) -> Outcome:
        """Return what would be done."""
        return outcome

    def rest(self, *, is_gone: bool) -> None:
        """Do nothing."""


class ScaleWriter:
    """Writes the number of pods of the target, while it holds the office.

    Each write names the version of the target that was decided for. So a process that was stopped after it had looked
    at its lease, and goes on when another one has acted, changes nothing.
    """

    def __init__(self, target: Target, office: Office, metrics: Metrics) -> None:
        """Prepare; nothing is written yet."""
        self._target, self._office, self._metrics = target, office, metrics
        self._ours: frozenset[int] = frozenset()
        self._foreign = 0

    @property
    def is_responsible(self) -> bool:
        """Whether it holds the office."""
        return self._office.remaining > 0

    @property
    def is_contested(self) -> bool:
        """Whether others have changed the number again and again."""
        return self._foreign >= _CONTESTED

    def act(self, state: TargetState, outcome: Outcome, again: Again) -> Outcome:
        """Write, unless the number is there already; a target that changes under it is decided on anew."""
        if not self.is_responsible:
            self._ours, self._foreign = frozenset(), 0
            return outcome
        self._watch(state)
        for _ in range(_ATTEMPTS):
            if outcome.replicas == state.wanted or (self.is_contested and outcome.replicas < state.wanted):
                self._ours = frozenset((state.wanted,))
                return outcome
            remaining = self._office.remaining
            if not remaining:
                return outcome
            # Where no answer comes, nobody knows whether it was written.
            self._ours = frozenset((state.wanted, outcome.replicas))
            try:
                self._target.write(outcome.replicas, state.version, seconds=min(remaining, _SECONDS))
                self._metrics.writes.labels("done").inc()
                self._ours = frozenset((outcome.replicas,))
                return outcome
            except Superseded:
                self._metrics.writes.labels("superseded").inc()
                changed = self._read()
            except ApiFailure as failure:
                self._metrics.writes.labels("failed").inc()
                self._metrics.failures.labels("api").inc()
                _LOG.warning(f"the number of pods was not written: {failure}")
                return outcome
            if changed is None:
                return outcome
            state, outcome = changed, again(changed)
        return outcome

    def rest(self, *, is_gone: bool) -> None:
        """Forget what was written: another target of this name starts with its own number."""
        if is_gone:
            self._ours, self._foreign = frozenset(), 0

    def _read(self) -> TargetState | None:
        try:
            return self._target.read()
        except ApiFailure:
            self._metrics.failures.labels("api").inc()
            return None

    def _watch(self, state: TargetState) -> None:
        """Weigh changes by others: one is a person, several in a short time are another autoscaler."""
        was_contested = self.is_contested
        if not self._ours or state.wanted in self._ours:
            self._foreign = max(0, self._foreign - 1)
        else:
            self._foreign = min(self._foreign + 2, 2 * _CONTESTED)
        if self.is_contested and not was_contested:
            _LOG.error(
                "somebody else writes the number of pods too, such as a HorizontalPodAutoscaler; while that goes on, "
                "pods are added and not taken away: let one of them own the number"
            )


class KedaInformer:
    """Tells KEDA the number of pods; all of several autoscalers answer alike, so none has to be the one."""

    is_contested = False

    def __init__(self, answer: Answer, office: Office, *, is_acting: bool) -> None:
        """Tell the decisions, or 0 where they are to be shown only: of KEDA's triggers the largest counts."""
        self._answer, self._office, self._is_acting = answer, office, is_acting

    @property
    def is_responsible(self) -> bool:
        """Whether it holds the office, by which one of several stores the history."""
        return self._office.remaining > 0

    def act(self, state: TargetState, outcome: Outcome, again: Again) -> Outcome:
        """Tell it."""
        self._answer.set(outcome.replicas if self._is_acting else 0)
        return outcome

    def rest(self, *, is_gone: bool) -> None:
        """Tell nothing about a target that is gone; what was told about one that was not read lasts a while."""
        if is_gone:
            self._answer.set(None)
