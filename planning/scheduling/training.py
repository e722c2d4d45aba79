"""Training of the policy by reinforcement learning: REINFORCE over whole schedules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from .cluster import WHOLE, SchedulingProblem
from .greedy import allowed_nodes
from .occupancy import Occupancy
from .policy import JOB_FEATURES, NODE_FEATURES, NodeFeatures, PolicyWeights, job_features
from .rules import Values
from .schedule import score

_LOST: Final = 4.0
"""What a GPU's worth of waiting weight costs beside a GPU of cost, as in annealing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingOptions:
    """How long, and how."""

    updates: int = 300
    """Updates of the weights, each after the rollouts of one problem; 1 or more."""

    rollouts: int = 8
    """Schedules that are drawn from the policy for an update; 2 or more, since each is judged by the others."""

    learning_rate: float = 0.03
    """Of Adam."""

    hidden: int = 16
    """Hidden units of the score of nodes."""

    seed: int = 0
    """The same seed gives the same weights."""


def train_policy(
    problems: Callable[[int], SchedulingProblem],
    options: TrainingOptions | None = None,
    *,
    progress: Callable[[int, float], None] | None = None,
) -> PolicyWeights:
    """Return weights trained on `problems`, a function that returns the problem of each update.

    Of every problem, schedules are drawn from the policy as it is: the order of the jobs from a Plackett-Luce
    distribution over their scores, the node of each pod from a softmax over those on which it fits. The reward is what
    the schedule loses, negated, and each rollout's advantage is its reward less the mean of the others of that problem
    (Williams, Machine Learning 8, 1992; Kool and others, "Buy 4 REINFORCE samples, get a baseline for free!", 2019).
    `progress` is called with the number of each update and the mean reward.
    """
    chosen = options or TrainingOptions()
    random = np.random.default_rng(chosen.seed)
    features = len(NODE_FEATURES)
    linear = np.zeros(features)
    # Begins near fragmentation descent and the order by size, which are good, and is free to leave them.
    linear[NODE_FEATURES.index("fragments shrink")] = 10.0
    order = np.zeros(len(JOB_FEATURES))
    order[JOB_FEATURES.index("weight")] = 10.0
    weights = PolicyWeights(
        linear, random.normal(0, 0.3, (features, chosen.hidden)), np.zeros(chosen.hidden), order, {}
    )
    adam = _Adam(chosen.learning_rate)
    for update in range(chosen.updates):
        problem = problems(update)
        drawn = [Rollout(problem, weights, random) for _ in range(chosen.rollouts)]
        rewards = np.array([one.reward for one in drawn])
        advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-6)
        gradients = [
            np.mean([advantage * one.gradients[part] for advantage, one in zip(advantages, drawn, strict=True)], axis=0)
            for part in range(4)
        ]
        linear, hidden, output, order = adam.step(
            [weights.linear, weights.hidden, weights.output, weights.order], gradients
        )
        weights = PolicyWeights(linear, hidden, output, order, {})
        if progress is not None:
            progress(update + 1, float(rewards.mean()))
    return replace(weights, provenance={"updates": chosen.updates, "rollouts": chosen.rollouts, "seed": chosen.seed})


def lost_gpus(problem: SchedulingProblem, occupancy: Occupancy) -> float:
    """Return what a schedule loses, in GPUs: waiting weight, four times, and cost."""
    found = score(problem, occupancy.schedule())
    gpus = max(1.0, sum(job.pods * job.shape.gpu_demand for job in problem.jobs) / WHOLE)
    return _LOST * (problem.offered - found.weight) / max(1, problem.offered) * gpus + found.cost_gpus


class Rollout:
    """One schedule drawn from the policy, its reward, its logarithmic probability, and the gradients of that.

    Gradients are those of the weights `linear`, `hidden`, `output` and `order`.
    """

    def __init__(self, problem: SchedulingProblem, weights: PolicyWeights, random: np.random.Generator) -> None:
        self._weights = weights
        self._random = random
        self._occupancy = Occupancy(problem)
        self._features = NodeFeatures(self._occupancy)
        self.gradients: list[Values] = [
            np.zeros_like(weights.linear),
            np.zeros_like(weights.hidden),
            np.zeros_like(weights.output),
            np.zeros_like(weights.order),
        ]
        self.log_probability = 0.0
        for job in self._order(job_features(problem)):
            self._place(job)
        gpus = max(1, problem.gpu_milli) / WHOLE
        self.reward = -lost_gpus(problem, self._occupancy) / gpus

    def _order(self, seen: Values) -> list[int]:
        # Adding Gumbel noise to scores and sorting draws from the Plackett-Luce distribution.
        scores = seen @ self._weights.order
        order = np.argsort(-(scores + self._random.gumbel(size=len(scores))))
        left = np.exp(scores - scores.max())[order]
        sums = np.cumsum(left[::-1])[::-1]
        means = np.cumsum((left[:, None] * seen[order])[::-1], axis=0)[::-1] / np.maximum(sums, 1e-300)[:, None]
        self.gradients[3] += (seen[order] - means).sum(axis=0)
        self.log_probability += float((scores[order] - scores.max() - np.log(sums)).sum())
        return order.tolist()

    def _place(self, job: int) -> None:
        state = self._occupancy
        asked, shape = state.problem.jobs[job], state.shape_of[job]
        allowed = allowed_nodes(state, shape, asked.pods, asked.topology) if asked.pods > 1 else None
        if asked.pods > 1 and allowed is None:
            return
        for _ in range(asked.pods):
            fitting = state.room(shape) > 0
            nodes = np.flatnonzero(fitting if allowed is None else fitting & allowed)
            if not len(nodes):
                if job in state.places:
                    state.remove(job)
                return
            node = int(nodes[self._choose(self._features.of(shape, nodes))])
            state.place(job, node, self._features.descent.gpus(shape, node))

    def _choose(self, seen: Values) -> int:
        weights = self._weights
        hidden = np.tanh(seen @ weights.hidden)
        scores = seen @ weights.linear + hidden @ weights.output
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        chosen = int(self._random.choice(len(chances), p=chances))
        self.log_probability += float(np.log(chances[chosen]))
        slope = -chances
        slope[chosen] += 1.0
        self.gradients[0] += seen.T @ slope
        self.gradients[1] += seen.T @ ((slope[:, None] * weights.output) * (1 - hidden**2))
        self.gradients[2] += hidden.T @ slope
        return chosen


class _Adam:
    """Adam (Kingma and Ba, 2015) with its usual constants, upwards."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._step = 0
        self._means: list[Values] = []
        self._squares: list[Values] = []

    def step(self, values: Sequence[Values], gradients: Sequence[Values]) -> list[Values]:
        """Return the values after one step along the gradients."""
        self._step += 1
        if not self._means:
            self._means = [np.zeros_like(value) for value in values]
            self._squares = [np.zeros_like(value) for value in values]
        found: list[Values] = []
        for index, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
            self._means[index] = 0.9 * self._means[index] + 0.1 * gradient
            self._squares[index] = 0.999 * self._squares[index] + 0.001 * gradient**2
            mean = self._means[index] / (1 - 0.9**self._step)
            square = self._squares[index] / (1 - 0.999**self._step)
            found.append(value + self._rate * mean / (np.sqrt(square) + 1e-8))
        return found
