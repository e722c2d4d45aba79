"""Metrics, health and the decision over HTTP."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest

from ...problems import InvalidInput, Problem
from ..programs import DECISION_PATH

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class Endpoints:
    """Answers `/metrics`, `/livez`, `/readyz` and `/replicas`."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        *,
        alive: Callable[[], str],
        ready: Callable[[], str],
        decision: Callable[[], int | None],
    ) -> None:
        """Listen from now on; raises `InvalidInput` where that is not possible.

        Args:
            host: IP address to listen on.
            port: Port; 0 takes any free one.
            registry: Where the metrics are.
            alive: Returns why the process should be started anew; empty where it works.
            ready: Returns why it is not ready; empty where it is.
            decision: Returns the number of pods to tell; None where there is none.
        """
        checks = {"/livez": alive, "/readyz": ready}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, generate_latest(registry))
                elif self.path in checks:
                    reason = checks[self.path]()
                    self._answer(503 if reason else 200, f"{reason or 'ok'}\n".encode())
                elif self.path == DECISION_PATH:
                    replicas = decision()
                    # A fixed answer would look like a load; KEDA takes a refusal for a failed trigger.
                    document = {"error": "there is no decision"} if replicas is None else {"replicas": replicas}
                    self._answer(503 if replicas is None else 200, json.dumps(document).encode(), "application/json")
                else:
                    self._answer(404, b"there is /metrics, /livez, /readyz and /replicas\n")

            def _answer(self, status: int, body: bytes, kind: str = _TEXT) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing: probes come every few seconds."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except (OSError, OverflowError) as error:
            reason = f"{host}:{port} cannot be listened at: {error}"
            raise InvalidInput("settings of the autoscaler", [Problem("port", reason)]) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="endpoints", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Port that it listens at."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
