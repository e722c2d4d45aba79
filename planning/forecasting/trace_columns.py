"""Columns of a trace's file: which one holds the times, which one the load."""

import importlib
import lzma
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...problems import InvalidInput, Problem, suggestion
from .bins import Combination

TIME_COLUMNS: Final = ("timestamp_s", "timestamp", "time", "datetime", "date", "ts", "arrived_at")
"""Names looked for, in this order and in any case, where no time column is given; else the first column."""
VALUE_COLUMNS: Final = ("requests", "value", "rate", "count", "load", "rps", "qps")
"""Names looked for, in this order and in any case, where no value column is given."""
DAMAGED: Final = (UnicodeDecodeError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What reading raises, beside pandas' own errors, where a file is none of text or a damaged archive."""

# It has no types of its own.
pd: Any = importlib.import_module("pandas")


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """The columns of a file that are read."""

    time: str
    """Column of times."""

    value: str | None
    """Column of the load; None where each row is one request."""

    combine: Combination
    """How rows of one step become its value."""

    @classmethod
    def of(cls, path: Path, time: str | None, value: str | None, combine: Combination | None) -> "Columns":
        """Return the columns of a file by its header; raises `InvalidInput` where they cannot be told."""
        header = _header(path)
        problems = [
            Problem(
                field, f"no column '{name}' in the file" + (suggestion(name, header) or f"; it has {', '.join(header)}")
            )
            for field, name in (("time", time), ("value", value))
            if name is not None and name not in header
        ]
        if problems:
            raise InvalidInput(path.name, problems)
        is_named = time is not None
        time = time or _first(TIME_COLUMNS, header) or header[0]
        if not is_named and re.fullmatch(r"[-+.\d][-+.:\deTZ ]*", time):
            said = f"the first row begins with '{time}', no name of a column; give a header, such as timestamp,requests"
            raise InvalidInput(path.name, [Problem("", said)])
        others = [name for name in header if name != time]
        if combine == "count":
            return cls(time=time, value=None, combine=combine)
        value = value or _first(VALUE_COLUMNS, others) or (others[0] if len(others) == 1 else None)
        if value is None:
            raise InvalidInput(path.name, [Problem("value", _unclear(header, others))])
        return cls(time=time, value=value, combine=combine or "mean")


def _header(path: Path) -> list[str]:
    try:
        return [str(name) for name in pd.read_csv(path, nrows=0).columns]
    except OSError as error:
        raise InvalidInput(str(path), [Problem("", f"cannot be read: {error.strerror or error}")]) from None
    except pd.errors.EmptyDataError:
        raise InvalidInput(path.name, [Problem("", "the file is empty; give a header and rows")]) from None
    except (*DAMAGED, pd.errors.ParserError) as error:
        raise InvalidInput(path.name, [Problem("", f"is not a CSV file: {error}")]) from None
    except (ImportError, ValueError) as error:
        # An archive of several files, or of a kind that needs another library.
        raise InvalidInput(path.name, [Problem("", f"cannot be unpacked: {error}")]) from None


def _unclear(header: list[str], others: list[str]) -> str:
    separator = next((each for each in (";", "\t", "|") if len(header) == 1 and each in header[0]), "")
    if separator:
        return f"the only column is '{header[0]}'; separate columns by commas, not by {separator!r}"
    has = f"it has {', '.join(others)}" if others else "there is no other one"
    return f"which column holds the load is not clear ({has}); name it, or count the rows as requests"


def _first(names: tuple[str, ...], header: list[str]) -> str | None:
    by_lower = {name.lower(): name for name in header}
    return next((by_lower[name] for name in names if name in by_lower), None)
