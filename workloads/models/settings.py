"""Settings of the models."""

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from ...problems import Problems
from ..settings import Settings, Unit

Count = Annotated[int, Field(ge=1, le=1_048_576)]
Dropout = Annotated[float, Field(ge=0, lt=1)]

Size = Literal["tiny", "small", "medium", "large", "xl"]

SIZES: Final[dict[str, tuple[int, int, int, int]]] = {
    "tiny": (4, 4, 128, 256),
    "small": (12, 12, 768, 1024),
    "medium": (24, 16, 1024, 1024),
    "large": (36, 20, 1280, 1024),
    "xl": (48, 25, 1600, 1024),
}
"""Layers, heads, embedding and context of GPT-2: the four published sizes (Radford et al., 2019, table 2; heads from
the released hparams.json, github.com/openai/gpt-2) and a tiny one for machines without accelerators."""


class GPT2Settings(Settings):
    """GPT-2 (Radford et al., 2019): one of its sizes, of which single figures may be replaced."""

    kind: Literal["gpt2"] = "gpt2"
    """Always `gpt2`."""

    size: Size = "tiny"
    """Size that gives the figures that are not given themselves. Default: `tiny`, with 4 layers of 4 heads, an
    embedding of 128 and a context of 256."""

    layers: Annotated[Count | None, Unit("layers")] = None
    """Blocks of attention and feed-forward network. Default: as in `size`."""

    heads: Annotated[Count | None, Unit("heads")] = None
    """Attention heads of a layer. Default: as in `size`."""

    embedding: Annotated[Count | None, Unit("features")] = None
    """Features of a token's vector. Default: as in `size`."""

    context: Annotated[Count | None, Unit("tokens")] = None
    """Tokens that the model looks back at most, itself included. Default: as in `size`."""

    head_size: Annotated[Count | None, Unit("features")] = None
    """Features of a head. Default: embedding / heads. A model of which heads were pruned has fewer heads of the same
    size."""

    inner: Annotated[Count | None, Unit("neurons")] = None
    """Neurons inside the feed-forward network. Default: 4 x embedding."""

    vocabulary: Annotated[Count | None, Unit("tokens")] = None
    """Different tokens. Default: as many as the data's encoding has."""

    dropout: Dropout = 0.0
    """Share of values that is set to 0 in training, of the embedding, the attention and each residual branch.
    Default: 0; the published models were trained with 0.1."""

    @model_validator(mode="after")
    def _check(self) -> "GPT2Settings":
        problems = Problems()
        embedding, heads = self.shape.embedding, self.shape.heads
        if self.head_size is None and embedding % heads:
            problems.add("heads", f"{heads} heads cannot share an embedding of {embedding}; give a divisor of it")
        problems.raise_if_any("GPT-2")
        return self

    @property
    def shape(self) -> "GPT2Shape":
        """The figures themselves; a vocabulary that is not known is 0."""
        layers, heads, embedding, context = SIZES[self.size]
        heads, embedding = self.heads or heads, self.embedding or embedding
        return GPT2Shape(
            layers=self.layers or layers,
            heads=heads,
            embedding=embedding,
            context=self.context or context,
            head_size=self.head_size or max(1, embedding // heads),
            inner=self.inner or 4 * embedding,
            vocabulary=self.vocabulary or 0,
        )

    def fitted(self, *, vocabulary: int) -> "GPT2Settings":
        """Return these settings for data whose encoding has `vocabulary` tokens."""
        return self.model_copy(update={"vocabulary": _vocabulary(self.vocabulary, vocabulary)})


class GPT2Shape(Settings):
    """Every figure of a GPT-2; see `GPT2Settings`."""

    layers: int
    """Blocks."""
    heads: int
    """Attention heads of a block."""
    embedding: int
    """Features of a token's vector."""
    context: int
    """Positions."""
    head_size: int
    """Features of a head."""
    inner: int
    """Neurons inside a feed-forward network."""
    vocabulary: int
    """Different tokens."""


class LSTMSettings(Settings):
    """Language model of long short-term memory (Hochreiter and Schmidhuber, 1997)."""

    kind: Literal["lstm"] = "lstm"
    """Always `lstm`."""

    layers: Annotated[int, Field(ge=1, le=64), Unit("layers")] = 2
    """Layers. Default: 2."""

    embedding: Annotated[Count, Unit("features")] = 128
    """Features of a token's vector. Default: 128."""

    hidden: Annotated[Count, Unit("features")] = 256
    """Features of each layer's state. Default: 256."""

    vocabulary: Annotated[Count | None, Unit("tokens")] = None
    """Different tokens. Default: as many as the data's encoding has."""

    dropout: Dropout = 0.0
    """Share of values that is set to 0 in training, of each layer's input and of the last one's output. Default: 0."""

    def fitted(self, *, vocabulary: int) -> "LSTMSettings":
        """Return these settings for data whose encoding has `vocabulary` tokens."""
        return self.model_copy(update={"vocabulary": _vocabulary(self.vocabulary, vocabulary)})


class ConvolutionalSettings(Settings):
    """Convolutional network that classifies images."""

    kind: Literal["convolutional"] = "convolutional"
    """Always `convolutional`."""

    channels: Annotated[int | None, Field(ge=1, le=64), Unit("channels")] = None
    """Channels of an image: 1 for grey, 3 for colour. Default: as the data has."""

    height: Annotated[int | None, Field(ge=1, le=4096), Unit("pixels")] = None
    """Height of an image. Default: as the data has."""

    width: Annotated[int | None, Field(ge=1, le=4096), Unit("pixels")] = None
    """Width of an image. Default: as the data has."""

    classes: Annotated[Count | None, Unit("classes")] = None
    """Different answers. Default: as the data has."""

    widths: Annotated[tuple[Count, ...], Field(min_length=1, max_length=12)] = (32, 64)
    """Channels of each stage; each stage after the first one halves height and width. Default: 32, 64."""

    dropout: Dropout = 0.0
    """Share of the last features that is set to 0 in training. Default: 0."""

    @model_validator(mode="after")
    def _check(self) -> "ConvolutionalSettings":
        problems = Problems()
        _check_stages(problems, self)
        problems.raise_if_any("convolutional network")
        return self

    def fitted(self, *, channels: int, height: int, width: int, classes: int) -> "ConvolutionalSettings":
        """Return these settings for data with such images and so many classes."""
        found = {"channels": channels, "height": height, "width": width, "classes": classes}
        problems = Problems()
        for name, value in found.items():
            given = getattr(self, name)
            if given is not None and given != value:
                problems.add(name, f"{given} is not what the data has, which is {value}; leave it out")
        fitted = self.model_copy(update=found)
        _check_stages(problems, fitted)
        problems.raise_if_any("model")
        return fitted


LanguageModelSettings = GPT2Settings | LSTMSettings

ModelSettings = Annotated[GPT2Settings | LSTMSettings | ConvolutionalSettings, Field(discriminator="kind")]
"""Settings of any model; `kind` says which."""


class AnyModelSettings(Settings):
    """One model, for files that hold nothing else."""

    model: ModelSettings
    """The model."""


def _check_stages(problems: Problems, settings: ConvolutionalSettings) -> None:
    halvings = len(settings.widths) - 1
    for name in ("height", "width"):
        size: int | None = getattr(settings, name)
        if size is not None and size < 2**halvings:
            problems.add(
                "widths",
                f"{halvings + 1} stages halve images {halvings} times, which are {size} pixels in {name}; "
                f"give {size.bit_length()} stages or fewer",
            )


def _vocabulary(given: int | None, found: int) -> int:
    if given is not None and given < found:
        problems = Problems()
        problems.add("vocabulary", f"{given} tokens are too little; the data's encoding has {found}: give that or more")
        problems.raise_if_any("model")
    return given or found
