"""YAML documents read with care: clear errors for what is empty, broken, doubled or a bomb."""

from pathlib import Path
from typing import Any, Final, cast

import yaml

from ..problems import InvalidInput, Problem

MAXIMUM_BYTES: Final = 4 * 1024 * 1024
"""A settings file is written by people; this is a thousand times what they write."""

MAXIMUM_NODES: Final = 200_000
"""Nodes of a document once its aliases are followed: a bomb of nine lines would have a billion."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read one YAML document that must be a mapping; raises `InvalidInput` that names the file and the line."""
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise _refused(path, f"the file is larger than {MAXIMUM_BYTES:,} bytes; split it")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _refused(path, f"byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error
    return parse_mapping(text, path)


def parse_mapping(text: str, path: Path) -> dict[str, Any]:
    """Parse one YAML mapping; `path` only names it in errors."""
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise _refused(path, "the file is empty")
        if not isinstance(node, yaml.MappingNode):
            raise _refused(path, "the file must be a mapping of keys to values")
        _check(node, path)
        return cast(dict[str, Any], loader.construct_document(node))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise _refused(path, f"{where}not YAML: {reason}") from error
    finally:
        loader.dispose()


def _check(node: yaml.Node, path: Path) -> None:
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        line = node.start_mark.line + 1
        if id(node) in open_nodes:
            raise _refused(path, f"line {line}: an alias refers to itself")
        open_nodes.add(id(node))
        total = 1
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in cast(list[tuple[yaml.Node, yaml.Node]], node.value):
                if isinstance(key, yaml.ScalarNode) and cast(str, key.value) in seen and key.value != "<<":
                    line = key.start_mark.line + 1
                    raise _refused(path, f"line {line}: key '{key.value}' is there twice; keep one")
                seen.add(str(key.value))
                total += size(key) + size(value)
        elif isinstance(node, yaml.SequenceNode):
            total += sum(size(item) for item in cast(list[yaml.Node], node.value))
        if total > MAXIMUM_NODES:
            raise _refused(path, f"line {line}: more than {MAXIMUM_NODES:,} values once aliases are followed")
        open_nodes.discard(id(node))
        sizes[id(node)] = total
        return total

    try:
        size(node)
    except RecursionError as error:
        raise _refused(path, "nested too deeply") from error


def _refused(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(str(path), [Problem("", reason)])
