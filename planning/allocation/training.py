"""What training a language model needs: operations, memory, a parallel layout that fits, nodes and days."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ...problems import Problems
from ..catalog import InstanceType, LanguageModel, assumptions
from .demand import Demand, Need, Purpose

_BYTES: Final = 2
"""Bytes of a weight or an activation in BF16."""

_SECONDS_PER_DAY: Final = 86_400
_RECOMPUTED_WORK: Final = 4 / 3
"""Work where every layer is computed again in the backward pass: 8 in place of 6 for each weight and token."""

_GATHERED_LAYERS: Final = 2
"""Layers whose weights are whole at a time under full sharding: the one that computes, and the next."""

_INFERENCE_ONLY: Final = ("inferentia",)
"""AWS Neuron documentation, glossary: Inferentia supports inference only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingDemand:
    """A model that has to be trained on so many tokens in so many days."""

    name: str
    """Name of the demand."""

    model: LanguageModel
    """What is trained."""

    tokens: float
    """Tokens that it learns from."""

    days: float
    """Days that it may take."""

    context: int
    """Tokens of one text."""

    batch_tokens: int = int(assumptions()["batch_tokens"].value)
    """Tokens of one step."""

    utilisation: float = assumptions()["training_utilisation"].value
    """Part of the peak FLOPS that is reached, as model FLOPS, where the network is fast enough."""

    is_utilisation_known: bool = False
    """Whether the utilisation is more than an assumption: that one does not hold without fast links between
    accelerators, which are then left out. Default: false."""

    goodput: float = assumptions()["training_goodput"].value
    """Part of the time that is not lost to failures, restarts and checkpoints."""

    @property
    def flops(self) -> float:
        """Model FLOPS of the whole training."""
        return self.tokens * self.model.training_flops_per_token(self.context)

    @property
    def sequences(self) -> int:
        """Texts of one step."""
        return max(1, self.batch_tokens // self.context)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingLayout:
    """How a training is spread over nodes of one type."""

    instance_type: str
    """By name."""

    nodes: int
    """Nodes."""

    accelerators: int
    """Accelerators of all nodes."""

    data: int
    """Groups that see different texts, among which weights, gradients and optimizer state are sharded."""

    tensor: int
    """Accelerators of one node that share each layer."""

    pipeline: int
    """Stages of layers."""

    recomputes: bool
    """Whether activations are computed again in the backward pass, to save memory."""

    memory_gib: float
    """GiB that one accelerator holds."""

    days: float
    """Days that it takes."""

    is_network_bound: bool
    """Whether a step waits for the network, not for the accelerators."""

    even_batch_tokens: int | None = None
    """Tokens of the nearest step that gives all groups as many texts, which the days are computed for; None where the
    step that was asked for does."""


def check_training(demand: TrainingDemand, problems: Problems) -> None:
    """Add to `problems` what makes no sense in `demand`."""
    for path, value, unit in (("tokens", demand.tokens, "tokens"), ("days", demand.days, "days")):
        if not (math.isfinite(value) and value > 0):
            problems.add(path, f"{value:,g} {unit} cannot be trained; give more than 0")
    for path, value in (("utilisation", demand.utilisation), ("goodput", demand.goodput)):
        if not 0 < value <= 1:
            problems.add(path, f"{value:g} is not a share; give a number above 0, up to 1")
    problems.between("context", demand.context, 1, unit="tokens")
    problems.between("batchTokens", demand.batch_tokens, max(1, demand.context), unit="tokens")


def training_demand(
    demand: TrainingDemand, instance_types: Iterable[InstanceType]
) -> tuple[Demand, dict[str, TrainingLayout]]:
    """Return what `demand` needs of each instance type that can meet it, and the layout on each."""
    layouts: dict[str, TrainingLayout] = {}
    excluded: dict[str, str] = {}
    for each in instance_types:
        layout, reason = training_layout(demand, each)
        if layout is not None:
            layouts[each.name] = layout
        elif each.accelerator_count:
            excluded[each.name] = reason
    need = Need(
        name="training",
        unit="of the training",
        amount=1.0,
        per_node={name: 1 / layout.nodes for name, layout in layouts.items()},
    )
    found = Demand(
        name=demand.name,
        needs=(need,),
        together=True,
        purpose=Purpose.TRAINING,
        excluded=excluded,
        notes=tuple(_notes(demand)),
    )
    return found, layouts


def training_layout(demand: TrainingDemand, each: InstanceType) -> tuple[TrainingLayout | None, str]:
    """Return the layout on the fewest nodes of one type that ends in time; else None and why there is none.

    A step takes the longer of its computation and of what the network has to move, as if they overlapped entirely.
    """
    model = each.accelerator
    if model is None or not each.accelerator_count:
        return None, "has no whole accelerator"
    if model.name in _INFERENCE_ONLY:
        return None, f"{model.title} is made for inference alone"
    if model.dense_bf16_tflops is None:
        return None, f"no trusted figure of the FLOPS of {model.title}"
    if not model.fast_link and not demand.is_utilisation_known:
        return None, f"no fast link between several {model.title}: say what utilisation it reaches"
    speed = model.dense_bf16_tflops * 1e12 * demand.utilisation * demand.goodput
    least = math.ceil(demand.flops / (speed * each.accelerator_count * demand.days * _SECONDS_PER_DAY) - 1e-9)
    most = max(2 * least, least + 16)
    reason = "does not fit its accelerators' memory in any layout"
    if least * each.accelerator_count > demand.sequences * max(_divisors(each.accelerator_count)):
        return None, f"a step has {demand.sequences:,} texts, too few for as many as it would take: raise batchTokens"
    # Of thousands of nodes, a few more or less change nothing that is known so well.
    for nodes in range(max(1, least), most + 1, max(1, least // 64)):
        layout = _best(demand, each, nodes)
        if layout is None:
            continue
        if layout.days <= demand.days * (1 + 1e-9):
            return layout, ""
        if layout.is_network_bound:
            return None, f"its network of {each.network_mbps / 1000:g} Gbps is too slow for any number of nodes"
        reason = "activations have to be computed again, and no number of nodes that was tried is fast enough"
    return None, reason


def _best(demand: TrainingDemand, each: InstanceType, nodes: int) -> TrainingLayout | None:
    """Return the fastest layout on so many nodes; of equally fast ones the one with the least parallelism of models."""
    found = list(_layouts(demand, each, nodes))
    return min(found, key=lambda layout: (layout.days, layout.tensor * layout.pipeline, layout.pipeline), default=None)


def _layouts(demand: TrainingDemand, each: InstanceType, nodes: int) -> Iterator[TrainingLayout]:
    accelerators = nodes * each.accelerator_count
    for tensor in _divisors(each.accelerator_count):
        if demand.model.heads % tensor:
            continue
        for pipeline in _divisors(accelerators // tensor):
            data = accelerators // (tensor * pipeline)
            # Each group has at least as many texts a step as there are stages, else most of them wait.
            if pipeline > demand.model.layers or data * pipeline > demand.sequences:
                continue
            for recomputes in (False, True):
                memory = accelerator_memory(demand, tensor=tensor, pipeline=pipeline, data=data, recomputes=recomputes)
                usable = each.accelerator_memory_mib * 2**20 * assumptions()["memory_utilisation"].value
                if memory > usable:
                    continue
                days, is_network_bound = _days(demand, each, nodes, (tensor, pipeline, data), recomputes=recomputes)
                yield TrainingLayout(
                    instance_type=each.name,
                    nodes=nodes,
                    accelerators=accelerators,
                    data=data,
                    tensor=tensor,
                    pipeline=pipeline,
                    recomputes=recomputes,
                    memory_gib=memory / 2**30,
                    days=days,
                    is_network_bound=is_network_bound,
                    even_batch_tokens=even_batch_tokens(demand, data),
                )
                break


def even_batch_tokens(demand: TrainingDemand, data: int) -> int | None:
    """Return the tokens of the step nearest to the one asked for whose texts are as many for each of `data` groups."""
    texts = max(1, round(demand.sequences / data)) * data
    return None if demand.sequences % data == 0 else texts * demand.context


def accelerator_memory(demand: TrainingDemand, *, tensor: int, pipeline: int, data: int, recomputes: bool) -> float:
    """Return the bytes that one accelerator holds: state, weights of the layers at work, activations, logits.

    One text at a time goes through a stage; the first of `pipeline` stages holds as many at once as there are, so
    the activations are those of all layers (Korthikanti et al. 2022, section 4.2.3).
    """
    model, figures = demand.model, assumptions()
    state = figures["training_state_bytes"].value * model.parameters / (tensor * pipeline * data)
    gathered = _GATHERED_LAYERS * _BYTES * model.parameters / model.layers / tensor
    per_layer = demand.context * model.width / tensor
    kept = figures["activation_bytes"].value * per_layer
    if recomputes:
        kept = figures["recomputed_activation_bytes"].value * per_layer + kept / model.layers
    logits = figures["logit_bytes"].value * demand.context * model.vocabulary / tensor
    return state + gathered + kept * model.layers + logits


def _days(
    demand: TrainingDemand, each: InstanceType, nodes: int, split: tuple[int, int, int], *, recomputes: bool
) -> tuple[float, bool]:
    """Return the days that it takes, and whether the network is what takes them."""
    assert each.accelerator is not None
    assert each.accelerator.dense_bf16_tflops is not None
    speed = each.accelerator.dense_bf16_tflops * 1e12 * demand.utilisation * each.accelerator_count * nodes
    computing = demand.flops * (_RECOMPUTED_WORK if recomputes else 1.0) / speed
    steps = demand.tokens / demand.batch_tokens
    moving = steps * traffic(demand, each.accelerator_count, nodes, split) / (each.network_mbps * 1e6 / 8)
    return max(computing, moving) / demand.goodput / _SECONDS_PER_DAY, moving > computing


def traffic(demand: TrainingDemand, accelerators: int, nodes: int, split: tuple[int, int, int]) -> float:
    """Return the bytes that one node receives from others in a step; it sends as many at the same time.

    Fully sharded weights are received twice and their gradients once, by rings that pass each node once: three times
    the weights of the stages that the node holds, but for its own part. Where stages are on different nodes, each
    token's activations and their gradients pass between them. The better of both placements counts.

    Args:
        demand: what is trained.
        accelerators: accelerators of one node.
        nodes: nodes.
        split: accelerators that share a layer (of one node), stages, and data-parallel groups.
    """
    tensor, pipeline, data = split
    whole = assumptions()["sharding_traffic"].value * _BYTES * demand.model.parameters
    lanes = accelerators // tensor
    found: list[float] = []
    if lanes % pipeline == 0:
        found.append(whole * (1 - 1 / nodes))
    here = min(data, lanes)
    if data % here == 0 and lanes % here == 0 and pipeline % (lanes // here) == 0 and pipeline > lanes // here:
        sharded = whole * (lanes // here) / pipeline * (1 - here / data)
        passed = 2 * _BYTES * demand.model.width * demand.batch_tokens * here / data
        found.append(sharded + passed)
    return min(found, default=whole)


def _divisors(number: int) -> list[int]:
    """Return the powers of two that divide `number`."""
    return [2**power for power in range(number.bit_length()) if number % 2**power == 0]


def _notes(demand: TrainingDemand) -> Iterator[str]:
    model, figures = demand.model, assumptions()
    shape = f", in the shape of {model.shape_of}" if model.shape_of else ""
    yield (
        f"{model.title}{shape}: {demand.tokens:,.0f} tokens in texts of {demand.context:,}, "
        f"{demand.flops:.3g} model FLOPS"
    )
    yield (
        f"{demand.utilisation:.0%} of the peak FLOPS, {demand.goodput:.0%} of the time, "
        f"{demand.batch_tokens:,} tokens a step"
    )
    yield f"{figures['training_state_bytes'].value:g} bytes a parameter, sharded over all data-parallel groups"
