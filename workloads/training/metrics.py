"""Metrics of a training, for Prometheus."""

from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from ...problems import InvalidInput, Problem

_PREFIX: Final = "aidc_training_"

GAUGES: Final = {
    "step": "Steps of the optimizer that are done.",
    "steps": "Steps of the whole training.",
    "loss": "Loss of the last step, the mean over all processes.",
    "gradient_norm": "Norm of the whole gradient in the last step, before clipping.",
    "learning_rate": "Learning rate of the last step.",
    "samples_per_second": "Samples a second in the last step, over all processes.",
    "tokens_per_second": "Tokens a second in the last step, over all processes; none for images.",
    "flops_utilization": "Model FLOPS utilisation of the last step, 0 to 1, of the devices' dense BF16 peak; none "
    "where the catalog knows no peak, as for CPUs.",
    "goodput": "Useful step time as a share of the time since the training was first started, restarts included.",
    "lost_seconds": "Seconds that restarts have cost, from the checkpoint to the first step after it.",
}
"""Values of the event `step` that are gauges, and what they are."""

EVALUATIONS: Final = {
    "evaluation_loss": "Loss on the data held out.",
    "evaluation_accuracy": "Share of the targets held out that are the likeliest class.",
}
"""Values of the event `evaluation` that are gauges, and what they are."""

COUNTERS: Final = {
    "checkpoint": ("checkpoints", "Checkpoints that were asked for."),
    "checkpoint_failed": ("checkpoint_failures", "Checkpoints that could not be written."),
    "resumed": ("restarts", "Times that this process went on from a checkpoint."),
    "nonfinite": ("nonfinite_steps", "Steps that were left out, since loss or gradient was no finite number."),
    "straggler": ("stragglers", "Times that a process was slower than the others."),
}
"""Events that are counted: name of the counter (Prometheus adds `_total`), and what it counts."""

_STEP_SECONDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
_PAUSES: Final = (0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600)


class Metrics:
    """Serves /metrics. Figures that concern all processes are the same on each node: take one, not their sum."""

    def __init__(self, port: int, address: str) -> None:
        """Listen at `port`; 0 lets the system choose.

        Raises:
            InvalidInput: The port cannot be listened at.
        """
        self._registry = CollectorRegistry()
        described = {**GAUGES, **EVALUATIONS}
        self._described, self._gauges = described, dict[str, Gauge]()
        self._counters = {
            event: Counter(_PREFIX + name, text, registry=self._registry) for event, (name, text) in COUNTERS.items()
        }
        self._seconds = Histogram(
            f"{_PREFIX}step_seconds", "Seconds of a step.", buckets=_STEP_SECONDS, registry=self._registry
        )
        self._pause = Histogram(
            f"{_PREFIX}checkpoint_pause_seconds",
            "Seconds that training waited for a checkpoint.",
            buckets=_PAUSES,
            registry=self._registry,
        )
        try:
            self._server, self._thread = start_http_server(port, address, self._registry)
        except (OSError, OverflowError) as error:
            reason = f"{address}:{port} cannot be listened at: {error}"
            raise InvalidInput("metrics", [Problem("metrics.port", reason)]) from error

    @property
    def port(self) -> int:
        """Port that it listens at."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Take the event."""
        if event == "step":
            self._seconds.observe(values["step_seconds"])
            self._set("", GAUGES, values)
        elif event == "evaluation":
            self._set("evaluation_", EVALUATIONS, values)
        elif event in self._counters:
            self._counters[event].inc()
            if event == "checkpoint":
                self._pause.observe(values["pause_seconds"])

    def _set(self, prefix: str, known: dict[str, str], values: dict[str, Any]) -> None:
        for key, value in values.items():
            name = prefix + key
            if name in known and value is not None:
                # A gauge that nothing has set yet would say 0.
                if name not in self._gauges:
                    self._gauges[name] = Gauge(_PREFIX + name, self._described[name], registry=self._registry)
                self._gauges[name].set(value)
