"""Images of more than 8 bits a channel, by every program that reads images."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aidc.problems import InvalidInput
from aidc.workloads.inference.images import image_of
from aidc.workloads.models.settings import ConvolutionalSettings
from aidc.workloads.pixels import eight_bits
from aidc.workloads.training.data.images import read_images
from aidc.workloads.training.data.settings import ImagesSettings

DEEP = np.array([[0, 257, 32_896, 65_535]], dtype=np.uint16)
"""Of 16 bits; of 8 they are 0, 1, 128 and 255."""


def deep_file() -> bytes:
    file = io.BytesIO()
    Image.fromarray(DEEP).save(file, format="PNG")
    return file.getvalue()


def test_sixteen_bits_are_scaled_to_eight() -> None:
    image = Image.open(io.BytesIO(deep_file()))
    assert image.mode == "I;16"
    assert list(eight_bits(image, "L").tobytes()) == [0, 1, 128, 255]
    assert list(eight_bits(image, "RGB").tobytes()) == [0, 0, 0, 1, 1, 1, 128, 128, 128, 255, 255, 255]


def test_eight_bits_stay() -> None:
    image = Image.new("RGB", (2, 1), (10, 20, 30))
    assert eight_bits(image, "RGB").tobytes() == bytes([10, 20, 30] * 2)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_without_a_range_are_refused(mode: str) -> None:
    with pytest.raises(ValueError, match="numbers of 32 bits"):
        eight_bits(Image.new(mode, (2, 2)), "L")


def test_training_and_serving_see_the_same_pixels(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(2):
            (tmp_path / label / f"{number}.png").write_bytes(deep_file())
    learned, _, _ = read_images(ImagesSettings(folder=tmp_path, height=1, width=4, channels=1))
    trained = learned.read(np.array([0])).inputs[0]
    assert (trained * 255).round().flatten().tolist() == [0, 1, 128, 255]
    shape = ConvolutionalSettings(channels=1, height=1, width=4, classes=2, widths=(4,))
    served = image_of(base64.b64encode(deep_file()).decode(), shape, "inputs[0]")
    assert served.equal(trained)


def test_training_and_serving_scale_alike(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (17, 23, 3), dtype=np.uint8)
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(2):
            Image.fromarray(pixels).save(tmp_path / label / f"{number}.png")
    learned, _, _ = read_images(ImagesSettings(folder=tmp_path, height=6, width=5))
    shape = ConvolutionalSettings(channels=3, height=6, width=5, classes=2)
    served = image_of(base64.b64encode((tmp_path / "a/0.png").read_bytes()).decode(), shape, "inputs[0]")
    assert served.equal(learned.read(np.array([0])).inputs[0])


def test_a_picture_of_numbers_is_named(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(2):
            Image.new("F", (4, 4)).save(tmp_path / label / f"{number}.tiff")
    learned, _, _ = read_images(ImagesSettings(folder=tmp_path))
    with pytest.raises(InvalidInput, match="numbers of 32 bits"):
        learned.read(np.array([0]))
