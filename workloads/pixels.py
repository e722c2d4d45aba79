"""Pixels of image files as all programs read them: what is served is what was learned from."""

from typing import Any, Final, Literal

_STEP: Final = 257
"""Of 16 bits, for one of 8: 65,535 / 255."""


def eight_bits(image: Any, mode: Literal["L", "RGB"]) -> Any:
    """Return a Pillow image in grey (`L`) or colour (`RGB`), 8 bits a channel.

    Grey of 16 bits, which medical images often have, is scaled. Pillow itself cuts off all above 255 of 65,535, which
    leaves white.

    Raises:
        ValueError: The pixels are numbers of 32 bits, whose range nothing says.
    """
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(_scaled)
    elif image.mode in ("I", "F"):
        raise ValueError("its pixels are numbers of 32 bits, whose range is not known; give 8 or 16 bits a channel")
    return image.convert(mode)


def resized(image: Any, width: int, height: int) -> Any:
    """Return a Pillow image of another size, by the filter that all programs use: bicubic."""
    from PIL import Image

    return image.resize((width, height), Image.Resampling.BICUBIC)


def _scaled(value: Any) -> Any:
    # Pillow hands in no number, but something that it learns factor and offset from.
    return value * (1 / _STEP) + 0.5
