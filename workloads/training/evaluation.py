"""The model on data that is held out."""

import math
from typing import Final

import numpy as np

from .data.order import part
from .data.samples import Samples, tensor_of
from .learner import Learner
from .optimization.losses import Measure, entropy_of_samples, error_of_samples, hits_of_samples

_LOSSES: Final[dict[str, Measure]] = {"cross_entropy": entropy_of_samples, "mean_squared_error": error_of_samples}


def evaluate(
    learner: Learner, samples: Samples, *, loss: str, batch_size: int, micro_batch_size: int | None, batches: int
) -> dict[str, float]:
    """Return `loss` and `accuracy` (and `perplexity` where it has a meaning) over at most `batches` batches.

    Every process must call it. The samples are spread evenly over all of them, since the first ones may be of one class
    or of one file; they are the same whatever the number of processes.
    """
    measures = {"loss": _LOSSES[loss], "accuracy": hits_of_samples}
    count = min(len(samples), batches * batch_size)
    chosen = np.arange(count, dtype=np.int64) * len(samples) // count
    totals: dict[str, float] = dict.fromkeys(measures, 0.0)
    for start in range(0, count, batch_size):
        # Where the last batch is short, samples are read twice and count once: all processes run as many passes.
        whole = np.arange(start, start + batch_size, dtype=np.int64)
        own = part(whole, learner.data_rank, learner.data_size)
        batch = samples.read(chosen[own % count])
        counted = tensor_of((own < count).astype(np.float32))
        size = min(micro_batch_size or batch_size, len(own))
        for index, micro in enumerate(batch.split(size)):
            sums = learner.sums(micro, counted[index * size :][: len(micro)], measures)
            totals = {name: totals[name] + sums[name] for name in measures}
    found = {name: total / count for name, total in totals.items()}
    if loss == "cross_entropy":
        found["perplexity"] = math.exp(min(found["loss"], 700.0))
    return found
