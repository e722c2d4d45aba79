"""YAML documents read with care: clear errors for what is empty, broken, doubled or a bomb."""

from pathlib import Path
from typing import Any, Final, cast

import yaml

from ..problems import InvalidInput, Problem

MAXIMUM_BYTES: Final = 4 * 1024 * 1024
"""A settings file is written by people; this is a thousand times what they write."""

MAXIMUM_NODES: Final = 200_000
"""Nodes of a document once its aliases are followed: a bomb of nine lines would have a billion."""

MAXIMUM_DEPTH: Final = 100
"""Levels of nesting: deeper ones end the C parser's stack, and with it the process."""

_SAFE_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE: Final = "tag:yaml.org,2002:"
_TAGS: Final = frozenset(
    _CORE + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq", "merge", "value")
)


class _Loader(_SAFE_LOADER):
    """Leaves dates as text, as JSON has none."""

    yaml_implicit_resolvers: Final = {
        first: [(tag, pattern) for tag, pattern in found if tag != f"{_CORE}timestamp"]
        for first, found in _SAFE_LOADER.yaml_implicit_resolvers.items()
    }


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
    loader = _Loader(text)
    try:
        _check_depth(text, path)
        node = loader.get_single_node()
        if node is None:
            raise _refused(path, "the file is empty")
        if not isinstance(node, yaml.MappingNode):
            raise _refused(path, "the file must be a mapping of keys to values")
        _Check(path).visit(node)
        return cast(dict[str, Any], loader.construct_document(node))
    except InvalidInput:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise _refused(path, f"{where}not YAML: {reason}") from error
    except ValueError as error:
        raise _refused(path, f"a number cannot be read: {error}") from error
    finally:
        loader.dispose()


def parse_documents(text: str) -> list[Any]:
    """Parse Kubernetes manifests, one or more in a text, lists opened; raises `yaml.YAMLError`."""
    found: list[Any] = []
    for document in yaml.load_all(text, Loader=_Loader):
        is_list = isinstance(document, dict) and cast(dict[str, Any], document).get("kind") == "List"
        found += cast(dict[str, Any], document).get("items") or [] if is_list else [document] if document else []
    return found


def _check_depth(text: str, path: Path) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_SAFE_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAXIMUM_DEPTH:
                line = cast(yaml.Mark, event.start_mark).line + 1
                raise _refused(path, f"line {line}: nested deeper than {MAXIMUM_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Check:
    """Refuses what settings cannot be, with aliases followed as the program will see them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def visit(self, node: yaml.Node) -> tuple[int, int]:
        """Return how many values a node has, and how deep it goes; raises `InvalidInput`."""
        if id(node) in self._done:
            return self._done[id(node)]
        if id(node) in self._open:
            raise self._refused(node, "an alias refers to itself")
        self._check_value(node)
        self._open.add(id(node))
        inner = [self.visit(child) for child in self._children(node)]
        self._open.discard(id(node))
        count, depth = 1 + sum(count for count, _ in inner), 1 + max((depth for _, depth in inner), default=0)
        if count > MAXIMUM_NODES:
            raise self._refused(node, f"more than {MAXIMUM_NODES:,} values once aliases are followed")
        if depth > MAXIMUM_DEPTH:
            raise self._refused(node, f"nested deeper than {MAXIMUM_DEPTH} levels once aliases are followed")
        self._done[id(node)] = count, depth
        return count, depth

    def _children(self, node: yaml.Node) -> list[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            return cast(list[yaml.Node], node.value)
        if not isinstance(node, yaml.MappingNode):
            return []
        seen: set[str] = set()
        children: list[yaml.Node] = []
        for key, value in cast(list[tuple[yaml.Node, yaml.Node]], node.value):
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if cast(str, key.value) in seen:
                    raise self._refused(key, f"key '{key.value}' is there twice; keep one")
                seen.add(str(key.value))
            children += [key, value]
        return children

    def _check_value(self, node: yaml.Node) -> None:
        tag = str(node.tag)
        if tag not in _TAGS:
            shown = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
            raise self._refused(node, f"the tag {shown} is not for settings; write plain values")
        if tag == f"{_CORE}float" and str(node.value).lstrip("+-").lower() in (".nan", ".inf"):
            raise self._refused(node, f"{node.value} is no number to count with; give a finite one")

    def _refused(self, node: yaml.Node, reason: str) -> InvalidInput:
        return _refused(self._path, f"line {node.start_mark.line + 1}: {reason}")


def _refused(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(str(path), [Problem("", reason)])
