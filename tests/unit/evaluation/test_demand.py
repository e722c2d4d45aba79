"""What workloads ask for, by kind, with autoscalers and init containers."""

from decimal import Decimal
from typing import Any

import pytest

from aidc.evaluation.demand import sum_amounts, workloads
from aidc.evaluation.graph import UNKNOWN, Resource
from aidc.evaluation.manifests import Manifest
from aidc.evaluation.quantities import quantity
from aidc.problems import InvalidInput

GIB = Decimal(2**30)


def manifest(kind: str, name: str, spec: dict[str, Any]) -> Manifest:
    content = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "n"}, "spec": spec}
    return Manifest(Resource(urn=f"{kind}/{name}", type="t", name=name), content)


def pod(cpu: str = "2", gpus: str = "8", **more: Any) -> dict[str, Any]:
    resources = {"requests": {"cpu": cpu, "memory": "1Gi"}, "limits": {"nvidia.com/gpu": gpus}}
    return {"spec": {"containers": [{"name": "c", "resources": resources}], **more}}


@pytest.mark.parametrize(
    ("kind", "spec", "pods"),
    [
        ("Deployment", {"replicas": 3, "template": pod()}, 3),
        ("Deployment", {"template": pod()}, 1),
        ("StatefulSet", {"replicas": 2, "template": pod()}, 2),
        ("Job", {"parallelism": 4, "completions": 8, "template": pod()}, 4),
        ("Job", {"completions": 8, "template": pod()}, 8),
        (
            "JobSet",
            {
                "replicatedJobs": [
                    {"name": "w", "replicas": 2, "template": {"spec": {"parallelism": 4, "template": pod()}}}
                ]
            },
            8,
        ),
    ],
)
def test_pods_of_each_kind(kind: str, spec: dict[str, Any], pods: int) -> None:
    (workload,) = workloads([manifest(kind, "x", spec)])
    assert workload.pods == workload.maximum_pods == pods
    assert workload.total() == {"cpu": 2 * pods, "memory": GIB * pods, "nvidia.com/gpu": 8 * pods}


def test_a_ray_job_has_a_head_groups_of_workers_and_who_submits_it() -> None:
    cluster = {
        "headGroupSpec": {"template": pod(cpu="4")},
        "workerGroupSpecs": [{"groupName": "cpus", "replicas": 3, "numOfHosts": 2, "template": pod()}],
    }
    spec = {"rayClusterSpec": cluster, "submitterPodTemplate": pod(cpu="1")}
    found = {each.name: (each.pods, each.requests["cpu"]) for each in workloads([manifest("RayJob", "x", spec)])}
    assert found == {"x-submitter": (1, 1), "x-head": (1, 4), "x-cpus": (6, 2)}
    # On a cluster that is there already, it asks for nothing.
    assert workloads([manifest("RayJob", "x", {"clusterSelector": {"ray.io/cluster": "shared"}})]) == []


def test_a_train_job_takes_its_pod_from_its_runtime() -> None:
    runtime = manifest(
        "TrainingRuntime",
        "r",
        {
            "mlPolicy": {"numNodes": 1},
            "template": {"spec": {"replicatedJobs": [{"template": {"spec": {"template": pod()}}}]}},
        },
    )
    job = manifest("TrainJob", "t", {"runtimeRef": {"name": "r"}, "trainer": {"numNodes": 4}})
    (workload,) = workloads([runtime, job])
    assert workload.total()["nvidia.com/gpu"] == 32


@pytest.mark.parametrize(
    ("scaler", "spec", "least", "most"),
    [
        ("HorizontalPodAutoscaler", {"minReplicas": 2, "maxReplicas": 9}, 2, 9),
        ("HorizontalPodAutoscaler", {"maxReplicas": 9}, 1, 9),
        ("ScaledObject", {"maxReplicaCount": 5}, 0, 5),
        ("ScaledObject", {"minReplicaCount": 1}, 1, 100),
    ],
)
def test_an_autoscaler_owns_the_count(scaler: str, spec: dict[str, Any], least: int, most: int) -> None:
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "x"}}
    (workload,) = workloads(
        [manifest("Deployment", "x", {"template": pod()}), manifest(scaler, "s", {**spec, **target})]
    )
    assert (workload.pods, workload.maximum_pods) == (least, most)
    assert workload.total(maximum=True)["cpu"] == 2 * most


def test_an_init_container_counts_only_where_it_asks_for_more() -> None:
    before = [{"name": "i", "resources": {"requests": {"cpu": "3", "memory": "1Mi"}}}]
    (workload,) = workloads([manifest("Pod", "x", pod(initContainers=before)["spec"])])
    assert (workload.requests["cpu"], workload.requests["memory"]) == (3, GIB)


def asking(cpu: str, **more: Any) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **more}


@pytest.mark.parametrize(
    ("pod", "cores"),
    [
        ({"containers": [asking("2"), asking("1")]}, 3),
        ({"containers": [asking("1")], "initContainers": [asking("4")]}, 4),
        # A sidecar runs on beside the containers, and beside the init containers that come after it.
        ({"containers": [asking("2")], "initContainers": [asking("1", restartPolicy="Always")]}, 3),
        ({"containers": [asking("2")], "initContainers": [asking("1", restartPolicy="Always"), asking("4")]}, 5),
        ({"containers": [asking("2")], "initContainers": [asking("4"), asking("1", restartPolicy="Always")]}, 4),
        ({"containers": [asking("2")], "resources": {"requests": {"cpu": "6"}}}, 6),
    ],
)
def test_what_the_scheduler_counts(pod: dict[str, Any], cores: int) -> None:
    (workload,) = workloads([manifest("Pod", "x", pod)])
    assert workload.requests["cpu"] == cores


def test_a_cron_job_has_pods_at_times_only() -> None:
    spec = {"schedule": "@daily", "jobTemplate": {"spec": {"parallelism": 3, "template": pod()}}}
    (workload,) = workloads([manifest("CronJob", "x", spec)])
    assert (workload.pods, workload.maximum_pods, workload.requests["cpu"]) == (0, 3, 2)


def test_a_malformed_object_is_named() -> None:
    broken = manifest("JobSet", "x", {"replicatedJobs": [{"name": "w"}]})
    with pytest.raises(InvalidInput, match="JobSet/x: is not what a JobSet must be: KeyError"):
        workloads([broken])


def test_what_is_unknown_is_told_and_left_out() -> None:
    unknown = Resource(urn="u", type="t", name="x", unknowns=frozenset({"spec.replicas"}))
    content = {"kind": "Deployment", "metadata": {"name": "x"}, "spec": {"replicas": UNKNOWN, "template": pod()}}
    told: list[str] = []
    assert workloads([Manifest(unknown, content)], told) == []
    assert told == ["Deployment/x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", "0.5"),
        ("0.2Gi", str(GIB / 5)),
        ("1e3", "1000"),
        ("2", "2"),
        ("1k", "1000"),
        ("3Mi", str(3 * 2**20)),
        (".5", "0.5"),
    ],
)
def test_quantities(text: str, value: str) -> None:
    assert quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "two", "1GiB", "1 Gi", "--1", "1e", "Gi", "1mm"])
def test_what_is_not_a_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity(text)


def test_sums_are_exact() -> None:
    assert sum_amounts([{"cpu": quantity("100m")}] * 10) == {"cpu": Decimal(1)}
