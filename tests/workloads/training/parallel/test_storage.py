"""Checkpoints where the disk is full, in a bucket, and with content that is hostile."""

import json
import os
import pickle
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

SETTINGS = {
    "model": "{kind: gpt2, layers: 2, heads: 2, embedding: 64, context: 16}",
    "batch": "{batch_size: 8, context: 16}",
    "data.maximum_bytes": "20000",
    "schedule": "{kind: constant}",
    "evaluation": "{interval: 100, batches: 1}",
    "log_interval": "1",
    "steps": "12",
    "checkpoint.interval": "2",
    "checkpoint.keep": "2",
}


def arguments(folder: Path, location: str, **more: str) -> list[str]:
    settings = {**SETTINGS, "checkpoint.location": location, "output": str(folder), **more}
    sets = [part for path, value in settings.items() for part in ("--set", f"{path}={value}")]
    return ["--config", "gpt2-tiny", "--progress", "lines", *sets]


def told(log: Path, event: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [each for each in found if each["event"] == event]


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system with room for two checkpoints of 1.3 MB, and not for three."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def complete(disk: Path) -> list[int]:
    return sorted(int(each.parent.name.split("-")[1]) for each in disk.glob("step-*/manifest.json"))


def test_full_disk_loses_nothing(crew: Any, small_disk: Path, tmp_path: Path) -> None:
    location = str(small_disk)
    # Without room for a third one beside the two that are kept, all but the first two fail.
    crew.run(tmp_path / "first", arguments(tmp_path, location, steps="4"), (2,))
    assert complete(small_disk) == [2, 4]
    before = {path: path.read_bytes() for path in small_disk.glob("step-*/*")}
    ended = crew.run(tmp_path / "log", arguments(tmp_path, location), (2,))
    log = (tmp_path / "log").read_text()
    # It goes on through three failures, then stops with what there is to know.
    assert ended["codes"] == [5, 5], log
    assert [each["step"] for each in told(tmp_path / "log", "checkpoint_failed")] == [6, 8, 10], log
    assert "No space left on device" in log
    assert "the newest complete one is of step 4" in log
    assert told(tmp_path / "log", "progress")[-1]["step"] == 12
    assert {path: path.read_bytes() for path in small_disk.glob("step-*/*")} == before
    # With room again, it goes on from there.
    subprocess.run(["mount", "-o", "remount,size=16m", location], check=True)
    ended = crew.run(tmp_path / "again", arguments(tmp_path, location), (2,))
    assert ended["codes"] == [0, 0], (tmp_path / "again").read_text()
    assert [each["step"] for each in told(tmp_path / "again", "resumed")] == [4]
    assert complete(small_disk) == [10, 12]


def test_disk_that_is_full_for_a_while(crew: Any, small_disk: Path, tmp_path: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(os.urandom(3_000_000))
    given = arguments(
        tmp_path, str(small_disk), **{"steps": "6", "checkpoint.keep": "1", "checkpoint.asynchronous": "false"}
    )
    ended = crew.run(tmp_path / "log", given, (1,), remove_at={"step": 5, "path": str(ballast)})
    assert ended["codes"] == [0], (tmp_path / "log").read_text()
    assert [each["step"] for each in told(tmp_path / "log", "checkpoint_failed")] == [2, 4]
    assert complete(small_disk) == [6]
    assert not [each for each in small_disk.glob("step-*") if not (each / "manifest.json").exists()]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Generator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    import boto3

    boto3.client("s3").create_bucket(Bucket="checkpoints")
    yield environment
    server.stop()


def test_bucket(crew: Any, bucket: dict[str, str], tmp_path: Path) -> None:
    import boto3

    s3 = boto3.client("s3")

    def names() -> set[str]:
        return {each["Key"] for each in s3.list_objects_v2(Bucket="checkpoints").get("Contents", [])}

    location = "s3://checkpoints/run"
    more = {"model": "{kind: gpt2, layers: 1, heads: 2, embedding: 16, context: 16}"}
    crew.run(tmp_path / "first", arguments(tmp_path, location, steps="6", **more), (2,), environment=bucket)
    folders = {name.split("/")[1] for name in names() if name.startswith("run/step-")}
    assert sorted(int(each.split("-")[1]) for each in folders) == [4, 6], (tmp_path / "first").read_text()
    # A save that was cut off, and an object that is not what was written.
    s3.put_object(Bucket="checkpoints", Key="run/step-0000000008-0123abcd-1/__0_0.distcp", Body=b"half")
    [newest] = [name for name in names() if "step-0000000006" in name and name.endswith("__1_0.distcp")]
    s3.put_object(Bucket="checkpoints", Key=newest, Body=b"\0")
    ended = crew.run(tmp_path / "log", arguments(tmp_path, location, steps="8", **more), (1,), environment=bucket)
    log = (tmp_path / "log").read_text()
    assert ended["codes"] == [0], log
    assert "step-0000000008-0123abcd-1 was never finished and is removed" in log
    assert [each["step"] for each in told(tmp_path / "log", "resumed")] == [4], log
    folders = {name.split("/")[1] for name in names() if name.startswith("run/step-")}
    assert sorted(int(each.split("-")[1]) for each in folders) == [6, 8]


class Hostile:
    def __reduce__(self) -> Any:
        return (os.mkdir, (os.environ["HOSTILE"],))


def test_an_index_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aidc.workloads.training.checkpoints.reading import read_index
    from aidc.workloads.training.checkpoints.storage import LocalStorage

    monkeypatch.setenv("HOSTILE", str(tmp_path / "ran"))
    (tmp_path / "step").mkdir()
    (tmp_path / "step" / ".metadata").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(pickle.UnpicklingError, match="does not belong into an index"):
        read_index(LocalStorage(str(tmp_path)), "step")
    assert not (tmp_path / "ran").exists()


def test_two_processes_never_remove_at_once(tmp_path: Path) -> None:
    from aidc.workloads.training.checkpoints.collection import Collection
    from aidc.workloads.training.checkpoints.storage import LocalStorage

    half = tmp_path / "step-0000000001-0123abcd-1"
    half.mkdir()
    with LocalStorage(str(tmp_path)).exclusive() as mine:
        assert mine
        Collection(LocalStorage(str(tmp_path)), 1).remove_remains()
        assert half.exists()
    (tmp_path / "step-of-something-else").mkdir()
    Collection(LocalStorage(str(tmp_path)), 1).remove_remains()
    assert not half.exists()
    assert (tmp_path / "step-of-something-else").exists()
