"""A linear regression that learns as it goes."""

import numpy as np

from .series import Values

FORGETTING = 0.999
"""Weight of an example beside the next one."""
RIDGE = 5.0
"""Strength of the pull towards no effect, in squared sizes of a feature."""


class RecursiveRegression:
    """Recursive least squares with forgetting (Ljung, System Identification, 1999, section 11.2), for each output."""

    def __init__(self, outputs: int, features: int) -> None:
        """Begin with weights of 0."""
        self._weights = np.zeros((outputs, features))
        self._start = np.eye(features) / RIDGE
        self._inverse = np.repeat(self._start[None], outputs, axis=0)
        self._size = 1e-12
        self._examples = 0

    def learn(self, features: Values, targets: Values) -> None:
        """Learn from float64 [outputs, features] and [outputs]; a target that is NaN teaches nothing."""
        # Features are brought to a size of about 1 by their usual size, so that the ridge means the same everywhere.
        self._examples += 1
        rate = max(0.01, 1 / self._examples)
        self._size += rate * (float(np.mean(np.square(features))) - self._size)
        scale = np.sqrt(self._size) + 1e-12
        known = ~np.isnan(targets)
        x = np.where(known[:, None], features / scale, 0)
        wrong = np.where(known, targets / scale - np.einsum("of,of->o", x, self._weights), 0)
        # One wild example must not turn everything round.
        wrong = np.clip(wrong, -5, 5)
        projected = np.einsum("ofg,og->of", self._inverse, x)
        gain = projected / (FORGETTING + np.einsum("of,of->o", x, projected))[:, None]
        self._weights += gain * wrong[:, None]
        self._inverse = (self._inverse - gain[:, :, None] * projected[:, None, :]) / FORGETTING
        # Where nothing new comes in, forgetting would let the inverse grow without bound.
        trace = np.einsum("off->o", self._inverse)
        limit = float(np.trace(self._start))
        self._inverse *= np.minimum(1, limit / trace)[:, None, None]

    def predict(self, features: Values) -> Values:
        """Return float64 [outputs] for float64 [outputs, features]."""
        return np.einsum("of,of->o", features, self._weights)
