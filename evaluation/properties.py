"""Pulumi's wire form of properties, read into plain values with what is secret and unknown kept apart."""

from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct, Value

from .graph import UNKNOWN

# The signatures are part of Pulumi's wire protocol: sdk/python/lib/pulumi/runtime/rpc.py, read 2026-11-21.
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key that marks what is no plain map."""

_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


@dataclass(slots=True)
class Properties:
    """Plain values, and the paths of those that are secret or unknown."""

    values: dict[str, Any]
    secrets: set[str] = field(default_factory=set[str])
    unknowns: set[str] = field(default_factory=set[str])


def read_properties(struct: Struct) -> Properties:
    """Read a wire struct, keys sorted: a map on the wire has no order, and another one in every process.

    Whole numbers become `int`, since the wire knows only floating point.
    """
    found = Properties({})
    found.values = {key: _read(value, key, found) for key, value in sorted(struct.fields.items())}
    return found


def _read(value: Value, path: str, found: Properties) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        if text == _UNKNOWN:
            found.unknowns.add(path)
            return UNKNOWN
        return text
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        return _read_struct(value.struct_value, path, found)
    if kind == "list_value":
        items = value.list_value.values
        return [_read(item, f"{path}[{index}]", found) for index, item in enumerate(items)]
    return None


def _read_struct(struct: Struct, path: str, found: Properties) -> Any:
    fields = struct.fields
    if SIGNATURE in fields:
        signature = fields[SIGNATURE].string_value
        if signature == _SECRET:
            found.secrets.add(path)
            return _read(fields["value"], path, found)
        if signature == _RESOURCE:
            return fields["urn"].string_value
        if signature == _OUTPUT:
            return _read_output(struct, path, found)
    return {key: _read(value, f"{path}.{key}", found) for key, value in sorted(fields.items()) if key != SIGNATURE}


def _read_output(struct: Struct, path: str, found: Properties) -> Any:
    fields = struct.fields
    if fields["secret"].bool_value:
        found.secrets.add(path)
    if "value" in fields:
        return _read(fields["value"], path, found)
    found.unknowns.add(path)
    return UNKNOWN
