"""GPT-2 with weights of 8 bits, for inference on CPUs.

Weights are int8 with a scale for each row of a matrix, its largest magnitude over 127; what comes in is quantised in
the same way, row by row, when it comes (dynamic quantisation). A row's result does not depend on the others then, so
texts stay what they would be alone.
"""

from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from .gpt2 import GPT2

INT8: Final = "int8"
_LARGEST: Final = 127


def quantized(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return int8 [rows, columns] and the scale of each row, float32 [rows, 1], of a matrix [rows, columns]."""
    scale = matrix.abs().amax(-1, keepdim=True).float().div_(_LARGEST).clamp_(min=1e-12)
    return (matrix / scale).round_().to(torch.int8), scale


class Int8Linear(nn.Module):
    """Linear layer with int8 weights [outputs, inputs]."""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return [..., outputs] for [..., inputs]."""
        if hidden.device.type != "cpu":
            # There the product of int8 matrices has bounds on their shapes; memory is saved all the same.
            return nn.functional.linear(hidden, (self.weight * self.scale).to(hidden.dtype), self.bias)
        rows, scales = quantized(hidden.reshape(-1, hidden.shape[-1]))
        product = cast(Tensor, cast(Any, torch)._int_mm(rows, self.weight.t()))
        found = product.float().mul_(scales).mul_(self.scale.t())
        if self.bias is not None:
            found.add_(self.bias)
        return found.view(*hidden.shape[:-1], -1)


class Int8Embedding(nn.Module):
    """Vectors of tokens in int8 [tokens, features]."""

    weight: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return float32 [..., features] for tokens [...]."""
        return self.weight[tokens] * self.scale[tokens]


@torch.no_grad()
def quantize(model: GPT2) -> None:
    """Replace every matrix of a float32 model, the positions' aside, by int8 ones.

    Tokens and head keep sharing one.
    """
    for block in model.blocks.values():
        for part, name in (
            ("attention", "projection"),
            ("attention", "output"),
            ("feed_forward", "expand"),
            ("feed_forward", "output"),
        ):
            parent = block.get_submodule(part)
            linear = parent.get_submodule(name)
            assert isinstance(linear, nn.Linear)
            setattr(parent, name, Int8Linear(*quantized(linear.weight.detach()), linear.bias.detach()))
    assert model.tokens is not None
    embedding = Int8Embedding(*quantized(model.tokens.weight.detach()))
    setattr(model, "tokens", embedding)  # noqa: B010
    share(model)


def share(model: GPT2) -> None:
    """Make the head's weights those of the tokens, as after weights were read."""
    tokens = model.get_submodule("tokens")
    assert isinstance(tokens, Int8Embedding)
    setattr(model, "head", Int8Linear(tokens.weight, tokens.scale, None))  # noqa: B010


def quantization_of(model: nn.Module) -> str | None:
    """Return `int8` for a model that `quantize` changed, else None."""
    return INT8 if any(isinstance(module, Int8Linear) for module in model.modules()) else None
