import io
import json
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image
from pyarrow import parquet

from aidc.problems import InvalidInput
from aidc.workloads.models.encoding import tokenizer_encoding
from aidc.workloads.preprocessing import pipeline
from aidc.workloads.preprocessing.pipeline import Pipeline, Terminated
from aidc.workloads.preprocessing.settings import PreprocessingSettings
from aidc.workloads.settings import read_settings
from aidc.workloads.training.data.corpus import default_files, find_corpus
from aidc.workloads.training.data.digits import read_digits
from aidc.workloads.training.data.held_out import split_classes
from aidc.workloads.training.data.images import read_images
from aidc.workloads.training.data.loader import Loader
from aidc.workloads.training.data.order import global_batch, part
from aidc.workloads.training.data.settings import ImagesSettings, TextSettings
from aidc.workloads.training.data.tables import read_texts
from aidc.workloads.training.data.text import prepare_text, read_text
from aidc.workloads.training.data.tokens import train_tokenizer, write_tokens

TEXT = "the quick brown fox jumps over the lazy dog\n" * 200


@given(
    samples=some.integers(1, 200),
    size=some.sampled_from([1, 2, 3, 4]),
    share=some.integers(1, 7),
    seed=some.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_each_sample_comes_once_an_epoch_for_any_number_of_processes(
    samples: int, size: int, share: int, seed: int
) -> None:
    batch = size * share
    steps = -(-3 * samples // batch)
    seen = [
        int(index)
        for step in range(steps)
        for rank in range(size)
        for index in part(global_batch(samples, batch, seed, step), rank, size)
    ]
    for epoch in range(3):
        assert sorted(seen[epoch * samples : (epoch + 1) * samples]) == list(range(samples))
    # One process reads the same, in the same order.
    assert seen == [int(index) for step in range(steps) for index in global_batch(samples, batch, seed, step)]


def test_the_order_depends_on_seed_and_epoch() -> None:
    first, second, other = (global_batch(100, 100, seed, step) for seed, step in ((1, 0), (1, 1), (2, 0)))
    assert list(first) != list(second)
    assert list(first) != list(other)
    assert list(first) != list(range(100))


def test_a_batch_may_be_larger_than_an_epoch() -> None:
    assert Counter(int(index) for index in global_batch(3, 12, 0, 0)) == {0: 4, 1: 4, 2: 4}


def text_settings(folder: Path, **more: object) -> TextSettings:
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts" / "a.txt").write_text(TEXT)
    (folder / "texts" / "b.txt").write_text(TEXT.upper())
    return TextSettings.model_validate({"paths": (str(folder / "texts"),), "cache": folder / "cache", **more})


def test_a_loader_goes_on_in_the_middle_of_an_epoch_by_step_alone(tmp_path: Path) -> None:
    learned, _, _ = read_text(text_settings(tmp_path), context=16)
    keys = {"batch_size": 8, "micro_batch_size": 2, "seed": 3}
    with Loader(learned, **keys) as loader:
        whole = [loader.micro_batches(step) for step in range(5)]
    assert [len(batches) for batches in whole] == [4] * 5
    halves = [Loader(learned, **keys, rank=rank, size=2) for rank in range(2)]
    for loader in halves:
        with loader:
            for step in (3, 4):
                found = loader.micro_batches(step)
                wanted = whole[step][:2] if loader is halves[0] else whole[step][2:]
                for mine, other in zip(found, wanted, strict=True):
                    assert mine.inputs.equal(other.inputs)
                    assert mine.targets.equal(other.targets)


@pytest.mark.parametrize(
    ("batch", "micro", "size", "said"),
    [
        (8, None, 3, "batch.batch_size: 8 samples cannot be shared equally by 3 processes; give 6 or 9"),
        (12, 4, 2, "batch.micro_batch_size: 4 samples do not divide the 6 of each of 2 processes"),
    ],
)
def test_a_batch_that_cannot_be_shared_is_refused(batch: int, micro: int | None, size: int, said: str) -> None:
    learned, _ = read_digits(0.2)
    with pytest.raises(InvalidInput) as caught:
        Loader(learned, batch_size=batch, micro_batch_size=micro, seed=0, size=size)
    assert said in str(caught.value)


def test_bytes_are_tokens_with_an_end_after_each_file(tmp_path: Path) -> None:
    learned, kept, text = read_text(text_settings(tmp_path), context=10)
    tokens = text.tokens()
    assert bytes(tokens) == TEXT.encode() + b"\0" + TEXT.upper().encode() + b"\0"
    assert (text.files, text.bytes, text.count, text.vocabulary) == (2, 2 * len(TEXT), 2 * len(TEXT) + 2, 256)
    assert isinstance(tokens, np.memmap)
    assert len(learned) + len(kept) == (len(tokens) - 1) // 10
    assert len(kept) == len(tokens) // 200
    batch = learned.read(np.array([2, 0]))
    assert bytes(batch.inputs[0].tolist()) == TEXT.encode()[20:30]
    assert bytes(batch.targets[0].tolist()) == TEXT.encode()[21:31]
    assert bytes(batch.inputs[1].tolist()) == TEXT.encode()[:10]
    # Every 20th window is held out.
    assert bytes(kept.read(np.array([1])).inputs[0].tolist()) == TEXT.encode()[390:400]
    assert bytes(learned.read(np.array([19])).inputs[0].tolist()) == TEXT.encode()[200:210]


def test_a_text_is_read_again_when_it_changes_and_only_then(tmp_path: Path) -> None:
    settings_ = text_settings(tmp_path)
    first, again = prepare_text(settings_), prepare_text(settings_)
    assert first == again
    made = (first.folder / "tokens.bin").stat().st_mtime_ns
    assert (prepare_text(settings_).folder / "tokens.bin").stat().st_mtime_ns == made
    (tmp_path / "texts" / "a.txt").write_text("other " * 1000)
    changed = prepare_text(settings_)
    assert changed.folder != first.folder
    assert changed.sha256 != first.sha256


def test_an_interrupted_preparation_is_done_again(tmp_path: Path) -> None:
    first = prepare_text(text_settings(tmp_path))
    (first.folder / "manifest.json").unlink()
    (first.folder / "tokens.bin").write_bytes(b"half")
    assert bytes(prepare_text(text_settings(tmp_path)).tokens()).startswith(TEXT.encode())


def test_a_tokenizer_is_trained_on_the_text_and_gives_it_back(tmp_path: Path) -> None:
    text = prepare_text(text_settings(tmp_path, vocabulary=300))
    assert text.tokenizer is not None
    encoding = tokenizer_encoding(text.tokenizer)
    assert 257 < encoding.size <= 300
    tokens = [int(token) for token in text.tokens()]
    assert encoding.end == 0
    assert tokens.count(0) == 2
    assert text.kind == "uint16"
    first = tokens[: tokens.index(0)]
    assert encoding.decode(first) == TEXT
    assert len(first) <= len(TEXT) / 2


def test_pieces_are_whole_lines_and_stop_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"line of text\n" * 200_000)
    corpus = find_corpus(TextSettings(paths=(str(path),), maximum_bytes=1_500_000))
    (document,) = [list(pieces) for pieces in corpus.documents()]
    assert sum(map(len, document)) == 1_500_000
    assert all(piece.endswith(b"\n") for piece in document[:-1])
    file = io.BytesIO()
    assert write_tokens(corpus, None, file)["bytes"] == 1_500_000
    assert file.getvalue() == path.read_bytes()[:1_500_000] + b"\0"


def test_globs_folders_and_files_are_found_and_others_refused(tmp_path: Path) -> None:
    text_settings(tmp_path)
    texts = tmp_path / "texts"
    assert find_corpus(TextSettings(paths=(f"{tmp_path}/**/*.txt", str(texts / "b.txt")))).files == (
        texts / "a.txt",
        texts / "b.txt",
    )
    with pytest.raises(InvalidInput) as caught:
        find_corpus(TextSettings(paths=(str(texts), "nowhere/*.txt", "nothing")))
    assert [problem.path for problem in caught.value.problems] == ["data.paths[1]", "data.paths[2]"]


STORIES = tuple(
    f"Story {number}: the quick brown fox\njumps over {number} lazy dogs.\n" * 1_200 for number in range(40)
)


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What preprocessing writes of the stories and one that is too short, in one process: several shards."""
    monkeypatch.setattr(pipeline, "run_tasks", lambda task, items, resources: map(task, items))
    preprocess(tmp_path)
    return tmp_path / "clean"


def preprocess(folder: Path, stops: bool = False) -> None:
    (folder / "raw").mkdir()
    for number in range(0, 40, 8):
        lines = [json.dumps({"text": text}) for text in ("", *STORIES[number : number + 8])]
        (folder / "raw" / f"{number:02d}.jsonl").write_text("\n".join(lines))
    values = {
        "input": {"kind": "json_lines", "paths": [str(folder / "raw")]},
        "output": {"folder": str(folder / "clean"), "keep_filtered": True, "shard_bytes": 1 << 20},
        "quality": {"minimum_characters": 10},
        "partition_bytes": 1 << 16,
    }
    Pipeline(read_settings(PreprocessingSettings, values, "test"), (), lambda: stops).run()


def prepared(tmp_path: Path, *paths: object, **more: Any) -> tuple[list[bytes], Any]:
    """Each document of the paths as bytes, and the text."""
    text = prepare_text(TextSettings(paths=tuple(map(str, paths)), cache=tmp_path / "cache", **more))
    *documents, end = bytes(text.tokens()).split(b"\0")
    assert end == b""
    return documents, text


def test_what_preprocessing_writes_is_what_is_trained_on(tmp_path: Path, clean: Path) -> None:
    texts = [row["text"].encode() for path in sorted(clean.glob("*.parquet")) for row in rows_of(path)]
    assert len(list(clean.glob("*.parquet"))) > 1
    assert (clean / "quarantine").is_dir()
    found, text = prepared(tmp_path, clean)
    # Cleaning takes the white space at the end.
    assert found == texts == [story.strip().encode() for story in STORIES]
    assert (text.documents, text.files) == (40, len(list(clean.glob("*.parquet"))))
    assert text.bytes == sum(map(len, texts))
    # Files of the same texts have the same hash.
    (tmp_path / "files").mkdir()
    for number, story in enumerate(texts):
        (tmp_path / "files" / f"{number:02d}").write_bytes(story)
    assert prepared(tmp_path, tmp_path / "files")[1].sha256 == text.sha256


def rows_of(path: Path) -> list[dict[str, Any]]:
    return parquet.read_table(path).to_pylist()


def test_only_shards_of_an_output_are_read_by_whatever_path(tmp_path: Path, clean: Path) -> None:
    wanted, _ = prepared(tmp_path, clean)
    assert prepared(tmp_path, clean / "*.parquet")[0] == wanted
    assert prepared(tmp_path, f"{clean}/**/*")[0] == wanted
    first = clean / "shard-000000.parquet"
    assert prepared(tmp_path, first)[0] == wanted[: len(rows_of(first))]
    (clean / "notes.txt").write_text("about it")
    texts = tmp_path / "texts"
    texts.mkdir()
    clean.rename(texts / "clean")
    (texts / "a.txt").write_text("before")
    (texts / "d.txt").write_text("after")
    assert prepared(tmp_path, texts)[0] == [b"before", *wanted, b"after"]
    for name in ("quarantine", "manifest.json", "quarantine/*", "notes.txt"):
        with pytest.raises(InvalidInput, match=r"part of the output of a preprocessing.*give '.*/texts/clean'"):
            prepared(tmp_path, texts / "clean" / name)


def test_a_manifest_of_others_is_text(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "manifest.json").write_text('{"format": 1}')
    (tmp_path / "texts" / "story.txt").write_text("story")
    assert prepared(tmp_path, tmp_path / "texts")[0] == [b'{"format": 1}', b"story"]


def test_an_output_that_is_not_finished_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "run_tasks", lambda task, items, resources: map(task, items))
    with pytest.raises(Terminated):
        preprocess(tmp_path, stops=True)
    for path in (tmp_path / "clean", tmp_path, f"{tmp_path}/**/*", tmp_path / "clean/_work"):
        with pytest.raises(InvalidInput) as caught:
            prepared(tmp_path, path)
        if path != tmp_path / "clean/_work":
            assert "has not finished: it has _work, and no manifest.json yet; start the training" in str(caught.value)


def test_shards_that_are_lost_or_cut_are_refused(tmp_path: Path, clean: Path) -> None:
    shard = clean / "shard-000001.parquet"
    content = shard.read_bytes()
    shard.write_bytes(content[:-10])
    with pytest.raises(InvalidInput, match=r"data.paths\[0\]: .*shard-000001.parquet missing, or of another size"):
        prepared(tmp_path, clean)
    shard.unlink()
    with pytest.raises(InvalidInput, match=r"shard-000001.parquet missing, or of another size.*copy the folder again"):
        prepared(tmp_path, clean)
    shard.write_bytes(content)
    (clean / "manifest.json").write_text("{")
    with pytest.raises(InvalidInput, match=r"its manifest.json is damaged"):
        prepared(tmp_path, clean)


@pytest.mark.parametrize("shards", [None, {}, [{}], ["shard-000001.parquet"], [{"name": 1, "bytes": "many"}]])
def test_a_manifest_whose_shards_are_not_described_is_refused(tmp_path: Path, clean: Path, shards: Any) -> None:
    manifest = json.loads((clean / "manifest.json").read_bytes())
    (clean / "manifest.json").write_text(json.dumps({**manifest, "shards": shards}))
    with pytest.raises(InvalidInput, match=r"data.paths\[0\]: .*its manifest.json is damaged"):
        prepared(tmp_path, clean)


def test_a_shard_of_other_content_and_the_same_size_is_refused_and_nothing_is_kept(tmp_path: Path, clean: Path) -> None:
    shard = clean / "shard-000001.parquet"
    content = bytearray(shard.read_bytes())
    content[len(content) // 3] ^= 1
    shard.write_bytes(content)
    for path in (clean, shard):
        with pytest.raises(InvalidInput, match=r"shard-000001.parquet' has other content than manifest.json says"):
            prepared(tmp_path, path)
    assert not list((tmp_path / "cache").glob("*/manifest.json"))


def table(path: Path, **columns: Any) -> Path:
    parquet.write_table(pyarrow.table(columns), path, row_group_size=3)
    return path


def test_rows_of_parquet_are_documents_in_their_order(tmp_path: Path) -> None:
    texts = [None, "", *(f"text {number} \N{SNOWMAN}" for number in range(10))]
    long = "line of text\n" * 200_000
    first = table(tmp_path / "a.parquet", body=texts)
    second = table(tmp_path / "b.PARQUET", body=pyarrow.array([long, long], pyarrow.large_string()))
    third = table(tmp_path / "c.parquet", body=pyarrow.array(["x", "y", "x"]).dictionary_encode())
    found, text = prepared(tmp_path, first, second, third, text_column="body")
    # Null is no text; an empty one is.
    assert found == [(each or "").encode() for each in texts[1:]] + [long.encode()] * 2 + [b"x", b"y", b"x"]
    assert (text.documents, text.files) == (16, 3)
    assert prepared(tmp_path, first, second, text_column="body", maximum_bytes=1_000)[0][-1] == long.encode()[:900]


def test_a_large_row_group_is_read_in_parts(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    texts = [generator.bytes(1_000).hex() for _ in range(32_000)]
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": texts}), path, compression="zstd")
    before = pyarrow.total_allocated_bytes()
    most = rows = 0
    for text, wanted in zip(read_texts(path, "text"), texts, strict=True):
        assert text == wanted.encode()
        most = max(most, pyarrow.total_allocated_bytes() - before)
        rows += 1
    assert (rows, parquet.read_metadata(path).num_row_groups) == (32_000, 1)
    assert sum(map(len, texts)) == 64_000_000
    assert most < 32_000_000


def test_another_column_is_another_text(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", text=["one"], title=["two"])
    assert prepared(tmp_path, path)[0] == [b"one"]
    assert prepared(tmp_path, path, text_column="title")[0] == [b"two"]


def test_a_tokenizer_is_trained_on_rows(tmp_path: Path) -> None:
    text = prepare_text(
        TextSettings(
            paths=(str(table(tmp_path / "a.parquet", text=[TEXT, TEXT.upper()])),), cache=tmp_path, vocabulary=300
        )
    )
    assert text.tokenizer is not None
    tokens = [int(token) for token in text.tokens()]
    assert tokens.count(0) == 2
    assert tokenizer_encoding(text.tokenizer).decode(tokens[: tokens.index(0)]) == TEXT


def test_a_word_without_an_end_makes_no_token_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("é" * 30_000 + " and " + "no" * 20_000)
    text = prepare_text(TextSettings(paths=(str(tmp_path / "long.txt"),), cache=tmp_path / "cache", vocabulary=300))
    assert text.tokenizer is not None
    encoding = tokenizer_encoding(text.tokenizer)
    assert max(len(encoding.decode([token]).encode()) for token in range(encoding.size)) <= 128
    tokens = [token for token in text.tokens().tolist() if token != encoding.end]
    assert encoding.decode(tokens) == (tmp_path / "long.txt").read_text()


def test_time_to_learn_an_encoding_grows_with_the_text_not_with_its_words(tmp_path: Path) -> None:
    """Words of a thousand letters are not too long, and were looked through from each letter of them: 5 seconds."""
    (tmp_path / "a.txt").write_text(("a" * 1_000 + " ") * 5_000)
    corpus = find_corpus(TextSettings(paths=(str(tmp_path / "a.txt"),)))
    began = time.process_time()
    train_tokenizer(corpus, 300)
    assert time.process_time() - began < 2


def test_a_line_without_an_end_is_cut_between_letters(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    text = "a" + "文é😀" * 300_000
    path.write_text(text)
    (document,) = [list(pieces) for pieces in find_corpus(TextSettings(paths=(str(path),))).documents()]
    assert len(document) == 3
    assert "".join(piece.decode() for piece in document) == text
    path.write_bytes(b"\xe6" * 2_500_000)
    (document,) = [list(pieces) for pieces in find_corpus(TextSettings(paths=(str(path),))).documents()]
    assert b"".join(document) == path.read_bytes()


@pytest.mark.parametrize("vocabulary", [None, 300])
def test_damaged_parquet_is_refused(tmp_path: Path, vocabulary: int | None) -> None:
    whole = table(tmp_path / "a.parquet", text=[TEXT] * 9)
    content = whole.read_bytes()
    for damaged in (b"", b"no table", content[:-8], content[:4] + b"\xff" * 40 + content[44:]):
        path = tmp_path / "b.parquet"
        path.write_bytes(damaged)
        with pytest.raises(InvalidInput, match=r"data.paths: '.*b.parquet' cannot be read as Parquet \(.+\); write it"):
            prepared(tmp_path, whole, path, vocabulary=vocabulary)
    assert not [path for path in (tmp_path / "cache").iterdir() if path.suffix != ".lock"]


def test_a_column_that_has_no_texts_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", texts=["a"], number=[1], source=["b"])
    for column, said in (
        ("text", "has no column 'text', but texts, number, source; did you mean 'texts'?"),
        ("absent", "has no column 'absent', but texts, number, source; give the one that holds the texts"),
        ("number", "is int64, and no text; columns of text are texts, source"),
    ):
        with pytest.raises(InvalidInput) as caught:
            prepared(tmp_path, path, text_column=column)
        (problem,) = caught.value.problems
        assert problem.path == "data.text_column"
        assert said in problem.reason
        assert str(path) in problem.reason


def test_without_pyarrow_parquet_is_refused_and_text_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path / "a.parquet", text=["a"])
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert prepare_text(text_settings(tmp_path)).documents == 2
    with pytest.raises(InvalidInput, match=r"a.parquet' is Parquet, which needs pyarrow; run `pip install 'aidc"):
        prepared(tmp_path, path)


def test_too_little_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="held out are fewer than one window of 5000 tokens"):
        read_text(text_settings(tmp_path), context=5_000)


def test_every_machine_has_the_default_corpus() -> None:
    files = default_files()
    assert sum(path.stat().st_size for path in files) > 4_000_000
    library = Path(sysconfig.get_path("stdlib"))
    assert all(library in path.parents and "site-packages" not in path.parts for path in files)
    assert list(files) == sorted(files)


def test_digits_are_split_by_class_and_between_0_and_1() -> None:
    learned, kept = read_digits(0.2)
    assert (len(learned), len(kept)) == (1433, 364)
    batch = learned.read(np.arange(len(learned)))
    assert batch.inputs.shape == (1433, 1, 8, 8)
    assert (batch.inputs.min().item(), batch.inputs.max().item()) == (0.0, 1.0)
    held = kept.read(np.arange(len(kept)))
    assert sorted(set(held.targets.tolist())) == list(range(10))
    seen = {tuple(row) for row in batch.inputs.flatten(1).tolist()}
    assert sum(tuple(row) in seen for row in held.inputs.flatten(1).tolist()) == 0


def test_a_share_of_each_class_is_held_out() -> None:
    classes = np.array([0] * 10 + [1] * 3)
    learned, kept = split_classes(classes, 0.3)
    assert Counter(classes[kept]) == {0: 3, 1: 1}
    assert sorted([*learned, *kept]) == list(range(13))


def test_images_are_read_by_folder(tmp_path: Path) -> None:
    for label, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        (tmp_path / label).mkdir()
        for number in range(3):
            Image.new("RGB", (10 + number, 7), colour).save(tmp_path / label / f"{number}.png")
    learned, kept, labels = read_images(ImagesSettings(folder=tmp_path, height=4, width=6))
    assert labels == ("blue", "red")
    assert (len(learned), len(kept)) == (4, 2)
    batch = learned.read(np.arange(4))
    assert batch.inputs.shape == (4, 3, 4, 6)
    for image, target in zip(batch.inputs, batch.targets.tolist(), strict=True):
        assert image.mean((1, 2)).tolist() == ([1.0, 0.0, 0.0] if labels[target] == "red" else [0.0, 0.0, 1.0])
    (tmp_path / "red" / "0.png").write_bytes(b"no image")
    (tmp_path / "red" / "1.png").write_bytes(b"no image")
    (tmp_path / "red" / "2.png").write_bytes(b"no image")
    with pytest.raises(InvalidInput, match=r"red/\d.png: cannot be read as an image"):
        learned.read(np.arange(4))


def test_folders_without_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no folder"):
        read_images(ImagesSettings(folder=tmp_path / "nothing"))
    (tmp_path / "one").mkdir()
    with pytest.raises(InvalidInput, match="has 1 folders; give one for each class"):
        read_images(ImagesSettings(folder=tmp_path))


def test_what_is_hidden_is_no_data(tmp_path: Path) -> None:
    for name in ("a.txt", ".a.txt.swp", ".git/objects/pack", "b/.ipynb_checkpoints/c.txt", "b/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    found = find_corpus(TextSettings(paths=(str(tmp_path),))).files
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.txt", "b/c.txt"]


def test_hidden_folders_are_no_classes(tmp_path: Path) -> None:
    for name in ("cats/1.png", "cats/2.png", "cats/._1.png", "dogs/1.png", "dogs/2.png", ".ipynb_checkpoints/1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    learned, kept, labels = read_images(ImagesSettings(folder=tmp_path))
    assert labels == ("cats", "dogs")
    assert len(learned) + len(kept) == 4
