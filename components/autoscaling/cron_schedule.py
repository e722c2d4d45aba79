"""The times of a cron trigger, checked as KEDA reads them."""

import re
from collections.abc import Mapping
from typing import Final
from zoneinfo import available_timezones

import pulumi

from ...problems import Problems, suggestion

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
"""Name, least and most, and names of the values: robfig/cron 3, whose parser KEDA 2.21 makes of these five fields."""

_PART: Final = re.compile(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/(\d{1,4}))?", re.ASCII)
_ZONES: Final = ("TZ=", "CRON_TZ=")
"""What begins a time with a zone of its own."""

_OLD_ZONE: Final = "US/Eastern"
"""A name of old that a whole database has; some systems keep such names in a package of their own."""


def check_cron(problems: Problems, metadata: Mapping[str, pulumi.Input[str]]) -> None:
    """Refuse a start, an end or a time zone that KEDA could not read: it would never scale, and say so nowhere else."""
    zone, zones = metadata.get("timezone"), available_timezones() | {"Local"}
    # This machine may have no database of them, or a part of it: KEDA's image has all.
    if isinstance(zone, str) and _OLD_ZONE in zones and zone not in zones:
        close = suggestion(zone, zones) or "; write it like Europe/Berlin, or UTC"
        problems.add("timezone", f"'{zone}' is not a time zone of the IANA database{close}")
    for key in ("start", "end"):
        text = metadata.get(key)
        if isinstance(text, str):
            _check_schedule(problems, key, text)
    if isinstance(metadata.get("start"), str) and metadata.get("start") == metadata.get("end"):
        problems.add("end", "is the start too, so that nothing lies between them; give a later time")


def _check_schedule(problems: Problems, key: str, text: str) -> None:
    parts = text.split()[1:] if text.startswith(_ZONES) else text.split()
    if text.startswith("@"):
        problems.add(key, f"'{text}' is a word that KEDA does not read; write the time out, such as 0 8 * * *")
        return
    if len(parts) != len(_FIELDS):
        problems.add(key, f"'{text}' has {len(parts)} fields; give 5: minute, hour, day, month, day of the week")
        return
    for part, (name, least, most, names) in zip(parts, _FIELDS, strict=True):
        if not all(_is_one(item.lower(), least, most, names) for item in part.removesuffix(",").split(",")):
            problems.add(key, f"'{part}' is no {name}; give {least} to {most}, such as {least}, {least}-{most} or *")


def _is_one(item: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    match = _PART.fullmatch(item)
    if match is None or match.group(3) == "0":
        return False
    values = [_value(each, least, names) for each in match.group(1, 2) if each is not None]
    return all(least <= value <= most for value in values) and values == sorted(values)


def _value(text: str, least: int, names: tuple[str, ...]) -> int:
    """Return the value of a number or a name; -1, which no field has, for anything else."""
    if text in names:
        return names.index(text) + least
    return int(text) if text.isdecimal() and len(text) <= 2 else -1
