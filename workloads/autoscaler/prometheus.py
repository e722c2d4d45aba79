"""The load as Prometheus knows it, by its HTTP interface."""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import httpx

from .readings import Count, Reading, Sample, SourceClock, rate_between, refusal
from .settings import PrometheusSource
from .target import TargetState

_LOG: Final = logging.getLogger("aidc.autoscaler")
_POINTS: Final = 10_000
"""Values of one answer at most; Prometheus refuses more than 11,000."""

_SENSELESS: Final = (ValueError, KeyError, IndexError, TypeError, AttributeError)
_OTHER: Final = "the source does not answer as Prometheus does"


class QueryFailure(Exception):
    """A query has no answer that could be used."""


class Prometheus:
    """A source that asks Prometheus, or what has its HTTP interface: prometheus.io, "HTTP API", read 2026-11."""

    def __init__(
        self,
        settings: PrometheusSource,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; nothing is asked yet."""
        self._settings = settings
        self._http = httpx.Client(
            base_url=settings.address.rstrip("/"), timeout=settings.timeout_seconds, trust_env=False
        )
        self._clock = SourceClock(clock, wall)
        self._count: Count | None = None

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def read(self, state: TargetState) -> Reading:
        """Ask for the load of now; all pods of the target are in the query already."""
        try:
            value = self._value(self._settings.query)
            age = self._age()
            rate = self._rate(value)
        except QueryFailure as failure:
            return Reading(time=self._clock.now(), rate=None, reason=str(failure))
        return Reading(time=self._clock.now(), rate=rate, waiting=self._waiting(), age=age)

    def past(self, seconds: float, step: float) -> Sequence[Sample] | None:
        """Ask for the past, on a grid of whole steps, so that it is the same for everybody who asks."""
        try:
            # Learns the source's clock, which says where the past ends.
            self._query("/api/v1/query", {"query": "1"})
            last = math.floor(self._clock.now() / step)
            count = min(int(seconds // step), last)
            values: dict[int, float] = {}
            for first in range(last - count, last, _POINTS):
                values |= self._range(first, min(first + _POINTS, last) - 1, step)
        except QueryFailure as failure:
            _LOG.warning(f"the past is not known yet: {failure}")
            return None
        return self._samples(values, range(last - count, last), step)

    def _samples(self, values: Mapping[int, float], grid: range, step: float) -> Sequence[Sample]:
        samples: list[Sample] = []
        before: Count | None = None
        for index in grid:
            value, rate = values.get(index), None
            if value is not None and not refusal(value):
                rate = value
                if self._settings.counter:
                    now = Count(index * step, value)
                    rate, _ = rate_between(before, now, max(self._settings.stale_seconds, step))
                    before = now
            samples.append(Sample(index * step, rate))
        return samples

    def _range(self, first: int, last: int, step: float) -> Mapping[int, float]:
        data = self._query(
            "/api/v1/query_range",
            {"query": self._settings.query, "start": first * step, "end": last * step, "step": step},
        )
        series = cast(Sequence[Any], data.get("result") or ())
        if len(series) > 1:
            raise QueryFailure(_several(len(series)))
        try:
            pairs = series[0]["values"] if series else ()
            return {round(float(moment) / step): float(text) for moment, text in pairs}
        except _SENSELESS as error:
            raise QueryFailure(_OTHER) from error

    def _rate(self, value: float) -> float:
        reason = refusal(value)
        if reason:
            raise QueryFailure(reason)
        if not self._settings.counter:
            return value
        now = Count(self._clock.said(), value)
        longest = self._settings.stale_seconds
        rate, reason = rate_between(self._count, now, longest)
        self._count = now
        if rate is None:
            raise QueryFailure(reason)
        return rate

    def _age(self) -> float | None:
        if self._settings.freshness is None:
            return None
        newest = self._value(self._settings.freshness)
        age = self._clock.said() - newest
        if not abs(age) <= self._settings.stale_seconds:
            where = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future: clocks differ"
            raise QueryFailure(f"the newest measurement is {where}")
        return age

    def _waiting(self) -> float | None:
        if self._settings.waiting is None:
            return None
        try:
            value = self._value(self._settings.waiting)
        except QueryFailure:
            return None
        return None if refusal(value) else value

    def _value(self, query: str) -> float:
        """Return the one value of an expression, and learn the source's clock."""
        data = self._query("/api/v1/query", {"query": query})
        result = cast(Sequence[Any], data.get("result") or ())
        is_scalar = data.get("resultType") == "scalar"
        if not is_scalar and len(result) != 1:
            raise QueryFailure(_several(len(result)) if result else "the query has no value: no series matches it")
        try:
            return float(result[1] if is_scalar else result[0]["value"][1])
        except _SENSELESS as error:
            raise QueryFailure(_OTHER) from error

    def _query(self, path: str, parameters: Mapping[str, str | float]) -> Mapping[str, Any]:
        try:
            answer = self._http.get(path, params=dict(parameters))
            document = cast(Mapping[str, Any], answer.json())
            if document["status"] != "success":
                raise QueryFailure(f"the source refuses the query: {document.get('error', answer.status_code)}")
            data = cast(Mapping[str, Any], document["data"])
            if path.endswith("/query"):
                self._learn(data)
        except httpx.HTTPError as error:
            raise QueryFailure(f"the source does not answer: {error or type(error).__name__}") from error
        except _SENSELESS as error:
            raise QueryFailure(_OTHER) from error
        return data

    def _learn(self, data: Mapping[str, Any]) -> None:
        result = cast(Sequence[Any], data.get("result") or ())
        if data.get("resultType") == "scalar":
            self._heard(float(result[0]))
        elif result:
            self._heard(float(result[0]["value"][0]))

    def _heard(self, said: float) -> None:
        if not math.isfinite(said):
            raise QueryFailure(_OTHER)
        behind = self._clock.heard(said)
        if behind > self._settings.stale_seconds:
            raise QueryFailure(f"the clock of the source went back by {behind:.0f} s")


def _several(count: int) -> str:
    return f"the query has {count} values where one is wanted; put sum() around it"
