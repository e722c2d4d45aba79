"""A sign of life on the terminal while something takes longer than a moment."""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_PATIENCE: Final = 1.0
"""Seconds before anything is shown: what is quicker needs no explanation."""

_STEP: Final = 0.2
_WHEEL: Final = "|/-\\"
_CLEAR: Final = "\r\x1b[K"


@contextmanager
def shown_while(what: str) -> Generator[None]:
    """Show `what` and the seconds on standard error, if that is a terminal and the block takes its time."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    shown = threading.Thread(target=_show, args=(what, done), daemon=True)
    shown.start()
    try:
        yield
    finally:
        done.set()
        shown.join()


def _show(what: str, done: threading.Event) -> None:
    started = time.monotonic()
    if done.wait(_PATIENCE):
        return
    turn = 0
    while not done.wait(_STEP):
        wheel = _WHEEL[turn % len(_WHEEL)]
        sys.stderr.write(f"{_CLEAR}{wheel} {what}: {time.monotonic() - started:.0f} s")
        sys.stderr.flush()
        turn += 1
    sys.stderr.write(_CLEAR)
    sys.stderr.flush()
