"""The outputs that a program still waits for, waited for in a time that grows with their number."""

import asyncio
from collections.abc import Iterator
from typing import Any

Waiting = asyncio.Future[Any]


class OutstandingOutputs(set[Waiting]):
    """What Pulumi's SDK keeps in `SETTINGS.outputs`.

    The SDK takes all that is there as a list, waits for the first that is done, and begins again: the square of the
    number of outputs (pulumi.runtime.stack.wait_for_rpcs of 3.272). Here that list is one future, which is done when
    any output is, or the outputs that failed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._failed: list[Waiting] = []
        self._next: Waiting | None = None

    def add(self, element: Waiting) -> None:
        """Keep an output until it takes itself away."""
        if element is not self._next:
            super().add(element)
            element.add_done_callback(self._done)

    def clear(self) -> None:
        """Keep everything: what was taken as a list is still outstanding."""

    def __iter__(self) -> Iterator[Waiting]:
        failed = [each for each in self._failed if each in self]
        if failed:
            return iter(failed)
        self._next = asyncio.get_running_loop().create_future()
        return iter([self._next])

    def _done(self, output: Waiting) -> None:
        if output.cancelled() or output.exception() is not None:
            self._failed.append(output)
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
