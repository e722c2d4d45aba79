"""Pruning by magnitude: single weights, or whole heads and neurons."""

from typing import Final

import torch
from torch import Tensor, nn

from ..models.gpt2 import GPT2, Attention, FeedForward
from ..models.settings import GPT2Settings

MOST: Final = 0.95
"""Share that may be pruned: what is left of a layer has to be something."""


@torch.no_grad()
def prune_weights(model: nn.Module, share: float) -> float:
    """Set the smallest weights of all matrices together to 0 (Han et al., 2015); return the share that is 0 then.

    Dense kernels multiply by zeros as by other numbers, so a model becomes no faster and no smaller by this alone.
    """
    matrices = [weight for weight in _unique(model) if weight.dim() >= 2]
    count = sum(weight.numel() for weight in matrices)
    pruned = round(share * count)
    if pruned:
        magnitudes = torch.cat([weight.abs().flatten() for weight in matrices])
        bound = magnitudes.kthvalue(pruned).values
        for weight in matrices:
            weight.masked_fill_(weight.abs() <= bound, 0)
    return sum(int((weight == 0).sum()) for weight in matrices) / count


@torch.no_grad()
def prune_parts(model: GPT2, share: float) -> GPT2:
    """Return a smaller model without the least heads and neurons of each block: as many in each.

    The magnitude of a head is the norm of what its values and its output share are multiplied by; that of a neuron,
    the product of the norms of its incoming and its outgoing weights (Michel et al., 2019, and Li et al., 2017, prune
    such parts). At least one head and one neuron stay.
    """
    shape = model.settings.shape
    heads = max(1, shape.heads - round(share * shape.heads))
    inner = max(1, shape.inner - round(share * shape.inner))
    settings = GPT2Settings.model_validate(
        {**model.settings.model_dump(), "heads": heads, "head_size": shape.head_size, "inner": inner}
    )
    smaller = GPT2(settings)
    smaller.load_state_dict(
        {name: value for name, value in model.state_dict().items() if not name.startswith("blocks.")}, strict=False
    )
    for index, block in model.blocks.items():
        target = smaller.blocks[index]
        for name in ("attention_norm", "feed_forward_norm"):
            target.get_submodule(name).load_state_dict(block.get_submodule(name).state_dict())
        attention, feed_forward = block.get_submodule("attention"), block.get_submodule("feed_forward")
        assert isinstance(attention, Attention)
        assert isinstance(feed_forward, FeedForward)
        target.get_submodule("attention").load_state_dict(_attention(attention, heads))
        target.get_submodule("feed_forward").load_state_dict(_feed_forward(feed_forward, inner))
    return smaller.to(next(model.parameters()).dtype).train(model.training)


def _attention(attention: Attention, count: int) -> dict[str, Tensor]:
    size = attention.head_size
    projection, out = attention.projection, attention.output
    weight = projection.weight.view(-1, 3, size, projection.in_features)
    bias = projection.bias.view(-1, 3, size)
    output = out.weight.view(out.out_features, -1, size)
    kept = _largest(_norm(weight[:, 2], (1, 2)) * _norm(output, (0, 2)), count)
    return {
        "projection.weight": weight[kept].flatten(0, 2),
        "projection.bias": bias[kept].flatten(),
        "output.weight": output[:, kept].flatten(1),
        "output.bias": attention.output.bias,
    }


def _feed_forward(feed_forward: FeedForward, count: int) -> dict[str, Tensor]:
    expand, output = feed_forward.expand, feed_forward.output
    kept = _largest(_norm(expand.weight, (1,)) * _norm(output.weight, (0,)), count)
    return {
        "expand.weight": expand.weight[kept],
        "expand.bias": expand.bias[kept],
        "output.weight": output.weight[:, kept],
        "output.bias": output.bias,
    }


def _norm(values: Tensor, over: tuple[int, ...]) -> Tensor:
    return values.square().sum(over).sqrt()


def _largest(values: Tensor, count: int) -> Tensor:
    """Return the places of the largest values, in their order."""
    return values.topk(count).indices.sort().values


def _unique(model: nn.Module) -> list[nn.Parameter]:
    return list(dict.fromkeys(model.parameters()))
