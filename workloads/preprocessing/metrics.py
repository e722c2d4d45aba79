"""Prometheus metrics of a preprocessing, on a port of its own."""

from typing import Any


class Metrics:
    """Listens to what happens, and serves it as metrics."""

    def __init__(self, port: int) -> None:
        """Serve on a port of all addresses; port 0 for none.

        Raises:
            OSError: the port is taken.
        """
        from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

        self._registry = CollectorRegistry()
        prefix = "aidc_preprocessing"

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{prefix}_{name}", text, labels, registry=self._registry)

        self._bytes = counter("read_bytes", "Bytes of input read")
        self._records = counter("records", "Records by outcome and reason", "outcome", "reason")
        self._written = counter("written_bytes", "Bytes of shards written")
        self._tasks = Gauge(f"{prefix}_tasks", "Tasks of a stage", ["stage", "state"], registry=self._registry)
        self._server: Any = start_http_server(port, registry=self._registry) if port else None
        self._stage = ""

    @property
    def port(self) -> int | None:
        """The port that is served; None without a server."""
        return self._server[0].server_port if self._server else None

    def hear(self, event: str, values: dict[str, Any]) -> None:
        """Take one event."""
        if event == "stage":
            self._stage = values["stage"]
            self._tasks.labels(self._stage, "planned").set(values["tasks"])
            self._tasks.labels(self._stage, "done").set(values["done"])
        elif event == "task":
            self._tasks.labels(self._stage, "done").inc()
            self._count(values)

    def close(self) -> None:
        """End the server."""
        if self._server:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()

    def _count(self, values: dict[str, Any]) -> None:
        if "read" in values:
            self._bytes.inc(values["size"])
            self._records.labels("read", "").inc(values["read"])
            for outcome in ("quarantined", "filtered"):
                for reason, count in values[outcome].items():
                    self._records.labels(outcome, reason).inc(count)
        elif "exact" in values:
            self._records.labels("duplicate", "exact").inc(values["exact"])
            self._records.labels("duplicate", "near").inc(values["near"])
        elif "rows" in values:
            self._records.labels("written", "").inc(values["rows"])
            self._written.inc(values["bytes"])
