"""The last stage: what stays is written as shards, and what is put aside as JSON lines beside them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from .preparing import PREPARED
from .removal import REMOVAL
from .settings import PreprocessingSettings
from .storage import Folder
from .tables import HashingStream, output_schema, read_table, table_file

WRITTEN: Final = "written"
"""Folder of this stage's markers below the folder of work."""

QUARANTINE: Final = "quarantine"
"""Folder of what is put aside, below the output."""


@dataclass(frozen=True, slots=True)
class Part:
    """Row groups of a prepared partition."""

    name: str
    """The partition's."""

    groups: tuple[int, ...]
    offsets: tuple[int, ...]
    """Number of the first row of each group in its partition."""

    starts: tuple[int, ...]
    """Lines of its file before each piece of the partition."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A file of the result, and what goes into it."""

    index: int
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"shard-{self.index:06d}.parquet"

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Shard":
        """Return what `document` was made from."""
        return cls(document["index"], tuple(Part(**part) for part in document["parts"]))


def plan_shards(
    names: Sequence[str],
    prepared: Sequence[Mapping[str, Any]],
    removal: Sequence[Mapping[str, Any]],
    starts: Sequence[Sequence[int]],
    shard_bytes: int,
) -> list[Shard]:
    """Cut the row groups, in their order, into shards of `shard_bytes` at most, or of one row group.

    Args:
        names: Of the partitions.
        prepared: Markers of the first stage.
        removal: Markers of the third stage.
        starts: Lines before each piece, by partition.
        shard_bytes: Bytes of texts or images.
    """
    shards: list[list[tuple[int, int, int]]] = []
    held: list[tuple[int, int, int]] = []
    size = 0
    for index, marker in enumerate(removal):
        offset = 0
        for group, (kept_rows, kept_bytes) in enumerate(marker["groups"]):
            if kept_rows:
                if held and size + kept_bytes > shard_bytes:
                    shards.append(held)
                    held, size = [], 0
                held.append((index, group, offset))
                size += kept_bytes
            offset += prepared[index]["groups"][group][0]
    if held:
        shards.append(held)
    return [Shard(number, _parts(groups, names, starts)) for number, groups in enumerate(shards)]


def _parts(
    groups: Sequence[tuple[int, int, int]], names: Sequence[str], starts: Sequence[Sequence[int]]
) -> tuple[Part, ...]:
    by_partition: dict[int, list[tuple[int, int]]] = {}
    for index, group, offset in groups:
        by_partition.setdefault(index, []).append((group, offset))
    return tuple(
        Part(names[index], tuple(group for group, _ in found), tuple(at for _, at in found), tuple(starts[index]))
        for index, found in by_partition.items()
    )


def write_shard(shard: Shard, settings: PreprocessingSettings, work: Folder, output: Folder) -> dict[str, Any]:
    """Write a shard; returns the marker: name, rows, bytes and hash."""
    import pyarrow

    schema = output_schema(settings)
    rows = content = 0
    held: list[Any] = []
    held_bytes = 0
    with table_file(output, shard.name, schema, settings.output.compression) as (file, stream):
        for table in _kept(shard, work):
            final = table.select(schema.names)
            rows += final.num_rows
            size = int(_content_bytes(final))
            content += size
            held.append(final)
            held_bytes += size
            if held_bytes >= settings.output.row_group_bytes:
                file.write(pyarrow.concat_tables(held).combine_chunks())
                held, held_bytes = [], 0
        if held:
            file.write(pyarrow.concat_tables(held).combine_chunks())
    document = {
        "name": shard.name,
        "rows": rows,
        "content_bytes": content,
        "bytes": stream.size,
        "sha256": stream.sha256,
    }
    work.below(WRITTEN).write_document(f"{shard.name}.json", document)
    return document


def _kept(shard: Shard, work: Folder) -> Iterator[Any]:
    """Read the row groups of a shard, without what goes, with lines counted from the beginning of their file."""
    import numpy
    import pyarrow

    for part in shard.parts:
        stays = read_table(work.below(REMOVAL), f"{part.name}.parquet")["stays"].to_numpy()
        starts = numpy.array(part.starts, dtype=numpy.int64)
        for group, offset in zip(part.groups, part.offsets, strict=True):
            table = read_table(work.below(PREPARED), f"{part.name}.parquet", [group])
            table = table.filter(cast(Any, pyarrow).array(stays[offset : offset + table.num_rows]))
            lines = table["line"].to_numpy() + starts[table["piece"].to_numpy()] + 1
            place = table.schema.get_field_index("line")
            yield table.set_column(place, "line", cast(Any, pyarrow).array(lines))


def _content_bytes(table: Any) -> int:
    import pyarrow.compute

    compute: Any = pyarrow.compute
    name = "text" if "text" in table.column_names else "image"
    return compute.sum(compute.binary_length(table[name])).as_py() or 0


def write_aside(name: str, starts: Sequence[int], work: Folder, output: Folder) -> dict[str, Any]:
    """Write what a partition put aside, with lines counted from the beginning of their file; returns the marker."""
    target = f"{name}.jsonl"
    count = 0
    with (
        work.below(PREPARED).reading(f"{name}.aside.jsonl") as source,
        output.below(QUARANTINE).writing(target) as stream,
    ):
        hashing = HashingStream(stream)
        for line in source:
            found = json.loads(line)
            found["line"] += starts[found.pop("piece")] + 1
            hashing.write(json.dumps(found, ensure_ascii=False).encode() + b"\n")
            count += 1
    document = {
        "name": f"{QUARANTINE}/{target}",
        "records": count,
        "bytes": hashing.size,
        "sha256": hashing.sha256,
    }
    work.below(WRITTEN).write_document(f"{target}.json", document)
    return document
