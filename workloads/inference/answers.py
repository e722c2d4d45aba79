"""A request that waits for its work: until it is done, its client leaves, or its time is over."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

from starlette.requests import Request

from .errors import Refusal
from .serving import Serving
from .work import Progress, Work


class Answers:
    """The work of one request, from submission to its end."""

    def __init__(self, serving: Serving, endpoint: str, works: Sequence[Work], news: "asyncio.Queue[Progress]") -> None:
        """Take the work of a request to `endpoint`, whose progress comes by `news`."""
        self.works = works
        self._serving, self._endpoint, self._news = serving, endpoint, news
        self._left = len(works)
        self._started = time.monotonic()
        self._outcome: str | None = None

    def submit(self) -> None:
        """Hand the work to the engine; raises `Refusal` where it takes none."""
        self._serving.engine.submit(self.works)

    async def progress(self) -> AsyncGenerator[Progress]:
        """Give news until all is done."""
        while self._left:
            progress = await self._news.get()
            if progress.failure is not None:
                self._outcome = "late" if progress.failure == "late" else "failed"
            elif progress.finish is not None:
                self._left -= 1
                if not self._left:
                    self._outcome = "ok"
            yield progress

    async def wait(self, request: Request) -> list[Progress] | None:
        """Return the last news of each piece of work, in their order; None where the client has left.

        Raises:
            Refusal: It could not be done.
        """
        working = asyncio.create_task(self._collect())
        leaving = asyncio.create_task(_left(request))
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            leaving.cancel()
            self.close()

    def reason(self, progress: Progress) -> str:
        """Return why there is no result."""
        if progress.failure == "late":
            return f"no answer within {self._serving.settings.request_seconds:g} s"
        return "the server stops" if progress.failure == "stopped" else "an error inside the server"

    def close(self) -> None:
        """Give up what is not done, and count the request; may be called again."""
        if self._left:
            self._serving.engine.cancel(self.works)
        if self._outcome != "counted":
            metrics = self._serving.metrics
            metrics.requests.labels(self._endpoint, self._outcome or "cancelled").inc()
            metrics.request_seconds.labels(self._endpoint).observe(time.monotonic() - self._started)
            self._outcome = "counted"

    async def _collect(self) -> list[Progress]:
        ended: list[Progress] = []
        async for progress in self.progress():
            if progress.failure is not None:
                status = {"late": 504, "stopped": 503}.get(progress.failure, 500)
                raise Refusal(status, self.reason(progress))
            if progress.finish is not None:
                ended.append(progress)
        return sorted(ended, key=lambda each: each.index)


async def _left(request: Request) -> None:
    """Return once the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
