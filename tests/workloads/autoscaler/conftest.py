"""A source that says what a test wants, by HTTP as Prometheus does."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


class Answers:
    """A server: `answer` takes path and query, and returns status and body."""

    def __init__(self) -> None:
        self.answer: Callable[[str, dict[str, str]], tuple[int, bytes]] = lambda path, query: (200, b"{}")
        self.asked: list[tuple[str, dict[str, str]]] = []
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                answers.asked.append((parts.path, query))
                status, body = answers.answer(parts.path, query)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def say(self, *values: tuple[float, str]) -> None:
        """Answer every query with these (time, value) as one series each."""
        result = [{"metric": {"pod": str(index)}, "value": list(value)} for index, value in enumerate(values)]
        self.answer = lambda path, query: (200, vector(result))


def vector(result: list[Any]) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


@pytest.fixture
def answers() -> Iterator[Answers]:
    answers = Answers()
    thread = threading.Thread(target=answers.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield answers
    answers.server.shutdown()
    answers.server.server_close()
    thread.join()
