"""Making a model from its settings, and what is known of each kind."""

from typing import Final

from torch import nn
from torch.distributed.tensor.parallel import ColwiseParallel, ParallelStyle, RowwiseParallel

from ...problems import Problems
from .convolutional import Convolutional
from .gpt2 import GPT2
from .lstm import LSTM
from .settings import ConvolutionalSettings, GPT2Settings, LSTMSettings

Model = GPT2 | LSTM | Convolutional
LanguageModel = GPT2 | LSTM

_DATA: Final = {"gpt2": ("vocabulary",), "lstm": ("vocabulary",), "convolutional": ("channels", "classes")}


def build_model(settings: GPT2Settings | LSTMSettings | ConvolutionalSettings) -> Model:
    """Return the model with its initial weights, which depend on torch's random state.

    Raises:
        InvalidInput: Settings that default to what the data has were not given and not fitted to data.
    """
    problems = Problems()
    for name in _DATA[settings.kind]:
        if getattr(settings, name) is None:
            problems.add(name, "missing; give it, or fit the settings to the data")
    problems.raise_if_any("model")
    if isinstance(settings, GPT2Settings):
        return GPT2(settings)
    return LSTM(settings) if isinstance(settings, LSTMSettings) else Convolutional(settings)


def blocks(model: nn.Module) -> dict[str, nn.Module]:
    """Return the repeated parts of a model by name, in order: what is sharded, checkpointed or put on stages."""
    if isinstance(model, GPT2):
        return {f"blocks.{index}": block for index, block in model.blocks.items()}
    if isinstance(model, Convolutional):
        return {f"stages.{index}": stage for index, stage in model.stages.items()}
    return {}


def tensor_parallel_plan(model: nn.Module) -> dict[str, ParallelStyle]:
    """Return how `parallelize_module` shards each layer; empty where a model cannot be split so.

    Megatron's plan (Shoeybi et al., 2019, section 3): attention by heads, feed-forward networks by neurons, one
    all-reduce after each. Embedding and head stay whole on each process.
    """
    if not isinstance(model, GPT2):
        return {}
    return {
        "blocks.*.attention.projection": ColwiseParallel(),
        "blocks.*.attention.output": RowwiseParallel(),
        "blocks.*.feed_forward.expand": ColwiseParallel(),
        "blocks.*.feed_forward.output": RowwiseParallel(),
    }


def parameter_count(model: nn.Module) -> int:
    """Return the number of parameters, shared ones counted once."""
    return sum(parameter.numel() for parameter in model.parameters())
