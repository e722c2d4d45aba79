"""The second stage: rows with the same key are found, a range of keys at a time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from .keys import read_keys
from .preparing import PREPARED
from .storage import Folder
from .tables import HashingStream, TableFile, read_table

DUPLICATES: Final = "duplicates"
"""Folder of this stage below the folder of work."""

BUCKET_ROWS: Final = 1 << 21
"""Rows whose keys a task holds, about: 33 bytes each, three times over while they are sorted."""

_KEYS: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Bucket:
    """A range of keys in a band; band 0 has the hashes of whole texts."""

    band: int
    index: int
    count: int

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"band-{self.band:02d}-{self.index:06d}"

    @property
    def first(self) -> int:
        """Least key."""
        return self.index * _KEYS // self.count

    @property
    def last(self) -> int:
        """Greatest key."""
        return (self.index + 1) * _KEYS // self.count - 1

    def document(self) -> dict[str, int]:
        """Return it as JSON has it."""
        return asdict(self)


def plan_buckets(rows: int, bands: Sequence[int]) -> list[Bucket]:
    """Return ranges small enough for a task, given how many rows there are."""
    count = max(1, -(-rows // BUCKET_ROWS))
    return [Bucket(band, index, count) for band in bands for index in range(count)]


def pair_schema() -> Any:
    """Return the schema of duplicates: a row by partition and number, and the first row that it repeats."""
    import pyarrow

    return pyarrow.schema([(name, pyarrow.int64()) for name in ("partition", "row", "first_partition", "first_row")])


def find_duplicates(bucket: Bucket, partitions: Sequence[str], work: Folder) -> dict[str, Any]:
    """Find the rows of a bucket whose key an earlier row has; returns the marker."""
    import numpy
    import pyarrow

    tables: list[Any] = []
    for index, name in enumerate(partitions):
        keys = read_keys(work.below(PREPARED), f"{name}.keys.parquet", bucket.band, bucket.first, bucket.last)
        partition = cast(Any, pyarrow).array(numpy.full(keys.num_rows, index, dtype=numpy.int64))
        tables.append(keys.drop_columns(["band"]).append_column("partition", partition))
    columns: Any = pyarrow.concat_tables(tables)
    high, low, partition, row = (columns[name].to_numpy() for name in ("high", "low", "partition", "row"))
    del tables, columns
    order = numpy.lexsort((row, partition, low, high))
    high, low, partition, row = high[order], low[order], partition[order], row[order]
    again = numpy.zeros(len(order), dtype=bool)
    again[1:] = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
    firsts = numpy.flatnonzero(~again)
    first = firsts[numpy.cumsum(~again) - 1] if len(order) else firsts
    pairs = numpy.stack([partition, row, partition[first], row[first]])[:, again]
    folder = work.below(DUPLICATES)
    write_pairs(folder, f"{bucket.name}.parquet", pairs)
    document = {"pairs": int(pairs.shape[1])}
    folder.write_document(f"{bucket.name}.json", document)
    return document


def write_pairs(folder: Folder, name: str, pairs: Any) -> None:
    """Write pairs [4, n], sorted by partition and row."""
    import numpy
    import pyarrow

    pairs = pairs[:, numpy.lexsort((pairs[1], pairs[0]))]
    table: Any = cast(Any, pyarrow).table(list(pairs), schema=pair_schema())
    with folder.writing(name) as stream:
        file = TableFile(HashingStream(stream), pair_schema(), "zstd")
        for start in range(0, table.num_rows, 1 << 16):
            file.write(table.slice(start, 1 << 16))
        file.close()


def join_clusters(names: Sequence[str], work: Folder) -> dict[str, Any]:
    """Join pairs that share a row into clusters, each with its first row. Holds all pairs: 100 bytes for each row."""
    import numpy

    folder = work.below(DUPLICATES)
    parents: dict[tuple[int, int], tuple[int, int]] = {}

    def root(node: tuple[int, int]) -> tuple[int, int]:
        while (parent := parents.get(node, node)) != node:
            parents[node] = node = parents.get(parent, parent)
        return node

    for name in names:
        table = read_table(folder, f"{name}.parquet")
        columns = (table[column].to_pylist() for column in table.column_names)
        for partition, row, first_partition, first_row in zip(*columns, strict=True):
            one, other = root((partition, row)), root((first_partition, first_row))
            if one != other:
                # The root is the least row, so that what stays does not depend on the order of the pairs.
                parents[max(one, other)] = min(one, other)
    found = [(*node, *root(node)) for node in list(parents) if root(node) != node]
    pairs: Any = numpy.array(found, dtype=numpy.int64).reshape(-1, 4).T
    write_pairs(folder, "clusters.parquet", pairs)
    document = {"pairs": len(found)}
    folder.write_document("clusters.json", document)
    return document
