"""What happens to every request: an id, bounds of its body, a log line, and an answer whatever goes wrong."""

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import Iterable
from typing import Any, Final, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import Refusal, error_document
from .logs import FIELDS, REQUEST_ID
from .serving import Serving

_LOG: Final = logging.getLogger("aidc.inference")
_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_PROBES: Final = frozenset(("/livez", "/readyz", "/startupz", "/healthz", "/metrics"))
_MODEL_PATHS: Final = ("/v1/completions", "/v1/chat/completions", "/v1/predict")
_PATHS: Final = _PROBES.union(_MODEL_PATHS, ("/v1/models", "/openapi.json"))


class Boundary:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self._app, self._serving = app, serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        token = REQUEST_ID.set(request_id)
        exchange = _Exchange(send, request_id, self._serving)
        self._serving.requests += 1
        try:
            await self._answer(scope, receive, exchange)
        finally:
            self._serving.requests -= 1
            self._log(scope, exchange)
            REQUEST_ID.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        if not _is_served(scope["path"]):
            message = f"there is nothing at {scope['path'][:100]}; /openapi.json says what there is"
            await exchange.refuse(404, error_document(404, message))
            return
        try:
            if scope["method"] in ("POST", "PUT", "PATCH"):
                body = await self._body(scope, receive)
                if body is None:
                    return
                receive = _replayed(body, receive)
            await self._app(scope, receive, exchange.send)
        except Refusal as refusal:
            self._serving.metrics.requests.labels(_endpoint(scope), "invalid").inc()
            await exchange.refuse(refusal.status, refusal.document())
        except Exception:
            _LOG.exception("a request failed")
            self._serving.metrics.errors.labels("request").inc()
            if exchange.status:
                raise
            await exchange.refuse(500, error_document(500, "an error inside the server"))

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body, None where the client leaves before it is there; raises `Refusal`."""
        bound = self._serving.settings.body_bytes
        message = f"the body is larger than {bound:,} bytes"
        if _length(scope["headers"]) > bound:
            raise Refusal(413, message)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._serving.settings.body_seconds):
                while True:
                    part = await receive()
                    if part["type"] == "http.disconnect":
                        return None
                    parts.append(part.get("body", b""))
                    size += len(parts[-1])
                    if size > bound:
                        raise Refusal(413, message)
                    if not part.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            seconds = self._serving.settings.body_seconds
            raise Refusal(408, f"the body has not come within {seconds:g} s") from None

    def _log(self, scope: Scope, exchange: "_Exchange") -> None:
        path = scope["path"]
        level = logging.DEBUG if path in _PROBES else logging.INFO
        if _LOG.isEnabledFor(level):
            seconds = round(time.monotonic() - exchange.started, 6)
            fields = {"method": scope["method"], "path": path, "status": exchange.status or 499, "seconds": seconds}
            _LOG.log(level, "request", extra={FIELDS: fields})


class _Exchange:
    """The answer to one request, as it is sent."""

    def __init__(self, send: Send, request_id: str, serving: Serving) -> None:
        self._send, self._id, self._serving = send, request_id, serving
        self.started = time.monotonic()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", []), (b"x-request-id", self._id.encode())]
            if self._serving.draining:
                # A client that keeps its connection would lose it in the middle of its next request.
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def refuse(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            # What is left of the body is not read.
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _is_served(path: str) -> bool:
    """Return whether a path is ours: the serving library has others, of which a page loads a stranger's script."""
    return path in _PATHS or path.startswith("/v1/models/")


def _endpoint(scope: Scope) -> str:
    path = scope["path"]
    return path if path in _MODEL_PATHS else "other"


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given.decode("ascii") if _ID.fullmatch(given) else uuid.uuid4().hex


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    given = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(given) if given.isdigit() and len(given) < 20 else 0


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body once, and then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return cast(Message, {"type": "http.request", "body": body, "more_body": False})

    return again
