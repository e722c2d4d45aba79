"""A learned policy: which job comes next and which node it gets, by weights that were trained on other problems."""

import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .cluster import WHOLE, SchedulingProblem, Topology
from .greedy import ScoreTable, place_job
from .occupancy import Occupancy
from .rules import FragmentationDescent, Values
from .schedule import Schedule

NODE_FEATURES: Final = (
    "bias",
    "free cores after",
    "free memory after",
    "free GPU after",
    "free cores less free GPU",
    "whole GPUs after",
    "partly used GPUs after",
    "empty before",
    "full after",
    "fragments shrink",
    "GPUs of the node",
    "scarcity of the model",
    "share asked of free GPU",
)
"""What the policy sees of a node for a pod, each about 0 to 1."""

JOB_FEATURES: Final = (
    "weight",
    "GPUs of a pod",
    "part of a GPU",
    "pods",
    "cores",
    "memory",
    "models excluded",
    "one block required",
)
"""What it sees of a job."""


@dataclass(frozen=True, slots=True)
class PolicyWeights:
    """What was learned: a score of nodes, with one hidden layer beside a linear part, and a linear score of jobs."""

    linear: Values
    """[node features]."""

    hidden: Values
    """[node features, hidden units]."""

    output: Values
    """[hidden units]."""

    order: Values
    """[job features]."""

    provenance: Mapping[str, Any]
    """What they were trained on, and how."""


@cache
def trained_weights() -> PolicyWeights:
    """Return the weights that the library ships; their provenance says what they were trained on."""
    content = pkgutil.get_data(__name__, "data/policy.json")
    assert content is not None, "the package's loader can read its data"
    return read_weights(json.loads(content))


def read_weights(content: Mapping[str, Any]) -> PolicyWeights:
    """Return weights from what `write_weights` made."""
    return PolicyWeights(
        np.array(content["linear"], float),
        np.array(content["hidden"], float),
        np.array(content["output"], float),
        np.array(content["order"], float),
        content["provenance"],
    )


def write_weights(weights: PolicyWeights) -> dict[str, Any]:
    """Return weights as JSON can hold them, rounded to six places."""
    return {
        "provenance": dict(weights.provenance),
        "linear": np.round(weights.linear, 6).tolist(),
        "hidden": np.round(weights.hidden, 6).tolist(),
        "output": np.round(weights.output, 6).tolist(),
        "order": np.round(weights.order, 6).tolist(),
    }


def learned_schedule(problem: SchedulingProblem, weights: PolicyWeights | None = None) -> Schedule:
    """Schedule job by job as the policy likes it best; by default with the weights that the library ships."""
    known = weights or trained_weights()
    occupancy = Occupancy(problem)
    table = ScoreTable(occupancy, LearnedRule(occupancy, known))
    scores = job_features(problem) @ known.order
    for job in np.argsort(-scores, kind="stable"):
        place_job(occupancy, table, int(job))
    return occupancy.schedule()


class LearnedRule:
    """The policy's score of nodes."""

    def __init__(self, occupancy: Occupancy, weights: PolicyWeights) -> None:
        self._features = NodeFeatures(occupancy)
        self._weights = weights

    def scores(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return what the network makes of the features of each node."""
        seen = self._features.of(shape, nodes)
        return seen @ self._weights.linear + np.tanh(seen @ self._weights.hidden) @ self._weights.output

    def gpus(self, shape: int, node: int) -> tuple[int, ...]:
        """Return the GPUs where fragments grow least; the policy chooses nodes alone."""
        return self._features.descent.gpus(shape, node)


class NodeFeatures:
    """What the policy sees of nodes."""

    def __init__(self, occupancy: Occupancy) -> None:
        self.descent = FragmentationDescent(occupancy)
        self._state = occupancy
        problem = occupancy.problem
        supply = np.array([WHOLE * node.gpus for node in problem.nodes], float)
        demand = np.zeros(len(problem.nodes))
        for number, shape in enumerate(occupancy.shapes):
            pods = sum(job.pods for job in problem.jobs if job.shape == shape)
            suitable = np.where(occupancy.accepts[number], supply, 0.0)
            # Each pod's demand is spread over all GPUs that it may use.
            demand += pods * shape.gpu_demand * suitable / max(1.0, suitable.sum())
        self._scarcity: Values = np.minimum(2.0, demand / np.maximum(1.0, supply)) / 2
        self._most_gpus = max(1, max(node.gpus for node in problem.nodes))

    def of(self, shape: int, nodes: NDArray[np.intp]) -> Values:
        """Return [nodes, features] of nodes on which a pod of that shape fits."""
        state, asked = self._state, self._state.shapes[shape]
        installed = np.maximum(1, state.installed_gpus[nodes])
        free = state.gpus[nodes]
        total = free.sum(axis=1)
        cpu = (state.cpu[nodes] - asked.cpu_milli) / np.maximum(1, state.installed_cpu[nodes])
        memory = (state.memory[nodes] - asked.memory_mib) / np.maximum(1, state.installed_memory[nodes])
        gpu = (total - asked.gpu_demand) / installed
        whole = (free == WHOLE).sum(axis=1) * (WHOLE / installed)
        partly = ((free > 0) & (free < WHOLE)).sum(axis=1) * (WHOLE / installed)
        return np.column_stack(
            [
                np.ones(len(nodes)),
                cpu,
                memory,
                gpu,
                cpu - gpu,
                whole,
                partly,
                total == installed,
                gpu <= 0,
                self.descent.scores(shape, nodes),
                installed / (WHOLE * self._most_gpus),
                self._scarcity[nodes],
                asked.gpu_demand / np.maximum(1, total),
            ]
        )


def job_features(problem: SchedulingProblem) -> Values:
    """Return [jobs, features], each about 0 to 1 over the problem."""
    jobs = problem.jobs
    heaviest = max((job.value for job in jobs), default=1)
    most_gpus = max(1, max(node.gpus for node in problem.nodes))
    most_cpu = max(1, max(node.cpu_milli for node in problem.nodes))
    most_memory = max(1, max(node.memory_mib for node in problem.nodes))
    gpus = max(1, sum(node.gpus for node in problem.nodes))
    excluded = {
        shape: sum(node.gpus for node in problem.nodes if not node.accepts(shape)) / gpus
        for shape in {job.shape for job in jobs}
    }
    rows = [
        (
            job.value / heaviest,
            job.shape.gpus / most_gpus,
            job.shape.gpu_milli / WHOLE if job.shape.gpus else 0.0,
            min(1.0, (job.pods - 1) / 4),
            job.shape.cpu_milli / most_cpu,
            job.shape.memory_mib / most_memory,
            excluded[job.shape],
            float(job.topology == Topology.REQUIRED),
        )
        for job in jobs
    ]
    return np.array(rows, float).reshape(len(jobs), len(JOB_FEATURES))
