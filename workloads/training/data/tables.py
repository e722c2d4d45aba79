"""Texts in a column of Parquet files, a document in each row."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from ....problems import InvalidInput, Problem, Problems, suggestion

_HELD_BYTES: Final = 8 << 20
"""Of texts that are held at a time, about, beside a page of the file; a single one may be larger."""

_HELD_ROWS: Final = 256
"""At most, since a column that repeats itself says little of its size."""

_SHOWN: Final = 3
"""Files that are named as wrong; others are often wrong in the same way."""


def is_table(path: Path) -> bool:
    """Whether a file is read as Parquet."""
    return path.suffix.lower() == ".parquet"


def check_tables(paths: Iterable[Path], column: str) -> None:
    """Read the end of each file, and refuse those without texts in `column`; raises `InvalidInput`."""
    problems = Problems()
    for path in paths:
        try:
            with _opened(path) as file:
                problems.extend(_lacking(path, file.schema_arrow, column))
        except InvalidInput as invalid:
            problems.extend(invalid.problems)
        if len(problems) == _SHOWN:
            break
    problems.raise_if_any("data")


def read_texts(path: Path, column: str) -> Iterator[bytes]:
    """Yield the texts of a file as UTF-8, in the order of its rows, a few mebibytes at a time; null is no text.

    Raises:
        InvalidInput: the file is damaged.
    """
    import pyarrow

    types: Any = pyarrow
    with _opened(path) as file:
        for group in range(file.num_row_groups):
            rows = _rows_at_a_time(file.metadata.row_group(group), column)
            for batch in file.iter_batches(rows, row_groups=[group], columns=[column], use_threads=False):
                texts = batch.column(0).cast(types.large_string()).cast(types.large_binary())
                yield from (text for text in texts.to_pylist() if text is not None)


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        reason = f"'{path}' is Parquet, which needs pyarrow; run `pip install 'aidc[training]'`"
        raise InvalidInput("data", [Problem("data.paths", reason)]) from error
    try:
        # What is read ahead of its use would be a whole row group.
        with cast(Any, parquet).ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            yield file
    except (OSError, cast(Any, pyarrow).ArrowException) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0].strip().rstrip(".")
        reason = f"'{path}' cannot be read as Parquet ({said}); write it again, or leave it out"
        raise InvalidInput("data", [Problem("data.paths", reason)]) from error


def _lacking(path: Path, schema: Any, column: str) -> list[Problem]:
    from pyarrow import types

    known: Any = types
    names: list[str] = schema.names
    if column not in names:
        close = suggestion(column, names) or "; give the one that holds the texts"
        reason = f"'{path}' has no column '{column}', but {', '.join(names) or 'none at all'}{close}"
        return [Problem("data.text_column", reason)]
    kind = schema.field(names.index(column)).type
    value = kind.value_type if known.is_dictionary(kind) else kind
    if any(fits(value) for fits in (known.is_string, known.is_large_string, known.is_string_view)):
        return []
    texts = [field.name for field in schema if known.is_string(field.type) or known.is_large_string(field.type)]
    others = f"; columns of text are {', '.join(texts)}" if texts else "; it has no column of text"
    return [Problem("data.text_column", f"column '{column}' of '{path}' is {kind}, and no text{others}")]


def _rows_at_a_time(group: Any, column: str) -> int:
    chunks = [group.column(number) for number in range(group.num_columns)]
    size = sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema == column)
    return max(1, min(_HELD_ROWS, _HELD_BYTES * group.num_rows // max(1, size)))
