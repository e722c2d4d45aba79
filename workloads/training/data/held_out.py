"""What is held out for evaluation."""

import math

import numpy as np

from .samples import Indices


def split_classes(classes: Indices, share: float) -> tuple[Indices, Indices]:
    """Return the samples to learn from and those held out: `share` of each class, at least one, chosen once for all.

    The choice does not depend on the seed of a training, so that trainings can be compared.
    """
    generator = np.random.Generator(np.random.PCG64(0))
    chosen = np.zeros(len(classes), dtype=bool)
    for each in np.unique(classes):
        members = generator.permutation(np.flatnonzero(classes == each))
        chosen[members[: math.ceil(share * len(members))]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)
