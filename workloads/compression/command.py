"""What the command line of compression does."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch

from ...problems import Problems
from ..addresses import refusal_to_write
from ..models.card import ModelCard
from ..models.export import LoadedModel, check_target, export_model, load_model
from ..models.gpt2 import GPT2
from ..models.model import Model, build_model, parameter_count
from ..models.quantization import quantization_of, quantize
from ..models.settings import ConvolutionalSettings
from ..training.recipes import read_training
from ..training.subject import Subject, read_subject
from .distillation import distill
from .pruning import MOST, prune_parts, prune_weights


def compress(given: Namespace) -> str:
    """Compress an export; return what was done, in one line.

    Raises:
        InvalidInput: Options, model or data cannot be used.
    """
    problems = Problems()
    _check(problems, given)
    loaded = load_model(given.model)
    _check_model(problems, given, loaded)
    problems.raise_if_any("compression")
    if given.method == "int8":
        return _quantize(loaded, given.output)
    if given.method == "prune":
        return _prune(loaded, given.output, given.share, given.weights)
    return _distill(loaded, given)


def _check(problems: Problems, given: Namespace) -> None:
    if given.output.absolute() == given.model.absolute():
        problems.add("--output", f"{given.output} is the model itself; give another folder")
    elif (reason := refusal_to_write(str(given.output.absolute().parent))) is not None:
        problems.add("--output", f"{given.output} cannot be written to: {reason}; give another folder")
    else:
        check_target(given.output)
    if given.method == "prune" and not 0 < given.share <= MOST:
        problems.add("--share", f"{given.share} is no share; give more than 0, {MOST} at most")
    if given.method == "distill":
        if given.config is None:
            problems.add("--config", "missing; give a recipe, such as gpt2-tiny, or a file, for the smaller model")
        if not 0 < given.temperature <= 1000:
            problems.add("--temperature", f"{given.temperature} has no meaning; give more than 0, 1000 at most")
        if not 0 <= given.weight <= 1:
            problems.add("--weight", f"{given.weight} is no share; give 0 to 1")
    problems.raise_if_any("compression")


def _check_model(problems: Problems, given: Namespace, loaded: LoadedModel) -> None:
    weight = next(loaded.model.parameters())
    plain = isinstance(loaded.model, GPT2) and weight.dtype == torch.float32
    if quantization_of(loaded.model) is not None and given.method != "distill":
        problems.add("--model", "has int8 weights already; compress the model that it was made from")
    elif given.method == "int8" and not plain:
        problems.add("--method", f"int8 is for GPT-2 in float32; {given.model} is of kind {loaded.settings.kind}")
    elif given.method == "prune" and not given.weights and not isinstance(loaded.model, GPT2):
        problems.add(
            "--method", f"heads are GPT-2's, and {given.model} is of kind {loaded.settings.kind}; --weights prunes any"
        )


def _quantize(loaded: LoadedModel, output: Path) -> str:
    quantize(cast(GPT2, loaded.model))
    _export(output, loaded.model, loaded, "int8 dynamic quantisation", {"quantization": "int8"})
    return f"int8 weights: {output}"


def _prune(loaded: LoadedModel, output: Path, share: float, weights: bool) -> str:
    if weights:
        zeros = prune_weights(loaded.model, share)
        _export(output, loaded.model, loaded, "pruning of weights by magnitude", {"weights that are 0": zeros})
        return f"{zeros:.1%} of the weights are 0: {output}"
    before = parameter_count(loaded.model)
    model = prune_parts(cast(GPT2, loaded.model), share)
    shape = model.settings.shape
    facts = {"heads of a layer": shape.heads, "neurons of a layer": shape.inner}
    _export(output, model, loaded, "pruning of heads and neurons by magnitude", facts)
    return (
        f"{shape.heads} heads and {shape.inner} neurons a layer, {parameter_count(model):,} of {before:,} parameters: "
        f"{output}"
    )


def _distill(loaded: LoadedModel, given: Namespace) -> str:
    settings = read_training(given.config, given.set)
    subject = read_subject(settings)
    student: Model
    if given.student is not None:
        learner = load_model(given.student)
        student = learner.model
        _check_pair(loaded, learner.settings.kind, subject, student)
    else:
        torch.manual_seed(settings.seed)  # pyright: ignore[reportUnknownMemberType]
        student = build_model(subject.model)
        _check_pair(loaded, subject.model.kind, subject, student)
    losses: list[float] = []
    distill(
        loaded.model,
        student,
        settings,
        subject,
        temperature=given.temperature,
        weight=given.weight,
        report=lambda _, loss: losses.append(loss),
    )
    facts = {"steps": settings.steps, "temperature": given.temperature, "weight of the teacher": given.weight}
    _export(given.output, student, loaded, f"distillation from {loaded.name}", facts)
    count = parameter_count(student)
    return f"{settings.steps} steps, loss {losses[0]:.4f} to {losses[-1]:.4f}, {count:,} parameters: {given.output}"


def _check_pair(loaded: LoadedModel, kind: str, subject: Subject, student: Model) -> None:
    """Refuse a student, or data, whose tokens or classes are not the teacher's."""
    problems = Problems()
    if quantization_of(student) is not None:
        problems.add("--student", "has int8 weights, which cannot learn; distill first, quantise then")
    same = (subject.encoding is None) == (loaded.encoding is None) and subject.labels == loaded.labels
    if subject.encoding is not None and loaded.encoding is not None:
        same = same and subject.encoding.document() == loaded.encoding.document()
    if not same:
        problems.add("--config", "its data has other tokens or classes than the model; give the data it was trained on")
    text, images = ("gpt2", "lstm"), ("convolutional",)
    group = text if loaded.settings.kind in text else images
    if kind not in group:
        problems.add("model.kind", f"{kind} cannot learn from a model of kind {loaded.settings.kind}")
    elif _outputs(student) != _outputs(loaded.model):
        problems.add(
            "model", f"it has {_outputs(student)} outputs, and the model that it learns from {_outputs(loaded.model)}"
        )
    problems.raise_if_any("compression")


def _outputs(model: Model) -> int:
    settings = model.settings
    return (settings.classes if isinstance(settings, ConvolutionalSettings) else settings.vocabulary) or 0


def _export(
    output: Path, model: Model, source: LoadedModel, method: str, facts: Mapping[str, str | int | float]
) -> None:
    card = ModelCard(
        name=source.name,
        description=f"{source.name}, compressed by {method}. Measure it on your data before you rely on it.",
        procedure={"method": method, "source": source.name, **facts},
    )
    export_model(output, model, model.settings, source.encoding, source.labels, card)
