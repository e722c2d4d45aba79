"""The state of a resource on Pulumi's wire: its inputs, and what is added to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime import rpc

from .graph import UNKNOWN, Resource
from .properties import SIGNATURE


def with_outputs(resource: Resource, inputs: Struct, outputs: Mapping[str, Any]) -> Struct:
    """Return the state of a resource: its inputs and, beside them, what was answered."""
    state = Struct()
    state.CopyFrom(inputs)
    add_outputs(state, outputs, resource.secrets | resource.unknowns | {"id"})
    return state


def add_outputs(state: Struct, outputs: Mapping[str, Any], kept: Collection[str], path: str = "") -> None:
    """Add outputs to a state on the wire, map by map; what is at one of the paths `kept` stays as it is.

    A secret or an unknown inside of the inputs stays one, whatever is added beside it.
    """
    for key, value in outputs.items():
        place = f"{path}.{key}" if path else key
        inside = any(other.startswith((f"{place}.", f"{place}[")) for other in kept)
        if place in kept:
            continue
        if key in state.fields and _is_plain_map(state.fields[key]) and isinstance(value, Mapping):
            add_outputs(state.fields[key].struct_value, cast(Mapping[str, Any], value), kept, place)
        elif not inside:
            state.update({key: to_wire(value)})


def is_open(state: Struct, section: str, key: str) -> bool:
    """Whether nothing is said of `key` in a section of a state, and the section can be read."""
    if section not in state.fields:
        return True
    return _is_plain_map(state.fields[section]) and key not in state.fields[section].struct_value.fields


def to_wire(value: Any) -> Any:
    """Return a plain value as Pulumi's wire has it."""
    if isinstance(value, Mapping):
        return {key: to_wire(item) for key, item in cast(Mapping[str, Any], value).items()}
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in cast(Sequence[Any], value)]
    return rpc.UNKNOWN if value is UNKNOWN else value


def _is_plain_map(value: Value) -> bool:
    """Whether a value on the wire is a map, and neither a secret nor a resource."""
    return value.HasField("struct_value") and SIGNATURE not in value.struct_value.fields
