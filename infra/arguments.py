"""What every component does with its arguments before it makes anything."""

import inspect
import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Final, NotRequired, Required, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from typing import is_typeddict as is_typed_dict

import pulumi

from ..problems import InvalidInput, Problems, camel_case
from .labels import check_label_key, check_label_value, check_name, check_object_name

Args = TypeVar("Args", bound=Mapping[str, Any])
Plan = TypeVar("Plan")

_ORDERED: Final = frozenset({"command", "args"})
"""Inputs whose words are a command line."""

_NAMES: Final[Mapping[str, Callable[[Problems, str, str], None]]] = {
    "claim": check_object_name,
    "contract_namespace": check_name,
    "namespace": check_name,
    "node_pool": check_label_value,
    "priority_class": check_object_name,
    "queue_name": check_label_value,
    "secret": check_object_name,
    "service": partial(check_name, host=True),
    "service_account": check_object_name,
    "tls_secret": check_object_name,
}
"""Fields that name a Kubernetes object in the inputs of every component, and what such a name must be: the API server
would refuse others, and only once everything before them is made."""

_SELECTORS: Final = ("pods", "selector")
"""Fields that select by labels."""

_PLAIN: Final = {
    bool: "neither true nor false; write it without quotes",
    int: "not a whole number",
    float: "not a number",
    str: "not text; put it in quotes",
    list: "not a list",
    dict: "not a map of keys to values",
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a type hint says about a value."""

    kind: Any
    """A TypedDict, an enumeration, a key of `_PLAIN`, or `object` for anything."""

    inner: "_Shape | None" = None
    """What the items of a list or the values of a map are."""

    can_wait: bool = False
    """Whether it may come from another resource (`pulumi.Input`)."""


def planned(component: str, name: str, plan: Callable[[Args], Plan], args: Args) -> Plan:
    """Plan a component; what is wrong with `args` becomes the one error that Pulumi shows by property.

    The component's name is checked too: labels of everything that it makes hold it.
    """
    problems = Problems()
    result = None
    try:
        result = plan(args)
    except InvalidInput as invalid:
        problems.extend(invalid.problems)
    if not any(problem.path == "name" for problem in problems):
        check_name(problems, "name", name)
    if result is None or problems:
        listed = InvalidInput(f"{component} '{name}'", problems)
        raise pulumi.InputPropertiesError(
            str(listed),
            [{"property_path": problem.path, "reason": problem.reason} for problem in problems],
        )
    return result


def check_keys(problems: Problems, args: Mapping[str, Any], kind: type) -> bool:
    """Refuse unknown and missing keys, values of the wrong type and impossible names of objects, nested ones too.

    Return whether keys and types are right: values are read as `args["key"]` only once this returned true for the
    whole of `args`. `kind` is the TypedDict. Whether the text of a choice is one of its members is left to the plan
    function.
    """
    before = len(problems)
    _check_fields(problems, args, kind)
    if len(problems) > before:
        return False
    _check_names(problems, args, kind)
    return True


def check_types(problems: Problems, args: Mapping[str, Any], kind: type) -> bool:
    """Refuse values of the wrong type, nested ones too, before keys are filled in; return whether all is right.

    Keys that are missing or unknown are left to `check_keys`.
    """
    before = len(problems)
    _check_fields(problems, args, kind, is_complete=False)
    return len(problems) == before


def recorded(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs as a component records them: lists of words are sorted, unless their order has a meaning.

    A preview then shows no change where somebody has only put a list in another order.
    """
    return {key: value if key in _ORDERED else _sorted(value) for key, value in args.items()}


@cache
def argument_hints(kind: type) -> Mapping[str, Any]:
    """Return the type hint of each key of a TypedDict of arguments."""
    # `pulumi.Input` names `Output` in a forward reference, which only Pulumi's own module could resolve.
    names = {"Output": pulumi.Output, "T": Any}
    return get_type_hints(kind, localns=names, include_extras=True)


def is_known(value: object) -> bool:
    """Whether a value can be checked now: outputs of other resources are only known at deployment."""
    return not isinstance(value, pulumi.Output) and not inspect.isawaitable(value)


@cache
def _fields(kind: type) -> tuple[frozenset[str], Mapping[str, _Shape]]:
    """Return the required keys of a TypedDict, and the shape of the value of each of its keys."""
    return cast(Any, kind).__required_keys__, {key: _shape(hint) for key, hint in argument_hints(kind).items()}


def _check_fields(problems: Problems, args: Mapping[str, Any], kind: type, *, is_complete: bool = True) -> None:
    required, shapes = _fields(kind)
    if is_complete and not required <= args.keys() <= shapes.keys():
        problems.known_keys(args, shapes)
        for key in sorted(required - args.keys()):
            problems.add(camel_case(key), "missing; it has no default")
    for key, value in args.items():
        if key in shapes:
            _check_value(problems, camel_case(key), value, shapes[key], is_complete=is_complete)


def _check_value(problems: Problems, path: str, value: object, shape: _Shape, *, is_complete: bool) -> None:
    if not is_known(value):
        if not shape.can_wait:
            problems.add(path, "comes from another resource; what is made depends on it, so give a plain value")
    elif value is None:
        problems.add(path, "has no value; give one, or leave the key out")
    elif is_typed_dict(shape.kind) and isinstance(value, Mapping):
        with problems.under(path):
            _check_fields(problems, cast(Mapping[str, Any], value), shape.kind, is_complete=is_complete)
    elif not _fits(value, shape.kind):
        reason = _PLAIN[dict if is_typed_dict(shape.kind) else str if issubclass(shape.kind, Enum) else shape.kind]
        problems.add(path, f"{reprlib.repr(value)} is {reason}")
    elif shape.inner is not None:
        if isinstance(value, Mapping):
            for key, item in cast(Mapping[str, Any], value).items():
                _check_value(problems, f"{path}.{key}", item, shape.inner, is_complete=is_complete)
        else:
            for index, item in enumerate(cast(Sequence[Any], value)):
                _check_value(problems, f"{path}[{index}]", item, shape.inner, is_complete=is_complete)


def _check_names(problems: Problems, args: Mapping[str, Any], kind: type) -> None:
    """Refuse names that no object can have, where they are known."""
    shapes = _fields(kind)[1]
    for key, value in args.items():
        _check_names_in(problems, camel_case(key), value, shapes[key], _NAMES.get(key))
        if key in _SELECTORS and isinstance(value, Mapping):
            _check_labels(problems, camel_case(key), cast(Mapping[str, Any], value))


def _check_labels(problems: Problems, path: str, labels: Mapping[str, Any]) -> None:
    for key, value in labels.items():
        check_label_key(problems, f"{path}.{key}", key)
        if isinstance(value, str) and value:
            check_label_value(problems, f"{path}.{key}", value)


def _check_names_in(
    problems: Problems, path: str, value: object, shape: _Shape, check: Callable[[Problems, str, str], None] | None
) -> None:
    if not is_known(value):
        return
    if is_typed_dict(shape.kind):
        with problems.under(path):
            _check_names(problems, cast(Mapping[str, Any], value), shape.kind)
    elif shape.inner is not None and isinstance(value, Mapping):
        for key, item in cast(Mapping[str, Any], value).items():
            _check_names_in(problems, f"{path}.{key}", item, shape.inner, None)
    elif shape.inner is not None:
        for index, item in enumerate(cast(Sequence[Any], value)):
            _check_names_in(problems, f"{path}[{index}]", item, shape.inner, None)
    elif check is not None and isinstance(value, str):
        check(problems, path, value)


def _fits(value: object, kind: Any) -> bool:
    if kind is bool:
        return isinstance(value, bool)
    if kind is int:
        # Pulumi's wire knows only floating point: 2 arrives as 2.0.
        return not isinstance(value, bool) and (isinstance(value, int) or _is_whole(value))
    if kind is float:
        return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value)
    if kind is list:
        return isinstance(value, (list, tuple))
    if kind is dict:
        return isinstance(value, Mapping) and all(isinstance(key, str) for key in cast(Mapping[Any, Any], value))
    if is_typed_dict(kind):
        return False
    return isinstance(value, (str, kind) if issubclass(kind, Enum) else kind)


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def _shape(hint: Any) -> _Shape:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (NotRequired, Required):
        return _shape(inner[0])
    if origin in (Union, UnionType):
        # `pulumi.Input[T]` is a union of T and of what yields a T, T first.
        return replace(_shape(next(choice for choice in inner if choice is not NoneType)), can_wait=len(inner) > 1)
    if origin in (list, dict, Sequence, Mapping):
        return _Shape(dict if origin in (dict, Mapping) else list, _shape(inner[-1]))
    if hint is Any or not isinstance(hint, type):
        return _Shape(object, can_wait=True)
    return _Shape(hint)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return recorded(cast(Mapping[str, Any], value))
    if isinstance(value, list):
        items = cast(list[Any], value)
        return sorted(items) if all(isinstance(item, str) for item in items) else [_sorted(item) for item in items]
    return value
