"""The end that comes from outside: SIGTERM and SIGINT, and the notice that they leave."""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, Final, Self

from .outcomes import NOTICE_EXPIRED

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Termination:
    """A context that takes notice of signals instead of dying of them.

    The first one starts the notice; when it runs out, the process ends at once, with the exit code `NOTICE_EXPIRED`.
    Further ones change nothing: a terminal sends one to torchrun and one to its processes, and torchrun sends another.
    """

    def __init__(self, notice: float) -> None:
        """Bear signals for `notice` seconds at most."""
        self._notice = notice
        self._signal: int | None = None
        self._before: dict[int, Any] = {}
        self._timer: threading.Timer | None = None

    @property
    def signal(self) -> int | None:
        """The first signal that came; None where none did."""
        return self._signal

    def __enter__(self) -> Self:
        # Only the main thread of a process may handle signals; a program that trains in another one keeps its own.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._notify) for number in _SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._timer is not None:
            self._timer.cancel()

    def _notify(self, number: int, frame: FrameType | None) -> None:
        if self._signal is None:
            self._signal = number
            self._timer = threading.Timer(self._notice, self._give_up)
            self._timer.daemon = True
            self._timer.start()

    def _give_up(self) -> None:
        print(f"error: the notice of {self._notice:g} seconds ran out before a checkpoint was saved", file=sys.stderr)
        sys.stderr.flush()
        os._exit(NOTICE_EXPIRED)
