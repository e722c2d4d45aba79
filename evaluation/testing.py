"""Evaluation for people's own tests: a fixture, and assertions that say what differs.

In a `conftest.py`: `pytest_plugins = ["aidc.evaluation.testing"]`; then a test takes the fixture `evaluate_stack`.
"""

import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import pytest

from .graph import Resource, ResourceGraph
from .layers import evaluate_layers, joined
from .project import load_project
from .replacements import replacements

RECORD_VARIABLE: Final = "AIDC_RECORD"
"""Set to 1 to write recorded files anew instead of comparing with them."""


@pytest.fixture(scope="session")
def evaluate_stack() -> Callable[..., ResourceGraph]:
    """Evaluate a project's stack, with the stacks of the project that it stands on, once a session.

    Call it as `evaluate_stack(folder, stack, preview=False)`.
    """
    done: dict[tuple[str, str, bool], ResourceGraph] = {}

    def evaluated(folder: Path | str, stack: str, *, preview: bool = False) -> ResourceGraph:
        key = (str(Path(folder).resolve()), stack, preview)
        if key not in done:
            done[key] = joined(evaluate_layers(load_project(Path(folder)), stack, preview=preview))
        return done[key]

    return evaluated


def assert_counts(graph: ResourceGraph, expected: Mapping[str, int], *, under: str | None = None) -> None:
    """Require exactly these numbers of resources by type, in the whole graph or below one URN."""
    resources = graph if under is None else graph.descendants(under)
    found = Counter(resource.type for resource in resources if resource.urn != graph.root.urn)
    _same("resources by type", dict(found), dict(expected))


def assert_children(graph: ResourceGraph, parent: Resource, expected: Iterable[tuple[str, str]]) -> None:
    """Require exactly these direct children, as (type, name), in any order."""
    found = sorted((child.type, child.name) for child in graph.children.get(parent.urn, ()))
    _same(f"children of {parent!r}", found, sorted(expected))


def assert_inputs(resource: Resource, expected: Mapping[str, Any]) -> None:
    """Require these inputs, as far as they are given: nested maps may hold more, lists must be the same."""
    differences = list(_differences(resource.inputs, expected, ""))
    assert not differences, "\n".join([f"{resource!r}:", *differences])


def assert_known(graph: ResourceGraph) -> None:
    """Require that nothing is left to the deployment to tell."""
    unknown = [f"{r!r}: {path}" for r in graph for path in sorted(r.unknowns)]
    assert not unknown, "\n".join(["only known at deployment:", *unknown])


def assert_nowhere_in_plain(graph: ResourceGraph, secret: str) -> None:
    """Require that a secret value shows nowhere in the graph: no part of a text, of JSON in a text, or in base64."""
    assert secret, "an empty secret is in every text; give its value"
    forms = {secret, json.dumps(secret)[1:-1], b64encode(secret.encode()).decode()}
    places = [place for place, text in _texts(graph.to_dict(), "") if any(form in text for form in forms)]
    hint = "the secret is in the graph in plain text; wrap it in pulumi.Output.secret"
    assert not places, "\n".join([f"{hint}:", *places])


def assert_protected(graph: ResourceGraph, types: Iterable[str]) -> None:
    """Require that every resource of these types survives a careless deletion."""
    careless = [repr(r) for type in types for r in graph.of_type(type) if not (r.protect or r.retain_on_delete)]
    assert not careless, "\n".join(["neither protected nor retained:", *careless])


def assert_keeps_state(before: ResourceGraph, after: ResourceGraph) -> None:
    """Require that an update from one graph to the other neither replaces nor deletes anything stateful."""
    lost = [str(each) for each in replacements(before, after) if each.is_stateful]
    assert not lost, "\n".join(["the update loses:", *lost])


def assert_deterministic(evaluated: Callable[[], ResourceGraph]) -> None:
    """Require the same bytes from two evaluations."""
    first, second = evaluated().to_json(), evaluated().to_json()
    assert first == second, "two evaluations of the same program differ"


def assert_recorded_urns(graph: ResourceGraph, path: Path) -> None:
    """Compare the graph's URNs with a recorded list: a changed URN replaces the resource at the next update.

    With AIDC_RECORD=1 in the environment the list is written anew: read its diff before you commit it.
    """
    urns = sorted(resource.urn for resource in graph)
    if os.environ.get(RECORD_VARIABLE) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(urns) + "\n", encoding="utf-8")
    assert path.is_file(), f"{path} is missing; run once with {RECORD_VARIABLE}=1"
    recorded = path.read_text(encoding="utf-8").split()
    gone, new = sorted(set(recorded) - set(urns)), sorted(set(urns) - set(recorded))
    changes = [*(f"- {urn}" for urn in gone), *(f"+ {urn}" for urn in new)]
    hint = f"give a renamed resource an alias; if the change is meant, record anew with {RECORD_VARIABLE}=1"
    assert not changes, "\n".join([f"URNs differ from {path.name}: {hint}", *changes])


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text inside plain data, keys of maps too, with its path; resources go by their URN."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        fields = cast(dict[str, Any], value)
        own = str(fields.get("urn", path))
        for key, item in fields.items():
            yield own, key
            yield from _texts(item, f"{own}.{key}" if own else key)
    elif isinstance(value, list):
        for index, item in enumerate(cast(list[Any], value)):
            yield from _texts(item, f"{path}[{index}]")


def _differences(found: object, expected: object, path: str) -> Iterable[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in expected:  # pyright: ignore[reportUnknownVariableType]
            inner = f"{path}.{key}" if path else str(key)  # pyright: ignore[reportUnknownArgumentType]
            if key not in found:
                yield f"  {inner}: missing, wanted {expected[key]!r}"
            else:
                yield from _differences(found[key], expected[key], inner)  # pyright: ignore[reportUnknownArgumentType]
    elif found != expected:
        yield f"  {path}: {found!r}, wanted {expected!r}"


def _same(what: str, found: object, expected: object) -> None:
    assert found == expected, f"{what} differ:\n  found  {found}\n  wanted {expected}"
