"""The end of a server: what was accepted is answered, and then the process leaves."""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, Final, cast

from .serving import Serving

_LOG: Final = logging.getLogger("aidc.inference")
_ACCEPT_SECONDS: Final = 0.25
"""Time to accept the connections that wait for that."""


class Drain:
    """Puts itself before the HTTP server's own reaction to SIGTERM, which is to stop listening at once."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._server: Callable[[int, Any], Any] | None = None
        self._task: asyncio.Task[None] | None = None

    def install(self) -> None:
        """React to SIGTERM from now on; must be called in the event loop, after the HTTP server's own reaction."""
        found = signal.getsignal(signal.SIGTERM)
        self._server = cast(Callable[[int, Any], Any], found) if callable(found) else None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._begin)
        # A terminal interrupts the whole group; the parent passes it on as SIGTERM.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _begin(self) -> None:
        if self._task is None:
            self._serving.draining = True
            self._task = asyncio.create_task(self._drain())
        else:
            _LOG.warning("told to stop again: leaving now")
            os._exit(1)

    async def _drain(self) -> None:
        seconds = self._serving.settings.drain_seconds
        _LOG.info(f"draining: {self._serving.requests} requests run; new ones are served for {seconds:g} s")
        await asyncio.sleep(seconds)
        await _stop_listening()
        _LOG.info(f"stopping: {self._serving.requests} requests run")
        if self._server is None:
            return
        self._server(signal.SIGTERM, None)
        await asyncio.sleep(self._serving.settings.termination_seconds)
        _LOG.error(f"{self._serving.requests} requests did not end in time")
        # To the HTTP server an interrupt after SIGTERM means to leave without waiting.
        self._server(signal.SIGINT, None)


async def _stop_listening() -> None:
    """Take what is connected already, and refuse new connections.

    The supervisor holds the socket too: without this, the system would go on to accept connections for it, that nobody
    would ever answer. And it resets those that wait to be accepted when a socket is closed, so for a moment before that
    the beginnings of new ones are dropped, which their side sends again.
    """
    try:
        descriptor = int(sys.argv[sys.argv.index("--fd") + 1])
        with socket.socket(fileno=os.dup(descriptor)) as listening:
            _drop_packets(listening)
            await asyncio.sleep(_ACCEPT_SECONDS)
            listening.shutdown(socket.SHUT_RDWR)
    except (ValueError, IndexError, OSError):
        _LOG.warning("the listening socket is left to the supervisor")


def _drop_packets(listening: socket.socket) -> None:
    """Attach a filter that lets nothing through (Linux; linux/filter.h: `ret #0`)."""
    option = getattr(socket, "SO_ATTACH_FILTER", 26)
    if not sys.platform.startswith("linux"):
        return
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    listening.setsockopt(socket.SOL_SOCKET, option, struct.pack("HP", 1, ctypes.addressof(instruction)))
