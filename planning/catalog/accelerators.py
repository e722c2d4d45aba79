"""Accelerators: memory and its bandwidth, FLOPS, power, and the ways in which one can be shared."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from ...problems import InvalidInput, Problems, suggestion
from .data_files import read_data

TIME_SLICING_REPLICAS = (2, 48)
"""Fewest and most pods that may share one accelerator by time-slicing.

The NVIDIA device plugin refuses fewer than 2. It names no upper bound: 48 is ours, the most clients that
NVIDIA's MPS takes on one GPU (MIG User Guide r580, table 3), since each replica keeps its own memory.
"""

_FIGURES = ("memory_mib", "memory_bandwidth_gb_per_second", "dense_bf16_tflops", "tdp_watts")


@dataclass(frozen=True, kw_only=True, slots=True)
class MigProfile:
    """One way of cutting an accelerator into isolated instances (NVIDIA MIG)."""

    name: str
    """As NVIDIA writes it, such as `1g.10gb` or `1g.10gb+me`."""

    compute_slices: int
    """Slices of the streaming multiprocessors that one instance has."""

    memory_gb: int
    """GB, as the profile's name rounds it."""

    memory_fraction: float
    """Part of the accelerator's memory that one instance has, 0 to 1."""

    max_instances: int
    """Most instances of this profile on one accelerator."""

    @property
    def resource_name(self) -> str:
        """Extended resource of the NVIDIA device plugin under its `mixed` strategy."""
        return f"nvidia.com/mig-{self._label}"

    @property
    def config_name(self) -> str:
        """Value of the label `nvidia.com/mig.config` that cuts every accelerator of a node this way."""
        return f"all-{self._label}"

    @property
    def _label(self) -> str:
        return self.name.replace("+", ".")


@dataclass(frozen=True, kw_only=True, slots=True)
class Accelerator:
    """One model of accelerator."""

    name: str
    """Name in this catalog, such as `h100` or `a100-80gb`."""

    title: str
    """Name in the vendor's words."""

    vendor: str
    """`nvidia` or `aws`."""

    model: str
    """Model without its memory size: `a100` for both A100s; else equal to `name`."""

    aliases: tuple[str, ...]
    """Other names that are understood."""

    memory_mib: int
    """MiB of one accelerator, as EC2 (or AWS Neuron) reports it."""

    memory_bandwidth_gb_per_second: float
    """10^9 bytes a second between one accelerator and its memory, at the peak."""

    dense_bf16_tflops: float | None
    """TFLOPS without sparsity in BF16 (FP16 where `notes` say so); None where no figure is trusted."""

    tdp_watts: float | None
    """Watts of one accelerator at its thermal design power, without its host; None where unknown."""

    resource_name: str
    """Extended resource that a pod asks for, such as `nvidia.com/gpu`."""

    neuron_cores: int
    """NeuronCores of one AWS chip; 0 for others."""

    time_slicing: bool
    """Whether pods can share it by time-slicing (NVIDIA device plugin)."""

    fast_link: bool
    """Whether several of a node are joined by a network of their own (NVLink, NeuronLink), not by PCIe alone; from the
    vendors' descriptions of each model."""

    mig_profiles: tuple[MigProfile, ...]
    """Ways of cutting it; empty where it cannot be cut, or no profiles are known."""

    figure_sources: tuple[tuple[str, str], ...]
    """Pairs of figure and source name, for the figures that are known."""

    notes: tuple[str, ...]
    """Where sources disagree, and what to know."""


@cache
def accelerators() -> dict[str, Accelerator]:
    """Return every accelerator by its name."""
    return {row["name"]: _accelerator(row) for row in read_data("accelerators")["accelerators"]}


def accelerator(name: str) -> Accelerator:
    """Return the accelerator called `name`, in any case, by its own name or an alias.

    Raises:
        InvalidInput: the name is unknown (with close matches), or fits several models.
    """
    problems = Problems()
    found = find_accelerator(name, problems)
    if found is None:
        raise InvalidInput("accelerator", problems)
    return found


def find_accelerator(name: str, problems: Problems, path: str = "accelerator") -> Accelerator | None:
    """Return the accelerator called `name`; else add to `problems` at `path` and return None."""
    found = find_models(name, problems, path)
    if len(found) > 1:
        names = " or ".join(repr(each.name) for each in found)
        problems.add(path, f"'{name}' exists with several sizes of memory; say {names}")
    return found[0] if len(found) == 1 else None


def find_models(name: str, problems: Problems, path: str = "accelerator") -> tuple[Accelerator, ...]:
    """Return the accelerators that `name` fits (`a100` fits both A100s); else add to `problems`."""
    found = _by_alias().get(_normal(name), ())
    if not found:
        close = suggestion(_normal(name), _by_alias())
        problems.add(path, f"'{name}' is not a known accelerator" + (close or f"; known: {_all_names()}"))
    return found


def mig_profile(model: str, name: str) -> MigProfile:
    """Return the MIG profile `name` (`1g.10gb`, also as `mig-1g.10gb`) of the accelerator `model`.

    Raises:
        InvalidInput: no such accelerator, or it has no such profile (with those that it has).
    """
    problems = Problems()
    profile = None
    chosen = find_accelerator(model, problems)
    if chosen is not None:
        profile = find_mig_profile(chosen, name, problems)
    if profile is None:
        raise InvalidInput("MIG profile", problems)
    return profile


def find_mig_profile(chosen: Accelerator, name: str, problems: Problems, path: str = "migProfile") -> MigProfile | None:
    """Return the MIG profile `name` of `chosen`; else add to `problems` at `path` and return None."""
    wanted = name.strip().lower().removeprefix("nvidia.com/").removeprefix("mig").lstrip("- ")
    for profile in chosen.mig_profiles:
        if wanted in (profile.name, profile.name.replace("+", ".")):
            return profile
    if chosen.mig_profiles:
        valid = ", ".join(f"{profile.name} (up to {profile.max_instances})" for profile in chosen.mig_profiles)
        problems.add(path, f"'{name}' is not a MIG profile of {chosen.title}; give one of {valid}")
    else:
        able = ", ".join(each.name for each in accelerators().values() if each.mig_profiles)
        problems.add(path, f"{chosen.title} has no MIG profiles; leave it out, or choose one of {able}")
    return None


def check_time_slicing(
    chosen: Accelerator, replicas: int, problems: Problems, path: str = "timeSlicingReplicas"
) -> None:
    """Require that `replicas` pods can share each `chosen` accelerator by time-slicing."""
    if not chosen.time_slicing:
        problems.add(path, f"{chosen.title} cannot be shared by time-slicing; leave it out")
        return
    problems.between(path, replicas, *TIME_SLICING_REPLICAS, unit="replicas")


@cache
def _by_alias() -> dict[str, tuple[Accelerator, ...]]:
    found: dict[str, tuple[Accelerator, ...]] = {}
    for each in accelerators().values():
        for alias in dict.fromkeys((each.name, each.model, *each.aliases)):
            found[alias] = (*found.get(alias, ()), each)
    return found


def _normal(name: str) -> str:
    word = "-".join(name.strip().lower().replace("_", " ").replace("-", " ").split())
    for prefix in ("nvidia-", "aws-", "tesla-"):
        word = word.removeprefix(prefix)
    return word


def _all_names() -> str:
    return ", ".join(accelerators())


def _accelerator(row: dict[str, Any]) -> Accelerator:
    figures = {name: row[name] for name in _FIGURES if row[name]}
    named = [(name, figure["source"]) for name, figure in figures.items()]
    if row["mig_source"]:
        named.append(("mig_profiles", row["mig_source"]))
    return Accelerator(
        name=row["name"],
        title=row["title"],
        vendor=row["vendor"],
        model=row["model"],
        aliases=tuple(row["aliases"]),
        memory_mib=figures["memory_mib"]["value"],
        memory_bandwidth_gb_per_second=figures["memory_bandwidth_gb_per_second"]["value"],
        dense_bf16_tflops=_value(figures, "dense_bf16_tflops"),
        tdp_watts=_value(figures, "tdp_watts"),
        resource_name=row["resource_name"],
        neuron_cores=row["neuron_cores"],
        time_slicing=row["time_slicing"],
        fast_link=row["fast_link"],
        mig_profiles=tuple(_mig_profile(profile) for profile in row["mig_profiles"]),
        figure_sources=tuple(named),
        notes=tuple(row["notes"]),
    )


def _value(figures: dict[str, Any], name: str) -> float | None:
    return figures[name]["value"] if name in figures else None


def _mig_profile(row: dict[str, Any]) -> MigProfile:
    memory_gb = int(row["name"].split(".")[1].split("gb")[0])
    return MigProfile(
        name=row["name"],
        compute_slices=row["compute_slices"],
        memory_gb=memory_gb,
        memory_fraction=row["memory_fraction"],
        max_instances=row["max_instances"],
    )
