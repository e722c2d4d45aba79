"""Every environment against the real API server, and `local` as a person brings it up."""

import json
import time
from pathlib import Path

import pytest

from aidc.controlplane.applying import apply_all
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.manifests import manifests_of
from aidc.evaluation.project import load_project

ROOT = Path(__file__).parents[2]


def objects_of(environment):
    """Every Kubernetes object of an environment, of all the stacks that it is made of."""
    return manifests_of(joined(evaluate_layers(load_project(ROOT), environment)))


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_object_is_accepted_in_strict_mode(environment, own_client, published):
    objects, lacking = published(own_client).accepted(objects_of(environment))
    outcome = apply_all(own_client, objects, owner=environment, patience=30)
    assert not outcome.refused, "\n".join(map(str, outcome.refused))
    # The control plane has the namespaces of its own controllers already.
    assert len(outcome.created) + len(outcome.changed) == len(objects)
    # An operator may still be writing its finalizer into what has just been made.
    deadline = time.monotonic() + 20
    while (again := apply_all(own_client, objects, owner=environment)).changed:
        assert time.monotonic() < deadline, again.changed
    if lacking:
        pytest.skip(f"all others are accepted; {lacking}")


@pytest.fixture(scope="module")
def local(aidc):
    """The local environment on a cluster of its own, and what `aidc up` did."""
    up = aidc("up", "local", "--name", "demo", "-C", ROOT, "--timeout", 300, seconds=600)
    assert up.returncode == 0, up.stdout + up.stderr
    yield up
    down = aidc("down", "demo")
    assert down.returncode == 0, down.stdout + down.stderr


@pytest.fixture(scope="module")
def status(aidc, local):
    """`aidc status --json` of it."""
    shown = aidc("status", "demo", "--json")
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


def named(rows, name):
    (row,) = [row for row in rows if row["name"] == name]
    return row


def test_training_runs_on_nodes_that_karpenter_made(status):
    job = named(status["workloads"], "gpt2")
    assert (job["kind"], job["ready"], job["wanted"], job["gpus"]) == ("JobSet", 4, 4, 32)
    nodes = [node for node in status["nodes"] if any(pod.startswith("research/gpt2") for pod in node["pods"])]
    assert [node["instanceType"] for node in nodes] == ["p5.48xlarge"] * 4
    assert {node["pool"] for node in nodes} == {"h100-training"}
    assert all(node["gpusUsed"] == node["gpus"] == 8 for node in nodes)


def test_inference_is_behind_a_load_balancer_and_its_autoscaler_reads_metrics(status):
    assert named(status["services"], "chat-load-balancer")["address"]
    scaler = named(status["autoscalers"], "chat")
    assert scaler["replicas"] >= scaler["minimum"] == 2
    (metric,) = scaler["metrics"]
    assert scaler["active"]
    assert metric["current"].endswith("%")


def test_the_microservice_has_three_replicas(status):
    service = named(status["workloads"], "my-pytorch")
    assert (service["ready"], service["wanted"]) == (3, 3)


def test_claims_are_bound_and_traffic_is_denied_by_default(status):
    claim = named(status["claims"], "checkpoints")
    assert (claim["phase"], claim["accessModes"]) == ("Bound", ["ReadWriteMany"])
    denied = {policy["namespace"] for policy in status["networkPolicies"] if policy["deniesByDefault"]}
    assert denied == {"research", "serving"}


def test_up_again_changes_nothing(aidc, local):
    again = aidc("up", "local", "--name", "demo", "-C", ROOT)
    assert again.returncode == 0, again.stderr
    assert "nothing to change" in again.stderr
