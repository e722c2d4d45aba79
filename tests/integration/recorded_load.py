"""A recorded load, told by a server with the HTTP interface of Prometheus: the one part that is no real program."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from aidc.planning.autoscaling.shipped import shipped_trace


def recorded():
    """Requests a second of 32 recorded minutes: the valley, and the way to a hill that is made higher."""
    values = shipped_trace().series.values
    averages = values[: len(values) // 6 * 6].reshape(-1, 6).sum(1) / 60
    stretch = averages[:32]
    low, high = stretch[14:].min(), stretch[14:].max()
    rates = [max(1.0, float(4 + 36 * (value - low) / (high - low))) for value in stretch]
    return rates[3:14], rates[14:]


class RecordedLoad:
    """Plays rates, each for some seconds, and answers queries for now and for the past.

    What was before comes again and again until it plays, so that the past is long enough and ends where it begins.
    """

    def __init__(self, before, rates, hold, host="127.0.0.1"):
        self.before, self.rates, self.hold = list(before), list(rates), hold
        self._made = time.time()
        self.began = None
        self.failing = False
        """Whether it refuses every query, as a Prometheus that is gone."""
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self):
        return "http://{}:{}".format(*self._server.server_address)

    def play(self):
        self.began = time.time()

    @property
    def ends(self):
        return self.began + self.hold * len(self.rates)

    def rate(self, moment):
        """The rate at a moment: one of those before until it plays, the last one after it has."""
        if self.began is None or moment < self.began:
            return self.before[int((moment - self._made) // self.hold) % len(self.before)]
        return self.rates[min(int((moment - self.began) // self.hold), len(self.rates) - 1)]

    def _answer(self, path, query):
        now = time.time()
        if path == "/api/v1/query" and query["query"][0] == "1":
            return {"resultType": "scalar", "result": [now, "1"]}
        if path == "/api/v1/query":
            return {"resultType": "vector", "result": [{"metric": {}, "value": [now, str(self.rate(now))]}]}
        start, end, step = (float(query[key][0]) for key in ("start", "end", "step"))
        moments = [start + index * step for index in range(int((end - start) / step + 1e-6) + 1)]
        values = [[moment, str(self.rate(moment))] for moment in moments if moment <= now]
        return {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}

    def _handler(self):
        load = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                if load.failing:
                    status, document = 503, {"status": "error", "errorType": "unavailable", "error": "gone"}
                else:
                    answer = load._answer(parts.path, parse_qs(parts.query))
                    status, document = 200, {"status": "success", "data": answer}
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *arguments):
                pass

        return Handler
