"""Prometheus metrics of the autoscaler."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from .bounds import CAUSES

NAMESPACE: Final = "aidc_autoscaler"

GAUGES: Final = {
    "load": "Load that was read last: requests a second, or cores or bytes in use; NaN without a reading.",
    "waiting": "Requests that wait; NaN where nobody counts them.",
    "forecast": "Load that is expected once a pod that is started now is ready; NaN without a forecast.",
    "forecast_high": "The same, exceeded one time in twenty.",
    "load_provided": "Load that the pods decided for can serve; NaN where the policy does not say.",
    "forecast_error": "Error of past forecasts: sum of the absolute errors as a share of the sum of the load (WAPE).",
    "forecast_covered": "Share of the past time in which the load was no more than forecast_high; 0.95 is honest.",
    "forecasts_compared": "Past forecasts that error and share are of.",
    "replicas_needed": "Pods that were decided for, before the maximum.",
    "replicas_decided": "Pods that were decided for.",
    "replicas_reactive": "Pods that the load of now needs; NaN without a reading.",
    "replicas_wanted": "Pods that the target is told to have.",
    "replicas_ready": "Pods of the target that take requests.",
    "replicas_minimum": "Pods at least.",
    "replicas_maximum": "Pods at most.",
    "starting_seconds": "Seconds since pods that are wanted are not ready.",
    "start_up_seconds": "Seconds that the settings say a pod takes until it is ready.",
    "source_age_seconds": "Seconds since the newest measurement behind the load; NaN where that is not known.",
    "blind_seconds": "Seconds since the last reading; 0 with one.",
    "leader": "1 while this process may act.",
    "acting": "1 where decisions are done, 0 where they are shown only.",
    "target_found": "1 while the target exists.",
    "contested": "1 while somebody else writes the number of pods too.",
    "last_decision_timestamp_seconds": "When the last decision was made, in seconds since 1970.",
}
"""Gauges and what they are; `docs/predictive-scaling.md` lists them."""

_UNKNOWN: Final = (
    "load",
    "waiting",
    "forecast",
    "forecast_high",
    "load_provided",
    "forecast_error",
    "forecast_covered",
    "replicas_reactive",
    "source_age_seconds",
)
"""Gauges that are NaN until something is known."""


class Metrics:
    """What is shown of the decisions."""

    def __init__(self) -> None:
        """Register all metrics."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._gauges = {
            name: Gauge(name, text, namespace=NAMESPACE, registry=self.registry) for name, text in GAUGES.items()
        }
        for name in _UNKNOWN:
            self.set(name, None)
        self.decisions = self._counter("decisions", "Decisions by what the number of pods came from.", "cause")
        for cause in CAUSES:
            self.decisions.labels(cause)
        self.writes = self._counter("writes", "Changes of the number of pods: done, superseded, failed.", "outcome")
        for outcome in ("done", "superseded", "failed"):
            self.writes.labels(outcome)
        self.failures = self._counter("failures", "Failures by place: api, source, policy, history.", "place")
        for place in ("api", "source", "policy", "history"):
            self.failures.labels(place)
        self.answers = self._counter("answers", "Answers to KEDA: given, refused.", "outcome")
        for outcome in ("given", "refused"):
            self.answers.labels(outcome)

    def set(self, name: str, value: float | None) -> None:
        """Set one of `GAUGES`; None is shown as NaN."""
        self._gauges[name].set(float("nan") if value is None else value)

    def _counter(self, name: str, text: str, label: str) -> Counter:
        return Counter(name, text, (label,), namespace=NAMESPACE, registry=self.registry)
