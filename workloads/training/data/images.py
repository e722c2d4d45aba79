"""Images in folders, one folder for each class."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ....problems import Problems
from ...pixels import eight_bits, resized
from ..outcomes import BrokenSamples
from .held_out import split_classes
from .samples import Batch, Indices, tensor_of
from .settings import ImagesSettings

SUFFIXES: Final = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_THREADS: Final = 4
"""Threads that decode: Pillow leaves the interpreter's lock while it does."""


class ImageFiles:
    """Images that are read when they are wanted."""

    def __init__(self, files: list[Path], classes: Indices, settings: ImagesSettings) -> None:
        """Keep paths and classes; sizes and channels come from the settings."""
        self._files, self._classes, self._settings = files, classes, settings

    def __len__(self) -> int:
        return len(self._files)

    def read(self, indices: Indices) -> Batch:
        """Return the images at `indices`, resized; raises `BrokenSamples` for files that are no images."""
        problems = Problems()
        chosen = [self._files[int(index)] for index in indices]
        with ThreadPoolExecutor(_THREADS) as threads:
            pixels = list(threads.map(partial(self._pixels, problems), chosen))
        if len(problems):
            raise BrokenSamples(str(self._settings.folder), problems)
        images = tensor_of(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255
        return Batch(images.contiguous(), tensor_of(self._classes[indices]))

    def _pixels(self, problems: Problems, path: Path) -> NDArray[np.uint8]:
        from PIL import Image

        settings = self._settings
        shape = (settings.height, settings.width, settings.channels)
        try:
            with Image.open(path) as image:
                grey = settings.channels == 1
                sized = resized(eight_bits(image, "L" if grey else "RGB"), settings.width, settings.height)
                return np.asarray(sized, dtype=np.uint8).reshape(shape)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            reason = f"cannot be read as an image: {error}; mend it, or take it away"
            problems.add(str(path.relative_to(settings.folder)), reason)
            return np.zeros(shape, dtype=np.uint8)


def read_images(settings: ImagesSettings) -> tuple[ImageFiles, ImageFiles, tuple[str, ...]]:
    """Return the images to learn from, those held out, and the names of the classes in order.

    Raises:
        InvalidInput: No such folder, fewer than two classes, or a class with fewer than two images.
    """
    problems = Problems()
    folder = settings.folder
    labels = (
        sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
        if folder.is_dir()
        else []
    )
    if not folder.is_dir():
        problems.add("data.folder", f"there is no folder {folder}")
    elif len(labels) < 2:
        problems.add("data.folder", f"{folder} has {len(labels)} folders; give one for each class, at least 2")
    files: list[Path] = []
    classes: list[int] = []
    for number, label in enumerate(labels):
        own = sorted(path for path in (folder / label).rglob("*") if _is_image(path.relative_to(folder)))
        if len(own) < 2:
            problems.add("data.folder", f"class '{label}' has {len(own)} images; give at least 2, one to hold out")
        files += own
        classes += [number] * len(own)
    problems.raise_if_any("data")
    every = np.asarray(classes, dtype=np.int64)
    parts = split_classes(every, settings.held_out)
    learned, kept = (ImageFiles([files[index] for index in part], every[part], settings) for part in parts)
    return learned, kept, tuple(labels)


def _is_image(path: Path) -> bool:
    """Return whether a name is that of an image that is not hidden: systems and notebooks leave others beside them."""
    return path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.parts)
