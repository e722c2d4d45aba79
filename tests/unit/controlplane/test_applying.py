import copy

import pytest

from aidc.controlplane.applying import same_substance
from aidc.controlplane.inventory import Entry

THING = {
    "apiVersion": "v1",
    "kind": "X",
    "metadata": {"name": "x", "resourceVersion": "1", "managedFields": [], "generation": 1, "labels": {"a": "b"}},
    "spec": {"limits": {"nvidia.com/gpu": 8, "cpu": "1000m"}, "list": [1, {"memory": "0.5Gi"}], "name": "1"},
    "status": {"ready": False},
}


def changed(*path, to):
    thing = copy.deepcopy(THING)
    place = thing
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return thing


@pytest.mark.parametrize(
    "other",
    [
        THING,
        changed("metadata", "resourceVersion", to="2"),
        changed("metadata", "generation", to=7),
        changed("status", to={"ready": True}),
        changed("spec", "limits", "nvidia.com/gpu", to="8"),
        changed("spec", "limits", "cpu", to="1"),
        changed("spec", "list", 1, "memory", to="512Mi"),
    ],
)
def test_what_says_the_same(other):
    assert same_substance(THING, other)


@pytest.mark.parametrize(
    "other",
    [
        changed("metadata", "labels", to={}),
        changed("spec", "limits", "cpu", to="2"),
        changed("spec", "limits", to={"cpu": "1000m"}),
        changed("spec", "list", to=[1]),
        changed("spec", "name", to="one"),
        changed("spec", "list", 0, to=None),
        changed("data", to={}),
    ],
)
def test_what_says_something_else(other):
    assert not same_substance(THING, other)
    assert not same_substance(other, THING)


def test_an_entry_of_the_inventory_survives_its_line():
    for entry in (Entry("v1", "Node", "", "a"), Entry("apps/v1", "Deployment", "n", "web")):
        assert Entry.parse(entry.line) == entry
    assert str(Entry("apps/v1", "Deployment", "n", "web")) == "Deployment n/web"
