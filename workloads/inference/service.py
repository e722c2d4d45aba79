"""The service that BentoML runs in its worker process."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any, Final, cast

import bentoml
from starlette.exceptions import HTTPException

from ...problems import InvalidInput
from .app import make_app
from .drain import Drain
from .logs import configure_logs
from .middleware import Boundary
from .serving import Serving
from .settings import FAILURE_VARIABLE, SETTINGS_VARIABLE, ServingSettings

_SERVING: Final = Serving(ServingSettings.model_validate_json(os.environ[SETTINGS_VARIABLE]))
_LOOK_SECONDS: Final = 0.2
_LONGEST_ANSWER: Final = _SERVING.settings.body_seconds + _SERVING.settings.request_seconds + 60
"""Seconds after which BentoML gives up a request that was not answered. Ours give up before that. It keeps a timer and
what hangs on it for so long for each request, answered or not: more would be a leak."""

# BentoML's types say little.
_bentoml = cast(Any, bentoml)


@_bentoml.service(
    name="inference",
    workers=1,
    traffic={"timeout": _LONGEST_ANSWER},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
@_bentoml.asgi_app(make_app(_SERVING), path="/")
class Inference:
    """What the inference server is to BentoML: probes, start and end."""

    @_bentoml.on_startup
    async def begin(self) -> None:
        """Load the model beside the event loop, so that the probes answer meanwhile."""
        configure_logs(_SERVING.settings.log)
        Drain(_SERVING).install()
        _SERVING.start()
        self._watch = asyncio.create_task(_watch())

    @_bentoml.on_shutdown
    async def end(self) -> None:
        """Stop the engine."""
        self._watch.cancel()
        await asyncio.to_thread(_SERVING.engine.stop)

    async def __is_alive__(self) -> bool:
        """Tell whether the process works."""
        return _passed(_SERVING.dead())

    async def __is_ready__(self) -> bool:
        """Tell whether new requests are welcome."""
        return _passed(_SERVING.unready())


Inference.add_asgi_middleware(Boundary, serving=_SERVING)


def _passed(reason: str) -> bool:
    if reason:
        raise HTTPException(503, reason)
    return True


async def _watch() -> None:
    """End the process where it can be of no use: without a model, or without its supervisor, which was killed."""
    supervisor = os.getppid()
    while os.getppid() == supervisor:
        failure = _SERVING.engine.failure
        if failure is not None:
            code = 2 if isinstance(failure, InvalidInput) else 1
            Path(os.environ[FAILURE_VARIABLE]).write_text(f"{code}\n{failure}", encoding="utf-8")
            os.kill(supervisor, signal.SIGTERM)
            return
        await asyncio.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
