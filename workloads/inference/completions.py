"""Text generation in OpenAI's form: /v1/completions and /v1/chat/completions."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from .answers import Answers
from .errors import Refusal, error_document
from .requests import ChatBody, CompletionBody, TextBody
from .serving import Served, Serving
from .work import Progress, TextWork

_DEFAULT_TOKENS: Final = 16
_CHARACTERS_PER_TOKEN: Final = 128
"""Letters that a token has at most, in any tokenizer that is known: longer texts are refused before they are read."""

_THREAD_CHARACTERS: Final = 4096
"""Length from which a text is made into tokens beside the event loop."""

_LEAST_TEMPERATURE: Final = 1e-4
"""Temperature below which the likeliest token is taken: logits divided by less are infinite."""

_TURN_STOP: Final = "\nuser:"
"""What ends the answer of a chat, beside the model's own end: the next turn of the other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How answers of an endpoint look."""

    endpoint: str
    prefix: str
    whole: str
    part: str

    def choice(self, progress: Progress, text: str, *, part: bool) -> dict[str, Any]:
        """Return a choice, or a part of one."""
        rest = {"index": progress.index, "logprobs": None, "finish_reason": progress.finish}
        if self.prefix == "cmpl":
            return {"text": text, **rest}
        if part:
            return {"delta": {"content": text} if text or not progress.finish else {}, **rest}
        return {"message": {"role": "assistant", "content": text, "refusal": None}, **rest}


COMPLETION: Final = Form(endpoint="/v1/completions", prefix="cmpl", whole="text_completion", part="text_completion")
CHAT: Final = Form(
    endpoint="/v1/chat/completions", prefix="chatcmpl", whole="chat.completion", part="chat.completion.chunk"
)


async def complete(serving: Serving, request: Request, body: CompletionBody) -> Response:
    """Answer /v1/completions."""
    served = _language_model(serving, body.model)
    given = body.prompt
    prompts: Sequence[str | list[int]]
    if isinstance(given, str):
        prompts = [given]
    elif given and isinstance(given[0], int):
        prompts = [given]  # pyright: ignore[reportAssignmentType]
    else:
        prompts = given  # pyright: ignore[reportAssignmentType]
    if not prompts:
        raise Refusal(400, "the list of prompts is empty", "prompt")
    _check_choices(serving, len(prompts) * body.n)
    tokens = [await _tokens(served, prompt, "prompt") for prompt in prompts]
    return await _answer(serving, request, body, served, tokens, COMPLETION, body.max_tokens or _DEFAULT_TOKENS)


async def chat(serving: Serving, request: Request, body: ChatBody) -> Response:
    """Answer /v1/chat/completions.

    The prompt is one line a turn, `role: text`, and `assistant:` at the end; the answer ends where a user's turn would
    begin.
    """
    served = _language_model(serving, body.model)
    _check_choices(serving, body.n)
    turns = [f"{message.role}: {message.text}" for message in body.messages]
    tokens = [await _tokens(served, "\n".join([*turns, "assistant:"]), "messages")]
    maximum = body.max_completion_tokens or body.max_tokens or serving.settings.maximum_tokens
    if body.max_completion_tokens is None and body.max_tokens is None:
        maximum = min(maximum, max(1, served.context - len(tokens[0])))
    return await _answer(serving, request, body, served, tokens, CHAT, maximum, (_TURN_STOP,))


async def _answer(
    serving: Serving,
    request: Request,
    body: TextBody,
    served: Served,
    prompts: list[list[int]],
    form: Form,
    maximum: int,
    stops: tuple[str, ...] = (),
) -> Response:
    from ..models.sampling import Sampling

    if maximum > serving.settings.maximum_tokens:
        message = f"{maximum} tokens are too many; ask for {serving.settings.maximum_tokens} at most"
        raise Refusal(400, message, "max_tokens")
    news: asyncio.Queue[Progress] = asyncio.Queue()
    deadline = time.monotonic() + serving.settings.request_seconds
    works = [
        TextWork(
            index=index * body.n + repeat,
            news=news,
            deadline=deadline,
            prompt=prompt,
            streamed=body.stream,
            sampling=Sampling(
                maximum_tokens=maximum,
                temperature=body.temperature if body.temperature >= _LEAST_TEMPERATURE else 0,
                top_k=body.top_k,
                top_p=body.top_p,
                seed=None if body.seed is None else body.seed + repeat,
                stop=(*body.stops, *stops),
                ignore_end=body.ignore_eos,
            ),
        )
        for index, prompt in enumerate(prompts)
        for repeat in range(body.n)
    ]
    answers = Answers(serving, form.endpoint, works, news)
    answers.submit()
    prompt_tokens = sum(map(len, prompts))
    head = {"id": f"{form.prefix}-{secrets.token_hex(12)}", "created": int(time.time()), "model": served.name}
    if body.stream:
        usage = body.stream_options is not None and body.stream_options.include_usage
        events = _events(answers, form, head, prompt_tokens, usage)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
    ended = await answers.wait(request)
    if ended is None:
        return Response(status_code=499)
    choices = [form.choice(each, each.text, part=False) for each in ended]
    generated = sum(each.tokens for each in ended)
    document = {**head, "object": form.whole, "choices": choices, "usage": _usage(prompt_tokens, generated)}
    return JSONResponse(document)


async def _events(
    answers: Answers, form: Form, head: dict[str, Any], prompt_tokens: int, with_usage: bool
) -> AsyncGenerator[bytes]:
    """Give server-sent events: a chunk for each piece of text, at last `[DONE]`."""
    base = {**head, "object": form.part, **({"usage": None} if with_usage else {})}
    counts: dict[int, int] = {}
    try:
        if form is CHAT:
            for work in answers.works:
                delta = {"index": work.index, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
                yield _event({**base, "choices": [delta]})
        async for progress in answers.progress():
            if progress.failure is not None:
                yield _event(error_document(504 if progress.failure == "late" else 500, answers.reason(progress)))
                return
            counts[progress.index] = progress.tokens
            if progress.text or progress.finish:
                yield _event({**base, "choices": [form.choice(progress, progress.text, part=True)]})
        if with_usage:
            yield _event({**base, "choices": [], "usage": _usage(prompt_tokens, sum(counts.values()))})
        yield b"data: [DONE]\n\n"
    finally:
        answers.close()


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def _usage(prompt: int, generated: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": generated, "total_tokens": prompt + generated}


def _language_model(serving: Serving, name: str | None) -> Served:
    served = serving.model(name)
    if served.encoding is None:
        raise Refusal(400, f"'{served.name}' classifies images; ask /v1/predict", "model")
    return served


def _check_choices(serving: Serving, count: int) -> None:
    if count > serving.settings.choices:
        message = f"{count} texts are too many for one request; ask for {serving.settings.choices} at most"
        raise Refusal(400, message, "n")


async def _tokens(served: Served, prompt: str | list[int], parameter: str) -> list[int]:
    """Return a prompt as tokens.

    Raises:
        Refusal: It is empty, too long, no text, or has tokens that the model does not know.
    """
    encoding = served.encoding
    assert encoding is not None
    longest = served.context - 1
    if isinstance(prompt, str):
        if len(prompt) > longest * _CHARACTERS_PER_TOKEN:
            raise Refusal(400, f"the prompt is longer than {longest} tokens", parameter, "context_length_exceeded")
        if not prompt.isascii() and any("\ud800" <= letter <= "\udfff" for letter in prompt):
            raise Refusal(400, "the prompt has half a character: a surrogate without its pair", parameter)
        if len(prompt) > _THREAD_CHARACTERS:
            tokens = await asyncio.to_thread(encoding.encode, prompt)
        else:
            tokens = encoding.encode(prompt)
    else:
        tokens = prompt
        if any(token >= encoding.size for token in tokens):
            raise Refusal(400, f"the prompt has tokens that are not from 0 to {encoding.size - 1}", parameter)
    if not tokens:
        raise Refusal(400, "the prompt is empty", parameter)
    if len(tokens) > longest:
        message = f"the prompt has {len(tokens)} tokens; {longest} at most leave room for an answer"
        raise Refusal(400, message, parameter, "context_length_exceeded")
    return tokens
