"""Classification of images: /v1/predict."""

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .answers import Answers
from .errors import Refusal
from .requests import PredictionBody
from .serving import Served, Serving
from .work import ImageWork, Progress

ENDPOINT = "/v1/predict"


async def predict(serving: Serving, request: Request, body: PredictionBody) -> Response:
    """Answer /v1/predict."""
    served = serving.model(body.model)
    if served.images is None:
        raise Refusal(400, f"'{served.name}' generates text; ask /v1/completions", "model")
    if len(body.inputs) > serving.settings.choices:
        message = f"{len(body.inputs)} images are too many for one request; send {serving.settings.choices} at most"
        raise Refusal(400, message, "inputs")
    works = await asyncio.to_thread(_works, serving, served, body)
    news: asyncio.Queue[Progress] = asyncio.Queue()
    for work in works:
        work.news = news
    answers = Answers(serving, ENDPOINT, works, news)
    answers.submit()
    ended = await answers.wait(request)
    if ended is None:
        return Response(status_code=499)
    found = [_prediction(served, each.probabilities or (), body.top) for each in ended]
    return JSONResponse({"object": "list", "model": served.name, "predictions": found})


def _works(serving: Serving, served: Served, body: PredictionBody) -> list[ImageWork]:
    """Read the images; beside the event loop, because that takes time."""
    from .images import image_of

    assert served.images is not None
    deadline = time.monotonic() + serving.settings.request_seconds
    return [
        ImageWork(
            index=index,
            news=asyncio.Queue(),
            deadline=deadline,
            image=image_of(given, served.images, f"inputs[{index}]"),
        )
        for index, given in enumerate(body.inputs)
    ]


def _prediction(served: Served, probabilities: tuple[float, ...], top: int) -> dict[str, Any]:
    order = sorted(range(len(probabilities)), key=lambda place: -probabilities[place])
    best = order[0]
    return {
        "label": served.labels[best],
        "probability": probabilities[best],
        "top": [{"label": served.labels[place], "probability": probabilities[place]} for place in order[:top]],
    }
