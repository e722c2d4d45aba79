"""Every public component, with every field used, against the real API server in strict mode."""

import runpy
from pathlib import Path

import pytest

from aidc.components.provider import public_names
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of

EXAMPLES = runpy.run_path(str(Path(__file__).parents[1] / "contract/examples.py"))["EXAMPLES"]
CASES = [(component, index) for component, listed in sorted(EXAMPLES.items()) for index in range(len(listed))]


@pytest.mark.parametrize(("component", "index"), CASES, ids=[f"{name}-{index}" for name, index in CASES])
def test_objects_are_accepted(component, index, deployed, client, published, eventually):
    args = EXAMPLES[component][index]
    kind = public_names()[component]
    graph = evaluate(lambda: kind(f"example-{index}", args))
    objects = [thing for thing in manifests_of(graph) if not is_of_the_control_plane(thing)]
    known, lacking = published(client).accepted(objects)
    if len(known) < len(objects):
        pytest.skip(lacking)
    namespaces = {thing["metadata"]["namespace"] for thing in objects if "namespace" in thing["metadata"]}
    made = {thing["metadata"]["name"] for thing in objects if thing["kind"] == "Namespace"}
    eventually(lambda: all(client.get(client.kind("v1", "Namespace"), name) is None for name in made))
    around = [_namespace(name) for name in sorted(namespaces - made - {"kube-system", "default"})]
    for space in around:
        client.apply(space)
    if not objects:
        assert any(each.type.startswith(("aws:", "docker", "kubernetes:helm")) for each in graph), (
            f"{component} makes nothing"
        )
        return
    outcome = deployed.apply(*objects, ready=None, patience=15)
    assert not outcome.refused, "\n".join(map(str, outcome.refused))
    assert len(outcome.created) == len(objects)
    # An operator may still be writing its finalizer into what has just been made.
    eventually(lambda: deployed.apply(*objects, ready=None).same, seconds=10)


def is_of_the_control_plane(thing):
    """Whether it is a namespace of a controller that runs here, which must not go with a test's objects."""
    return thing["kind"] == "Namespace" and thing["metadata"]["name"] in ("keda", "kube-system")


def _namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
