"""The HTTP interface, as an ASGI application that the serving library mounts."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse

from .completions import CHAT, COMPLETION, chat, complete
from .errors import Refusal, error_document
from .predictions import ENDPOINT as PREDICT
from .predictions import predict
from .requests import ChatBody, CompletionBody, PredictionBody
from .serving import Serving

_ENDPOINTS = (COMPLETION.endpoint, CHAT.endpoint, PREDICT)
_OUTCOMES = {429: "overloaded", 503: "unavailable", 504: "late"}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request is wrong; the error says what."},
    404: {"description": "Another model is served."},
    408: {"description": "The body did not come in time."},
    413: {"description": "The body is too large."},
    429: {"description": "Too much waits; Retry-After says when to come again."},
    503: {"description": "The model is not loaded yet, or the server stops."},
    504: {"description": "No answer in time."},
}


def make_app(serving: Serving) -> FastAPI:
    """Return the application of a server."""
    app = FastAPI(title="aidc inference", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    _add_model_routes(app, serving)
    _add_system_routes(app, serving)
    _add_refusals(app, serving)
    for endpoint in _ENDPOINTS:
        serving.metrics.requests.labels(endpoint, "ok")
    return app


def _add_model_routes(app: FastAPI, serving: Serving) -> None:
    @app.post(COMPLETION.endpoint, responses=_REFUSALS)
    async def completions(request: Request, body: CompletionBody) -> Response:
        """Go on from a prompt."""
        return await complete(serving, request, body)

    @app.post(CHAT.endpoint, responses=_REFUSALS)
    async def chat_completions(request: Request, body: ChatBody) -> Response:
        """Take the next turn of a chat."""
        return await chat(serving, request, body)

    @app.post(PREDICT, responses=_REFUSALS)
    async def predictions(request: Request, body: PredictionBody) -> Response:
        """Classify images."""
        return await predict(serving, request, body)


def _add_system_routes(app: FastAPI, serving: Serving) -> None:
    @app.get("/v1/models", responses={503: _REFUSALS[503]})
    async def models() -> Response:
        """Name the model that is served."""
        return JSONResponse({"object": "list", "data": [_model(serving)]})

    @app.get("/v1/models/{name:path}", responses={404: _REFUSALS[404], 503: _REFUSALS[503]})
    async def model(name: str) -> Response:
        """Describe the model that is served."""
        serving.model(name)
        return JSONResponse(_model(serving))

    @app.get("/startupz", responses={503: {"description": "The model is not loaded yet."}})
    async def startup() -> Response:
        """Tell whether the model is loaded."""
        if serving.engine.ready:
            return PlainTextResponse("ready\n")
        return PlainTextResponse(serving.engine.detail + "\n", status_code=503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Give the metrics in Prometheus' text format."""
        serving.metrics.ready.set(0 if serving.unready() else 1)
        return Response(generate_latest(serving.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _add_refusals(app: FastAPI, serving: Serving) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        _count(serving, request, error.status)
        return JSONResponse(error.document(), status_code=error.status, headers=error.headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        _count(serving, request, 400)
        parameter, message = _problem(error.errors())
        return JSONResponse(error_document(400, message, parameter), status_code=400)

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        document = error_document(error.status_code, str(error.detail))
        return JSONResponse(document, status_code=error.status_code, headers=error.headers)

    for kind, handler in ((Refusal, refused), (RequestValidationError, invalid), (HTTPException, unknown)):
        app.add_exception_handler(kind, handler)


def _count(serving: Serving, request: Request, status: int) -> None:
    endpoint = request.url.path
    if endpoint in _ENDPOINTS:
        # 504 and 500 are those of work that was accepted, which counts itself.
        if status in (500, 504):
            return
        serving.metrics.requests.labels(endpoint, _OUTCOMES.get(status, "invalid")).inc()


def _model(serving: Serving) -> dict[str, Any]:
    served = serving.model()
    kind = "text-generation" if served.encoding is not None else "image-classification"
    return {
        "id": served.name,
        "object": "model",
        "created": served.created,
        "owned_by": "aidc",
        "task": kind,
        "max_model_len": served.context or None,
    }


def _problem(errors: Sequence[Any]) -> tuple[str | None, str]:
    """Return the parameter and the sentence of the first error, without what was given, which may be anything."""
    found = errors[0]
    where = ".".join(str(part) for part in found["loc"] if part != "body")[:200]
    if found["type"] == "json_invalid":
        return None, f"the body is no JSON: {found.get('ctx', {}).get('error', 'it cannot be read')}"
    message = str(found["msg"]).removeprefix("Value error, ")
    return where or None, f"{where}: {message}" if where else message
