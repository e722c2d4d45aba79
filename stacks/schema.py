"""Settings checked by the very types that the components take: one definition of each field."""

import ast
import inspect
import sys
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, NotRequired, Required, Union, cast, get_args, get_origin, is_typeddict

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, create_model
from pydantic.fields import FieldInfo

from ..infra.arguments import argument_hints
from ..problems import Problems, camel_case, suggestion

Omitted = Mapping[type, frozenset[str]]
"""For a TypedDict, the keys that its owner fills in, and that settings therefore do not have."""

MayOmit = Callable[[type, str], bool]
"""`(TypedDict, key) -> whether settings may leave it out`, because its owner then fills it in."""

_PLAIN: Final = (None, list, dict, Mapping)
_CONFIG: Final = ConfigDict(extra="forbid", alias_generator=camel_case, coerce_numbers_to_str=True)


class SettingsModel:
    """A TypedDict as a checker of plain data with camelCase keys."""

    def __init__(self, kind: type, omitted: Omitted, may_omit: MayOmit = lambda kind, key: False) -> None:
        """Check against `kind`, without the keys that `omitted` names."""
        self._kind, self._omitted, self._may_omit = kind, omitted, may_omit
        self._models: dict[type, type[BaseModel]] = {}
        self._described = False

    def check(self, data: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
        """Return `data` with snake_case keys and typed values, absent keys left absent; add what is wrong."""
        model = self._model(self._kind)
        try:
            checked = model.model_validate(dict(data))
        except ValidationError as error:
            for found in error.errors(include_url=False, include_context=False):
                problems.add(_path(found["loc"]), _reason(model, found))
            return {}
        return checked.model_dump(exclude_unset=True)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12), with each field's documentation as its description."""
        described = SettingsModel(self._kind, self._omitted, self._may_omit)
        described._described = True
        return described._model(self._kind).model_json_schema(by_alias=True)

    def _model(self, kind: type) -> type[BaseModel]:
        if kind not in self._models:
            documents = _documents(kind) if self._described else {}
            left_out = self._omitted.get(kind, frozenset())
            required = cast(Any, kind).__required_keys__
            fields: dict[str, Any] = {}
            for key, hint in argument_hints(kind).items():
                if key not in left_out:
                    default = ... if key in required and not self._may_omit(kind, key) else None
                    fields[key] = (self._field(hint), Field(default, description=documents.get(key)))
            name = kind.__name__.removesuffix("Args")
            self._models[kind] = create_model(name, __config__=_CONFIG, __doc__=inspect.getdoc(kind), **fields)
        return self._models[kind]

    def _field(self, hint: Any) -> Any:
        if is_typeddict(hint):
            return self._model(hint)
        origin, inner = get_origin(hint), get_args(hint)
        if origin in (NotRequired, Required):
            return self._field(inner[0])
        if origin is list:
            return list[self._field(inner[0])]
        if origin in (dict, Mapping):
            return dict[str, self._field(inner[1])]
        if origin is Union:
            # `pulumi.Input[T]` is a union of T and of what yields a T.
            return self._field(next(choice for choice in inner if get_origin(choice) in _PLAIN))
        if hint in (int, bool):
            return Annotated[hint, Strict()]
        return hint


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _reason(model: type[BaseModel], found: Mapping[str, Any]) -> str:
    kind, value = found["type"], found["input"]
    if kind == "extra_forbidden":
        *above, key = found["loc"]
        return "unknown key" + suggestion(str(key), _known_keys(model, above))
    if kind == "missing":
        return "missing; it has no default"
    if kind == "enum":
        choices = _choices(model, found["loc"])
        return f"{value!r} is not one of {', '.join(choices)}" + suggestion(str(value), choices)
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    return f"{shown}: {found['msg'][0].lower()}{found['msg'][1:]}"


def _choices(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    field = _follow(model, location)
    kind = field.annotation if isinstance(field, FieldInfo) else field
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return [str(member.value) for member in kind]
    return ["the choices in the schema"]


def _known_keys(model: type[BaseModel], location: list[int | str]) -> list[str]:
    found = _follow(model, tuple(location))
    if inspect.isclass(found) and issubclass(found, BaseModel):
        return [field.alias or name for name, field in found.model_fields.items()]
    return []


def _follow(model: Any, location: tuple[int | str, ...]) -> Any:
    """Return the type (or the field) at a location of validated data."""
    here = model
    for part in location:
        if get_origin(here) is list:
            here = get_args(here)[0]
        elif get_origin(here) is dict:
            here = get_args(here)[1]
        elif inspect.isclass(here) and issubclass(here, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in here.model_fields.items()}
            here = fields.get(str(part))
    return here


@cache
def _documents(kind: type) -> dict[str, str]:
    """Return the docstring after each field of a TypedDict, inherited fields included, on one line each."""
    found: dict[str, str] = {}
    for base in getattr(kind, "__orig_bases__", ()):
        if is_typeddict(base):
            found |= _documents(base)
    tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            for field, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    text = _string(after)
                    if text:
                        found[field.target.id] = " ".join(text.split())
    return found


def _string(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return None
