"""A real API server takes every object of every example and of every program that a page shows."""

import os
import re
from pathlib import Path

import pytest
import yaml

from aidc.controlplane.applying import apply_all
from aidc.controlplane.cluster import Cluster, ClusterSettings
from aidc.controlplane.definitions import wait_until_served
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.tools.progress import Silence

pytestmark = pytest.mark.integration

EXAMPLES = [("ten-lines", "dev"), ("training-cluster", "simulated"), ("training-cluster", "metal")]
EXAMPLES += [("chat-service", "simulated"), ("chat-service", "metal"), ("tests-of-your-own", "dev")]
# Operators' definitions that the control plane does not install itself: AIDC_CRDS, or beside the checkout.
PUBLISHED = Path(os.environ.get("AIDC_CRDS", Path(__file__).parents[3] / "shared/crds"))
FROM_PUBLISHED = {"karpenter.k8s.aws": "karpenter.yaml"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A cluster of this module's own, with every controller."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIDC_STATE", str(tmp_path_factory.mktemp("state")))
        cluster = Cluster("docs")
        try:
            controllers = frozenset({"karpenter", "jobset", "trainer", "keda", "vertical-pod-autoscaler"})
            cluster.start(ClusterSettings(controllers=controllers), Silence())
            with cluster.client() as client:
                yield client
        finally:
            cluster.stop()


@pytest.fixture
def accepted(client, request):
    """Apply objects in namespaces of the test's own, require that none is refused, and remove them."""
    owner = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-40:].strip("-")

    def apply(graph):
        objects = manifests_of(graph)
        for group in {thing["apiVersion"].partition("/")[0] for thing in objects} & set(FROM_PUBLISHED):
            _install(client, PUBLISHED / FROM_PUBLISHED[group], group)
        own = {thing["metadata"]["name"] for thing in objects if thing["kind"] == "Namespace"}
        used = {thing["metadata"].get("namespace") for thing in objects} - {None, "kube-system", "default"}
        names = {space: f"{owner}-{space}"[-63:].strip("-") for space in used | own}
        spaces = [_namespace(names[space]) for space in sorted(used - own)]
        for thing in objects:
            metadata = thing["metadata"]
            if metadata.get("namespace") in names:
                metadata["namespace"] = names[metadata["namespace"]]
            if thing["kind"] == "Namespace":
                metadata["name"] = names[metadata["name"]]
        outcome = apply_all(client, [*spaces, *objects], owner=owner)
        assert not outcome.refused, "\n".join(map(str, outcome.refused))
        assert len(outcome.created) == len(objects) + len(spaces)

    yield apply
    apply_all(client, [], owner=owner, prune_stateful=True)


def _install(client, path, group):
    if not path.is_file():
        pytest.skip(f"the published definitions of {group} are not in {path.parent}; name their folder in AIDC_CRDS")
    definitions = [one for one in yaml.safe_load_all(path.read_text()) if one and one["spec"]["group"] == group]
    for definition in definitions:
        client.apply(definition, force=True)
    wait_until_served(client, [definition["metadata"]["name"] for definition in definitions])


def _namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@pytest.mark.parametrize(("name", "stack"), EXAMPLES)
def test_every_object_of_an_example_is_accepted(name, stack, accepted, root):
    accepted(evaluate(root / "examples" / name, stack))


def test_every_object_of_a_page_is_accepted(program_block, accepted):
    def program():
        exec(compile(program_block.text, str(program_block), "exec"), {"__name__": "__main__"})

    accepted(evaluate(program, "local"))
