"""A bound on the weight of every schedule, for problems that are too large for a proof by search."""

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Final

from ..linear_program import LinearProgram
from .cluster import WHOLE, ClusterNode, PodShape, SchedulingProblem

_ROUNDINGS: Final = range(1, 11)


def weight_bound(problem: SchedulingProblem) -> float:
    """Return a weight that no schedule exceeds, as the optimum of a linear program.

    Equal nodes are one pool whose cores, memory and GPUs add up, parts of jobs count, and blocks do not matter: what is
    left of the problem is easier than the problem. Shares of GPUs are also counted by dual feasible functions (Fekete
    and Schepers, "New classes of fast lower bounds for bin packing problems", Mathematical Programming 91, 2001),
    which know that two shares of 0.6 do not go on one GPU.
    """
    pools = list(Counter(replace(node, name="", block="") for node in problem.nodes).items())
    pods: Counter[tuple[PodShape, float]] = Counter()
    for job in problem.jobs:
        pods[job.shape, job.value / job.pods] += job.pods
    by_shape: defaultdict[PodShape, list[tuple[float, int]]] = defaultdict(list)
    for (shape, value), count in pods.items():
        by_shape[shape].append((value, count))
    program = LinearProgram()
    columns: dict[tuple[PodShape, int], int] = {}
    for shape, values in by_shape.items():
        running = {program.column(cost=value, upper=count): -1.0 for value, count in values}
        for pool, (node, count) in enumerate(pools):
            most = pods_per_node(node, shape)
            if most:
                columns[shape, pool] = program.column(upper=most * count)
                running[columns[shape, pool]] = 1.0
        program.row(running, low=0.0)
    functions = _functions(by_shape)
    for pool, (node, count) in enumerate(pools):
        here = {shape: column for shape in by_shape if (column := columns.get((shape, pool))) is not None}
        program.row({column: shape.cpu_milli for shape, column in here.items()}, high=count * node.cpu_milli)
        program.row({column: shape.memory_mib for shape, column in here.items()}, high=count * node.memory_mib)
        for function in functions if node.gpus else ():
            sizes = {column: shape.gpus * function[shape.gpu_milli] for shape, column in here.items() if shape.gpus}
            program.row(sizes, high=float(count * node.gpus))
    found = program.maximise()
    assert found is not None, "no pod at all is a solution"
    return min(float(problem.offered), found.objective)


def pods_per_node(node: ClusterNode, shape: PodShape) -> int:
    """Return how many pods of a shape an empty node can hold at most."""
    if not node.accepts(shape) or shape.gpus > node.gpus:
        return 0
    bounds = [1 << 20]
    if shape.cpu_milli:
        bounds.append(node.cpu_milli // shape.cpu_milli)
    if shape.memory_mib:
        bounds.append(node.memory_mib // shape.memory_mib)
    if shape.gpus:
        bounds.append(node.gpus * (WHOLE // shape.gpu_milli) // shape.gpus)
    return min(bounds)


def _functions(shapes: dict[PodShape, list[tuple[float, int]]]) -> list[dict[int, float]]:
    """Return dual feasible functions of sizes in thousandths: of what fits on a GPU they add up to 1 at most."""
    sizes = sorted({shape.gpu_milli for shape in shapes if shape.gpus} | {WHOLE})
    found = [{size: size / WHOLE for size in sizes}]
    for small in sorted(
        {size for size in sizes if 2 * size <= WHOLE} | {WHOLE - size + 1 for size in sizes if 2 * size > WHOLE}
    ):
        if 0 < 2 * small <= WHOLE:
            found.append(
                {size: 1.0 if size > WHOLE - small else size / WHOLE if size >= small else 0.0 for size in sizes}
            )
    for parts in _ROUNDINGS:
        found.append(
            {
                size: size / WHOLE if (parts + 1) * size % WHOLE == 0 else (parts + 1) * size // WHOLE / parts
                for size in sizes
            }
        )
    return found
