"""How good the forecasts of the last time were."""

from collections import deque
from dataclasses import dataclass
from typing import Final

_PAIRS: Final = 1440
"""Forecasts that are remembered: a day of minutes."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A load that is to come."""

    middle: float
    """As likely to be exceeded as not."""

    high: float
    """Exceeded one time in twenty."""


HIGH: Final = 0.95
"""The quantile of `Prediction.high`."""


class Accuracy:
    """Holds forecasts until their time has come, and compares them with what came."""

    def __init__(self, step: float) -> None:
        """Compare with facts that come every `step` seconds."""
        self._step = step
        self._open: deque[tuple[float, Prediction]] = deque()
        self._pairs: deque[tuple[Prediction, float]] = deque(maxlen=_PAIRS)

    def expect(self, due: float, prediction: Prediction) -> None:
        """Remember a forecast for the time `due`, later than those before."""
        self._open.append((due, prediction))

    def observe(self, time: float, fact: float | None) -> None:
        """Take a fact; a forecast for a time without one is forgotten."""
        while self._open and self._open[0][0] <= time:
            due, prediction = self._open.popleft()
            if fact is not None and time - due < self._step:
                self._pairs.append((prediction, fact))

    @property
    def count(self) -> int:
        """Forecasts that were compared."""
        return len(self._pairs)

    @property
    def error(self) -> float | None:
        """Sum of the absolute errors as a share of the sum of the facts (WAPE); None where nothing came."""
        facts = sum(fact for _, fact in self._pairs)
        errors = sum(abs(prediction.middle - fact) for prediction, fact in self._pairs)
        return errors / facts if facts else None

    @property
    def covered(self) -> float | None:
        """Share of the facts that were no more than the high forecast: 0.95 where it is honest; None without any."""
        if not self._pairs:
            return None
        return sum(fact <= prediction.high for prediction, fact in self._pairs) / len(self._pairs)
