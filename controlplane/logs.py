"""What a program's log says went wrong, as a person reads it."""

import json
import re
from collections.abc import Sequence
from typing import Any, cast

_LENGTH = 400
_KLOG = re.compile(r"^([IWEF])\d{4} [\d:.]+\s+\d+ [\w.-]+:\d+\] ")
_STACK = re.compile(r"^(\s|goroutine |created by |[\w./*()-]+\.\(?[\w*]+.*\(.*\)$|-)")
_GRAVE = ("panic", "fatal", "command failed", "execute exit")
_TELLING = ("error", "failed", "refused", "in use", "denied", "unable", "invalid", "cannot")


def telling_lines(lines: Sequence[str], count: int = 2) -> list[str]:
    """Return the last lines that say what went wrong: the gravest where there are any, the last of all otherwise.

    JSON and klog lines are reduced to their message; stack traces and usage texts are left out.
    """
    readable = [line for line in map(_readable, lines) if line]
    for words in (_GRAVE, _TELLING):
        found = [line for line in readable if any(word in line.lower() for word in words)]
        if found:
            return list(dict.fromkeys(found))[-count:]
    return readable[-count:]


def _readable(line: str) -> str:
    if line.startswith("{"):
        try:
            return _shortened(_of_json(json.loads(line)))
        except ValueError:
            pass
    if _STACK.match(line):
        return ""
    severity = _KLOG.match(line)
    text = _KLOG.sub("", line).strip()
    return _shortened(f"fatal: {text}" if severity and severity.group(1) == "F" else text)


def _of_json(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    found = cast("dict[str, Any]", entry)
    message = str(found.get("msg") or found.get("message") or "")
    cause = str(found.get("error") or found.get("err") or "")
    level = str(found.get("level", "")).lower()
    prefix = f"{level}: " if level in ("error", "panic", "fatal") else ""
    return prefix + ": ".join(part for part in (message, cause) if part)


def _shortened(text: str) -> str:
    return text if len(text) <= _LENGTH else text[: _LENGTH - 3] + "..."
