"""What every component does with its arguments before it makes anything."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

import pulumi

from ..problems import InvalidInput, Problems, camel_case

Args = TypeVar("Args", bound=Mapping[str, Any])
Plan = TypeVar("Plan")
_Nested = tuple[type | None, type]


def planned(component: str, name: str, plan: Callable[[Args], Plan], args: Args) -> Plan:
    """Plan a component; what is wrong with `args` becomes the one error that Pulumi shows by property."""
    try:
        return plan(args)
    except InvalidInput as invalid:
        listed = InvalidInput(f"{component} '{name}'", invalid.problems)
        raise pulumi.InputPropertiesError(
            str(listed),
            [{"property_path": problem.path, "reason": problem.reason} for problem in invalid.problems],
        ) from None


def check_keys(problems: Problems, args: Mapping[str, Any], kind: type) -> bool:
    """Refuse unknown and missing keys of a TypedDict, nested ones too; return whether the keys are right.

    Values are read as `args["key"]` only once this returned true for the whole of `args`.
    """
    before = len(problems)
    required, nested = _fields(kind)
    if not required <= args.keys() <= nested.keys():
        problems.known_keys(args, nested)
        for key in sorted(required - args.keys()):
            problems.add(camel_case(key), "missing; it has no default")
    for key, value in args.items():
        inner = nested.get(key)
        if inner is not None:
            with problems.under(camel_case(key)):
                _check_value(problems, value, *inner)
    return len(problems) == before


def is_known(value: object) -> bool:
    """Whether a value can be checked now: outputs of other resources are only known at deployment."""
    return not isinstance(value, pulumi.Output)


@cache
def _fields(kind: type) -> tuple[frozenset[str], Mapping[str, _Nested | None]]:
    """Return the required keys of a TypedDict, and what TypedDict each of its keys holds."""
    hints = get_type_hints(kind, include_extras=True)
    return cast(Any, kind).__required_keys__, {key: _nested(hint) for key, hint in hints.items()}


def _check_value(problems: Problems, value: object, container: type | None, kind: type) -> None:
    if container is None and isinstance(value, Mapping):
        check_keys(problems, cast(Mapping[str, Any], value), kind)
    elif container is list and isinstance(value, list):
        for index, item in enumerate(cast(list[Any], value)):
            with problems.under(f"[{index}]"):
                _check_value(problems, item, None, kind)
    elif container is dict and isinstance(value, Mapping):
        for key, item in cast(Mapping[str, Any], value).items():
            with problems.under(key):
                _check_value(problems, item, None, kind)


def _nested(hint: Any) -> _Nested | None:
    """Return the TypedDict inside a hint, and whether it is alone, in a list or in a map."""
    if is_typeddict(hint):
        return None, hint
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (list, dict):
        found = _nested(inner[-1])
        return (origin, found[1]) if found else None
    # `NotRequired[T]` holds a T; `pulumi.Input[T]` is a union of T and of what yields a T.
    return next((found for choice in inner if (found := _nested(choice))), None)
