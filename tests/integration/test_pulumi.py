"""`pulumi` itself and its Kubernetes provider on the simulated cluster: up, again, changed, interrupted, down."""

import json
import os
import signal

import pytest
import yaml
from pulumi_stack import ROOT, SETTINGS, Stack, cluster_of, present, what_is_missing

MISSING = what_is_missing()
pytestmark = [pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cluster_of_stack(state):
    with cluster_of("local") as client:
        yield client


@pytest.fixture(scope="module")
def before(cluster_of_stack):
    return present(cluster_of_stack)


@pytest.fixture(scope="module")
def stack(tmp_path_factory, cluster_of_stack, before, eventually):
    """The environment `local`, whose first update was killed midway and completed by a second one."""
    stack = Stack(tmp_path_factory.mktemp("pulumi"), "local")
    stack.run("stack", "init")
    first = stack.start("up", "--yes", "--skip-preview")
    eventually(lambda: present(cluster_of_stack) - before or first.poll() is not None, seconds=300, every=0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert first.returncode == -signal.SIGKILL, "the first update was over before it was killed"
    stack.run("cancel", "--yes")
    stack.run("up", "--yes", "--skip-preview")
    return stack


def test_the_engine_makes_what_evaluation_foresees(stack, evaluate_stack):
    foreseen = {resource.urn for resource in evaluate_stack(ROOT, "local")}
    assert {urn for urn in stack.resources() if "::pulumi:pulumi:Stack::" not in urn} == {
        urn for urn in foreseen if "::pulumi:pulumi:Stack::" not in urn
    }


def test_a_second_preview_shows_no_change(stack):
    stack.run("preview", "--expect-no-changes")


def test_a_refresh_forgets_what_was_under_way_when_it_was_killed(stack):
    stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    assert not json.loads(stack.run("stack", "export"))["deployment"].get("pending_operations")
    stack.run("preview", "--diff", "--expect-no-changes")


def test_an_edit_changes_what_it_names_and_nothing_else(stack):
    original = (stack.project / SETTINGS).read_text()
    stack.edit(lambda config: config["aidc:gpuNodePools"]["l4-serving"]["scaling"].update(maximumNodes=10))
    pool = {
        ("update", "aidc:index:GpuNodePool", "l4-serving"),
        ("update", "kubernetes:karpenter.sh/v1:NodePool", "l4-serving"),
    }
    assert stack.changes() == pool
    stack.edit(lambda config: config["aidc:microservices"]["my-pytorch"].update(image="ghcr.io/aidc/inference:0.1.1"))
    both = pool | {
        ("update", "aidc:index:Microservice", "my-pytorch"),
        ("update", "kubernetes:apps/v1:Deployment", "my-pytorch-deployment"),
    }
    assert stack.changes() == both
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--expect-no-changes")
    (stack.project / SETTINGS).write_text(original)
    assert stack.changes() == both
    stack.run("up", "--yes", "--skip-preview")


def test_a_tenant_is_added_beside_the_others(stack):
    original = (stack.project / SETTINGS).read_text()
    stack.edit(lambda config: config["aidc:tenants"].update(vision={"quota": {"gpus": "8"}}))
    try:
        changes = stack.changes()
        assert {operation for operation, _, _ in changes} == {"create"}
        assert all(name.startswith("vision") for _, _, name in changes), changes
        assert ("create", "kubernetes:core/v1:Namespace", "vision") in changes
    finally:
        (stack.project / SETTINGS).write_text(original)


def test_a_secret_kubeconfig_is_nowhere_in_plain(stack, state):
    original = (stack.project / SETTINGS).read_text()
    kubeconfig = (state / "clusters/local/kubeconfig.yaml").read_text()
    stack.run("config", "set", "--secret", "aidc:kubeconfig", kubeconfig)
    try:
        assert {operation for operation, _, _ in stack.changes()} <= {"update"}
        stack.run("up", "--yes", "--skip-preview")
        (user,) = yaml.safe_load(kubeconfig)["users"]
        key = user["user"]["client-key-data"]
        kept = [path for path in stack.home.parent.joinpath("state").rglob("*") if path.is_file()]
        assert any("ciphertext" in path.read_text() for path in kept)
        assert not [path for path in kept if key in path.read_text()]
    finally:
        (stack.project / SETTINGS).write_text(original)
    stack.run("up", "--yes", "--skip-preview")


def test_down_leaves_nothing(stack, cluster_of_stack, before, eventually):
    assert present(cluster_of_stack) > before
    stack.run("destroy", "--yes", "--skip-preview")
    assert stack.resources() == {}
    eventually(lambda: present(cluster_of_stack) == before, seconds=60)
    stack.run("stack", "rm", "--yes")
