"""An event loop that answers Pulumi's calls to its monitor at once, on the same thread."""

import asyncio
import gc
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, Final

_RPC_MODULE: Final = "pulumi.runtime._context"
"""Where Pulumi wraps a call to the monitor before it hands it to a thread pool."""

_YOUNG_OBJECTS: Final = 200_000
"""Allocations between two collections while a program runs. A program only builds up a graph, so the default
of 700 walks the same live objects again and again: measured, a third of the whole time at 1,000 resources."""


class EvaluationLoop(asyncio.SelectorEventLoop):
    """Runs calls to the monitor inline: the monitor is in this process, so a thread would only add switches."""

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        """Run a call to the monitor now; hand everything else to the executor, as usual."""
        if getattr(func, "__module__", "") != _RPC_MODULE:
            return super().run_in_executor(executor, func, *args)
        future: asyncio.Future[Any] = self.create_future()
        try:
            answer = func(*args)
        except Exception as error:
            future.set_exception(error)
            return future
        if asyncio.iscoroutine(answer):
            return self.create_task(answer)
        future.set_result(answer)
        return future


@contextmanager
def patient_collector() -> Generator[None]:
    """Keep the cyclic garbage collector from walking a growing graph; its settings are restored."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
