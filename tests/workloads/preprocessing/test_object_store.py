"""Input and output in an object store: what S3's interface gives, the same bytes as in folders."""

import json
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

import boto3
import pytest
from corpus import make_corpus
from moto.server import ThreadedMotoServer

from aidc.workloads.addresses import StorageSilent
from aidc.workloads.preprocessing import pipeline
from aidc.workloads.preprocessing.__main__ import main
from aidc.workloads.preprocessing.partitions import plan_partitions
from aidc.workloads.preprocessing.pipeline import Pipeline
from aidc.workloads.preprocessing.settings import PreprocessingSettings
from aidc.workloads.preprocessing.storage import Folder
from aidc.workloads.settings import read_settings


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Generator[Any]:
    """A client of a store with a bucket `data`."""
    import s3fs

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{address}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pipeline, "run_tasks", lambda task, items, resources: map(task, items))
    s3fs.S3FileSystem.clear_instance_cache()
    client = boto3.client("s3")
    client.create_bucket(Bucket="data")
    yield client
    client.close()
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def objects(client: Any, prefix: str) -> dict[str, bytes]:
    """Everything below a prefix but the manifest, which names its place."""
    found = client.list_objects_v2(Bucket="data", Prefix=prefix).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): client.get_object(Bucket="data", Key=one["Key"])["Body"].read()
        for one in found
        if not one["Key"].endswith("manifest.json")
    }


def run(values: dict[str, Any]) -> dict[str, Any]:
    return Pipeline(read_settings(PreprocessingSettings, values, "test")).run()


def test_objects_have_the_bytes_of_files(store: Any, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "raw", 400_000, files=2)
    for path in (tmp_path / "raw").iterdir():
        store.upload_file(str(path), "data", f"raw/{path.name}")
    # Lines are cut at the same places, though their files have another address.
    values = corpus.settings("s3://data/clean", partition_bytes=1 << 17)
    values["input"]["paths"] = ["s3://data/raw/*.jsonl"]
    found = run(values)
    assert found["records"] == corpus.records()
    assert run(values) == found
    here = run(corpus.settings(tmp_path / "out", partition_bytes=1 << 17))
    assert here["changed"] == found["changed"]
    there = objects(store, "clean/")
    assert sorted(there) == [
        str(path.relative_to(tmp_path / "out"))
        for path in sorted((tmp_path / "out").rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    ]
    for name in (name for name in there if name.startswith("quarantine/")):
        text = there[name].decode().replace("s3://data/raw/", f"{tmp_path}/raw/")
        assert text == (tmp_path / "out" / name).read_text()


def test_what_fails_half_way_leaves_no_object(store: Any) -> None:
    def fail() -> None:
        with Folder("s3://data/some").writing("file") as stream:
            stream.write(b"x" * (6 << 20))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert objects(store, "some/") == {}
    assert "Uploads" not in store.list_multipart_uploads(Bucket="data")


def test_a_store_that_is_away_is_no_wrong_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Job ends for good with exit code 2, and starts another pod after 1."""
    import s3fs

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        s3fs.S3FileSystem.clear_instance_cache()
        source = tmp_path / "a.txt"
        source.write_text("one\n")
        values: dict[str, Any] = {"input": {"paths": [str(source)], "kind": "text"}}
        settings = tmp_path / "settings.yaml"
        settings.write_text(json.dumps(values | {"output": {"folder": "s3://data/out"}, "metrics_port": 0}))
        monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
        assert main(["--config", str(settings)]) == 1
        assert "error: 's3://data/out' does not answer: " in capsys.readouterr().err
        values = {"input": {"paths": ["s3://data/raw"], "kind": "text"}, "output": {"folder": str(tmp_path / "out")}}
        with pytest.raises(StorageSilent, match=r"input.paths\[0\]: 's3://data/raw' does not answer"):
            plan_partitions(read_settings(PreprocessingSettings, values, "test"))
    s3fs.S3FileSystem.clear_instance_cache()
