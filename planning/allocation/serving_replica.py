"""One replica of a language model on some accelerators: how many requests it takes within its latencies."""

import math
from dataclasses import dataclass
from typing import Final

from ..catalog import Accelerator, LanguageModel, assumptions

_HALVINGS: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class ServingDemand:
    """A model that has to answer so many requests a second within some latencies."""

    name: str
    """Name of the demand."""

    model: LanguageModel
    """What is served."""

    requests_per_second: float
    """Requests a second at the peak."""

    time_to_first_token: float
    """Seconds from a request to its first token, at the quantile."""

    time_per_output_token: float = assumptions()["time_per_output_token"].value
    """Seconds between two tokens of an answer, on average."""

    input_tokens: float = assumptions()["input_tokens"].value
    """Tokens of a prompt, on average."""

    output_tokens: float = assumptions()["output_tokens"].value
    """Tokens of an answer, on average."""

    quantile: float = assumptions()["latency_quantile"].value
    """Part of the requests that get their first token in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """One copy of a model on some accelerators of a node, with as many requests as it can take."""

    accelerators: int
    """Accelerators that share its layers."""

    requests_per_second: float
    """Requests a second that it takes within the latencies."""

    concurrency: float
    """Answers that are being generated at a time, on average."""

    time_to_first_token: float
    """Seconds, at the quantile."""

    time_per_output_token: float
    """Seconds, on average."""

    cache_gib: float
    """GiB of keys and values of the answers at work, on all its accelerators."""

    weights_gib: float
    """GiB of its weights, on all its accelerators."""

    bound_by: str
    """What keeps it from taking more: `time to first token`, `time per output token` or `memory`."""


def replica_on(
    demand: ServingDemand, model: Accelerator, accelerators: int, memory_mib: int
) -> tuple[Replica | None, str]:
    """Return a replica on some accelerators with as many requests as it can take; else None and why it takes none.

    Reading a prompt takes its FLOPS at the assumed part of the peak. Generating a token for all answers at work takes
    the longer of reading weights and caches from memory and of computing. Prompts come first, so that generating is
    slowed down by the part of the time that goes into prompts, and answers at work follow from Little's law. A prompt
    waits for others as in a queue with one server and varied service times: its mean wait is that of
    Pollaczek and Khinchin, its tail is taken as exponential.
    """
    if accelerator_room(demand, accelerators, memory_mib) <= 0:
        return None, f"{demand.model.title} does not fit {accelerators} x {memory_mib / 1024:.0f} GiB"
    low, high = 0.0, 1 / prefill_seconds(demand, model, accelerators)
    slowest = _replica(demand, model, accelerators, memory_mib, high * 1e-6)
    if slowest.bound_by:
        return None, f"a single request misses its {slowest.bound_by} on {accelerators} x {model.title}"
    bound_by = "time to first token"
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = _replica(demand, model, accelerators, memory_mib, middle)
        if tried.bound_by:
            high, bound_by = middle, tried.bound_by
        else:
            low = middle
    found = _replica(demand, model, accelerators, memory_mib, low)
    return (
        Replica(
            accelerators=accelerators,
            requests_per_second=low,
            concurrency=found.concurrency,
            time_to_first_token=found.time_to_first_token,
            time_per_output_token=found.time_per_output_token,
            cache_gib=found.cache_gib,
            weights_gib=found.weights_gib,
            bound_by=bound_by,
        ),
        "",
    )


def prefill_seconds(demand: ServingDemand, model: Accelerator, accelerators: int) -> float:
    """Return the seconds of reading one prompt of average length."""
    assert model.dense_bf16_tflops is not None
    speed = shared_speed(accelerators) * model.dense_bf16_tflops * 1e12 * assumptions()["prefill_utilisation"].value
    return demand.model.reading_flops(demand.input_tokens) / speed


def shared_speed(accelerators: int) -> float:
    """Return how many times as fast as one accelerator some are that share a replica."""
    return accelerators * assumptions()["tensor_efficiency"].value ** math.log2(accelerators)


def decode_seconds(demand: ServingDemand, model: Accelerator, accelerators: int, answers: float) -> float:
    """Return the seconds of generating one token for each of `answers` at work: memory or FLOPS, the longer."""
    weights, cache, work = _step_parts(demand, model, accelerators)
    return max(weights + cache * answers, work * answers)


def _step_parts(demand: ServingDemand, model: Accelerator, accelerators: int) -> tuple[float, float, float]:
    """Return the seconds of reading the weights, of reading one answer's keys and values, and of its FLOPS."""
    assert model.dense_bf16_tflops is not None
    figures = assumptions()
    many = shared_speed(accelerators)
    bandwidth = many * model.memory_bandwidth_gb_per_second * 1e9 * figures["bandwidth_utilisation"].value
    speed = many * model.dense_bf16_tflops * 1e12 * figures["prefill_utilisation"].value
    bytes_each = figures["serving_bytes"].value
    # An answer is half written, on average.
    length = demand.input_tokens + demand.output_tokens / 2
    return (
        bytes_each * demand.model.multiplied_parameters / bandwidth,
        bytes_each * length * demand.model.cached_values_per_token / bandwidth,
        2.0 * demand.model.multiplied_parameters / speed,
    )


def accelerator_room(demand: ServingDemand, accelerators: int, memory_mib: int) -> float:
    """Return the bytes that weights leave for keys and values, on all accelerators of a replica."""
    usable = accelerators * memory_mib * 2**20 * assumptions()["memory_utilisation"].value
    return usable - assumptions()["serving_bytes"].value * demand.model.parameters


def first_token_wait(service: float, busy: float, variation: float, quantile: float) -> float:
    """Return the seconds that a prompt waits for others, at a quantile, in a queue with one server.

    Args:
        service: seconds of reading one prompt, on average.
        busy: part of the time that goes into prompts, below 1.
        variation: squared coefficient of variation of the service times.
        quantile: part of the prompts that wait no longer.
    """
    if busy <= 1 - quantile:
        return 0.0
    mean = busy * service * (1 + variation) / (2 * (1 - busy))
    return mean / busy * math.log(busy / (1 - quantile))


def _replica(demand: ServingDemand, model: Accelerator, accelerators: int, memory_mib: int, rate: float) -> Replica:
    """Return a replica under `rate` requests a second; `bound_by` says what it misses, or nothing."""
    service = prefill_seconds(demand, model, accelerators)
    busy = rate * service
    answers = _answers_at_work(demand, model, accelerators, rate, busy)
    bytes_each = assumptions()["serving_bytes"].value
    length = demand.input_tokens + demand.output_tokens
    cache = answers * length * demand.model.cached_values_per_token * bytes_each
    step = decode_seconds(demand, model, accelerators, answers) if math.isfinite(answers) else math.inf
    pace = step / (1 - busy) if busy < 1 else math.inf
    wait = first_token_wait(service, busy, assumptions()["input_variation"].value, demand.quantile)
    first = wait + service + step if busy < 1 else math.inf
    bound_by = ""
    if first > demand.time_to_first_token:
        bound_by = "time to first token"
    elif pace > demand.time_per_output_token:
        bound_by = "time per output token"
    elif cache > accelerator_room(demand, accelerators, memory_mib):
        bound_by = "memory"
    return Replica(
        accelerators=accelerators,
        requests_per_second=rate,
        concurrency=answers,
        time_to_first_token=first,
        time_per_output_token=pace,
        cache_gib=cache / 2**30,
        weights_gib=bytes_each * demand.model.parameters / 2**30,
        bound_by=bound_by,
    )


def _answers_at_work(demand: ServingDemand, model: Accelerator, accelerators: int, rate: float, busy: float) -> float:
    """Return the answers at work by Little's law; infinite where they pile up.

    A step takes max(weights + cache * answers, work * answers), and answers = tokens a second * step: the first part
    gives tokens * weights / (1 - tokens * cache), and the second is no longer where tokens * work is at most 1.
    """
    if busy >= 1:
        return math.inf
    weights, cache, work = _step_parts(demand, model, accelerators)
    tokens = rate * demand.output_tokens / (1 - busy)
    if tokens * cache >= 1 or tokens * work > 1:
        return math.inf
    return tokens * weights / (1 - tokens * cache)
