"""The all-reduce before a training: which bus bandwidth it must reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NotRequired, TypedDict

from ...planning.catalog import all_instance_types, all_reduce_floors
from ...problems import Problems, suggestion
from ...workloads.programs import TRAINING

PORT: Final = 29501
"""Port of its rendezvous, beside that of the training."""

_MODULE: Final = f"{TRAINING.module}.all_reduce"
_MEBIBYTES: Final = {True: 1024, False: 64}
"""Size of a message, by whether there are accelerators: large enough that latency does not count."""


class BandwidthCheck(TypedDict):
    """An all-reduce over all workers before each start of the training, which must reach a bus bandwidth."""

    minimum_gb_per_second: NotRequired[float]
    """Bus bandwidth that it must reach, in 10^9 bytes a second. Default: 90 percent of what the catalog knows of
    `instance_type`."""

    instance_type: NotRequired[str]
    """Instance type of the nodes, all of whose accelerators and EFA the workers have. Give this or
    `minimum_gb_per_second`. Default: none."""

    mebibytes: NotRequired[int]
    """Message of each process, in MiB, 1 to 65,536. Default: 1,024 with accelerators, 64 without."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightPlan:
    """An all-reduce with every default applied."""

    minimum: float
    mebibytes: int

    @property
    def args(self) -> Sequence[str]:
        """What follows torchrun."""
        return ["-m", _MODULE, "--minimum", f"{self.minimum:g}", "--mebibytes", str(self.mebibytes)]


def plan_preflight(
    problems: Problems, check: BandwidthCheck, *, gpus: int, efa_interfaces: int, nodes: int, world_size: int
) -> PreflightPlan:
    """Check it and apply the defaults; `gpus` and `efa_interfaces` are those of one worker."""
    if world_size < 2:
        problems.add("", "one process has nobody to exchange anything with; leave it out")
    mebibytes = int(check.get("mebibytes", _MEBIBYTES[gpus > 0]))
    problems.between("mebibytes", mebibytes, 1, 65_536, "MiB")
    minimum, kind = check.get("minimum_gb_per_second"), check.get("instance_type")
    if minimum is not None:
        problems.between("minimumGbPerSecond", minimum, 0, 100_000, "GB/s")
        return PreflightPlan(minimum=float(minimum), mebibytes=mebibytes)
    floor = None
    if kind is None:
        problems.add("minimumGbPerSecond", "missing; give it, or the instanceType of the nodes")
    else:
        floor = _floor(problems, kind, gpus=gpus, efa_interfaces=efa_interfaces, nodes=nodes)
    return PreflightPlan(minimum=floor or 0.0, mebibytes=mebibytes)


def _floor(problems: Problems, kind: str, *, gpus: int, efa_interfaces: int, nodes: int) -> float | None:
    known, floor = all_reduce_floors(), all_reduce_floors().get(kind)
    if floor is None:
        if kind not in all_instance_types():
            problems.add(
                "instanceType", f"'{kind}' is not a known instance type{suggestion(kind, all_instance_types())}"
            )
        else:
            problems.add(
                "instanceType",
                f"no source tells the bandwidth of {kind}, only of {', '.join(sorted(known))}; give minimumGbPerSecond",
            )
        return None
    if gpus != floor.accelerators or (nodes > 1 and efa_interfaces != floor.efa_interfaces):
        problems.add(
            "instanceType",
            f"what is known of {kind} holds for {floor.accelerators} accelerators and {floor.efa_interfaces} EFA of "
            f"each node, and a worker has {gpus} and {efa_interfaces}; give minimumGbPerSecond",
        )
    return floor.minimum_gb_per_second
