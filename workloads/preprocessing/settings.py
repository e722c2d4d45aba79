"""Settings of the preprocessing."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..programs import PREPROCESSING
from ..settings import Settings, Unit

_MIB = 1 << 20


class _Input(Settings):
    paths: Annotated[list[str], Field(min_length=1)]
    """Files, folders and patterns (`*`, `**`): paths, or addresses such as `s3://bucket/raw/*.jsonl.gz`."""


class TextInput(_Input):
    """Plain text."""

    kind: Literal["text"]
    """`text`."""

    document: Literal["line", "file"] = "line"
    """What a record is. Default: each line."""

    encoding: str = "utf-8"
    """Encoding of the files, by its name in Python. Lines end where a byte 10 is. Default: UTF-8."""


ColumnType = Literal["text", "integer", "number", "boolean", "time"]


class JsonLinesInput(_Input):
    """One JSON object a line."""

    kind: Literal["json_lines"]
    """`json_lines`."""

    text_field: str = "text"
    """Key of the text."""

    columns: Annotated[dict[str, ColumnType], Field(default_factory=dict)]
    """Further keys that are kept, with the types they are converted to. `time` is ISO 8601, UTC where no zone is said.
    A record with a value that does not convert is put aside. Default: none."""


class ParquetInput(_Input):
    """Parquet files."""

    kind: Literal["parquet"]
    """`parquet`."""

    text_field: str = "text"
    """Column of the text."""

    columns: Annotated[dict[str, ColumnType], Field(default_factory=dict)]
    """Further columns that are kept, with the types they are converted to. Default: none."""


class ImagesInput(_Input):
    """Image files; the folder that a file lies in is its label."""

    kind: Literal["images"]
    """`images`."""

    height: Annotated[int, Field(ge=1, le=8192), Unit("pixels")] | None = None
    """Height that images are scaled to, in pixels. Default: as they are."""

    width: Annotated[int, Field(ge=1, le=8192), Unit("pixels")] | None = None
    """Width that images are scaled to, in pixels. Default: as they are."""

    maximum_pixels: Annotated[int, Field(ge=1), Unit("pixels")] = 50_000_000
    """Images with more pixels are put aside before they are decoded. Default: 50 million, 150 MB decoded."""

    minimum_side: Annotated[int, Field(ge=1), Unit("pixels")] = 1
    """Images with a shorter side are filtered. Default: 1 pixel."""


class CleaningSettings(Settings):
    """What is changed in a text."""

    encoding_errors: Literal["quarantine", "replace"] = "quarantine"
    """What becomes of a record with bytes that are no text: it is put aside, or the bytes become U+FFFD.
    Default: put aside."""

    html: bool = True
    """Whether tags, scripts, styles and comments go, and references such as `&amp;` become characters. Default: yes."""

    control_characters: bool = True
    """Whether control characters but tab and line feed go, and byte order marks. Default: yes."""

    unicode: Literal["NFC", "NFKC"] | None = "NFC"
    """Unicode normalisation form. Default: NFC."""

    white_space: bool = True
    """Whether runs of white space become one space, three and more line feeds two, and ends of lines go.
    Default: yes."""


class QualitySettings(Settings):
    """Which texts are left out: rules that hold in every language. A bound of None is no rule."""

    minimum_characters: Annotated[int, Field(ge=0), Unit("characters")] = 1
    """Shorter texts are left out. Default: 1 character."""

    maximum_characters: Annotated[int, Field(ge=1), Unit("characters")] = 1_000_000
    """Longer texts are left out. Default: a million characters."""

    minimum_letters: Annotated[float, Field(ge=0, le=1)] | None = None
    """Least share of letters and marks among the characters that are not white space. Default: no rule."""

    maximum_symbol_ratio: Annotated[float, Field(ge=0)] | None = None
    """Most number signs and ellipses for each word; Gopher (arXiv:2112.11446, A.1.1) takes 0.1. Default: no rule."""

    maximum_duplicate_lines: Annotated[float, Field(ge=0, le=1)] | None = None
    """Greatest share of lines that stand in the text before; Gopher takes 0.3. Default: no rule."""

    maximum_duplicate_line_characters: Annotated[float, Field(ge=0, le=1)] | None = None
    """Greatest share of characters in such lines; Gopher takes 0.2. Default: no rule."""


class NearDuplicates(Settings):
    """MinHash with locality-sensitive hashing: texts that share a band of hashes are one.

    Two texts whose sets of shingles have Jaccard similarity s are found with probability 1 - (1 - s^rows)^bands
    (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4.2).
    """

    shingle: Annotated[int, Field(ge=1, le=64), Unit("characters")] = 9
    """Length of a shingle. Default: 9 characters (the same book, 3.2.2, for long documents)."""

    bands: Annotated[int, Field(ge=1, le=64)] = 14
    """Bands. Default: 14, with 8 rows, as FineWeb has (arXiv:2406.17557): 92 % at a similarity of 0.8."""

    rows: Annotated[int, Field(ge=1, le=32)] = 8
    """Hashes in a band. Default: 8."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the hash functions. Default: 0."""


class DeduplicationSettings(Settings):
    """Which texts are one; the first in the order of the input stays."""

    exact: bool = True
    """Whether a text that was read before, after cleaning, is left out. Default: yes."""

    near: NearDuplicates | None = None
    """Whether texts that are almost the same are left out too. Not for images. Default: no."""


class FeatureSettings(Settings):
    """What is computed for each text, beside its hash and its counts of characters, words, lines and bytes."""

    encoding: str | None = None
    """Encoding whose tokens are counted: `bytes`, or the path of a tokenizer's file. Default: none are counted."""

    character_classes: bool = True
    """Whether the shares of letters, digits, white space and punctuation are computed. Default: yes."""


class OutputSettings(Settings):
    """What is written, and where."""

    folder: str
    """Folder or address for the result. Work that is not finished is kept below it, so that it can go on."""

    shard_bytes: Annotated[int, Field(ge=_MIB, le=1 << 34), Unit("bytes")] = 128 * _MIB
    """Bytes of a shard's texts or images before compression, at most, but for a row group that is larger alone.
    Default: 128 MiB."""

    row_group_bytes: Annotated[int, Field(ge=1 << 16, le=1 << 30), Unit("bytes")] = 8 * _MIB
    """Bytes of a row group's texts or images, about: what a reader holds at once. Default: 8 MiB."""

    compression: Literal["zstd", "snappy", "none"] = "zstd"
    """Compression of the shards. Default: zstd."""

    keep_filtered: bool = False
    """Whether filtered records are kept aside as well, with the rule. Default: no, they are counted."""


class ResourceSettings(Settings):
    """What the work may take. None of it changes the result."""

    processors: Annotated[int, Field(ge=1, le=4096), Unit("processors")] | None = None
    """Processors of the local Ray, where no cluster is given by RAY_ADDRESS. Default: those that there are."""

    object_store_bytes: Annotated[int, Field(ge=76 * _MIB), Unit("bytes")] = 128 * _MIB
    """Room of the local Ray's object store, in a file of its own; the data does not go through it. Default: 128 MiB."""

    start_seconds: Annotated[int, Field(ge=1, le=86_400), Unit("seconds")] = 180
    """How long Ray may take to start, or to answer. Default: three minutes."""

    tasks: Annotated[int, Field(ge=1, le=100_000), Unit("tasks")] | None = None
    """Partitions worked on at a time. Default: as many as there are processors."""


class PreprocessingSettings(Settings):
    """One preprocessing."""

    input: Annotated[TextInput | JsonLinesInput | ParquetInput | ImagesInput, Field(discriminator="kind")]
    """What is read."""

    output: OutputSettings
    """What is written."""

    cleaning: CleaningSettings = CleaningSettings()
    """What is changed in texts."""

    quality: QualitySettings = QualitySettings()
    """Which texts are left out."""

    deduplication: DeduplicationSettings = DeduplicationSettings()
    """Which texts are one."""

    features: FeatureSettings = FeatureSettings()
    """What is computed for each text."""

    partition_bytes: Annotated[int, Field(ge=1 << 16, le=1 << 32), Unit("bytes")] = 32 * _MIB
    """Bytes of input that are worked on as one: what is done again after a crash. The order of the output does not
    depend on it; how shards are cut does. Default: 32 MiB."""

    maximum_record_bytes: Annotated[int, Field(ge=1024, le=1 << 30), Unit("bytes")] = 16 * _MIB
    """Larger records are put aside; memory depends on it. Default: 16 MiB."""

    resources: ResourceSettings = ResourceSettings()
    """What the work may take."""

    metrics_port: Annotated[int, Field(ge=0, le=65535)] = PREPROCESSING.metrics_port
    """Port of Prometheus metrics; 0 for none. Default: the program's."""

    @model_validator(mode="after")
    def _fit(self) -> "PreprocessingSettings":
        if self.quality.minimum_characters > self.quality.maximum_characters:
            raise ValueError("quality.minimum_characters is more than quality.maximum_characters; nothing would stay")
        if self.deduplication.near is not None and self.input.kind == "images":
            raise ValueError("deduplication.near is for texts; leave it out for images")
        return self
