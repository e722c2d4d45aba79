"""A configuration in Terraform's own language, which scanners read better than its JSON: policies are objects in it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .schemas import Block, Provider
from .translation import Configuration

_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")
_META: Final = frozenset({"depends_on", "provider"})


def written(configuration: Configuration, provider: Provider) -> str:
    """The resources of a configuration as text."""
    lines: list[str] = []
    for alias, settings in sorted(configuration.providers.items()):
        lines += ['provider "aws" {', f'  alias = "{alias}"', f"  region = {_value(settings['region'])}", "}"]
    for type, bodies in sorted(configuration.resources.items()):
        for label, body in sorted(bodies.items()):
            lines += [f'resource "{type}" "{label}" {{', *_lines(body, provider.resource(type), "  "), "}"]
    return "\n".join(lines) + "\n"


def _lines(body: Mapping[str, Any], schema: Block, indent: str) -> Iterator[str]:
    for key, value in body.items():
        # Only a resource has these; a block may have arguments of the same names.
        is_meta = len(indent) == 2
        if is_meta and key == "lifecycle":
            ignored = ", ".join(value["ignore_changes"])
            yield f"{indent}lifecycle {{\n{indent}  ignore_changes = [{ignored}]\n{indent}}}"
        elif is_meta and key in _META:
            yield f"{indent}{key} = {value if isinstance(value, str) else '[' + ', '.join(value) + ']'}"
        elif key in schema.blocks:
            for each in value:
                yield f"{indent}{key} {{"
                yield from _lines(each, schema.block(key), indent + "  ")
                yield f"{indent}}}"
        else:
            yield f"{indent}{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        only = _REFERENCE.fullmatch(value)
        if only:
            return only[1]
        if value.startswith("{") and '"Statement"' in value:
            return f"jsonencode({_value(json.loads(value))})"
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
