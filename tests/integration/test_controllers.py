"""Karpenter, JobSet, Trainer and KEDA, each real."""

import pytest
from gauge import served

from aidc.controlplane.objects import annotations, labels, name, spec, status
from aidc.controlplane.observing import observe


def nodes_of(client, pool):
    return client.list("v1", "Node", labels=f"karpenter.sh/nodepool={pool}")


def test_karpenter_makes_nodes_for_a_training_job(deployed, namespace, manifests, client, cluster):
    deployed.apply(*manifests("training", namespace))
    nodes = nodes_of(client, namespace)
    assert [labels(node)["node.kubernetes.io/instance-type"] for node in nodes] == ["p5.48xlarge"] * 4
    for node in nodes:
        path = f"/metrics/nodes/{name(node)}/metrics/resource"
        assert annotations(node)["metrics.k8s.io/resource-metrics-path"] == path
    pods = client.list("v1", "Pod", namespace)
    assert {status(pod)["phase"] for pod in pods} == {"Running"}
    assert len({spec(pod)["nodeName"] for pod in pods}) == 4, "one node each"

    seen = observe(client, "shared", "", cluster.kubeconfig, cluster.running())
    (workload,) = (view for view in seen.workloads if view.namespace == namespace)
    assert (workload.kind, workload.ready, workload.wanted, workload.gpus) == ("JobSet", 4, 4, 32)
    ours = [node for node in seen.nodes if node.pool == namespace]
    assert sum(node.gpus for node in ours) == sum(node.gpus_used for node in ours) == 32
    assert all(node.cost_per_hour and node.cost_per_hour > 20 for node in ours)


def test_load_scales_pods_and_nodes_up_and_down_again(deployed, namespace, manifests, client, eventually):
    deployed.apply(*manifests("inference", namespace))
    assert len(nodes_of(client, namespace)) == 1
    kind = client.kind("v1", "Pod")

    def load(cores):
        for pod in client.list("v1", "Pod", namespace):
            patch = {"metadata": {"annotations": {"kwok.x-k8s.io/usage-cpu": cores}}}
            client.merge(kind, name(pod), namespace, patch)

    def replicas():
        return status(client.list("apps/v1", "Deployment", namespace)[0]).get("readyReplicas", 0)

    load("1100m")
    # 1.1 cores of a request of 1, wanted 60 %: two replicas; the new one idles at 30 %, so two it stays.
    eventually(lambda: replicas() >= 2, 120)
    assert len(nodes_of(client, namespace)) >= 2, "a node of one GPU holds one pod"
    load("50m")
    eventually(lambda: replicas() == 1, 120)
    eventually(lambda: len(nodes_of(client, namespace)) == 1, 120)


def test_a_trainjob_becomes_pods_that_find_each_other(deployed, namespace, manifests, client):
    deployed.apply(*manifests("trainjob", namespace))
    pods = client.list("v1", "Pod", namespace)
    assert len(pods) == 2
    values = {entry["name"]: entry.get("value") for entry in spec(pods[0])["containers"][0]["env"]}
    assert values["PET_NNODES"] == "2"
    assert values["PET_NPROC_PER_NODE"] == "4"
    assert "PET_MASTER_ADDR" in values


def test_a_trainjob_without_its_runtime_is_refused_by_the_webhook(deployed, namespace, manifests):
    (job,) = manifests("trainjob", namespace)
    job["spec"]["runtimeRef"]["name"] = "none-such"
    (refused,) = deployed.apply(job, ready=None, patience=2).refused
    assert "validator.trainjob.trainer.kubeflow.org" in refused.reason
    assert "none-such" in refused.reason


def test_a_wrong_jobset_is_refused_by_the_webhook(deployed, namespace, manifests):
    job_set = manifests("training", namespace)[2]
    job_set["spec"]["replicatedJobs"][0]["name"] = "w" * 70
    (refused,) = deployed.apply(job_set, ready=None).refused
    assert "jobset" in refused.reason.lower()


@pytest.fixture
def queue():
    """An HTTP service that says how much waits."""
    waiting = {"waiting": 0}
    with served(waiting) as port:
        yield waiting, port


def test_keda_scales_with_what_waits_and_to_zero(deployed, namespace, manifests, client, queue, eventually):
    waiting, port = queue
    waiting["waiting"] = 40
    deployed.apply(*manifests("queue", namespace, PORT=port))

    def replicas():
        return spec(client.list("apps/v1", "Deployment", namespace)[0])["replicas"]

    eventually(lambda: replicas() == 8, 90)
    waiting["waiting"] = 0
    eventually(lambda: replicas() == 0, 90)
