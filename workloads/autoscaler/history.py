"""The past of the load: kept in memory, and in a ConfigMap where the source does not know it."""

import json
import logging
import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import numpy as np

from ...planning.forecasting.series import Series
from .cluster import ClusterApi
from .readings import Sample

_LOG: Final = logging.getLogger("aidc.autoscaler")
_KEY: Final = "history"
_DIGITS: Final = 6
"""Significant digits that are stored."""

_STORED: Final = 10_000
"""Values that are stored: 100 KB, of the 1 MiB that a ConfigMap may have."""


class History:
    """Samples on a grid of whole steps, the newest last."""

    def __init__(self, step: float, seconds: float) -> None:
        """Keep `seconds` of samples that are `step` seconds apart."""
        self._step = step
        self._samples: deque[Sample] = deque(maxlen=max(1, math.ceil(seconds / step)))

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def samples(self) -> Sequence[Sample]:
        """All samples, oldest first."""
        return tuple(self._samples)

    @property
    def series(self) -> Series:
        """The rates on their grid; a sample is of the step that ends at its time."""
        rates = [float("nan") if sample.rate is None else sample.rate for sample in self._samples]
        start = self._samples[0].time - self._step if self._samples else 0.0
        return Series(start, self._step, np.array(rates, dtype=np.float64))

    def add(self, time: float, rate: float | None) -> None:
        """Take a sample; steps that were left out since the one before have none, and a second one wins its step."""
        index = round(time / self._step)
        if self._samples:
            last = round(self._samples[-1].time / self._step)
            if index < last:
                return
            if index == last:
                before = self._samples.pop().rate
                rate = before if rate is None else rate
            for missing in range(max(last + 1, index - (self._samples.maxlen or 0)), index):
                self._samples.append(Sample(missing * self._step, None))
        self._samples.append(Sample(index * self._step, rate))

    def replace(self, samples: Iterable[Sample]) -> None:
        """Take samples in the place of all that there are."""
        self._samples.clear()
        for sample in samples:
            self.add(sample.time, sample.rate)


class StoredHistory:
    """A ConfigMap with the past in it. It must be there: the autoscaler may not make one."""

    def __init__(self, api: ClusterApi, namespace: str, name: str) -> None:
        """Name the ConfigMap."""
        self._api = api
        self._path = f"/api/v1/namespaces/{namespace}/configmaps/{name}"

    def load(self) -> Sequence[Sample]:
        """Return what is stored; nothing where there is nothing that could be read.

        Raises:
            ApiFailure: The API server refused or did not answer.
        """
        data = cast(dict[str, Any], self._api.get(self._path).get("data") or {})
        try:
            stored = json.loads(data.get(_KEY, "null"))
            if stored is None:
                return ()
            start, step = float(stored["start"]), float(stored["step"])
            if not (math.isfinite(start) and step > 0):
                raise ValueError(f"start {start}, step {step}")
            return [Sample(start + index * step, _rate(value)) for index, value in enumerate(stored["rates"])]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            _LOG.warning(f"the stored history cannot be read, and begins anew: {error!r}")
            return ()

    def save(self, samples: Sequence[Sample]) -> None:
        """Store the newest samples, which lie on a grid.

        Raises:
            ApiFailure: The API server refused or did not answer.
        """
        newest = samples[-_STORED:]
        if len(newest) < 2:
            return
        document = {
            "start": newest[0].time,
            "step": newest[1].time - newest[0].time,
            "rates": [None if sample.rate is None else float(f"{sample.rate:.{_DIGITS}g}") for sample in newest],
        }
        self._api.merge(self._path, {"data": {_KEY: json.dumps(document, separators=(",", ":"))}})


def _rate(value: object) -> float | None:
    if not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        return None
    return float(value)
