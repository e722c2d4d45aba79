"""The units of work: parts of the input that follow from the input and the settings alone."""

import gzip
import hashlib
import io
import json
import lzma
import os
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final, cast

from ...problems import InvalidInput, Problems
from ..addresses import StorageSilent, is_address, is_silence
from .settings import ImagesInput, ParquetInput, PreprocessingSettings, TextInput

IMAGE_SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_COMPRESSED: Final = (".bz2", ".gz", ".xz", ".zst")
_BLOCK_BYTES: Final = 4 << 20
"""What is asked of an object store at once; s3fs would read 50 MiB beyond the end of each piece."""

_DAMAGES: Final = ("Invalid data stream", "Truncated compressed stream", "ZSTD decompress failed")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the input."""

    path: str
    """Path, or address with its protocol."""

    size: int
    """Bytes."""

    version: str
    """Changes with the file."""

    @property
    def is_compressed(self) -> bool:
        """Whether it can only be read from its beginning."""
        return self.path.endswith(_COMPRESSED)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file: bytes for lines, row groups for Parquet, everything for whole files."""

    path: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Partition:
    """What one task reads: pieces of files, in the order of the input."""

    index: int
    pieces: tuple[Piece, ...]
    size: int
    """Bytes."""

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Partition":
        """Return what `document` was made from."""
        return cls(document["index"], tuple(Piece(**piece) for piece in document["pieces"]), document["size"])

    @property
    def name(self) -> str:
        """Name of its files."""
        return f"part-{self.index:06d}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All partitions, in the order of the input, which is that of the paths given and of names below them."""

    sources: tuple[Source, ...]
    partitions: tuple[Partition, ...]

    def fingerprint(self, settings: PreprocessingSettings) -> str:
        """Return what changes with the input or with a setting that changes the result."""
        values = settings.model_dump(mode="json", exclude={"resources", "metrics_port"})
        text = json.dumps([values, [asdict(source) for source in self.sources]], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def plan_partitions(settings: PreprocessingSettings) -> Plan:
    """Find the input and cut it.

    Raises:
        InvalidInput: Of paths where there is nothing, or nothing but empty files; of no Parquet; and of an output that
            lies in the input, of which it would become a part.
    """
    problems = Problems()
    sources: dict[str, Source] = {}
    output = settings.output.folder
    for index, path in enumerate(settings.input.paths):
        found = list(_sources(path, images=settings.input.kind == "images", problems=problems, where=index))
        sources |= {source.path: source for source in found}
        if _lies_in(output, path) or any(_lies_in(source.path, output) for source in found):
            reason = f"'{output}' lies in the input, '{path}', of which it would become a part; give another folder"
            problems.add("output.folder", reason)
    problems.raise_if_any("preprocessing")
    ordered = tuple(sources.values())
    pieces = _pieces(ordered, settings)
    partitions: list[Partition] = []
    held: list[Piece] = []
    size = 0
    for piece, length in pieces:
        if held and size + length > settings.partition_bytes:
            partitions.append(Partition(len(partitions), tuple(held), size))
            held, size = [], 0
        held.append(piece)
        size += length
    if held:
        partitions.append(Partition(len(partitions), tuple(held), size))
    if not partitions:
        count = "the only file is" if len(ordered) == 1 else f"all {len(ordered):,} files are"
        problems.add("input.paths", f"{count} empty; give files that hold something")
        problems.raise_if_any("preprocessing")
    return Plan(ordered, tuple(partitions))


@contextmanager
def opened(path: str) -> Generator[BinaryIO]:
    """Give a stream of a file of the input, decompressed by its suffix."""
    from fsspec.core import url_to_fs  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
    from fsspec.spec import AbstractBufferedFile  # pyright: ignore[reportMissingTypeStubs]

    system, name = cast(tuple[Any, str], url_to_fs(path))
    compression = "infer" if path.endswith(_COMPRESSED) and not path.endswith(".zst") else None
    with system.open(name, "rb", block_size=_BLOCK_BYTES, compression=compression) as stream:
        if path.endswith(".zst"):
            # fsspec gives the compressed bytes where a package is missing that Arrow does without.
            import pyarrow

            with io.BufferedReader(cast(Any, pyarrow).CompressedInputStream(stream, "zstd")) as plain:
                yield plain
        elif isinstance(stream, AbstractBufferedFile):
            # What fsspec gives of object stores reads no lines of a bounded length.
            with io.BufferedReader(cast(Any, stream), 1 << 20) as buffered:
                yield buffered
        else:
            yield stream


def _lies_in(path: str, folder: str) -> bool:
    """Return whether a path or address is below a folder, or is it."""
    above, below = (each.rstrip("/") if is_address(each) else os.path.abspath(each) for each in (folder, path))
    return below == above or below.startswith(f"{above}/")


def damage(error: Exception) -> str | None:
    """Return what is wrong with a compressed file; None for an error that says nothing about what is in it."""
    if isinstance(error, EOFError | zlib.error | lzma.LZMAError | gzip.BadGzipFile):
        return str(error)
    # Of bz2 and of Arrow. What storage raises has a number, or a class of its own.
    if type(error) is OSError and error.errno is None and str(error).startswith(_DAMAGES):
        return str(error)
    return None


def _sources(path: str, *, images: bool, problems: Problems, where: int) -> Iterator[Source]:
    from fsspec.core import url_to_fs  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    place = f"input.paths[{where}]"
    try:
        system, root = cast(tuple[Any, str], url_to_fs(path))
        if any(sign in path for sign in "*?["):
            found = system.glob(root, detail=True)
        elif system.isdir(root):
            found = system.find(root, detail=True)
        else:
            found = {root: system.info(root)}
    except FileNotFoundError:
        problems.add(place, f"'{path}' does not exist")
        return
    except Exception as error:
        if is_silence(error):
            raise StorageSilent(f"{place}: '{path}' does not answer: {error}") from error
        # Every protocol has errors of its own, such as botocore's for missing credentials.
        problems.add(place, f"'{path}' cannot be read: {error}")
        return
    count = 0
    for name, facts in sorted(found.items()):
        hidden = _is_hidden(name, root)
        if facts["type"] != "file" or hidden or (images and not name.lower().endswith(IMAGE_SUFFIXES)):
            continue
        count += 1
        version = str(system.ukey(name))
        yield Source(str(system.unstrip_protocol(name)).removeprefix("file://"), int(facts["size"]), version)
    if not count:
        problems.add(place, f"'{path}' holds no {'image' if images else 'file'}")


def _is_hidden(name: str, root: str) -> bool:
    """Return whether a file below `root` is hidden, or in a folder that is; names above `root` do not count."""
    above = f"{root.rstrip('/')}/"
    folders, _, last = name.removeprefix(above).rpartition("/")
    if not name.startswith(above):
        folders = ""
    return last.startswith((".", "_")) or any(each.startswith(".") for each in folders.split("/"))


def _pieces(sources: tuple[Source, ...], settings: PreprocessingSettings) -> Iterator[tuple[Piece, int]]:
    """Cut files into pieces; the number beside each is its bytes."""
    given = settings.input
    whole = isinstance(given, ImagesInput) or (isinstance(given, TextInput) and given.document == "file")
    for source in sources:
        if isinstance(given, ParquetInput):
            yield from _row_groups(source)
        elif whole or source.is_compressed:
            yield Piece(source.path, 0, source.size), source.size
        else:
            for start in range(0, source.size, settings.partition_bytes):
                stop = min(start + settings.partition_bytes, source.size)
                yield Piece(source.path, start, stop), stop - start


def _row_groups(source: Source) -> Iterator[tuple[Piece, int]]:
    import pyarrow
    from pyarrow import parquet

    with opened(source.path) as stream:
        try:
            metadata = cast(Any, parquet).ParquetFile(stream).metadata
        except pyarrow.ArrowException as error:
            problems = Problems()
            problems.add("input.paths", f"{source.path} is no Parquet: {error}")
            raise InvalidInput("preprocessing", problems) from None
        for index in range(metadata.num_row_groups):
            yield Piece(source.path, index, index + 1), metadata.row_group(index).total_byte_size
