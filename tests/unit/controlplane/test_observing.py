import pytest

from aidc.controlplane.families import Families, Key, gpus
from aidc.controlplane.observing import (
    autoscaler_view,
    claim_view,
    node_view,
    policy_view,
    requested,
    service_view,
    workload_view,
)
from aidc.controlplane.readiness import Surroundings
from aidc.controlplane.snapshot import as_json


def thing(kind, name, owner=None, **more):
    metadata = {"name": name, "namespace": "n", **more.pop("metadata", {})}
    if owner:
        metadata["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


def pod(name, owner=None, node="a", phase="Running", **requests):
    ready = [{"type": "Ready", "status": "True"}] if phase == "Running" else []
    container = {"name": "main", "resources": {"requests": requests}}
    spec = {"containers": [container, {"name": "sidecar"}], **({"nodeName": node} if node else {})}
    return thing("Pod", name, owner, spec=spec, status={"phase": phase, "conditions": ready})


NODE = thing(
    "Node",
    "a",
    metadata={
        "labels": {
            "kubernetes.io/hostname": "host-a",
            "karpenter.sh/nodepool": "gpu",
            "node.kubernetes.io/instance-type": "p5.48xlarge",
            "topology.kubernetes.io/zone": "us-east-1a",
            "karpenter.sh/capacity-type": "spot",
            "eks-node-viewer/instance-price": "55.040000",
        }
    },
    status={
        "allocatable": {"cpu": "191450m", "nvidia.com/gpu": "8", "memory": "1Gi"},
        "conditions": [{"type": "Ready", "status": "True"}],
    },
)


def test_a_node_counts_what_its_pods_request():
    pods = [
        pod("one", cpu="500m", **{"nvidia.com/gpu": "4"}),
        pod("two", cpu="1", **{"nvidia.com/gpu": 2}),
        pod("done", phase="Succeeded", cpu="8", **{"nvidia.com/gpu": "8"}),
        pod("elsewhere", node="b", cpu="8"),
        pod("nowhere", node=None, phase="Pending", cpu="8"),
    ]
    view = node_view(NODE, pods)
    assert (view.cpus, view.cpus_requested, view.gpus, view.gpus_used) == (191.45, 1.5, 8, 6)
    assert (view.host, view.pool, view.capacity_type, view.cost_per_hour) == ("host-a", "gpu", "spot", 55.04)
    assert view.pods == ("n/done", "n/one", "n/two")
    assert node_view(thing("Node", "b"), []).cost_per_hour is None


def test_accelerators_of_every_maker_count():
    assert gpus({"nvidia.com/gpu": "8", "cpu": "1"}) == 8
    assert gpus({"nvidia.com/mig-1g.10gb": "56", "aws.amazon.com/neuron": "2", "amd.com/gpu": "1"}) == 59
    assert gpus({"nvidia.com/gpu.shared": "4"}) == 4


def test_requests_of_all_containers_are_summed():
    both = {"spec": {"containers": [{"resources": {"requests": {"cpu": "250m"}}}] * 2 + [{}]}}
    assert requested(both) == {"cpu": 0.5}


def test_a_workload_owns_pods_through_whatever_lies_between():
    job_set = thing(
        "JobSet",
        "train",
        spec={"replicatedJobs": [{"name": "w"}]},
        status={"replicatedJobsStatus": [{"name": "w", "ready": 1}]},
    )
    job = thing("Job", "train-w-0", ("JobSet", "train"), spec={"parallelism": 4})
    pods = [pod(f"p{index}", ("Job", "train-w-0"), **{"nvidia.com/gpu": "8"}) for index in range(3)]
    pods.append(pod("p3", ("Job", "train-w-0"), node=None, phase="Pending"))
    other = pod("other", ("ReplicaSet", "web-1"))
    families = Families([*pods, other], [job_set, job, thing("ReplicaSet", "web-1", ("Deployment", "web"))])
    view = workload_view(job_set, families, {"a": node_view(NODE, pods)}, Surroundings())
    assert (view.ready, view.wanted, view.gpus, view.state) == (3, 4, 24, "ready")
    assert (view.nodes, view.instance_types) == (("host-a",), ("p5.48xlarge",))
    assert families.root(other) == Key("Deployment", "n", "web")
    assert families.members(Key("Deployment", "n", "web")) == {
        Key("Deployment", "n", "web"),
        Key("ReplicaSet", "n", "web-1"),
        Key("Pod", "n", "other"),
    }


def test_owners_in_a_circle_end():
    one, two = thing("Job", "a", ("Job", "b")), thing("Job", "b", ("Job", "a"))
    assert len(Families([], [one, two]).line(Key("Job", "n", "a"))) == 2


@pytest.mark.parametrize(
    ("spec", "status", "address"),
    [
        ({"type": "LoadBalancer", "clusterIP": "10.0.0.1"}, {}, "10.0.0.1"),
        (
            {"type": "LoadBalancer", "clusterIP": "10.0.0.1"},
            {"loadBalancer": {"ingress": [{"hostname": "lb"}, {"ip": "1.2.3.4"}]}},
            "lb, 1.2.3.4",
        ),
        ({"clusterIP": "None"}, {}, "None"),
    ],
)
def test_the_public_address_of_a_service_comes_first(spec, status, address):
    view = service_view(thing("Service", "s", spec={**spec, "ports": [{"port": 80}]}, status=status))
    assert view.address == address
    assert view.ports == ("80/TCP",)


def test_an_autoscaler_shows_every_metric_with_what_is_read_of_it():
    metrics = [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
        {
            "type": "External",
            "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "5"}},
        },
    ]
    read = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 30}}}, {"type": ""}]
    view = autoscaler_view(
        thing(
            "HorizontalPodAutoscaler",
            "h",
            spec={"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 3, "metrics": metrics},
            status={
                "currentMetrics": read,
                "currentReplicas": 1,
                "desiredReplicas": 2,
                "conditions": [{"type": "ScalingActive", "status": "True", "message": "fine"}],
            },
        )
    )
    assert [(metric.name, metric.current, metric.target) for metric in view.metrics] == [
        ("cpu", "30%", "60%"),
        ("queue", "unknown", "5"),
    ]
    assert (view.target, view.replicas, view.desired, view.minimum, view.maximum) == ("Deployment/web", 1, 2, 1, 3)
    assert view.active


def test_a_claim_has_the_size_that_it_got_or_else_the_one_it_asked_for():
    spec = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteMany"]}
    assert claim_view(thing("PersistentVolumeClaim", "c", spec=spec)).size == "1Gi"
    status = {"phase": "Bound", "capacity": {"storage": "2Gi"}}
    view = claim_view(thing("PersistentVolumeClaim", "c", spec=spec, status=status))
    assert (view.size, view.phase, view.access_modes) == ("2Gi", "Bound", ("ReadWriteMany",))


def test_denying_by_default_is_selecting_all_and_opening_nothing():
    assert policy_view(thing("NetworkPolicy", "p", spec={"podSelector": {}})).denies_by_default
    opened = {"podSelector": {}, "ingress": [{}]}
    assert not policy_view(thing("NetworkPolicy", "p", spec=opened)).denies_by_default
    some = {"podSelector": {"matchLabels": {"a": "b"}}}
    assert not policy_view(thing("NetworkPolicy", "p", spec=some)).denies_by_default


def test_json_has_camel_case_and_lists():
    assert as_json(policy_view(thing("NetworkPolicy", "p", spec={"podSelector": {}}))) == {
        "namespace": "n",
        "name": "p",
        "types": ["Ingress"],
        "deniesByDefault": True,
    }
