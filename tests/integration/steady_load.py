"""Steady load on an address, for tests of what must lose no request."""

import threading
import time

import httpx


class Load:
    """Requests to an address, sent all the time from several threads; every answer and every failure is kept."""

    def __init__(self, url, threads=2, pause=0.02, json=None):
        self.url, self.pause, self.json = url, pause, json
        self.answers, self.failures = [], []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _send(self):
        while not self._ended.is_set():
            try:
                # A connection each, so that each is placed anew.
                answer = httpx.request(
                    "POST" if self.json else "GET", self.url, json=self.json, timeout=60, trust_env=False
                )
                (self.answers if answer.status_code == 200 else self.failures).append(answer.text)
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
            time.sleep(self.pause)
