"""Weights of a model in a safetensors file, held against its settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ...problems import InvalidInput, Problems
from .encoding import Encoding
from .gpt2 import GPT2
from .model import Model, build_model
from .quantization import quantize, share
from .settings import ConvolutionalSettings, GPT2Settings, LSTMSettings

_LISTED: Final = 8
"""Weights that a message names one by one."""


def tensors_of(model: nn.Module | Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a model, or of its state, by name on the CPU; those of GPT-2's head are its tokens'."""
    state: dict[str, Tensor] = dict(model.state_dict() if isinstance(model, nn.Module) else model)
    if "tokens.weight" in state and "positions.weight" in state:
        for name in [name for name in state if name.startswith("head.")]:
            del state[name]
    return {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in state.items()}


def check_parts(
    problems: Problems,
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings,
    encoding: Encoding | None,
    labels: Sequence[str] | None,
) -> None:
    """Add what does not fit a model with such settings."""
    if isinstance(settings, ConvolutionalSettings):
        for name in ("channels", "classes"):
            if getattr(settings, name) is None:
                problems.add(f"model.{name}", "missing; an export has to say it")
        if labels is not None and len(labels) != settings.classes:
            problems.add("labels", f"{len(labels)} labels are given for {settings.classes} classes")
        if encoding is not None:
            problems.add("encoding", "is for text, and the model takes images")
        return
    if labels is not None:
        problems.add("labels", "are for classes, and the model has none")
    if settings.vocabulary is None:
        problems.add("model.vocabulary", "missing; an export has to say it")
    elif encoding is not None and encoding.size > settings.vocabulary:
        problems.add("encoding", f"has {encoding.size} tokens, and the model {settings.vocabulary}")


def check_shapes(
    problems: Problems,
    tensors: Mapping[str, Any],
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings,
    quantization: str | None,
) -> None:
    """Add each weight that a model with such settings lacks, has in another shape, or does not have.

    Args:
        problems: Where to add.
        tensors: Weights by name: anything with a `shape`.
        settings: The model.
        quantization: `int8` where its matrices are.
    """
    if isinstance(settings, GPT2Settings) and settings.shape.layers > len(tensors):
        # Told before so many blocks are made.
        problems.add("model.layers", f"{settings.shape.layers} layers, and there are {len(tensors)} weights in all")
        return
    _, expected = _expected(settings, quantization)
    wrong: list[tuple[str, str]] = []
    for name, tensor in expected.items():
        if name not in tensors:
            wrong.append((name, "missing"))
        elif tuple(tensors[name].shape) != tuple(tensor.shape):
            wrong.append((name, f"has shape {_by(tensors[name].shape)}, and the settings ask for {_by(tensor.shape)}"))
    wrong += [(name, "is no weight of this model") for name in tensors if name not in expected]
    for name, reason in wrong[:_LISTED]:
        problems.add(name[:200], reason)
    if len(wrong) > _LISTED:
        problems.add("", f"and {len(wrong) - _LISTED} more weights do not fit")


def read_weights(
    path: Path,
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings,
    dtype: str,
    quantization: str | None,
) -> Model:
    """Return the model with the weights in a file.

    Raises:
        InvalidInput: The file is no safetensors file, or its weights are not those of such a model.
    """
    problems = Problems()
    if quantization is not None and (dtype != "float32" or not isinstance(settings, GPT2Settings)):
        problems.add("quantization", f"{quantization} is for GPT-2 in float32")
        raise InvalidInput(str(path), problems)
    try:
        tensors = _read(problems, path, settings, dtype, quantization)
    except (SafetensorError, OSError, ValueError) as error:
        problems.add("", f"is no whole safetensors file: {error}")
        raise InvalidInput(str(path), problems) from None
    problems.raise_if_any(str(path))
    model, _ = _expected(settings, quantization)
    # The head's are its tokens', and are put in their place below.
    model.load_state_dict(tensors, strict=False, assign=True)
    if isinstance(model, GPT2):
        if quantization is None:
            model.tie()
        else:
            share(model)
    return model


class _Shape:
    """Shape and type of a weight that is not read yet."""

    def __init__(self, part: Any) -> None:
        self.shape: tuple[int, ...] = tuple(part.get_shape())
        self.dtype: str = part.get_dtype()


def _read(
    problems: Problems,
    path: Path,
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings,
    dtype: str,
    quantization: str | None,
) -> dict[str, Tensor]:
    with cast(Any, safe_open)(path, framework="pt") as file:
        shapes = {str(name): _Shape(file.get_slice(name)) for name in file.keys()}  # noqa: SIM118
        check_shapes(problems, shapes, settings, quantization)
        if len(problems):
            return {}
        tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in shapes}
    _, expected = _expected(settings, quantization)
    for name, tensor in tensors.items():
        wanted = expected[name].dtype if expected[name].dtype == torch.int8 else getattr(torch, dtype)
        if tensor.dtype != wanted:
            problems.add(name, f"is {_plain(tensor.dtype)}, and the settings say {_plain(wanted)}")
        elif not bool(torch.isfinite(tensor).all()):
            problems.add(name, "holds values that are no finite numbers")
    return tensors


def _expected(
    settings: GPT2Settings | LSTMSettings | ConvolutionalSettings, quantization: str | None
) -> tuple[Model, dict[str, Tensor]]:
    """Return such a model, and its weights by name, without memory."""
    with torch.device("meta"):
        model = build_model(settings)
        if quantization is not None and isinstance(model, GPT2):
            quantize(model)
    state = dict(cast(Mapping[str, Tensor], model.state_dict()))
    tied = isinstance(model, GPT2)
    return model, {name: tensor for name, tensor in state.items() if not (tied and name.startswith("head."))}


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "none"
