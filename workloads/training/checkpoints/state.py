"""What a checkpoint holds: tensors by names that are the same in every layout, and values that are plain JSON."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

import torch
from torch import Tensor
from torch.distributed.checkpoint.metadata import Metadata, TensorStorageMetadata
from torch.optim import SGD, Adam, Optimizer

from ....problems import Problems

_MODEL: Final = "model."
_OPTIMIZER: Final = "optimizer."
_RANDOM: Final = "random."


class Named(Protocol):
    """A model whose tensors have names that do not depend on how it is spread over processes."""

    def named_parameters(self) -> Iterable[tuple[str, torch.nn.Parameter]]:
        """Return the parameters that this process has, or has a part of."""
        ...

    def named_buffers(self) -> Iterable[tuple[str, Tensor]]:
        """Return the buffers that this process has."""
        ...


@dataclass(kw_only=True)
class TrainingState:
    """All that a training needs to go on as if it had not been interrupted."""

    model: Named
    """Weights and buffers."""

    optimizer: Optimizer
    """State of each weight. Learning rates and the like follow from the settings and the step."""

    rank: int = 0
    """Number of this process: each has a random state of its own."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """What is no tensor: plain JSON, the same in all processes."""

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors themselves, not copies; the random state is a copy."""
        found: dict[str, Tensor] = {f"{_MODEL}{name}": weight for name, weight in self._weights()}
        found.update((f"{_MODEL}{name}", buffer) for name, buffer in self.model.named_buffers())
        for name, weight in self._weights():
            for key, value in self._of(weight).items():
                if isinstance(value, Tensor):
                    found[f"{_OPTIMIZER}{name}.{key}"] = value
        found.update((f"{_RANDOM}{self.rank}.{name}", value) for name, value in random_states().items())
        return found

    def changed_by_forward(self) -> set[str]:
        """Return the names of tensors that a pass through the model may change, so that they are copied at once."""
        return {f"{_MODEL}{name}" for name, _ in self.model.named_buffers()}

    def prepared(self, index: Metadata, same_processes: bool) -> dict[str, Tensor]:
        """Return tensors that a checkpoint's are read into, having made the optimizer's state.

        Args:
            index: What the checkpoint has.
            same_processes: Whether it is by as many processes: then the random state is read too.

        Raises:
            InvalidInput: The checkpoint is of another model, or of another optimizer.
        """
        problems = Problems()
        known = {
            name: each for name, each in index.state_dict_metadata.items() if isinstance(each, TensorStorageMetadata)
        }
        found: dict[str, Tensor] = {}
        for name, tensor in [*self._weights(), *self.model.named_buffers()]:
            _check(problems, name, tensor, known.get(f"{_MODEL}{name}"))
            found[f"{_MODEL}{name}"] = tensor
        problems.raise_if_any("checkpoint of another model")
        by_weight = _by_weight(known)
        _check_optimizer(self.optimizer, {key for each in by_weight.values() for key in each})
        for name, weight in self._weights():
            counter = self._counter_device(weight)
            self.optimizer.state[weight] = made = {
                key: _like(weight, each, counter) for key, each in by_weight.get(name, {}).items()
            }
            found.update((f"{_OPTIMIZER}{name}.{key}", value) for key, value in made.items())
        if same_processes:
            for name, value in random_states().items():
                if f"{_RANDOM}{self.rank}.{name}" in known:
                    found[f"{_RANDOM}{self.rank}.{name}"] = value
        return found

    def finish(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what was read into tensors that are copies."""
        prefix = f"{_RANDOM}{self.rank}."
        set_random_states(
            {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        )

    def _counter_device(self, weight: Tensor) -> torch.device:
        """Return where the optimizer wants numbers, such as its count of steps."""
        for group in self.optimizer.param_groups:
            if any(weight is other for other in group["params"]):
                return weight.device if group.get("fused") or group.get("capturable") else torch.device("cpu")
        return torch.device("cpu")

    def _weights(self) -> list[tuple[str, torch.nn.Parameter]]:
        return list(self.model.named_parameters())

    def _of(self, weight: torch.nn.Parameter) -> dict[str, Any]:
        return cast(Mapping[Tensor, dict[str, Any]], self.optimizer.state).get(weight, {})


def random_states() -> dict[str, Tensor]:
    """Return copies of the states of the generators that a training may draw from: torch's and Python's own."""
    version, words, _ = random.getstate()
    found = {"torch": torch.get_rng_state(), "python": torch.tensor([version, *words], dtype=torch.int64)}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.get_rng_state()
    return found


def set_random_states(states: Mapping[str, Tensor]) -> None:
    """Set the generators to what `random_states` returned."""
    if "torch" in states:
        torch.set_rng_state(states["torch"])
    if "python" in states:
        version, *words = cast(list[int], states["python"].tolist())  # pyright: ignore[reportUnknownMemberType]
        random.setstate((version, tuple(words), None))
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])


def _check(problems: Problems, name: str, tensor: Tensor, kept: TensorStorageMetadata | None) -> None:
    if kept is None:
        problems.add(name, "the checkpoint has no such tensor; continue with the settings that it was made with")
    elif tuple(kept.size) != tuple(tensor.shape):
        problems.add(
            name,
            f"it is {_shape(kept.size)} in the checkpoint and {_shape(tensor.shape)} here; continue with the settings"
            " that it was made with",
        )


def _check_optimizer(optimizer: Optimizer, kept: set[str]) -> None:
    """Refuse the state of another optimizer, which this one would fail at, or leave lying."""
    wanted = _state_keys(optimizer)
    if wanted is None or wanted == kept:
        return
    problems = Problems()
    problems.add(
        "optimizer.kind",
        f"in the checkpoint the optimizer keeps {_listed(kept)} for each weight, and here {_listed(wanted)}; continue"
        " with the kind that it was made with, or begin anew at another checkpoint.location",
    )
    problems.raise_if_any("checkpoint of another optimizer")


def _state_keys(optimizer: Optimizer) -> set[str] | None:
    """Return what an optimizer of ours keeps for each weight; None for any other."""
    if isinstance(optimizer, Adam):
        return {"step", "exp_avg", "exp_avg_sq"}
    if isinstance(optimizer, SGD):
        return {"momentum_buffer"} if optimizer.param_groups[0]["momentum"] else set()
    return None


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(keys)) or "nothing"


def _by_weight(known: Mapping[str, TensorStorageMetadata]) -> dict[str, dict[str, TensorStorageMetadata]]:
    found: dict[str, dict[str, TensorStorageMetadata]] = {}
    for name, each in known.items():
        if name.startswith(_OPTIMIZER):
            weight, _, key = name.removeprefix(_OPTIMIZER).rpartition(".")
            found.setdefault(weight, {})[key] = each
    return found


def _like(weight: Tensor, kept: TensorStorageMetadata, counter: torch.device) -> Tensor:
    """Return room for a state of the optimizer: as its weight is spread, or a number that each process has."""
    if tuple(kept.size) == tuple(weight.shape):
        return torch.zeros_like(weight, dtype=kept.properties.dtype, requires_grad=False)
    return torch.zeros(kept.size, dtype=kept.properties.dtype, device=counter)


def _shape(size: Iterable[int]) -> str:
    return "x".join(map(str, size)) or "a number"
