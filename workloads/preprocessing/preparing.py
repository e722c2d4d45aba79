"""The first stage: a partition is read, cleaned, judged and measured, with keys for the search of duplicates."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from .cleaning import clean
from .features import make_features
from .images import read_images
from .keys import KeyFile
from .partitions import Partition
from .quality import broken_rule
from .records import Record, read_texts
from .settings import ImagesInput, PreprocessingSettings
from .signatures import Signatures
from .storage import Folder
from .tables import HashingStream, output_schema, table_file

PREPARED: Final = "prepared"
"""Folder of this stage below the folder of work."""

_FLUSHED_ROWS: Final = 50_000


def prepared_schema(settings: PreprocessingSettings) -> Any:
    """Return the schema of prepared rows: the output's, with the piece of the partition for later line numbers."""
    import pyarrow

    return output_schema(settings).append(pyarrow.field("piece", pyarrow.int32()))


def prepare(partition: Partition, settings: PreprocessingSettings, work: Folder) -> dict[str, Any]:
    """Do one partition, and return what is written as its marker: counts, row groups, lines of each piece."""
    folder = work.below(PREPARED)
    with ExitStack() as stack:
        rows, _ = stack.enter_context(
            table_file(folder, f"{partition.name}.parquet", prepared_schema(settings), "zstd")
        )
        keys = KeyFile(HashingStream(stack.enter_context(folder.writing(f"{partition.name}.keys.parquet"))))
        aside = stack.enter_context(folder.writing(f"{partition.name}.aside.jsonl"))
        work_on = _Preparation(partition, settings, rows, keys, aside)
        for record, row in _read(partition, settings):
            work_on.take(record, row)
        work_on.flush()
        keys.close()
    document = {
        "read": work_on.read,
        "size": partition.size,
        "rows": work_on.rows,
        "groups": work_on.groups,
        "lines": work_on.lines,
        "aside": work_on.set_aside,
        "quarantined": dict(work_on.quarantined),
        "filtered": dict(work_on.filtered),
        "changed": dict(work_on.changed),
    }
    folder.write_document(f"{partition.name}.json", document)
    return document


def _read(partition: Partition, settings: PreprocessingSettings) -> Iterator[tuple[Record, dict[str, Any]]]:
    if isinstance(settings.input, ImagesInput):
        yield from read_images(partition, settings)
    else:
        for record in read_texts(partition, settings):
            yield record, {}


@dataclass(frozen=True, slots=True)
class _Outcome:
    row: dict[str, Any]
    size: int
    rule: str | None = None


class _Preparation:
    """Rows, keys and counts of one partition."""

    def __init__(
        self, partition: Partition, settings: PreprocessingSettings, rows: Any, keys: KeyFile, aside: BinaryIO
    ) -> None:
        self._settings = settings
        self._rows, self._keys, self._aside = rows, keys, aside
        self._paths = [piece.path for piece in partition.pieces]
        self._measure = make_features(settings.features)
        near = settings.deduplication.near
        self._signatures = Signatures(near) if near is not None else None
        self._held: list[dict[str, Any]] = []
        self._held_bytes = 0
        self._piece = -1
        self._last = (-1, "")
        self.read = self.rows = self.set_aside = 0
        self.groups: list[list[int]] = []
        self.lines = [0] * len(partition.pieces)
        self.quarantined: Counter[str] = Counter()
        self.filtered: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()

    def take(self, record: Record, row: dict[str, Any]) -> None:
        """Take the next record, with its row where reading has made it."""
        self._find_piece(record)
        self.read += 1
        self.lines[self._piece] += 1
        if record.problem is not None:
            self.quarantined[record.problem] += 1
            self._put_aside(record, "quarantined", record.problem, record.content)
            return
        outcome = self._image(row) if row else self._text(record)
        if outcome.rule is not None:
            self.filtered[outcome.rule] += 1
            if self._settings.output.keep_filtered:
                self._put_aside(record, "filtered", outcome.rule, record.text.encode())
            return
        place = {"source": record.path, "line": record.line, "piece": self._piece}
        self._held.append(outcome.row | place)
        self._held_bytes += outcome.size
        self._add_keys(outcome.row)
        self.rows += 1
        if self._held_bytes >= self._settings.output.row_group_bytes or len(self._held) >= _FLUSHED_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are held as a row group."""
        if self._held:
            self._rows.write_rows(self._held)
            self.groups.append([len(self._held), self._held_bytes])
            self._held, self._held_bytes = [], 0

    def _find_piece(self, record: Record) -> None:
        """Follow the pieces: a new one begins where the file changes, or the line does not grow."""
        line, path = self._last
        if path != record.path or record.line <= line:
            self._piece = self._paths.index(record.path, self._piece + 1)
        self._last = (record.line, record.path)

    def _text(self, record: Record) -> _Outcome:
        text, changes = clean(record.text, self._settings.cleaning)
        if record.replaced:
            changes.append("encoding")
        rule = broken_rule(text, self._settings.quality)
        if rule is not None:
            return _Outcome({}, 0, rule)
        self.changed.update(changes)
        row = {"text": text, **record.columns, **self._measure(text)}
        return _Outcome(row, int(row["bytes"]))

    def _image(self, row: dict[str, Any]) -> _Outcome:
        given = self._settings.input
        assert isinstance(given, ImagesInput)
        if min(row["height"], row["width"]) < given.minimum_side:
            return _Outcome({}, 0, "too_small")
        return _Outcome(row, len(row["image"]))

    def _add_keys(self, row: dict[str, Any]) -> None:
        if self._settings.deduplication.exact:
            digest = row["hash"]
            self._keys.add(0, int(digest[:16], 16), int(digest[16:], 16), self.rows)
        if self._signatures is not None:
            for band, key in enumerate(self._signatures.bands(row["text"]).tolist(), start=1):
                self._keys.add(band, key, 0, self.rows)

    def _put_aside(self, record: Record, why: str, reason: str, content: bytes) -> None:
        found: dict[str, Any] = {
            "piece": self._piece,
            "line": record.line,
            "outcome": why,
            "reason": reason,
            "detail": record.detail,
            "source": record.path,
            "bytes": record.size,
        }
        try:
            found["content"] = content.decode()
        except UnicodeDecodeError:
            found["content_base64"] = base64.b64encode(content).decode()
        self._aside.write(json.dumps(found, ensure_ascii=False).encode() + b"\n")
        self.set_aside += 1
