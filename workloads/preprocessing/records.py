"""Records as they are read: one for each line, row or file, with what is wrong with it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, cast

from .partitions import Partition, Piece, damage, opened
from .settings import ColumnType, JsonLinesInput, ParquetInput, PreprocessingSettings, TextInput

_KEPT_BYTES: Final = 64 << 10
_SKIPPED_BYTES: Final = 1 << 20
_BATCH_ROWS: Final = 512


@dataclass(slots=True)
class Record:
    """One record of the input."""

    path: str
    """File."""

    line: int
    """Which line or row of the piece it is, from 0; 0 for whole files."""

    size: int
    """Bytes, as read."""

    text: str = ""
    columns: dict[str, Any] = field(default_factory=dict[str, Any])
    content: bytes = b""
    """What was read, for a record that is put aside; at most 64 KiB."""

    problem: str | None = None
    """Why it is put aside; None for a good one."""

    detail: str = ""
    """What exactly is wrong."""

    replaced: bool = False
    """Whether bytes that are no text were replaced."""


def read_texts(partition: Partition, settings: PreprocessingSettings) -> Iterator[Record]:
    """Read the records of a partition of texts, in their order."""
    for piece in partition.pieces:
        given = settings.input
        if isinstance(given, ParquetInput):
            yield from _rows(piece, given, settings)
        elif isinstance(given, TextInput) and given.document == "file":
            yield _file(piece, given, settings)
        else:
            yield from _lines(piece, settings)


def _lines(piece: Piece, settings: PreprocessingSettings) -> Iterator[Record]:
    """Read the lines that begin in a piece; the last one may end after it."""
    given = settings.input
    encoding = given.encoding if isinstance(given, TextInput) else "utf-8"
    from .partitions import Source

    compressed = Source(piece.path, 0, "").is_compressed
    with opened(piece.path) as stream:
        position = piece.start
        if piece.start:
            # The line that the byte before belongs to is the previous piece's.
            stream.seek(piece.start - 1)
            position += _skip_line(stream) - 1
        line = 0
        while compressed or position < piece.stop:
            try:
                raw, size = _line(stream, settings.maximum_record_bytes)
            except Exception as error:
                yield _damaged(piece, line, error)
                return
            if not size:
                return
            if position == 0 and raw.startswith(b"\xef\xbb\xbf"):
                raw = raw[3:]
            position += size
            raw = raw.removesuffix(b"\n").removesuffix(b"\r")
            record = Record(piece.path, line, size)
            line += 1
            if size > settings.maximum_record_bytes:
                _refuse(record, raw, "too_large", f"{size} bytes")
            elif isinstance(given, JsonLinesInput):
                _parse(record, raw, given, settings)
            else:
                _decode(record, raw, encoding, settings)
            yield record


def _line(stream: BinaryIO, maximum: int) -> tuple[bytes, int]:
    """Return a line and its bytes; of one beyond the maximum, only its beginning."""
    raw = stream.readline(maximum + 1)
    if len(raw) <= maximum or raw.endswith(b"\n"):
        return raw, len(raw)
    return raw[:_KEPT_BYTES], len(raw) + _skip_line(stream)


def _skip_line(stream: BinaryIO) -> int:
    skipped = 0
    while part := stream.readline(_SKIPPED_BYTES):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def _file(piece: Piece, given: TextInput, settings: PreprocessingSettings) -> Record:
    try:
        with opened(piece.path) as stream:
            raw = stream.read(settings.maximum_record_bytes + 1)
    except Exception as error:
        return _damaged(piece, 0, error)
    record = Record(piece.path, 0, len(raw))
    if len(raw) > settings.maximum_record_bytes:
        _refuse(record, raw, "too_large", f"more than {settings.maximum_record_bytes} bytes")
    else:
        _decode(record, raw.removeprefix(b"\xef\xbb\xbf"), given.encoding, settings)
    return record


def _damaged(piece: Piece, line: int, error: Exception) -> Record:
    """Return the record that stands for the rest of a compressed file; raises what is no damage of it."""
    problem = damage(error)
    if problem is None:
        raise error
    return Record(piece.path, line, 0, problem="damaged", detail=problem)


def _rows(piece: Piece, given: ParquetInput, settings: PreprocessingSettings) -> Iterator[Record]:
    from pyarrow import parquet

    names = [given.text_field, *given.columns]
    with opened(piece.path) as stream:
        file = cast(Any, parquet).ParquetFile(stream)
        there = [name for name in names if name in file.schema_arrow.names]
        line = 0
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=[piece.start], columns=there, use_threads=False):
            for values in batch.to_pylist():
                text = values.get(given.text_field)
                size = len(text.encode("utf-8", "replace")) if isinstance(text, str) else 0
                record = Record(piece.path, line, size)
                line += 1
                if size > settings.maximum_record_bytes:
                    _refuse(record, text.encode("utf-8", "replace"), "too_large", f"{size} bytes")
                else:
                    _take(record, values, given.text_field, given.columns, lambda: repr(values).encode())  # noqa: B023
                yield record


def _decode(record: Record, raw: bytes, encoding: str, settings: PreprocessingSettings) -> None:
    try:
        record.text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        if settings.cleaning.encoding_errors == "replace":
            record.text = raw.decode(encoding, errors="replace")
            record.replaced = True
        else:
            _refuse(record, raw, "encoding", f"byte {error.start}: {error.reason}")


def _parse(record: Record, raw: bytes, given: JsonLinesInput, settings: PreprocessingSettings) -> None:
    if not raw.strip():
        return
    _decode(record, raw, "utf-8", settings)
    if record.problem:
        return
    try:
        values = json.loads(record.text)
    except (ValueError, RecursionError) as error:
        _refuse(record, raw, "json", str(error))
        return
    finally:
        record.text = ""
    if not isinstance(values, dict):
        _refuse(record, raw, "json", f"a {type(values).__name__}, where an object is wanted")
        return
    _take(record, cast(dict[str, Any], values), given.text_field, given.columns, lambda: raw)


def _take(
    record: Record, values: dict[str, Any], text_field: str, columns: dict[str, ColumnType], content: Any
) -> None:
    text = values.get(text_field)
    if not isinstance(text, str):
        kind = "missing" if text is None else f"a {type(text).__name__}"
        _refuse(record, content(), "text", f"{text_field} is {kind}, where text is wanted")
        return
    try:
        # JSON may hold halves of surrogate pairs, which no encoding has.
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        _refuse(record, content(), "encoding", f"character {error.start}: {error.reason}")
        return
    for name, kind in columns.items():
        value = values.get(name)
        try:
            record.columns[name] = None if value is None else convert(value, kind)
        except (ValueError, TypeError, KeyError, OverflowError):
            _refuse(record, content(), "type", f"{name} is {str(value)[:60]!r}, which is no {kind}")
            return
    record.text = text


def convert(value: Any, kind: ColumnType) -> Any:
    """Return a value as a type of columns; raises `ValueError` where it is none."""
    match kind:
        case "text":
            if isinstance(value, str):
                value.encode("utf-8")
                return value
            return json.dumps(value, ensure_ascii=True, sort_keys=True, default=str)
        case "integer":
            number = int(value)
            if (isinstance(value, bool | float) and value != number) or not -(2**63) <= number < 2**63:
                raise ValueError
            return number
        case "number":
            return float(value)
        case "boolean":
            if isinstance(value, bool):
                return value
            return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]
        case "time":
            time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _refuse(record: Record, raw: bytes, problem: str, detail: str) -> None:
    record.problem, record.detail, record.content = problem, detail, raw[:_KEPT_BYTES]
    record.text, record.columns = "", {}
