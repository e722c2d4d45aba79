"""Sizes of a layout, and checkpoints by name."""

import pytest

from aidc.problems import InvalidInput
from aidc.workloads.settings import read_settings
from aidc.workloads.training.checkpoints.manifest import DamagedManifest, FileRecord, Manifest
from aidc.workloads.training.checkpoints.settings import CheckpointSettings
from aidc.workloads.training.checkpoints.storage import open_storage
from aidc.workloads.training.parallel.settings import ParallelSettings, Sizes


@pytest.mark.parametrize(
    ("given", "processes", "sizes"),
    [
        ({}, 4, (4, 1, 1, 1)),
        ({"tensor": 2}, 8, (4, 1, 2, 1)),
        ({"data": 2, "sharded": 2, "tensor": 2, "pipeline": 2}, 16, (2, 2, 2, 2)),
        ({"data": 1, "pipeline": 3}, 3, (1, 1, 1, 3)),
    ],
)
def test_sizes(given: dict[str, int], processes: int, sizes: tuple[int, int, int, int]) -> None:
    data, sharded, tensor, pipeline = sizes
    expected = Sizes(data=data, sharded=sharded, tensor=tensor, pipeline=pipeline)
    assert ParallelSettings.model_validate(given).sizes(processes) == expected


@pytest.mark.parametrize(
    ("given", "processes", "message"),
    [
        ({"data": 2}, 4, "parallel.data: 2 x sharded 1 x tensor 1 x pipeline 1 is 2, and there are 4 processes"),
        ({"data": 0}, 4, "parallel.data: 0 processes"),
        ({"tensor": 3}, 4, "parallel: sharded 1 x tensor 3 x pipeline 1 is 3, which does not divide 4 processes"),
        ({"pipeline": 2}, 1, "does not divide 1 processes"),
    ],
)
def test_sizes_that_do_not_fit(given: dict[str, int], processes: int, message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        ParallelSettings.model_validate(given).sizes(processes)
    assert message in str(raised.value)


def test_settings_say_all_that_is_wrong() -> None:
    with pytest.raises(InvalidInput) as raised:
        read_settings(CheckpointSettings, {"interval": 0, "keep": 0, "locaton": "x"}, "checkpoints")
    text = str(raised.value)
    assert "3 problems" in text
    assert "0 steps is too little" in text
    assert "did you mean 'location'" in text


def test_a_location_that_nothing_reaches() -> None:
    with pytest.raises(InvalidInput, match=r"checkpoint\.location: 'nowhere://x' cannot be reached"):
        open_storage("nowhere://x")


def test_a_manifest_is_read_as_it_was_written() -> None:
    files = {"__0_0.distcp": FileRecord(size=3, sha256="ab")}
    manifest = Manifest(step=5, world_size=2, created=1.5, files=files, values={"loss": 2.5})
    assert Manifest.parse(manifest.text().encode()) == manifest


@pytest.mark.parametrize("change", [lambda text: text[:-9], lambda text: text.replace("5", "6"), lambda text: "[]"])
def test_a_manifest_that_was_changed(change: "object") -> None:
    text = Manifest(step=5, world_size=2, created=1.5, files={}).text()
    with pytest.raises(DamagedManifest):
        Manifest.parse(change(text).encode())  # type: ignore[operator]
