"""What serving a language model needs: nodes, and the replicas on each."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...problems import Problems
from ..catalog import InstanceType, LanguageModel, assumptions
from .demand import Demand, Need, Purpose
from .serving_replica import Replica, ServingDemand, replica_on


@dataclass(frozen=True, kw_only=True, slots=True)
class ServingNode:
    """The best use of one node."""

    instance_type: str
    """By name."""

    replicas: int
    """Replicas on it."""

    replica: Replica
    """Each of them."""

    @property
    def requests_per_second(self) -> float:
        """Requests a second that the node takes."""
        return self.replicas * self.replica.requests_per_second


def check_serving(demand: ServingDemand, problems: Problems) -> None:
    """Add to `problems` what makes no sense in `demand`."""
    for path, value, unit in (
        ("requestsPerSecond", demand.requests_per_second, "requests a second"),
        ("timeToFirstToken", demand.time_to_first_token, "seconds"),
        ("timePerOutputToken", demand.time_per_output_token, "seconds"),
        ("inputTokens", demand.input_tokens, "tokens"),
        ("outputTokens", demand.output_tokens, "tokens"),
    ):
        if not (math.isfinite(value) and value > 0):
            problems.add(path, f"{value:,g} {unit} cannot be served; give more than 0")
    if not 0 < demand.quantile < 1:
        problems.add("quantile", f"{demand.quantile:g} is not a share; give a number between 0 and 1")


def serving_demand(
    demand: ServingDemand, instance_types: Iterable[InstanceType]
) -> tuple[Demand, dict[str, ServingNode]]:
    """Return what `demand` needs of each instance type that can meet it, and how each is used."""
    nodes: dict[str, ServingNode] = {}
    excluded: dict[str, str] = {}
    for each in instance_types:
        node, reason = serving_node(demand, each)
        if node is not None:
            nodes[each.name] = node
        elif each.accelerator_count:
            excluded[each.name] = reason
    need = Need(
        name="requests a second",
        unit="requests a second",
        amount=demand.requests_per_second,
        per_node={name: node.requests_per_second for name, node in nodes.items()},
    )
    found = Demand(
        name=demand.name, needs=(need,), purpose=Purpose.SERVING, excluded=excluded, notes=tuple(_notes(demand))
    )
    return found, nodes


def serving_node(demand: ServingDemand, each: InstanceType) -> tuple[ServingNode | None, str]:
    """Return how a node of one type serves the most requests; else None and why it serves none."""
    model = each.accelerator
    if model is None or not each.accelerator_count:
        return None, "has no whole accelerator"
    if model.dense_bf16_tflops is None:
        return None, f"no trusted figure of the FLOPS of {model.title}"
    best: ServingNode | None = None
    reason = ""
    for accelerators in _sizes(each.accelerator_count, demand.model):
        replica, why = replica_on(demand, model, accelerators, each.accelerator_memory_mib)
        reason = reason or why
        if replica is not None:
            node = ServingNode(
                instance_type=each.name, replicas=each.accelerator_count // accelerators, replica=replica
            )
            if best is None or node.requests_per_second > best.requests_per_second:
                best = node
        else:
            reason = why
    return best, "" if best else reason


def _sizes(accelerators: int, model: LanguageModel) -> list[int]:
    """Return how many accelerators of a node may share a replica: powers of two that divide the heads."""
    return [
        2**power
        for power in range(accelerators.bit_length())
        if 2**power <= accelerators and model.heads % 2**power == 0
    ]


def _notes(demand: ServingDemand) -> Iterator[str]:
    model, figures = demand.model, assumptions()
    shape = f", in the shape of {model.shape_of}" if model.shape_of else ""
    cache = model.cached_values_per_token * figures["serving_bytes"].value / 1024
    yield (
        f"{model.title}{shape}: prompts of {demand.input_tokens:,.0f} tokens, answers of {demand.output_tokens:,.0f}; "
        f"{cache:,.0f} KiB of keys and values a token"
    )
    longest = demand.input_tokens + demand.output_tokens
    if longest > model.context:
        yield (
            f"requests of {longest:,.0f} tokens on average are more than the {model.context:,} that "
            f"{model.shape_of or model.title} was trained to read: is it that model?"
        )
    yield (
        f"first token within {demand.time_to_first_token * 1000:,.0f} ms for {demand.quantile:.0%} of the requests, "
        f"then one every {demand.time_per_output_token * 1000:,.0f} ms"
    )
    yield (
        f"{figures['prefill_utilisation'].value:.0%} of the peak FLOPS, "
        f"{figures['bandwidth_utilisation'].value:.0%} of the memory's bandwidth, "
        f"{figures['tensor_efficiency'].value:.0%} of both for each doubling of a replica's accelerators; all in BF16"
    )
