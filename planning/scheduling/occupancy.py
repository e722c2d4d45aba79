"""What is free on every node while a schedule is made, as arrays."""

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cluster import WHOLE, SchedulingProblem
from .schedule import PodPlace, Schedule

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


class Occupancy:
    """Free cores, memory and GPUs of all nodes, and which jobs are placed.

    GPUs that a node does not have count as full ones, which changes nothing: no pod fits there, and nothing is free.
    """

    def __init__(self, problem: SchedulingProblem) -> None:
        """Begin with empty nodes."""
        nodes = problem.nodes
        self.problem = problem
        self.shapes = tuple(dict.fromkeys(job.shape for job in problem.jobs))
        """Every shape once."""
        numbers = {shape: number for number, shape in enumerate(self.shapes)}
        self.shape_of = tuple(numbers[job.shape] for job in problem.jobs)
        """By job: the position of its shape in `shapes`."""
        accepts = [[node.accepts(shape) for node in nodes] for shape in self.shapes]
        self.accepts: Booleans = np.array(accepts, bool).reshape(len(self.shapes), len(nodes))
        """[shapes, nodes]: whether the model suits."""
        names = {block: number for number, block in enumerate(dict.fromkeys(node.block for node in nodes))}
        self.block: Integers = np.array([names[node.block] for node in nodes], np.int64)
        """[nodes]: the number of the block."""
        self.blocks = len(names)
        """How many blocks there are."""
        self.installed_cpu: Integers = np.array([node.cpu_milli for node in nodes], np.int64)
        """[nodes]."""
        self.installed_memory: Integers = np.array([node.memory_mib for node in nodes], np.int64)
        """[nodes]."""
        self.installed_gpus: Integers = np.array([WHOLE * node.gpus for node in nodes], np.int64)
        """[nodes], in thousandths."""
        self.cpu = self.installed_cpu.copy()
        """[nodes]: free thousandths of a core."""
        self.memory = self.installed_memory.copy()
        """[nodes]: free MiB."""
        most = max([node.gpus for node in nodes] + [1])
        self.gpus: Integers = np.array([[WHOLE] * node.gpus + [0] * (most - node.gpus) for node in nodes], np.int64)
        """[nodes, GPUs]: free thousandths."""
        self.version: Integers = np.zeros(len(nodes), np.int64)
        """[nodes]: how often it has changed."""
        self.places: dict[int, list[PodPlace]] = {}
        """By job: the places of its pods so far."""
        self.jobs_on: list[Counter[int]] = [Counter() for _ in nodes]
        """By node: how many pods of which job run on it."""

    def room(self, shape: int, nodes: Any = slice(None)) -> Integers:
        """Return [nodes]: how many pods of that shape fit on each."""
        asked = self.shapes[shape]
        found: Integers = np.where(self.accepts[shape, nodes], np.int64(1) << 30, 0)
        if asked.cpu_milli:
            found = np.minimum(found, self.cpu[nodes] // asked.cpu_milli)
        if asked.memory_mib:
            found = np.minimum(found, self.memory[nodes] // asked.memory_mib)
        if asked.gpus:
            found = np.minimum(found, _pods_on_gpus(self.gpus[nodes] // asked.gpu_milli, asked.gpus))
        return found

    def fullest(self, shape: int, node: int) -> tuple[int, ...]:
        """Return the GPUs of a node with the least room that a pod of that shape still fits on."""
        asked = self.shapes[shape]
        free = self.gpus[node]
        order = [int(gpu) for gpu in np.argsort(free, kind="stable") if free[gpu] >= asked.gpu_milli]
        return tuple(order[: asked.gpus])

    def place(self, job: int, node: int, gpus: tuple[int, ...]) -> None:
        """Put one pod of a job there; the caller knows that it fits."""
        self._change(job, node, gpus, 1)
        self.places.setdefault(job, []).append(PodPlace(node, gpus))

    def remove(self, job: int) -> list[PodPlace]:
        """Take all pods of a job away, and return where they were."""
        places = self.places.pop(job)
        for place in places:
            self._change(job, place.node, place.gpus, -1)
        return places

    def restore(self, job: int, places: list[PodPlace]) -> None:
        """Put all pods of a job where they were."""
        for place in places:
            self._change(job, place.node, place.gpus, 1)
        self.places[job] = places

    def clear(self) -> None:
        """Take everything away."""
        for job in list(self.places):
            self.remove(job)

    def schedule(self) -> Schedule:
        """Return the schedule as it is now."""
        return Schedule({job: tuple(places) for job, places in sorted(self.places.items())})

    def _change(self, job: int, node: int, gpus: tuple[int, ...], sign: int) -> None:
        asked = self.shapes[self.shape_of[job]]
        self.cpu[node] -= sign * asked.cpu_milli
        self.memory[node] -= sign * asked.memory_mib
        for gpu in gpus:
            self.gpus[node, gpu] -= sign * asked.gpu_milli
        self.version[node] += 1
        here = self.jobs_on[node]
        here[job] += sign
        if not here[job]:
            del here[job]


def _pods_on_gpus(shares: Integers, gpus: int) -> Integers:
    """Return [nodes]: pods that fit where each takes a share of so many different GPUs; `shares` is [nodes, GPUs]."""
    if gpus == 1:
        return shares.sum(axis=1)
    if shares.max(initial=0) <= 1:
        return shares.sum(axis=1) // gpus
    found = np.zeros(len(shares), np.int64)
    # Pods can be laid over the GPUs round by round if and only if the shares, no more than one a pod, suffice.
    for pods in range(1, int(shares.sum(axis=1).max()) // gpus + 1):
        found[np.minimum(shares, pods).sum(axis=1) >= pods * gpus] = pods
    return found
