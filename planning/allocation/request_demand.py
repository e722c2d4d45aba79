"""One demand of a request: a training, a service, or bare resources."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from ...problems import Problems
from ..catalog import InstanceType, LanguageModel, all_instance_types, find_language_model
from ..catalog.accelerators import find_models
from ..quantities import count, days, gibibytes, seconds
from ..reader import Reader
from .demand import Demand, Purpose
from .resources import RESOURCES, ResourceDemand, resource_demand
from .serving import ServingNode, check_serving, serving_demand
from .serving_replica import ServingDemand
from .training import TrainingDemand, TrainingLayout, check_training, training_demand

_COMMON: Final = (
    "accelerator", "vendor", "instanceTypes", "architecture", "together", "oneType", "spotShare", "zoneShare",
    "survivesZoneLoss", "maximumNodes",
)  # fmt: skip
_KINDS: Final = ("train", "serve", "needs")
_TRAIN: Final = ("model", "tokens", "days", "context", "batchTokens", "utilisation", "goodput")
_SERVE: Final = (
    "model", "requestsPerSecond", "timeToFirstToken", "timePerOutputToken", "inputTokens", "outputTokens", "quantile",
)  # fmt: skip
_NEEDS: Final = (*RESOURCES, "acceleratorMemory")
_VENDORS: Final = ("nvidia", "aws", "any")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadDemand:
    """A demand, and how it uses each instance type."""

    demand: Demand
    """What has to be met."""

    layouts: Mapping[str, TrainingLayout]
    """How a training is spread, by instance type; empty for others."""

    serving: Mapping[str, ServingNode]
    """How a service uses a node, by instance type; empty for others."""


def read_demand(name: str, given: Any, document: Mapping[str, Any], problems: Problems) -> ReadDemand | None:
    """Return the demand that `given` is; else add to `problems` and return None. `document` is the whole request."""
    if not isinstance(given, Mapping):
        problems.add("", f"{given!r} is no demand; give one of {', '.join(_KINDS)}")
        return None
    values = cast(Mapping[str, Any], given)
    problems.known_keys(values, (*_KINDS, *_COMMON))
    kinds = [kind for kind in _KINDS if kind in values]
    if len(kinds) != 1:
        told = " and ".join(kinds) if kinds else "nothing"
        problems.add("", f"{told} is asked for; give exactly one of {', '.join(_KINDS)}")
        return None
    before = len(problems)
    reader = Reader(values, problems)
    types = _candidates(reader, document)
    inner = Reader(reader.mapping(kinds[0]), problems)
    with problems.under(kinds[0]):
        problems.known_keys(inner.given, {"train": _TRAIN, "serve": _SERVE, "needs": _NEEDS}[kinds[0]])
        made = {"train": _train, "serve": _serve, "needs": _bare}[kinds[0]](name, inner)
    if made is None or len(problems) > before:
        return None
    layouts: Mapping[str, TrainingLayout] = {}
    serving: Mapping[str, ServingNode] = {}
    if isinstance(made, TrainingDemand):
        demand, layouts = training_demand(made, types)
    elif isinstance(made, ServingDemand):
        demand, serving = serving_demand(made, types)
    else:
        demand = resource_demand(made, types)
    together = demand.together or reader.flag("together")
    ruled = replace(
        demand,
        together=together,
        one_type=reader.flag("oneType"),
        purpose=Purpose.TRAINING if together else demand.purpose,
        spot_share=reader.number("spotShare", 0.0),
        zone_share=reader.number("zoneShare", 1.0),
        survives_zone_loss=reader.flag("survivesZoneLoss"),
        maximum_nodes=reader.whole("maximumNodes"),
    )
    return ReadDemand(demand=ruled, layouts=layouts, serving=serving)


def _train(name: str, reader: Reader) -> TrainingDemand | None:
    model = _model(reader, ("model", "tokens", "days"))
    before = len(reader.problems)
    if model is None:
        return None
    demand = TrainingDemand(
        name=name,
        model=model,
        tokens=count("tokens", reader.given["tokens"], reader.problems),
        days=days("days", reader.given["days"], reader.problems),
        context=int(reader.number("context", min(model.context, 8192))),
    )
    demand = replace(
        demand,
        batch_tokens=int(reader.number("batchTokens", demand.batch_tokens)),
        utilisation=reader.number("utilisation", demand.utilisation),
        is_utilisation_known=reader.given.get("utilisation") is not None,
        goodput=reader.number("goodput", demand.goodput),
    )
    if len(reader.problems) == before:
        check_training(demand, reader.problems)
    return demand


def _serve(name: str, reader: Reader) -> ServingDemand | None:
    model = _model(reader, ("model", "requestsPerSecond", "timeToFirstToken"))
    before = len(reader.problems)
    if model is None:
        return None
    demand = ServingDemand(
        name=name,
        model=model,
        requests_per_second=count("requestsPerSecond", reader.given["requestsPerSecond"], reader.problems),
        time_to_first_token=seconds("timeToFirstToken", reader.given["timeToFirstToken"], reader.problems),
    )
    pace = reader.given.get("timePerOutputToken")
    demand = replace(
        demand,
        time_per_output_token=demand.time_per_output_token
        if pace is None
        else seconds("timePerOutputToken", pace, reader.problems),
        input_tokens=reader.number("inputTokens", demand.input_tokens),
        output_tokens=reader.number("outputTokens", demand.output_tokens),
        quantile=reader.number("quantile", demand.quantile),
    )
    if len(reader.problems) == before:
        check_serving(demand, reader.problems)
    return demand


def _model(reader: Reader, needed: tuple[str, ...]) -> LanguageModel | None:
    return find_language_model(str(reader.given["model"]), reader.problems) if reader.needed(needed) else None


def _bare(name: str, reader: Reader) -> ResourceDemand | None:
    amounts: dict[str, float] = {}
    for resource in RESOURCES:
        value = reader.given.get(resource)
        if value is None:
            continue
        if resource == "memory":
            amounts[resource] = gibibytes(resource, value, reader.problems)
        elif resource == "storage":
            amounts[resource] = gibibytes(resource, value, reader.problems) * 2**30 / 1e9
        else:
            amounts[resource] = count(resource, value, reader.problems)
    if not amounts:
        reader.problems.add("", f"nothing is asked for; give at least one of {', '.join(RESOURCES)}")
        return None
    memory = reader.given.get("acceleratorMemory")
    return ResourceDemand(
        name=name,
        amounts=amounts,
        accelerator_memory_gib=0.0 if memory is None else gibibytes("acceleratorMemory", memory, reader.problems),
    )


def _candidates(reader: Reader, document: Mapping[str, Any]) -> list[InstanceType]:
    """Return the instance types that a demand may use by its vendor, accelerator, architecture and list of types."""
    problems = reader.problems
    vendor = str(reader.given.get("vendor", document.get("vendor", "nvidia")))
    problems.choice("vendor", vendor, _VENDORS)
    architecture = str(reader.given.get("architecture", "amd64"))
    problems.choice("architecture", architecture, ("amd64", "arm64", "any"))
    models = None
    if reader.given.get("accelerator") is not None:
        models = {each.name for each in find_models(str(reader.given["accelerator"]), problems)}
    named = reader.instance_types()
    return [
        each
        for each in all_instance_types().values()
        if (named is None or each.name in named)
        and architecture in (each.architecture, "any")
        and (models is None or (each.accelerator is not None and each.accelerator.name in models))
        # A model that was asked for by name is meant, whoever makes it.
        and (models is not None or each.accelerator is None or vendor in (each.accelerator.vendor, "any"))
    ]
