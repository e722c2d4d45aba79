"""Sizes of pods that follow their use: the real recommender, updater and admission controller, and the real HPA."""

import pytest

from aidc.components.autoscaling import HybridScaling, VerticalScaling
from aidc.controlplane.manifests import wanted_controllers
from aidc.controlplane.objects import name, spec, status
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.evaluation.quantities import quantity

_SIZING = {"server": {"maximum_cpu": "2", "maximum_memory": "1Gi"}}


@pytest.fixture
def declared(deployed, namespace, manifests):
    """Deploy the server and a policy of it; return its namespace."""

    def declare(component, replicas="", **changed):
        args = {"namespace": namespace, "target": {"name": "server"}, "sizing": _SIZING, **changed}
        policy = manifests_of(evaluate(lambda: component("server", args)))
        assert "vertical-pod-autoscaler" in wanted_controllers(policy)
        outcome = deployed.apply(*manifests("sized", namespace, REPLICAS=replicas), *policy, ready=None)
        assert not outcome.refused, "\n".join(map(str, outcome.refused))
        return namespace

    return declare


def requests_of(client, namespace):
    """The requests of the running pods, by name of the pod; each has its memory limited to what it requests."""
    found = {
        name(pod): spec(pod)["containers"][0]["resources"]
        for pod in client.list("v1", "Pod", namespace)
        if status(pod).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
    }
    assert all(each["limits"]["memory"] == each["requests"]["memory"] for each in found.values()), "limits grow along"
    return {pod: each["requests"] for pod, each in found.items()}


def recommended(client, namespace):
    """What is recommended for the one container, once its use was seen."""
    (autoscaler,) = client.list("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", namespace)
    found = status(autoscaler).get("recommendation", {}).get("containerRecommendations", [])
    return found[0] if found and cores(found[0]["uncappedTarget"]) > 1 else None


def cores(requests):
    return float(quantity(requests["cpu"]))


def test_pods_that_ask_for_too_little_are_made_anew_as_large_as_their_use(declared, client, eventually):
    namespace = declared(VerticalScaling, replicas="replicas: 2", update="Recreate")
    first = eventually(lambda: len(found := requests_of(client, namespace)) == 2 and found, 60)
    target = eventually(lambda: recommended(client, namespace), 120)["target"]
    # The 90th percentile of one core and 600 MiB, in buckets of 5 percent, with 15 percent on top.
    assert cores(target) < 1.4
    assert 600 * 2**20 < float(quantity(target["memory"])) < 850 * 2**20

    def resized():
        found = requests_of(client, namespace)
        assert found, "one pod is always there"
        return len(found) == 2 and all(cores(each) > 1.0 for each in found.values()) and found

    second = eventually(resized, 180)
    assert not set(first) & set(second), "both are new"
    assert all(float(quantity(each["memory"])) > 600 * 2**20 for each in second.values())


def test_nothing_is_recommended_beyond_the_bounds(declared, client, eventually):
    sizing = {"server": {"maximum_cpu": "500m", "maximum_memory": "256Mi", "minimum_memory": "128Mi"}}
    namespace = declared(VerticalScaling, replicas="replicas: 2", sizing=sizing, update="Off")
    found = eventually(lambda: recommended(client, namespace), 120)
    assert (cores(found["target"]), float(quantity(found["target"]["memory"]))) == (0.5, 256 * 2**20)
    assert all(cores(each) == 0.1 for each in requests_of(client, namespace).values()), "Off changes nothing"


def test_pods_grow_first_and_then_become_more(declared, client, eventually):
    namespace = declared(HybridScaling, max_replicas=4, cpu_percent_of_maximum=80, update="Recreate")

    def replicas():
        return spec(client.list("apps/v1", "Deployment", namespace)[0])["replicas"]

    eventually(lambda: len(requests_of(client, namespace)) == 2, 60)

    def grown():
        # A core is ten times what a pod asked for at first: in percent of the request this would be four pods at once.
        assert replicas() == 2, "within the largest size there are no more pods"
        found = requests_of(client, namespace)
        return len(found) == 2 and all(cores(each) > 1.0 for each in found.values())

    eventually(grown, 240)
    (horizontal,) = client.list("autoscaling/v2", "HorizontalPodAutoscaler", namespace)
    (metric,) = status(horizontal)["currentMetrics"]
    assert metric["type"] == "ContainerResource"
    kind = client.kind("v1", "Pod")
    for pod in requests_of(client, namespace):
        client.merge(kind, pod, namespace, {"metadata": {"annotations": {"kwok.x-k8s.io/usage-cpu": "1900m"}}})
    # 1.9 of 2 cores, and 80 percent wanted: 2 x 1.9 / 1.6 pods, rounded up; the third brings the mean to 1.6.
    eventually(lambda: replicas() == 3, 120)
    assert all(cores(each) > 0.9 for each in requests_of(client, namespace).values()), "new ones are large at once"
