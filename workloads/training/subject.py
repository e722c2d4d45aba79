"""What is trained on what: the data that was read, and the model's settings fitted to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...problems import InvalidInput, Problems
from ..models.encoding import BytesEncoding, Encoding, tokenizer_encoding
from ..models.flops import flops_per_sample
from ..models.settings import ConvolutionalSettings, GPT2Settings, LSTMSettings
from .data.digits import CLASSES, read_digits
from .data.images import read_images
from .data.samples import Samples
from .data.settings import DigitsSettings, ImagesSettings, TextSettings
from .data.text import read_text
from .settings import TrainingSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is trained on what."""

    model: GPT2Settings | LSTMSettings | ConvolutionalSettings
    """Settings of the model, fitted to the data."""

    learned: Samples
    """Samples to learn from."""

    held_out: Samples
    """Samples for evaluation only."""

    encoding: Encoding | None = None
    """Of text."""

    labels: tuple[str, ...] | None = None
    """Names of the classes of images."""

    context: int = 0
    """Tokens of a sample of text; 0 for images."""

    facts: Mapping[str, Any]
    """What there is to know of the data, for logs and the model card; `title` says it in a few words."""

    @property
    def flops_per_sample(self) -> int:
        """Floating-point operations of learning from one sample, forward and backward."""
        return flops_per_sample(self.model, max(1, self.context))


def read_subject(settings: TrainingSettings) -> Subject:
    """Read the data, and fit the model to it; raises `InvalidInput` where they cannot be used."""
    data = settings.data
    if isinstance(data, TextSettings):
        return _text(settings, data)
    if isinstance(data, DigitsSettings):
        learned, kept = read_digits(data.held_out)
        shape = {"channels": 1, "height": 8, "width": 8}
        return _images(settings, learned, kept, CLASSES, shape, "scikit-learn's digits")
    learned, kept, labels = read_images(data)
    return _images(settings, learned, kept, labels, _shape(data), f"images in {data.folder}")


def _text(settings: TrainingSettings, data: TextSettings) -> Subject:
    model, context = settings.model, settings.batch.context
    assert not isinstance(model, ConvolutionalSettings)
    learned, kept, text = read_text(data, context)
    encoding: Encoding = BytesEncoding() if text.tokenizer is None else tokenizer_encoding(text.tokenizer)
    source = ", ".join(data.paths) if data.paths else "Python's standard library"
    held = (
        f"{text.files:,} files" if text.documents == text.files else f"{text.documents:,} texts in {text.files:,} files"
    )
    title = f"{text.bytes:,} bytes of {held} of {source}, {text.count:,} tokens"
    return Subject(
        model=_fitted(model, {"vocabulary": text.vocabulary}),
        learned=learned,
        held_out=kept,
        encoding=encoding,
        context=context,
        facts={
            "title": title,
            "bytes": text.bytes,
            "sha256": text.sha256,
            "tokens": text.count,
            "samples": len(learned),
            "held_out": len(kept),
        },
    )


def _images(
    settings: TrainingSettings,
    learned: Samples,
    kept: Samples,
    labels: tuple[str, ...],
    shape: dict[str, int],
    source: str,
) -> Subject:
    title = f"{source}: {len(learned) + len(kept):,} images of {len(labels)} classes"
    return Subject(
        model=_fitted(settings.model, {**shape, "classes": len(labels)}),
        learned=learned,
        held_out=kept,
        labels=labels,
        facts={"title": title, "samples": len(learned), "held_out": len(kept)},
    )


def _shape(data: ImagesSettings) -> dict[str, int]:
    return {"channels": data.channels, "height": data.height, "width": data.width}


def _fitted(model: Any, found: Mapping[str, int]) -> Any:
    problems = Problems()
    try:
        return model.fitted(**found)
    except InvalidInput as invalid:
        with problems.under("model"):
            problems.extend(invalid.problems)
    raise InvalidInput("training", problems)
