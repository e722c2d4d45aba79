"""A production that grows: what there is more of grows as fast as the settings, and nothing else grows at all."""

import json
import runpy
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from aidc.evaluation import ResourceGraph

SCALE = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks/scale.py"))
SIZES = {"none": (0, 0, 0), "some": (4, 2, 4), "four times as many": (16, 8, 16)}


@pytest.fixture(scope="module")
def graphs() -> Mapping[str, ResourceGraph]:
    return {name: SCALE["evaluated"](*sizes) for name, sizes in SIZES.items()}


def most_dependencies(graph: ResourceGraph) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for resource in graph:
        found[resource.type] = max(found[resource.type], len(resource.dependencies))
    return dict(found)


def test_no_resource_has_more_dependencies(graphs: Mapping[str, ResourceGraph]) -> None:
    assert most_dependencies(graphs["some"]) == most_dependencies(graphs["four times as many"])
    # Far fewer than there are pools, jobs and services in a production that is measured.
    assert max(most_dependencies(graphs["some"]).values()) < 60


def test_resources_and_dependencies_grow_as_the_settings_do(graphs: Mapping[str, ResourceGraph]) -> None:
    none, some, many = graphs.values()
    assert len(some) - len(none) >= 4 * 3 + 2 * 2 + 4 * 5
    assert len(many) - len(none) == 4 * (len(some) - len(none))
    edges = [sum(len(r.dependencies) for r in graph) for graph in (none, some, many)]
    assert edges[2] - edges[0] == 4 * (edges[1] - edges[0])


def test_what_was_there_is_as_large_as_before(graphs: Mapping[str, ResourceGraph]) -> None:
    none, many = graphs["none"], graphs["four times as many"]
    assert set(none.resources) <= set(many.resources)
    for urn, resource in none.resources.items():
        assert json.dumps(many[urn].shown_inputs(), sort_keys=True) == json.dumps(
            resource.shown_inputs(), sort_keys=True
        ), resource
        assert many[urn].dependencies == resource.dependencies, resource
