"""scikit-learn's handwritten digits."""

from typing import Any, cast

import numpy as np
from torch import Tensor

from .held_out import split_classes
from .samples import Batch, Indices, tensor_of

CLASSES = tuple(str(digit) for digit in range(10))


class Images:
    """Images in memory."""

    def __init__(self, images: Tensor, classes: Tensor) -> None:
        """Keep float32 [samples, channels, height, width] from 0 to 1, and int64 [samples]."""
        self._images, self._classes = images, classes

    def __len__(self) -> int:
        return len(self._images)

    def read(self, indices: Indices) -> Batch:
        """Return the images at `indices`."""
        chosen = tensor_of(indices)
        return Batch(self._images[chosen], self._classes[chosen])


def read_digits(held_out: float) -> tuple[Images, Images]:
    """Return the digits to learn from and those held out: 1 channel, 8 x 8 pixels."""
    import sklearn.datasets  # pyright: ignore[reportMissingTypeStubs]

    found = cast(Any, sklearn.datasets).load_digits()
    # Pixels count 0 to 16: UCI machine learning repository, "Optical recognition of handwritten digits".
    images = tensor_of(np.asarray(found.images, dtype=np.float32) / 16).unsqueeze(1)
    classes = np.asarray(found.target, dtype=np.int64)
    parts = [tensor_of(part) for part in split_classes(classes, held_out)]
    targets = tensor_of(classes)
    learned, kept = (Images(images[part], targets[part]) for part in parts)
    return learned, kept
