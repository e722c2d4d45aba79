"""The page of a graph: order of components, totals, prices, and what only a deployment can tell."""

import random
from decimal import Decimal
from typing import Any

import pulumi
import pytest

from aidc.components.compute import GpuNodePool
from aidc.evaluation import evaluate
from aidc.infra.kubernetes import KubernetesObject
from aidc.planning.plan.document import plan_document
from aidc.planning.plan.summary import PlanSummary, summarise
from aidc.problems import InvalidInput

GIB = 2**30


class Thing(pulumi.ComponentResource):
    """A component of any type, with children."""

    def __init__(self, type: str, name: str, parent: pulumi.Resource | None = None) -> None:
        super().__init__(type, name, {}, pulumi.ResourceOptions(parent=parent))
        self.register_outputs({})


def deployment(name: str, *, replicas: Any = 1, cpu: str = "1", gpus: int = 0, selector: Any = None) -> None:
    resources = {"requests": {"cpu": cpu, "memory": "1Gi"}, "limits": {"nvidia.com/gpu": gpus} if gpus else {}}
    pod = {"containers": [{"name": "c", "image": "a", "resources": resources}], "nodeSelector": selector or {}}
    spec: dict[str, Any] = {"selector": {}, "template": {"spec": pod}}
    if replicas is not None:
        spec["replicas"] = replicas
    metadata = {"name": name, "namespace": "n"}
    KubernetesObject(name, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})


def scaler(name: str, least: int, most: int) -> None:
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": name}, "minReplicas": least, "maxReplicas": most}
    metadata = {"name": name, "namespace": "n"}
    content = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}
    KubernetesObject(f"{name}-scaler", content)


def gpu_pool(name: str, type: str = "p5.48xlarge", provisioner: str = "karpenter-kwok", nodes: int = 2) -> None:
    args: Any = {"provisioner": provisioner, "instance_types": [type], "scaling": {"maximum_nodes": nodes}}
    GpuNodePool(name, args)


def page(program: Any) -> PlanSummary:
    return summarise(evaluate(program))


def test_components_stand_as_people_declare_them_whatever_the_order_of_registration() -> None:
    declared = [
        ("aidc:index:GpuNodePool", "z"),
        ("aidc:index:CpuNodePool", "a"),
        ("aidc:index:Tenancy", "t"),
        ("aidc:index:ObjectStore", "o"),
        ("aidc:index:InferenceService", "chat"),
        ("aidc:index:HorizontalScaling", "chat"),
        ("aidc:index:LoadBalancer", "chat"),
        ("aidc:index:TrainingJob", "gpt"),
        ("shop:index:Zebra", "z"),
        ("shop:index:Apple", "a"),
    ]
    shuffle = random.Random(3)
    for _ in range(10):
        ours, theirs = shuffle.sample(declared[:8], 8), declared[8:]
        found = page(lambda ours=ours, theirs=theirs: [Thing(type, name) for type, name in [*ours, *theirs]])
        assert [(c.type, c.name) for c in found.components] == declared


def test_components_inside_components() -> None:
    def program() -> None:
        outer = Thing("a:b:Outer", "outer")
        inner = Thing("a:b:Inner", "inner", outer)
        Thing("a:b:Inner", "innermost", inner)

    found = page(program)
    assert [(c.name, c.depth, c.resources) for c in found.components] == [
        ("outer", 0, 2),
        ("inner", 1, 1),
        ("innermost", 2, 0),
    ]
    assert found.resources == 3


def test_totals_at_least_and_at_most() -> None:
    def program() -> None:
        gpu_pool("gpus")
        deployment("web", replicas=None, cpu="500m")
        scaler("web", 2, 6)
        deployment("train", replicas=3, gpus=4, selector={"aidc.dev/node-pool": "gpus"})

    found = page(program)
    assert found.pods == (5, 9)
    assert found.wanted == {"cpu": Decimal("4.0"), "memory": 5 * GIB, "nvidia.com/gpu": 12}
    assert found.wanted_at_most["cpu"] == 6
    assert found.provided["nvidia.com/gpu"] == 16
    assert found.maximum_nodes == 2
    (pool,) = found.pools
    assert pool.wanted == {"cpu": 3, "memory": 3 * GIB, "nvidia.com/gpu": 12}
    assert {each.workload.name: each.pool for each in found.workloads} == {"web": "", "train": "gpus"}
    assert found.warnings == ()


def test_what_has_no_price_is_named_and_what_is_there_already_is_not() -> None:
    def program() -> None:
        gpu_pool("priced")
        gpu_pool("there", provisioner="existing-nodes")
        content = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "open"}}
        KubernetesObject("open", {**content, "spec": {"template": {"spec": {}}}})

    found = page(program)
    (unpriced,) = found.cost.unpriced
    assert (unpriced.owner.pool, unpriced.reason) == ("open", "the program names no instance types")
    (line,) = found.cost.lines
    assert (line.owner.pool, line.hourly.most) == ("priced", pytest.approx(2 * 55.04))
    assert found.maximum_nodes is None
    (warning,) = found.warnings
    assert warning.startswith("node pool open has no limits: nothing bounds its nodes")
    data = plan_document(found)
    assert [each["pool"] for each in data["cost"]["unpriced"]] == ["open"]
    assert {each["name"]: each["pricePerHour"] for each in data["nodePools"] if each["name"] != "priced"} == {
        "there": None,
        "open": None,
    }
    assert [pool["maximumNodes"] for pool in data["nodePools"]] == [2, 2, None]


def test_what_only_a_deployment_can_tell_is_left_out_and_said() -> None:
    def program() -> None:
        size = pulumi.StackReference("acme/base/dev").get_output("size")
        deployment("known")
        deployment("unknown", replicas=size)

    found = page(program)
    assert [each.workload.name for each in found.workloads] == ["known"]
    assert found.warnings == ("Deployment/unknown is not counted: only a deployment can tell how large it is",)


def test_what_is_no_workload_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="Deployment/broken: is not what a Deployment must be"):
        page(lambda: deployment("broken", cpu="lots"))


def test_an_empty_program() -> None:
    data = plan_document(page(lambda: None))
    assert data["resources"] == 0
    assert data["pods"] == {"least": 0, "most": 0}
    assert data["nodePools"] == data["workloads"] == data["warnings"] == data["components"] == []


def test_a_pool_that_nothing_bounds_is_named_beside_the_capacity_that_is_without_it() -> None:
    def program() -> None:
        named = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p5.48xlarge"]}
        content = {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodePool",
            "metadata": {"name": "endless"},
            "spec": {"template": {"spec": {"requirements": [named]}}},
        }
        KubernetesObject("endless", content)
        gpu_pool("bounded")

    summary = page(program)
    assert summary.capacity.totals["accelerators"].most == 16
    assert summary.capacity.unbounded == ("endless",)
    assert summary.capacity.without("dense_pflops") == ("endless",)
    data = plan_document(summary)["capacity"]
    assert data["unbounded"] == data["without"]["accelerators"] == ["endless"]
