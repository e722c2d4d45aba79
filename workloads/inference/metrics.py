"""Prometheus metrics of the inference server."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

NAMESPACE: Final = "aidc_inference"

_LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_TOKEN_LATENCIES: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """What is counted and measured; `docs/inference.md` lists it."""

    def __init__(self) -> None:
        """Register all metrics, at zero."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "requests",
            "Requests by endpoint and outcome: ok, invalid, overloaded, unavailable, late, cancelled, failed.",
            ("endpoint", "outcome"),
            namespace=NAMESPACE,
            registry=self.registry,
        )
        self.errors = Counter(
            "errors", "Errors inside the server, by place.", ("place",), namespace=NAMESPACE, registry=self.registry
        )
        self.tokens = Counter(
            "tokens", "Tokens by kind: prompt, generation.", ("kind",), namespace=NAMESPACE, registry=self.registry
        )
        self.waiting = self._gauge("requests_waiting", "Texts or images that wait for the engine.")
        self.running = self._gauge("requests_running", "Texts or images that the engine computes.")
        self.ready = self._gauge("ready", "1 while new requests are welcome.")
        self.load_seconds = self._gauge("model_load_seconds", "Seconds that loading and warming up took.")
        self.capacity = self._gauge("batch_capacity", "Texts or images that can be computed at once.")
        self.queue_seconds = self._histogram("queue_seconds", "Seconds from arrival to the engine.", _LATENCIES)
        self.batch_size = self._histogram("batch_size", "Rows of a step of the engine.", _SIZES)
        self.first_token_seconds = self._histogram(
            "time_to_first_token_seconds", "Seconds from arrival to the first token.", _LATENCIES
        )
        self.output_token_seconds = self._histogram(
            "time_per_output_token_seconds", "Seconds per token after the first, by text.", _TOKEN_LATENCIES
        )
        self.request_seconds = Histogram(
            "request_seconds",
            "Seconds from arrival to the end of the answer.",
            ("endpoint",),
            namespace=NAMESPACE,
            registry=self.registry,
            buckets=_LATENCIES,
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, namespace=NAMESPACE, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, namespace=NAMESPACE, registry=self.registry, buckets=buckets)
