"""Keys of rows for the search of duplicates, in sorted runs, so that a range of them is read without the others."""

from array import array
from typing import Any, Final, cast

from .storage import Folder
from .tables import HashingStream, TableFile

RUN_ROWS: Final = 1 << 19
"""Keys in a sorted run: what is held while they are written, 25 bytes each, three times over while they are sorted."""

_GROUP_ROWS: Final = 1 << 16


def key_schema() -> Any:
    """Return the schema: band (0 for exact), the key's upper and lower half, and the row in its partition."""
    import pyarrow

    return pyarrow.schema(
        [("band", pyarrow.uint8()), ("high", pyarrow.uint64()), ("low", pyarrow.uint64()), ("row", pyarrow.int64())]
    )


class KeyFile:
    """The keys of one partition, in the making."""

    def __init__(self, stream: HashingStream) -> None:
        """Write to a stream."""
        self._file = TableFile(stream, key_schema(), "zstd")
        self._held = _columns()

    def add(self, band: int, high: int, low: int, row: int) -> None:
        """Add a key."""
        for column, value in zip(self._held, (band, high, low, row), strict=True):
            column.append(value)
        if len(self._held[0]) >= RUN_ROWS:
            self._write()

    def close(self) -> None:
        """Write what is held, and the end."""
        self._write()
        self._file.close()

    def _write(self) -> None:
        import numpy
        import pyarrow

        if not self._held[0]:
            return
        columns = [numpy.frombuffer(column, dtype=column.typecode) for column in self._held]
        order = numpy.lexsort(columns[::-1])
        table: Any = cast(Any, pyarrow).table([column[order] for column in columns], schema=key_schema())
        for start in range(0, table.num_rows, _GROUP_ROWS):
            self._file.write(table.slice(start, _GROUP_ROWS))
        self._held = _columns()


def _columns() -> tuple["array[int]", ...]:
    """Return empty columns of bands, upper and lower halves, and rows: 25 bytes a key, where tuples take 200."""
    return array("B"), array("Q"), array("Q"), array("q")


def read_keys(folder: Folder, name: str, band: int, first: int, last: int) -> Any:
    """Return the keys of a partition in a band with `first <= high <= last`, as an Arrow table."""
    import pyarrow
    import pyarrow.compute
    from pyarrow import parquet

    with folder.reading(name) as stream:
        file = cast(Any, parquet).ParquetFile(stream)
        groups: list[int] = []
        for index in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(index)
            bands, highs = group.column(0).statistics, group.column(1).statistics
            if bands.min <= band <= bands.max and (bands.min < bands.max or (highs.min <= last and first <= highs.max)):
                groups.append(index)
        if not groups:
            return key_schema().empty_table()
        table = file.read_row_groups(groups, use_threads=False)
    compute: Any = pyarrow.compute
    inside = compute.and_(
        compute.equal(table["band"], pyarrow.scalar(band, pyarrow.uint8())),
        compute.and_(
            compute.greater_equal(table["high"], pyarrow.scalar(first, pyarrow.uint64())),
            compute.less_equal(table["high"], pyarrow.scalar(last, pyarrow.uint64())),
        ),
    )
    return table.filter(inside)
