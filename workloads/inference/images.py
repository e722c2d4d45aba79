"""Images as the engine's work."""

import base64
import binascii
import io
import math
from collections.abc import Sequence
from typing import Any, Final, cast

import torch
from torch import Tensor

from ..models.convolutional import Convolutional
from ..models.settings import ConvolutionalSettings
from ..pixels import eight_bits, resized
from .errors import Refusal
from .work import ImageWork, Progress, Work

_MAXIMUM_PIXELS: Final = 4096 * 4096
_FORMATS: Final = ("PNG", "JPEG")


class ImageBatch:
    """Images that are classified together, in one step."""

    def __init__(self, model: Convolutional, settings: ConvolutionalSettings, rows: int) -> None:
        """Classify `rows` images at once at most; one of zeros first, so that the first request is no slower."""
        self._model, self._rows = model, rows
        weight = next(model.parameters())
        self._device, self._dtype = weight.device, weight.dtype
        shape = (settings.channels or 1, settings.height or 1, settings.width or 1)
        for count in {1, rows}:
            self._classify(torch.zeros(count, *shape))

    @property
    def size(self) -> int:
        """Images from earlier steps: none."""
        return 0

    @property
    def free(self) -> int:
        """Images that may join."""
        return self._rows

    def step(self, joining: Sequence[Work]) -> list[tuple[Work, Progress]]:
        """Classify the images."""
        works = [cast(ImageWork, work) for work in joining]
        found = cast(list[list[float]], cast(Any, self._classify(torch.stack([work.image for work in works]))).tolist())
        return [
            (work, Progress(work.index, finish="stop", probabilities=tuple(row)))
            for work, row in zip(works, found, strict=True)
        ]

    def remove(self, work: Work) -> None:
        """Do nothing: no image stays after its step."""

    def clear(self) -> list[Work]:
        """Return nothing: no image stays after its step."""
        return []

    @torch.inference_mode()
    def _classify(self, images: Tensor) -> Tensor:
        """Return probabilities [images, classes]."""
        return self._model(images.to(self._device, self._dtype)).float().softmax(-1).cpu()


def image_of(given: Any, settings: ConvolutionalSettings, path: str) -> Tensor:
    """Return an image as float32 [channels, height, width] from 0 to 1.

    Args:
        given: Base64 of a PNG or JPEG file, with or without `data:image/png;base64,` before it, which is scaled to the
            model's size; or numbers from 0 to 1, [channels][height][width], or [height][width] for one channel.
        settings: What the model wants.
        path: Where in the request it is, for refusals.

    Raises:
        Refusal: It is no such image.
    """
    shape = (settings.channels or 1, settings.height or 1, settings.width or 1)
    if isinstance(given, str):
        return _file_image(given, shape, path)
    if not isinstance(given, list):
        raise Refusal(400, "an image is base64 of a PNG or JPEG file, or a list of lists of numbers", path)
    values, found = _flat(cast(list[Any], given), path)
    if found == shape[1:] and shape[0] == 1:
        found = shape
    if found != shape:
        raise Refusal(400, f"the image is {_sizes(found)}; the model wants {_sizes(shape)}", path)
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def _flat(given: list[Any], path: str) -> tuple[list[float], tuple[int, ...]]:
    """Return the numbers of lists of lists, and their sizes."""
    level: list[Any] = given
    sizes: list[int] = []
    for _ in range(3):
        sizes.append(len(level) // math.prod(sizes) if sizes else len(level))
        if not level or not isinstance(level[0], list):
            break
        width = len(cast(list[Any], level[0]))
        if any(not isinstance(each, list) or len(cast(list[Any], each)) != width for each in level):
            raise Refusal(400, "the lists of an image must be of one length each", path)
        level = [value for each in level for value in each]
    for value in level:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise Refusal(400, "the numbers of an image are from 0 to 1", path)
    return [float(value) for value in level], tuple(sizes)


def _file_image(text: str, shape: tuple[int, int, int], path: str) -> Tensor:
    from PIL import Image, UnidentifiedImageError

    channels, height, width = shape
    if channels not in (1, 3):
        raise Refusal(400, f"a model of {channels} channels takes lists of numbers, no image file", path)
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        data = base64.b64decode(encoded, validate=True)
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            # What a small file unpacks to is known before it is unpacked.
            if image.width * image.height > _MAXIMUM_PIXELS:
                size = f"{image.width} x {image.height}"
                raise Refusal(400, f"the image has {size} pixels; give {_MAXIMUM_PIXELS:,} at most", path)
            ready = eight_bits(image, "L" if channels == 1 else "RGB")
            if ready.size != (width, height):
                ready = resized(ready, width, height)
            values = torch.frombuffer(bytearray(ready.tobytes()), dtype=torch.uint8)
    except binascii.Error:
        raise Refusal(400, "the image is no base64", path) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise Refusal(400, "the image is no readable PNG or JPEG file", path) from None
    return values.reshape(height, width, channels).permute(2, 0, 1).float() / 255


def _sizes(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes)) or "empty"
