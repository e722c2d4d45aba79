"""The load as the resource metrics API knows it: what the target's pods use of cores or memory."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast
from urllib.parse import quote

from .cluster import ApiFailure, ClusterApi
from .readings import Reading, Sample, SourceClock, refusal
from .settings import ResourceMetricsSource
from .target import TargetState

_QUANTITY: Final = re.compile(r"(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([numkMGTPE]?i?)")
_SCALES: Final = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    **{letter: 1000.0 ** (index + 1) for index, letter in enumerate("kMGTPE")},
    **{f"{letter}i": 1024.0 ** (index + 1) for index, letter in enumerate("KMGTPE")},
}


class ResourceMetrics:
    """A source that asks metrics-server, or what else serves metrics.k8s.io; it knows nothing of the past."""

    def __init__(
        self,
        api: ClusterApi,
        settings: ResourceMetricsSource,
        namespace: str,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; nothing is asked yet."""
        self._api, self._settings = api, settings
        self._path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods?labelSelector="
        self._clock = SourceClock(clock, wall)
        self._last: float | None = None

    def close(self) -> None:
        """Do nothing: the connection to the API server is not its own."""

    def read(self, state: TargetState) -> Reading:
        """Ask for the use of all pods that the target selects."""
        try:
            document, headers = self._api.request("GET", self._path + quote(state.selector, safe=""))
            self._clock.heard(parsedate_to_datetime(headers["date"]).timestamp())
            items = cast(Sequence[Mapping[str, Any]], document.get("items") or ())
            if not items and state.ready:
                return self._none("no pod of the target has metrics")
            used = sum(
                quantity(str(container["usage"][self._settings.resource]))
                for item in items
                for container in item["containers"]
            )
            newest = max((datetime.fromisoformat(item["timestamp"]).timestamp() for item in items), default=None)
        except ApiFailure as failure:
            return self._none(f"the metrics API does not answer: {failure}")
        except (KeyError, ValueError, TypeError) as error:
            return self._none(f"the metrics API gives no answer that makes sense: {error!r}")
        age = None if newest is None else self._clock.said() - newest
        if age is not None and not abs(age) <= self._settings.stale_seconds:
            return self._none(f"the newest measurement is {age:.0f} s old")
        reason = refusal(used)
        if reason:
            return self._none(reason)
        self._last = self._completed(used, len(items), state.ready)
        return Reading(time=self._clock.now(), rate=self._last, age=age)

    def _completed(self, used: float, seen: int, ready: int) -> float:
        """Return the use of all pods that are ready, where some have no metrics.

        Those use something between nothing and what the others use on average; of that the last use counts, or what is
        nearest to it. So pods that have just come ask for no more pods, and metrics that are lost take none away, as
        with a HorizontalPodAutoscaler, to which missing pods are idle before it grows and busy before it shrinks.
        """
        if not 0 < seen < ready:
            return used
        most = used / seen * ready
        return most if self._last is None else min(max(self._last, used), most)

    def past(self, seconds: float, step: float) -> Sequence[Sample]:
        """Return nothing: metrics-server keeps the last value only."""
        return ()

    def _none(self, reason: str) -> Reading:
        return Reading(time=self._clock.now(), rate=None, reason=reason)


def quantity(text: str) -> float:
    """Return a quantity of Kubernetes as a number, such as `250m` or `64Mi`; raises `ValueError`."""
    found = _QUANTITY.fullmatch(text)
    if found is None or found[2] not in _SCALES:
        raise ValueError(f"'{text}' is no quantity")
    return float(found[1]) * _SCALES[found[2]]
