"""The files of a text: those that were named, or the default corpus that every machine has."""

import glob
import io
import os
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from ....problems import InvalidInput, Problem, Problems
from ...models.export import file_digest
from ...preprocessing.manifest import MANIFEST
from .outputs import Outputs
from .settings import TextSettings
from .tables import check_tables, is_table, read_texts

DEFAULT_BYTES: Final = 4_000_000
"""Bytes of the default corpus that are used: enough for a first run, and there in every supported Python (3.11's
standard library has 12 million)."""

_LEFT_OUT: Final = frozenset(
    {
        "__pycache__",
        "dist-packages",
        "encodings",
        "ensurepip",
        "idlelib",
        "lib2to3",
        "site-packages",
        "test",
        "tests",
        "turtledemo",
    }
)
"""Folders that distributions of Python leave out, or fill by themselves, or that hold tables (`encodings`)."""

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """A text that ends by itself: a file, or a row of a table."""

    path: Path
    """The file that it is, or is in."""

    pieces: Iterator[bytes]
    """Of about a mebibyte, each of whole lines where lines are shorter than that, and of whole letters."""

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files that are read one after another."""

    files: tuple[Path, ...]
    """In the order in which they are read."""

    maximum_bytes: int | None
    """Bytes after which reading stops; None for no end."""

    text_column: str
    """Column of the texts in files that are tables."""

    hashes: Mapping[Path, str] = field(default_factory=dict[Path, str])
    """SHA-256 of shards that preprocessing has written, by their absolute path, which are checked before they are read;
    other files have none."""

    def check(self) -> None:
        """Refuse tables that cannot be read, by their ends alone; raises `InvalidInput`."""
        check_tables((path for path in self.files if is_table(path)), self.text_column)

    def fingerprint(self) -> list[tuple[str, int, int] | str]:
        """Return path, bytes and time of change of each file: what tells whether something is to be read again."""
        found: list[tuple[str, int, int] | str] = []
        for path in self.files:
            state = path.stat()
            found.append((str(path), state.st_size, state.st_mtime_ns))
        return [*found, self.text_column] if any(map(is_table, self.files)) else found

    def documents(self) -> Iterator[Document]:
        """Yield each file, and each row of a file that is a table; each is to be read before the next one.

        Raises:
            InvalidInput: a table is damaged, or a shard is not what preprocessing has written.
        """
        left = self.maximum_bytes
        for path in self.files:
            if left is not None and left <= 0:
                return
            if not is_table(path):
                size = path.stat().st_size
                yield Document(path, _file_pieces(path, left))
                left = None if left is None else left - size
                continue
            if (expected := self.hashes.get(path.absolute())) is not None:
                _check_hash(path, expected)
            for text in read_texts(path, self.text_column):
                yield Document(path, _pieces(io.BytesIO(text), left))
                left = None if left is None else left - len(text)
                if left is not None and left <= 0:
                    return


def find_corpus(settings: TextSettings) -> Corpus:
    """Return the files that the settings name; raises `InvalidInput` for those that are not there."""
    if not settings.paths:
        return Corpus(default_files(), settings.maximum_bytes or DEFAULT_BYTES, settings.text_column)
    problems = Problems()
    outputs = Outputs()
    files: list[Path] = []
    for number, text in enumerate(settings.paths):
        before = len(problems)
        with problems.under(f"data.paths[{number}]"):
            found = _matching(text, outputs, problems)
            if not found and len(problems) == before:
                problems.add("", f"'{text}' is no file, no folder with files, and no glob that fits")
        files += found
    problems.raise_if_any("data")
    return Corpus(tuple(dict.fromkeys(files)), settings.maximum_bytes, settings.text_column, outputs.hashes())


def default_files() -> tuple[Path, ...]:
    """Return the modules of Python's standard library, without tests, in the order of their names."""
    library = Path(sysconfig.get_path("stdlib"))
    found = [
        path
        for path in library.rglob("*.py")
        if not _LEFT_OUT.intersection(path.relative_to(library).parts[:-1]) and path.is_file()
    ]
    return tuple(sorted(found, key=lambda path: path.relative_to(library).parts))


def _matching(text: str, outputs: Outputs, problems: Problems) -> list[Path]:
    path = Path(text).expanduser()
    if not path.is_dir():
        found = [path] if path.is_file() else sorted(Path(each) for each in glob.glob(str(path), recursive=True))
        return _chosen([each for each in found if each.is_file()], outputs, problems)
    if outputs.at(path) is None and (output := outputs.around(path)) is not None:
        problems.add("", f"'{path}' is part of the output of a preprocessing; give '{output.folder}' for its texts")
        return []
    return _below(path, outputs, problems)


def _chosen(paths: list[Path], outputs: Outputs, problems: Problems) -> list[Path]:
    """Return the files that are data: of outputs of preprocessing, the shards."""
    found: list[Path] = []
    refused: dict[Path, str] = {}
    beside: str | None = None
    for path in paths:
        output = outputs.around(path)
        if output is not None and output.refusal is not None:
            refused[output.folder] = output.refusal
        elif output is None or output.has(path):
            found.append(path)
        else:
            reason = f"'{path}' is part of the output of a preprocessing, and no shard"
            beside = f"{reason}; give '{output.folder}' for its texts"
    for folder, reason in refused.items():
        problems.add("", f"'{folder}' cannot be read: {reason}")
    if beside is not None and not found and not refused:
        problems.add("", beside)
    return found


def _below(folder: Path, outputs: Outputs, problems: Problems) -> list[Path]:
    """Return the files below a folder, and of outputs of preprocessing the shards; what is hidden is left alone."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        output = outputs.at(Path(root))
        if output is None:
            folders[:] = [name for name in folders if not name.startswith(".")]
            places = (Path(root, name) for name in names if not name.startswith("."))
            found += [place for place in places if place.is_file()]
            continue
        folders.clear()
        found += output.shards
        if output.refusal is not None:
            problems.add("", f"'{output.folder}' cannot be read: {output.refusal}")
    return sorted(found)


def _check_hash(path: Path, expected: str) -> None:
    if file_digest(path) == expected:
        return
    reason = f"'{path}' has other content than {MANIFEST} says, of the same size"
    raise InvalidInput("data", [Problem("data.paths", f"{reason}; copy the folder again, or preprocess it anew")])


def _file_pieces(path: Path, limit: int | None) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from _pieces(file, limit)
    except OSError as error:
        reason = f"'{path}' cannot be read: {error.strerror or error}; make it readable, or leave it out"
        raise InvalidInput("data", [Problem("data.paths", reason)]) from error


def _pieces(file: BinaryIO, limit: int | None) -> Iterator[bytes]:
    rest = b""
    while piece := file.read(_CHUNK if limit is None else min(_CHUNK, limit)):
        limit = None if limit is None else limit - len(piece)
        piece = rest + piece
        end = piece.rfind(b"\n") + 1 or _whole_letters(piece)
        rest = piece[end:]
        if end:
            yield piece[:end]
    if rest:
        yield rest


def _whole_letters(piece: bytes) -> int:
    """Return the bytes of a piece without a last letter of UTF-8 that is cut off."""
    for back in range(1, min(4, len(piece)) + 1):
        byte = piece[-back]
        if byte & 0xC0 != 0x80:
            # The first byte of a letter says how many there are.
            count = 1 + sum(byte >= least for least in (0xC0, 0xE0, 0xF0)) if byte < 0xF8 else 1
            return len(piece) - back if count > back else len(piece)
    return len(piece)
