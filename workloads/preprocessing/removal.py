"""The third stage: which rows of a partition go, and how large what stays is."""

from collections.abc import Sequence
from typing import Any, Final, cast

from .duplicates import DUPLICATES
from .preparing import PREPARED
from .storage import Folder
from .tables import HashingStream, TableFile

REMOVAL: Final = "removal"
"""Folder of this stage below the folder of work."""


def decide_removal(
    partition: int, name: str, exact: Sequence[str], near: Sequence[str], size_column: str, work: Folder
) -> dict[str, Any]:
    """Mark what goes of a partition; returns the marker, with rows and bytes that stay of each row group.

    A row that repeats an earlier one exactly counts as such, whatever else it resembles.
    """
    import numpy
    import pyarrow

    sizes, groups = _sizes(work.below(PREPARED), f"{name}.parquet", size_column)
    exact_rows = _rows(partition, exact, work)
    near_rows = numpy.setdiff1d(_rows(partition, near, work), exact_rows)
    stays = numpy.ones(len(sizes), dtype=bool)
    stays[exact_rows] = False
    stays[near_rows] = False
    kept: list[list[int]] = []
    start = 0
    for count in groups:
        part = slice(start, start + count)
        kept.append([int(stays[part].sum()), int(sizes[part][stays[part]].sum())])
        start += count
    folder = work.below(REMOVAL)
    schema = pyarrow.schema([("stays", pyarrow.bool_())])
    with folder.writing(f"{name}.parquet") as stream:
        file = TableFile(HashingStream(stream), schema, "zstd")
        file.write(cast(Any, pyarrow).table([stays], schema=schema))
        file.close()
    document = {"exact": len(exact_rows), "near": len(near_rows), "groups": kept}
    folder.write_document(f"{name}.json", document)
    return document


def _sizes(folder: Folder, name: str, column: str) -> tuple[Any, list[int]]:
    """Return the bytes of each row, and the rows of each row group."""
    import numpy
    import pyarrow.compute
    from pyarrow import parquet

    sizes: list[Any] = [numpy.zeros(0, dtype=numpy.int64)]
    groups: list[int] = []
    with folder.reading(name) as stream:
        file = cast(Any, parquet).ParquetFile(stream)
        for index in range(file.metadata.num_row_groups):
            values = file.read_row_group(index, columns=[column], use_threads=False)[column]
            if column == "image":
                values = cast(Any, pyarrow.compute).binary_length(values)
            sizes.append(values.to_numpy().astype(numpy.int64))
            groups.append(len(values))
    return numpy.concatenate(sizes), groups


def _rows(partition: int, names: Sequence[str], work: Folder) -> Any:
    """Return the rows of a partition that files of pairs name, which are sorted by partition."""
    import numpy
    from pyarrow import parquet

    found: list[Any] = [numpy.zeros(0, dtype=numpy.int64)]
    for name in names:
        with work.below(DUPLICATES).reading(f"{name}.parquet") as stream:
            file = cast(Any, parquet).ParquetFile(stream)
            groups: list[int] = []
            for index in range(file.metadata.num_row_groups):
                statistics = file.metadata.row_group(index).column(0).statistics
                if statistics.min <= partition <= statistics.max:
                    groups.append(index)
            if groups:
                table = file.read_row_groups(groups, columns=["partition", "row"], use_threads=False)
                rows = table["row"].to_numpy()
                found.append(rows[table["partition"].to_numpy() == partition])
    return numpy.unique(numpy.concatenate(found))
