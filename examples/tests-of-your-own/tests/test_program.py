from pathlib import Path

import pytest

from aidc.evaluation import evaluate
from aidc.evaluation.manifests import ordered_manifests
from aidc.evaluation.testing import (
    assert_children,
    assert_counts,
    assert_deterministic,
    assert_inputs,
    assert_known,
    assert_nowhere_in_plain,
    assert_protected,
    assert_recorded_urns,
)
from aidc.problems import InvalidInput

PROJECT = Path(__file__).parent.parent
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SECRET = "kubernetes:core/v1:Secret"


def test_there_is_exactly_what_is_meant(graph):
    assert_counts(
        graph,
        {
            "aidc:index:Tenancy": 1,
            "aidc:index:SharedFilesystem": 1,
            "aidc:index:InferenceService": 1,
            "kubernetes:core/v1:Namespace": 1,
            "kubernetes:core/v1:ServiceAccount": 1,
            "kubernetes:core/v1:ResourceQuota": 1,
            "kubernetes:core/v1:LimitRange": 1,
            "kubernetes:networking.k8s.io/v1:NetworkPolicy": 4,
            "kubernetes:core/v1:PersistentVolume": 1,
            "kubernetes:core/v1:PersistentVolumeClaim": 1,
            SECRET: 1,
            DEPLOYMENT: 1,
            "kubernetes:core/v1:Service": 1,
            "kubernetes:policy/v1:PodDisruptionBudget": 1,
        },
    )


def test_the_server_is_one_component(graph):
    server = graph.named("chat", "aidc:index:InferenceService")
    assert_children(
        graph,
        server,
        [
            (DEPLOYMENT, "chat-deployment"),
            ("kubernetes:core/v1:Service", "chat-service"),
            ("kubernetes:policy/v1:PodDisruptionBudget", "chat-disruption-budget"),
            ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "chat-network-policy"),
        ],
    )


def test_no_server_runs_before_its_tenant_is_isolated(graph):
    server = graph.named("chat", "aidc:index:InferenceService")
    assert "serving-default-deny" in {graph[urn].name for urn in server.dependencies}


def test_every_pod_asks_for_a_gpu(graph):
    for deployment in graph.of_type(DEPLOYMENT):
        assert_inputs(deployment, {"spec": {"replicas": 2}})
        (container,) = deployment.inputs["spec"]["template"]["spec"]["containers"]
        assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_the_token_shows_nowhere(evaluate_stack):
    graph = evaluate_stack(PROJECT, "dev")
    (secret,) = graph.of_type(SECRET)
    assert secret.inputs["stringData"]["token"] == "only-for-development"
    assert secret.secrets
    assert_nowhere_in_plain(graph, "only-for-development")


def test_the_models_survive_a_careless_deletion_in_production(prod):
    assert_protected(prod, ["kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:core/v1:PersistentVolume"])


def test_nothing_is_left_to_the_deployment_to_tell(graph):
    assert_known(graph)


def test_the_first_preview_shows_all_that_the_update_will_make(evaluate_stack, prod):
    preview = evaluate_stack(PROJECT, "prod", preview=True)
    assert set(preview.resources) == set(prod.resources)


def test_two_evaluations_are_the_same():
    assert_deterministic(lambda: evaluate(PROJECT, "prod"))


def test_no_resource_changes_its_name_unseen(graph):
    assert_recorded_urns(graph, Path(__file__).parent / "urns" / f"{graph.stack}.txt")


def test_manifests_come_in_the_order_in_which_they_are_needed(graph):
    kinds = [manifest.kind for manifest in ordered_manifests(graph)]
    assert kinds[0] == "Namespace"
    assert kinds.index("PersistentVolumeClaim") < kinds.index("Deployment")


def test_a_wrong_setting_is_refused_by_name():
    with pytest.raises(InvalidInput, match="gpus"):
        evaluate(PROJECT, "dev", config={"gpus": "many"})
