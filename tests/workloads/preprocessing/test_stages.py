"""The stages, one task after the other in this process: what becomes of every record, whatever the units of work."""

import bz2
import contextlib
import gzip
import hashlib
import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from corpus import make_corpus
from pyarrow import parquet

from aidc.problems import InvalidInput
from aidc.workloads.preprocessing import pipeline
from aidc.workloads.preprocessing.__main__ import main
from aidc.workloads.preprocessing.pipeline import Pipeline, Terminated
from aidc.workloads.preprocessing.settings import PreprocessingSettings
from aidc.workloads.settings import read_settings

Values = dict[str, Any]


@pytest.fixture(autouse=True)
def _one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks as Ray would spread them, one after the other in this process."""
    monkeypatch.setattr(pipeline, "run_tasks", lambda task, items, resources: map(task, items))


def run(values: Values) -> Values:
    return Pipeline(read_settings(PreprocessingSettings, values, "test")).run()


def stopped_after_a_task(values: Values) -> bool:
    """Run until the first task that is to do has ended; whether there was any."""
    done: list[str] = []

    class Listener:
        def hear(self, event: str, values: Values) -> None:
            if event == "task":
                done.append(event)

    settings = read_settings(PreprocessingSettings, values, "test")
    try:
        Pipeline(settings, [Listener()], lambda: bool(done)).run()
    except Terminated:
        return True
    return False


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path) -> list[Values]:
    return [row for path in sorted(folder.glob("*.parquet")) for row in parquet.read_table(path).to_pylist()]


def lines(path: Path, content: bytes, tmp_path: Path, **others: Any) -> Values:
    path.write_bytes(content)
    return {
        "input": {"kind": "text", "paths": [str(path)]},
        "output": {"folder": str(tmp_path / "out")},
        **others,
    }


def test_every_defect_is_counted(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "raw", 3_000_000, files=2)
    found = run(corpus.settings(tmp_path / "out", partition_bytes=1 << 20))
    assert found["records"] == corpus.records()
    assert found["changed"] == dict(sorted(corpus.changed.items()))
    aside = [
        json.loads(line) for path in (tmp_path / "out/quarantine").iterdir() for line in path.read_text().splitlines()
    ]
    assert len(aside) == sum(corpus.quarantined.values())
    raw = {path: Path(path).read_bytes().split(b"\n") for path in {one["source"] for one in aside}}
    for one in aside:
        if "content" in one and one["reason"] != "too_large":
            assert raw[one["source"]][one["line"] - 1].decode() == one["content"]


def test_the_rows_do_not_depend_on_the_units_of_work(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "raw", 600_000, files=2)
    found = []
    for size in (1 << 16, 1 << 24):
        output = tmp_path / str(size)
        run(corpus.settings(output, partition_bytes=size))
        found.append((rows(output), [one.read_bytes() for one in sorted(output.glob("quarantine/*"))]))
    assert found[0][0] == found[1][0]
    assert b"".join(found[0][1]) == b"".join(found[1][1])


def test_after_a_stop_at_any_task_the_same_bytes_are_written(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "raw", 300_000, files=1)
    values = corpus.settings(tmp_path / "out", partition_bytes=1 << 17)
    run(values)
    expected = files(tmp_path / "out")
    for path in sorted((tmp_path / "out").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    stops = 0
    while stopped_after_a_task(values):
        stops += 1
        assert stops < 50
    assert stops >= 5
    assert files(tmp_path / "out") == expected
    run(values)
    assert files(tmp_path / "out") == expected


def test_what_a_killed_worker_has_begun_does_not_stay(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "raw", 300_000, files=1)

    class Killer:
        def hear(self, event: str, values: Values) -> None:
            if event == "stage" and values["stage"] == "write_quarantine":
                for folder in ("out", "out/quarantine"):
                    (tmp_path / folder).mkdir(exist_ok=True)
                    (tmp_path / folder / f"one.{'0' * 32}.temporary").touch()

    Pipeline(read_settings(PreprocessingSettings, corpus.settings(tmp_path / "out"), "test"), [Killer()]).run()
    assert not list((tmp_path / "out").rglob("*.temporary"))


def test_near_duplicates_leave_the_first_of_a_cluster(tmp_path: Path) -> None:
    words = [f"word{index}" for index in range(300)]
    texts = [
        " ".join(words),
        " ".join([*words[:150], "changed", *words[151:]]),
        "something else entirely",
        " ".join(words),
    ]
    content = "\n".join(texts).encode() + b"\n"
    found = run(lines(tmp_path / "a.txt", content, tmp_path, deduplication={"near": {}}))
    assert found["records"]["duplicates"] == {"exact": 1, "near": 1}
    assert [row["text"] for row in rows(tmp_path / "out")] == [texts[0], texts[2]]
    assert [row["line"] for row in rows(tmp_path / "out")] == [1, 3]


COMPRESSIONS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pyarrow.compress(content, "zstd", asbytes=True),
}


def test_compressed_and_plain_files_give_the_same_texts(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfone\r\ntwo\nthree without an end"
    values = lines(tmp_path / "a.txt", content, tmp_path, deduplication={"exact": False})
    for suffix, compress in COMPRESSIONS.items():
        # Two streams in one file are what tools that compress in parallel write.
        (tmp_path / f"b.txt.{suffix}").write_bytes(compress(content[:9]) + compress(content[9:]))
        values["input"]["paths"].append(str(tmp_path / f"b.txt.{suffix}"))
    run(values)
    assert [row["text"] for row in rows(tmp_path / "out")] == ["one", "two", "three without an end"] * 5


@pytest.mark.parametrize(
    ("suffix", "damage"),
    # Arrow writes zstd without a sum to check, so that a change may go unseen.
    [
        (one, damage)
        for one in COMPRESSIONS
        for damage in ("cut", "changed", "none of it")
        if one + damage != "zstchanged"
    ],
)
def test_a_damaged_file_is_read_as_far_as_it_goes(suffix: str, damage: str, tmp_path: Path) -> None:
    draw = random.Random(0)
    content = b"\n".join(b"%d %d" % (number, draw.getrandbits(64)) for number in range(40_000))
    whole = COMPRESSIONS[suffix](content)
    middle = len(whole) // 2
    broken = {
        "cut": whole[:middle],
        "changed": whole[:middle] + b"\x00\xff" * 50 + whole[middle + 100 :],
        "none of it": b"something else",
    }[damage]
    found = run(lines(tmp_path / f"a.txt.{suffix}", broken, tmp_path, quality={"minimum_characters": 0}))
    assert found["records"]["quarantined"]["damaged"] == 1
    (aside,) = (
        line
        for line in map(json.loads, (tmp_path / "out/quarantine/part-000000.jsonl").read_text().splitlines())
        if line["reason"] == "damaged"
    )
    assert aside["line"] == found["records"]["read"]
    assert aside["detail"]
    if damage == "cut":
        texts = content.decode().split("\n")
        assert [row["text"] for row in rows(tmp_path / "out")] == texts[: found["records"]["written"]]


def test_workers_in_other_folders_write_to_the_same_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here/a.txt").write_text("one\ntwo\n")
    monkeypatch.chdir(tmp_path / "here")

    def elsewhere(task: Any, items: list[Values], resources: Any) -> Iterator[Values]:
        for item in items:
            with contextlib.chdir(tmp_path / "there"):
                yield task(item)

    monkeypatch.setattr(pipeline, "run_tasks", elsewhere)
    run({"input": {"kind": "text", "paths": ["a.txt"]}, "output": {"folder": "out"}})
    assert len(rows(tmp_path / "here/out")) == 2
    assert not list((tmp_path / "there").iterdir())


def test_columns_are_converted_and_tokens_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"text": "héllo", "n": "7", "x": 1, "ok": "true", "at": "2026-01-02T03:04:05+01:00", "any": {"a": 1}}\n'
        '{"text": "bad", "n": 1.5}\n'
    )
    columns = {"n": "integer", "x": "number", "ok": "boolean", "at": "time", "any": "text"}
    found = run(
        {
            "input": {"kind": "json_lines", "paths": [str(path)], "columns": columns},
            "output": {"folder": str(tmp_path / "out")},
            "features": {"encoding": "bytes"},
        }
    )
    assert found["records"]["quarantined"] == {"type": 1}
    (row,) = rows(tmp_path / "out")
    assert (row["n"], row["x"], row["ok"], row["any"], row["tokens"]) == (7, 1.0, True, '{"a": 1}', 6)
    assert row["at"].isoformat() == "2026-01-02T02:04:05+00:00"


def test_images_are_decoded_scaled_and_put_aside(tmp_path: Path) -> None:
    from PIL import Image

    for label, color in (("cats", "red"), ("dogs", "blue")):
        (tmp_path / "raw" / label).mkdir(parents=True)
        Image.new("RGB", (8, 6), color).save(tmp_path / "raw" / label / "one.png")
    (tmp_path / "raw/cats/two.bmp").write_bytes(b"")
    Image.new("RGB", (8, 6), "red").save(tmp_path / "raw/dogs/zero.bmp")
    broken = (tmp_path / "raw/cats/one.png").read_bytes()[:40]
    (tmp_path / "raw/dogs/broken.png").write_bytes(broken)
    found = run(
        {
            "input": {"kind": "images", "paths": [str(tmp_path / "raw")], "height": 4, "width": 4},
            "output": {"folder": str(tmp_path / "out")},
        }
    )
    assert found["records"]["quarantined"] == {"image": 2}
    assert found["records"]["duplicates"]["exact"] == 1
    assert [(row["label"], row["height"], row["width"]) for row in rows(tmp_path / "out")] == [
        ("cats", 4, 4),
        ("dogs", 4, 4),
    ]


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"input": {"kind": "text", "paths": ["/nowhere/at/all"]}, "output": {"folder": "/tmp/x"}}, "does not exist"),
        ({"input": {"kind": "txt", "paths": ["a"]}, "output": {"folder": "/tmp/x"}}, "did you mean 'text'"),
        ({"input": {"kind": "text", "paths": []}, "output": {"folder": "/tmp/x"}}, "input.paths"),
        ({"input": {"kind": "text", "paths": ["a"]}, "output": {"foldr": "/tmp/x"}}, "did you mean 'folder'"),
    ],
)
def test_bad_input_is_refused_with_the_way_out(values: Values, part: str) -> None:
    with pytest.raises(InvalidInput, match=part):
        run(values)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    values = lines(tmp_path / "a.txt", b"one\n", tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="something else"):
        run(values)
    (tmp_path / "out/mine.txt").unlink()
    run(values)
    values["quality"] = {"minimum_characters": 2}
    with pytest.raises(InvalidInput, match="other settings or input"):
        run(values)


def test_input_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    values = lines(tmp_path / "a.txt", b"", tmp_path)
    with pytest.raises(InvalidInput, match=r"input.paths: the only file is empty"):
        run(values)
    (tmp_path / "b.txt").touch()
    values["input"]["paths"].append(str(tmp_path / "b.txt"))
    with pytest.raises(InvalidInput, match=r"input.paths: all 2 files are empty"):
        run(values)
    assert not (tmp_path / "out").exists()


def test_output_in_the_input_is_refused(tmp_path: Path) -> None:
    values = lines(tmp_path / "a.txt", b"one\n", tmp_path)
    values["input"]["paths"] = [str(tmp_path)]
    with pytest.raises(InvalidInput, match=r"output.folder: '.*/out' lies in the input, '.*', of which"):
        run(values)
    values["input"]["paths"] = [f"{tmp_path}/**"]
    assert run(values)["records"]["written"] == 1
    with pytest.raises(InvalidInput, match=r"output.folder: '.*/out' lies in the input"):
        run(values)
    values["input"]["paths"] = [f"{tmp_path}/a.txt", f"{tmp_path}/**"]
    with pytest.raises(InvalidInput, match=r"1 problem\n.*'.*/out' lies in the input, '.*/\*\*'"):
        run(values)
    values["input"]["paths"] = [f"{tmp_path}/*.txt"]
    values["output"]["folder"] = f"{tmp_path}/out2"
    assert run(values)["records"]["written"] == 1


@pytest.mark.parametrize(
    ("folder", "said"),
    [("a.txt/out", "cannot be written to: Not a directory"), ("nosuch://bucket/out", "Protocol not known: nosuch")],
)
def test_an_output_that_cannot_be_written_to_is_refused_before_ray_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    Path("settings.yaml").write_text(json.dumps(lines(Path("a.txt"), b"one\n", tmp_path)))
    arguments = ["--config", "settings.yaml", "--set", f"output.folder={folder}", "--set", "metrics_port=0"]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: preprocessing: 1 problem")
    assert f"output.folder: '{folder}'" in error
    assert said in error


def test_what_is_hidden_is_no_input(tmp_path: Path) -> None:
    for name in ("a.txt", "_b.txt", ".c.txt", ".git/objects/d", "sub/.ipynb_checkpoints/e.txt", "sub/f.txt"):
        path = tmp_path / ".cache" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
    values = lines(tmp_path / "other.txt", b"", tmp_path)
    # That the folder given is itself in a hidden one was the choice of who gave it.
    values["input"]["paths"] = [str(tmp_path / ".cache")]
    run(values)
    assert [row["text"] for row in rows(tmp_path / "out")] == ["a.txt", "sub/f.txt"]
