"""A schedule, whether it is valid, and what it is worth: one judge of every method, with no code of theirs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .cluster import WHOLE, ClusterNode, PodShape, SchedulingProblem, Topology


@dataclass(frozen=True, slots=True)
class PodPlace:
    """Where one pod runs."""

    node: int
    """Position of its node in the problem."""

    gpus: tuple[int, ...] = ()
    """Its GPUs, by their position on the node."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which jobs run, and where."""

    places: Mapping[int, tuple[PodPlace, ...]]
    """By the position of the job in the problem: one place for each of its pods. A job that is not in it waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What a schedule is worth: first the weight, then, at equal weight, the least cost."""

    weight: int
    """Sum of the weights of the jobs that run."""

    fragments: int
    """Milli-GPU that are free but of no use to the mix, each shape counted as often as it is in the mix."""

    extra_blocks: int
    """Blocks that gangs use beyond the first of each; jobs that may be anywhere do not count."""

    cost: int
    """`fragments`, and `extra_blocks` times what one costs, both in the unit of `fragments`."""

    mix_pods: int
    """Pods of the mix: divide `fragments` and `cost` by it for thousandths of a GPU."""

    gpu_milli: int
    """Thousandths of GPU that are in use."""

    @property
    def key(self) -> tuple[int, int]:
        """The greater, the better."""
        return self.weight, -self.cost

    @property
    def cost_gpus(self) -> float:
        """Cost in GPUs."""
        return self.cost / max(1, self.mix_pods) / WHOLE

    @property
    def fragmented_gpus(self) -> float:
        """Free GPUs that a pod drawn from the mix cannot use, on average."""
        return self.fragments / max(1, self.mix_pods) / WHOLE


_State = tuple[ClusterNode, int, int, tuple[int, ...]]


@dataclass(slots=True)
class _Room:
    """What is left of a node."""

    cpu_milli: int
    memory_mib: int
    gpus: list[int]


def violations(problem: SchedulingProblem, schedule: Schedule) -> list[str]:
    """Return what is wrong with a schedule, in one sentence each; nothing where it is valid."""
    found: list[str] = []
    rooms = [_Room(node.cpu_milli, node.memory_mib, [WHOLE] * node.gpus) for node in problem.nodes]
    for index, places in schedule.places.items():
        if not 0 <= index < len(problem.jobs):
            found.append(f"there is no job {index}")
            continue
        job = problem.jobs[index]
        if len(places) != job.pods:
            found.append(f"job {job.name}: {len(places)} of its {job.pods} pods have a place")
        for place in places:
            if not 0 <= place.node < len(rooms):
                found.append(f"job {job.name}: there is no node {place.node}")
            else:
                found += _place(job.name, job.shape, problem.nodes[place.node], place, rooms[place.node])
        if job.topology == Topology.REQUIRED:
            blocks = {problem.nodes[place.node].block for place in places if 0 <= place.node < len(rooms)}
            if len(blocks) > 1:
                found.append(f"job {job.name}: needs one block and uses {len(blocks)}")
    for node, room in zip(problem.nodes, rooms, strict=True):
        found += _overcommitted(node.name, room)
    return found


def score(problem: SchedulingProblem, schedule: Schedule) -> Score:
    """Return what a valid schedule is worth."""
    rooms = [_Room(node.cpu_milli, node.memory_mib, [WHOLE] * node.gpus) for node in problem.nodes]
    weight = extra = used = 0
    for index, places in schedule.places.items():
        job = problem.jobs[index]
        weight += job.value
        used += job.pods * job.shape.gpu_demand
        for place in places:
            _take(job.shape, place, rooms[place.node])
        if job.topology != Topology.ANY:
            extra += len({problem.nodes[place.node].block for place in places}) - 1
    fragments = sum(
        nodes * count * fragment(node, cpu, memory, gpus, shape)
        for (node, cpu, memory, gpus), nodes in _states(problem, rooms).items()
        for shape, count in problem.mix
    )
    mix_pods = sum(count for _, count in problem.mix)
    return Score(
        weight=weight,
        fragments=fragments,
        extra_blocks=extra,
        cost=fragments + extra * problem.block_cost_milli * max(1, mix_pods),
        mix_pods=mix_pods,
        gpu_milli=used,
    )


def fragment(node: ClusterNode, cpu_milli: int, memory_mib: int, gpus: Sequence[int], shape: PodShape) -> int:
    """Return the thousandths of GPU that are free on a node and of no use to a pod of that shape.

    All of them where the pod does not fit; else those of the GPUs that have too little left for it. This is the
    measure of "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent",
    Weng and others, USENIX ATC 2023, section 3, for pods that ask for GPUs.
    """
    usable = [left for left in gpus if left >= shape.gpu_milli]
    fits = (
        node.accepts(shape)
        and cpu_milli >= shape.cpu_milli
        and memory_mib >= shape.memory_mib
        and len(usable) >= shape.gpus
    )
    return sum(gpus) - (sum(usable) if fits else 0)


def _overcommitted(node: str, room: _Room) -> list[str]:
    found: list[str] = []
    if room.cpu_milli < 0:
        found.append(f"node {node}: {-room.cpu_milli} thousandths of a core too many are given away")
    if room.memory_mib < 0:
        found.append(f"node {node}: {-room.memory_mib} MiB too many are given away")
    for gpu, left in enumerate(room.gpus):
        if left < 0:
            found.append(f"node {node}: {-left} thousandths of GPU {gpu} too many are given away")
    return found


def _states(problem: SchedulingProblem, rooms: Sequence[_Room]) -> Counter[_State]:
    # Nodes in one state are judged once: of a node only the model of its GPUs counts here.
    models = {node.gpu_model: node for node in problem.nodes}
    return Counter(
        (models[node.gpu_model], room.cpu_milli, room.memory_mib, tuple(sorted(room.gpus)))
        for node, room in zip(problem.nodes, rooms, strict=True)
    )


def _take(shape: PodShape, place: PodPlace, room: _Room) -> None:
    room.cpu_milli -= shape.cpu_milli
    room.memory_mib -= shape.memory_mib
    for gpu in place.gpus:
        room.gpus[gpu] -= shape.gpu_milli


def _place(job: str, shape: PodShape, node: ClusterNode, place: PodPlace, room: _Room) -> list[str]:
    found: list[str] = []
    if len(set(place.gpus)) != shape.gpus or len(place.gpus) != shape.gpus:
        found.append(f"job {job}: asks for {shape.gpus} GPUs and has {place.gpus} on node {node.name}")
    if any(not 0 <= gpu < node.gpus for gpu in place.gpus):
        found.append(f"job {job}: node {node.name} has no such GPUs: {place.gpus}")
        return found
    if not node.accepts(shape):
        refusal = f"the GPUs of node {node.name} are {node.gpu_model}" if shape.gpus else f"node {node.name} is tainted"
        found.append(f"job {job}: {refusal}")
    _take(shape, place, room)
    return found
