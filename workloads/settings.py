"""Settings of the programs: plain data, YAML files and overrides, checked against pydantic models."""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from ..problems import InvalidInput, Problems, singular, suggestion

_Settings = TypeVar("_Settings", bound=BaseModel)

_BOUNDS: Final = {
    "greater_than_equal": ("ge", "too little; give {} or more"),
    "greater_than": ("gt", "too little; give more than {}"),
    "less_than_equal": ("le", "too much; give {} or less"),
    "less_than": ("lt", "too much; give less than {}"),
}
_TYPES: Final = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "path_type": "a path",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


class Settings(BaseModel):
    """Base of settings: frozen, without unknown keys; each field is described by the docstring after it."""

    model_config = ConfigDict(
        use_attribute_docstrings=True, frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of a field, in the plural, for messages: `Annotated[int, Field(ge=1), Unit("steps")]`."""

    name: str


def read_settings(model: type[_Settings], values: Mapping[str, Any], title: str) -> _Settings:
    """Return `values` as `model`.

    Raises:
        InvalidInput: About `title`, with all that is wrong: path, value, bound and close matches.
    """
    problems = Problems()
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        for found in error.errors(include_url=False):
            _add(problems, model, cast(Mapping[str, Any], found))
    raise InvalidInput(title, dict.fromkeys(problems))


def read_file(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; raises `InvalidInput` where there is none."""
    import yaml

    problems = Problems()
    found: Any = None
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), _loader())
    except OSError as error:
        problems.add("", f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        problems.add("", f"is no text in UTF-8: byte {error.start} is {error.object[error.start]:#04x}")
    except yaml.YAMLError as error:
        problems.add("", " ".join(f"is no YAML: {error}".split()))
    problems.raise_if_any(str(path))
    if not isinstance(found, dict):
        problems.add("", f"holds {_kind(found)}, where a mapping of settings is wanted")
        problems.raise_if_any(str(path))
    return {str(key): value for key, value in cast(dict[Any, Any], found).items()}


def override(values: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Return `values` with each `path=value` set: a path has dots, a value is YAML (`model.size=small`).

    Raises:
        InvalidInput: An override without `=`, with an empty part, with a value that is no YAML, or below a value
            that is not a mapping.
    """
    import yaml

    problems = Problems()
    result = deepcopy(dict(values))
    for text in overrides:
        path, equals, value = text.partition("=")
        parts = path.strip().split(".")
        if not equals or not all(parts):
            problems.add("", f"'{text}' is no override; write it like optimizer.learning_rate=0.001")
            continue
        try:
            parsed = yaml.safe_load(value)
        except yaml.YAMLError:
            problems.add(path, f"'{value}' is no YAML value; put text with special characters into quotes")
            continue
        _set(result, parts, parsed, problems)
    problems.raise_if_any("--set")
    return result


def _set(values: dict[str, Any], parts: Sequence[str], value: Any, problems: Problems) -> None:
    here = values
    for index, part in enumerate(parts[:-1]):
        below = here.setdefault(part, {})
        if not isinstance(below, dict):
            above = ".".join(parts[: index + 1])
            problems.add(".".join(parts), f"{above} is {below!r}, which has nothing below it")
            return
        here = cast(dict[str, Any], below)
    here[parts[-1]] = value


def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Refuses a key that is given twice, of which YAML would drop the first one."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = str(key_node.value)
                if key in seen:
                    raise yaml.MarkedYAMLError(problem=f"key '{key}' is given twice", problem_mark=key_node.start_mark)
                seen.add(key)
            return super().construct_mapping(node, deep)

    return Loader


def _add(problems: Problems, model: type[BaseModel], found: Mapping[str, Any]) -> None:
    steps = list(_steps(model, found["loc"]))
    path = ""
    for step in steps:
        if step.part is not None:
            path += f"[{step.part}]" if isinstance(step.part, int) else f".{step.part}" if path else str(step.part)
    nested = found.get("ctx", {}).get("error")
    if isinstance(nested, InvalidInput):
        with problems.under(path):
            problems.extend(nested.problems)
        return
    here = steps[-1] if steps else _Step(None, model, "")
    above = steps[-2].kind if len(steps) > 1 else model
    problems.add(path, _reason(here, above, found))


@dataclass(frozen=True, slots=True)
class _Step:
    part: str | int | None
    """Key or index; None for the choice of a union, which a reader of the settings does not see."""

    kind: Any
    unit: str


def _steps(model: type[BaseModel], location: tuple[str | int, ...]) -> Iterator[_Step]:
    """Follow a location of validated data through the types."""
    kind, unit = cast(Any, model), ""
    for part in location:
        kind = _plain(kind)
        origin, inner = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            kind = _choice(inner, part)
            yield _Step(None, _plain(kind), unit)
            continue
        if origin in (list, tuple, dict):
            kind = next((each for each in reversed(inner) if each is not Ellipsis), Any)
        elif _is_model(kind) and str(part) in kind.model_fields:
            field = kind.model_fields[str(part)]
            kind = field.annotation
            unit = _unit(field.metadata) or _unit_inside(kind)
        else:
            kind = Any
        yield _Step(part, _plain(kind), unit)


def _unit(metadata: Iterable[Any]) -> str:
    return next((each.name for each in metadata if isinstance(each, Unit)), "")


def _unit_inside(kind: Any) -> str:
    """Return the unit of a type that may be None instead."""
    if get_origin(kind) not in (Union, UnionType):
        return ""
    return next((found for each in get_args(kind) if (found := _unit(getattr(each, "__metadata__", ())))), "")


def _plain(kind: Any) -> Any:
    """Return a type without its annotations, and without None beside it."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        others = [each for each in get_args(kind) if each is not type(None)]
        return _plain(others[0]) if len(others) == 1 else kind
    return kind


def _choice(choices: Iterable[Any], label: str | int) -> Any:
    """Return the choice of a union that pydantic names so: by its tag, or by its class."""
    kinds = [_plain(each) for each in choices]
    for kind in kinds:
        if _is_model(kind) and (kind.__name__ == label or label in _tags(kind)):
            return kind
    return next((kind for kind in kinds if getattr(kind, "__name__", None) == label), Any)


def _tags(kind: type[BaseModel]) -> list[Any]:
    return [
        value
        for field in kind.model_fields.values()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    ]


def _is_model(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BaseModel)


def _reason(step: _Step, above: Any, found: Mapping[str, Any]) -> str:
    kind, value, context = found["type"], found["input"], found.get("ctx", {})
    if kind == "extra_forbidden":
        known = above.model_fields if _is_model(above) else ()
        return "unknown key" + suggestion(str(found["loc"][-1]), known)
    if kind == "missing":
        return "missing; it has no default"
    if kind in ("literal_error", "enum"):
        choices = [str(getattr(each, "value", each)) for each in get_args(step.kind) or _members(step.kind)]
        return f"{_shown(value)} is not one of {', '.join(choices)}" + suggestion(str(value), choices)
    if kind == "union_tag_invalid":
        choices = [tag.strip().strip("'") for tag in context["expected_tags"].split(",")]
        tag, key = context["tag"], context["discriminator"].strip("'")
        return f"{key} '{tag}' is not one of {', '.join(choices)}" + suggestion(str(tag), choices)
    if kind == "union_tag_not_found":
        key = context["discriminator"].strip("'")
        models = [each for each in map(_plain, get_args(step.kind)) if _is_model(each)]
        kinds = [str(tag) for each in models for tag in get_args(each.model_fields[key].annotation)]
        return f"give its {key}" + (f", one of {', '.join(kinds)}" if kinds else ", which says what it is")
    if kind in _BOUNDS:
        key, text = _BOUNDS[kind]
        return f"{_counted(value, step.unit)} is {text.format(_counted(context[key], step.unit))}"
    if kind in _TYPES:
        return f"{_shown(value)} is not {_TYPES[kind]}"
    if kind == "value_error" and "error" in context:
        return str(context["error"])
    return f"{_shown(value)}: {found['msg'][0].lower()}{found['msg'][1:]}"


def _members(kind: Any) -> Iterable[Any]:
    return cast(Iterable[Any], kind) if inspect.isclass(kind) else ()


def _counted(value: Any, unit: str) -> str:
    return f"{value} {singular(unit) if value == 1 else unit}".rstrip()


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
