"""What requests may ask for: OpenAI's completions and chat, and predictions of classes."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ...problems import suggestion

_NEUTRAL: Final[Mapping[str, tuple[Any, ...]]] = {
    "audio": (None,),
    "best_of": (None, 1),
    "echo": (None, False),
    "frequency_penalty": (None, 0),
    "functions": (None, []),
    "function_call": (None, "none"),
    "logit_bias": (None, {}),
    "logprobs": (None, False),
    "modalities": (None, ["text"]),
    "prediction": (None,),
    "presence_penalty": (None, 0),
    "reasoning_effort": (None,),
    "response_format": (None, {"type": "text"}),
    "suffix": (None, ""),
    "tool_choice": (None, "none", "auto"),
    "tools": (None, []),
    "top_logprobs": (None, 0),
    "verbosity": (None,),
    "web_search_options": (None,),
}
"""Parameters of OpenAI's interface that are not supported, with the values that ask for nothing."""

_IGNORED: Final = (
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
)
"""Parameters that change nothing in the answer: tools, without which there are no calls of them, are refused."""

_NULLABLE: Final = ("ignore_eos", "n", "stream", "temperature", "top_p")
"""Parameters for which null stands for the default, as in OpenAI's interface."""

_HISTORY: Final[Mapping[str, tuple[Any, ...]]] = {
    "annotations": (None, []),
    "audio": (None,),
    "function_call": (None,),
    "refusal": (None,),
    "tool_calls": (None, []),
}
"""What an answer of OpenAI's interface has beside its text, which clients send back with the next turn, with the values
that say nothing."""

Stop = Annotated[str, Field(min_length=1, max_length=200)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


class Body(BaseModel):
    """A request's body; what it asks for and is not supported is refused, not ignored."""

    model_config = ConfigDict(
        use_attribute_docstrings=True, extra="allow", allow_inf_nan=False, protected_namespaces=()
    )

    @model_validator(mode="after")
    def _check_extra(self) -> Self:
        for name, value in (self.model_extra or {}).items():
            if name in _IGNORED:
                continue
            if name not in _NEUTRAL:
                raise ValueError(f"'{name[:100]}' is no parameter{suggestion(name[:100], type(self).model_fields)}")
            if not _is_neutral(value, _NEUTRAL[name]):
                raise ValueError(f"'{name}' is not supported here; leave it out")
        return self


class StreamOptions(BaseModel):
    """What a stream tells beside its text."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    include_usage: bool = False
    """Whether a last chunk counts the tokens. Default: false."""

    include_obfuscation: bool = False
    """Accepted for compatibility; nothing is added to a stream."""


class TextBody(Body):
    """What completions and chats have in common."""

    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Name of the model, as in /v1/models. Default: the one that is served."""

    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Tokens to generate at most. Default: 16 for a completion; for a chat, what the context leaves."""

    temperature: Annotated[float, Field(ge=0, le=2)] = 1.0
    """What logits are divided by; 0 takes the likeliest token. Default: 1."""

    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Take one of the fewest tokens that are together this likely. Default: 1."""

    top_k: Annotated[int, Field(ge=1)] | None = None
    """Take one of the likeliest tokens (not part of OpenAI's interface). Default: any."""

    n: Annotated[int, Field(ge=1)] = 1
    """Texts for each prompt. Default: 1."""

    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    """Text, or up to 4 texts, that end the answer and are not part of it. Default: none."""

    seed: Seed | None = None
    """Makes the answer the same again; the second of several texts has the next seed. Default: chance."""

    stream: bool = False
    """Whether the answer comes as server-sent events, token by token. Default: false."""

    stream_options: StreamOptions | None = None
    """Options of a stream. Default: none."""

    ignore_eos: bool = False
    """Whether to go on after the token that ends a text (not part of OpenAI's interface). Default: false."""

    @model_validator(mode="before")
    @classmethod
    def _take_defaults(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        body = cast(dict[Any, Any], given)
        return {name: value for name, value in body.items() if value is not None or name not in _NULLABLE}

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts that end the answer."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


Token = Annotated[int, Field(ge=0, le=2**31)]


class CompletionBody(TextBody):
    """Body of /v1/completions."""

    prompt: str | list[Token] | list[str] | list[list[Token]]
    """Text or tokens to go on from, or several of them."""


class TextPart(BaseModel):
    """Part of a message."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(pattern="^text$")]
    text: str


class Message(BaseModel):
    """One turn of a chat."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="allow")

    role: Annotated[str, Field(pattern="^(system|developer|user|assistant)$")]
    """Who speaks: system, developer, user or assistant."""

    content: str | list[TextPart]
    """What is said."""

    name: Annotated[str, Field(max_length=64)] | None = None
    """Name of who speaks; not used."""

    @model_validator(mode="after")
    def _check_extra(self) -> Self:
        for name, value in (self.model_extra or {}).items():
            if name not in _HISTORY:
                raise ValueError(
                    f"'{name[:100]}' is no part of a message{suggestion(name[:100], type(self).model_fields)}"
                )
            if not _is_neutral(value, _HISTORY[name]):
                raise ValueError(f"'{name}' is not supported here; leave it out")
        return self

    @property
    def text(self) -> str:
        """What is said, as one text."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class ChatBody(TextBody):
    """Body of /v1/chat/completions."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=1000)]
    """The chat so far."""

    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    """The newer name of `max_tokens`."""


class PredictionBody(Body):
    """Body of /v1/predict."""

    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Name of the model, as in /v1/models. Default: the one that is served."""

    inputs: Annotated[list[str | list[Any]], Field(min_length=1)]
    """Images: each is base64 of a PNG or JPEG file, or numbers from 0 to 1 as [channels][height][width]."""

    top: Annotated[int, Field(ge=1, le=1000)] = 5
    """Likeliest classes to name for each image. Default: 5."""


def _is_neutral(value: Any, neutral: tuple[Any, ...]) -> bool:
    """Return whether a value asks for nothing: 0.0 is 0, but false is neither."""
    return any(
        value is each or (value == each and isinstance(value, bool) == isinstance(each, bool)) for each in neutral
    )
