"""Columns of what is written, and Parquet files written row group by row group."""

import hashlib
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, cast

from .features import feature_types
from .settings import ImagesInput, JsonLinesInput, ParquetInput, PreprocessingSettings
from .storage import Folder

_ARROW: Final = {"text": "string", "integer": "int64", "number": "float64", "boolean": "bool_"}
_IMAGE: Final = {
    "image": "binary",
    "label": "string",
    "hash": "string",
    "height": "int32",
    "width": "int32",
    "brightness": "float64",
}
PLACE: Final = {"source": "string", "line": "int64"}
"""Where a row comes from: file, and line or row, from 1; 1 for whole files."""


def output_schema(settings: PreprocessingSettings) -> Any:
    """Return the Arrow schema of the shards."""
    import pyarrow

    given = settings.input
    if isinstance(given, ImagesInput):
        types: dict[str, Any] = {name: getattr(pyarrow, kind)() for name, kind in _IMAGE.items()}
    else:
        types = {"text": pyarrow.string()}
        if isinstance(given, JsonLinesInput | ParquetInput):
            for name, kind in given.columns.items():
                time = pyarrow.timestamp("us", tz="UTC")
                types[name] = time if kind == "time" else getattr(pyarrow, _ARROW[kind])()
        types |= {name: getattr(pyarrow, kind)() for name, kind in feature_types(settings.features).items()}
    types |= {name: getattr(pyarrow, kind)() for name, kind in PLACE.items()}
    return pyarrow.schema(list(types.items()))


class TableFile:
    """A Parquet file in the making. Its bytes follow from its rows and from the version of pyarrow alone."""

    def __init__(self, stream: "HashingStream", schema: Any, compression: str) -> None:
        """Write rows of `schema` to a stream."""
        from pyarrow import parquet

        self._schema = schema
        self._writer: Any = cast(Any, parquet).ParquetWriter(stream, schema, compression=compression)

    def write_rows(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows as one row group."""
        import pyarrow

        self.write(cast(Any, pyarrow).Table.from_pylist(list(rows), schema=self._schema))

    def write(self, table: Any) -> None:
        """Write a table as one row group."""
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)

    def close(self) -> None:
        """Write the end of the file."""
        self._writer.close()


class HashingStream:
    """Passes bytes on, counted and hashed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, content: Any) -> int:
        """Write bytes. The writer of a task that failed writes its end when it is collected: that goes nowhere."""
        written = len(memoryview(content).cast("B"))
        if self._stream.closed:
            return written
        self._hash.update(content)
        self._stream.write(content)
        self.size += written
        return written

    def tell(self) -> int:
        """Return the bytes written."""
        return self.size

    def flush(self) -> None:
        """Do nothing: the stream below is flushed when it is closed."""

    def close(self) -> None:
        """End this stream, not the one below."""
        self.closed = True

    @property
    def sha256(self) -> str:
        """The hash of what was written."""
        return self._hash.hexdigest()


@contextmanager
def table_file(folder: Folder, name: str, schema: Any, compression: str) -> Generator[tuple[TableFile, HashingStream]]:
    """Give a Parquet file that appears under its name when the block has ended without an error."""
    with folder.writing(name) as stream:
        hashing = HashingStream(stream)
        file = TableFile(hashing, schema, compression)
        yield file, hashing
        file.close()


def read_table(folder: Folder, name: str, row_groups: list[int] | None = None) -> Any:
    """Return a Parquet file, or some of its row groups, as an Arrow table."""
    from pyarrow import parquet

    with folder.reading(name) as stream:
        file = cast(Any, parquet).ParquetFile(stream)
        return (
            file.read(use_threads=False) if row_groups is None else file.read_row_groups(row_groups, use_threads=False)
        )
