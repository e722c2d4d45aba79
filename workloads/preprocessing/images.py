"""Image files as records: decoded once, scaled where it is asked for, and stored without loss."""

import hashlib
import io
import warnings
from collections.abc import Iterator
from typing import Any, Final

from ..pixels import eight_bits, resized
from .partitions import Partition, opened
from .records import Record
from .settings import ImagesInput, PreprocessingSettings

FILTERS: Final = ("too_small",)
"""Names of the rules that leave images out."""

_KEPT_BYTES: Final = 64 << 10


def read_images(partition: Partition, settings: PreprocessingSettings) -> Iterator[tuple[Record, dict[str, Any]]]:
    """Read the images of a partition, each with its row: empty for one that is put aside."""
    assert isinstance(settings.input, ImagesInput)
    for piece in partition.pieces:
        with opened(piece.path) as stream:
            raw = stream.read(settings.maximum_record_bytes + 1)
        record = Record(piece.path, 0, len(raw))
        if len(raw) > settings.maximum_record_bytes:
            record.problem, record.detail = "too_large", f"more than {settings.maximum_record_bytes} bytes"
            record.content = raw[:_KEPT_BYTES]
            yield record, {}
        else:
            yield record, _row(record, raw, settings.input)


def _row(record: Record, raw: bytes, given: ImagesInput) -> dict[str, Any]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(raw)) as image:
            # Pillow warns of images that `maximum_pixels` decides on here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if image.width * image.height > given.maximum_pixels:
                record.problem, record.detail = "too_many_pixels", f"{image.width} x {image.height}"
                record.content = raw[:_KEPT_BYTES]
                return {}
            image.load()
            decoded = eight_bits(image, "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        record.problem, record.detail, record.content = "image", str(error), raw[:_KEPT_BYTES]
        return {}
    if given.height is not None or given.width is not None:
        decoded = resized(decoded, given.width or decoded.width, given.height or decoded.height)
    stored = io.BytesIO()
    decoded.save(stored, format="PNG")
    digest = hashlib.blake2b(f"{decoded.width}x{decoded.height}".encode(), digest_size=16)
    digest.update(decoded.tobytes())
    return {
        "image": stored.getvalue(),
        "label": record.path.rsplit("/", 2)[-2],
        "hash": digest.hexdigest(),
        "height": decoded.height,
        "width": decoded.width,
        "brightness": _brightness(decoded),
    }


def _brightness(image: Any) -> float:
    """Return the mean of the gray values, 0 to 255."""
    histogram = image.convert("L").histogram()
    return sum(value * count for value, count in enumerate(histogram)) / (image.width * image.height)
