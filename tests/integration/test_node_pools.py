"""Node pools, warm nodes and volumes, declared by the library and made by the real controllers."""

import zlib

import pytest

from aidc.components.compute import CpuNodePool, GpuNodePool, KwokNodeClass, NodeScaling
from aidc.components.pods import container_security, placement, plan_resources, pod_security
from aidc.components.storage import DatasetVolume, SharedFilesystem
from aidc.components.tenancy import Tenancy
from aidc.controlplane.objects import labels, name, spec, status
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import manifests_of
from aidc.problems import Problems


@pytest.fixture
def tenant(request):
    """A name of the test's own, for its namespace and its pool."""
    return f"pools-{zlib.crc32(request.node.nodeid.encode())}"


def pool_arguments(node_class, *types, nodes=2):
    return {
        "provisioner": "karpenter-kwok",
        "node_class": node_class.node_class,
        "instance_types": list(types),
        "scaling": {"maximum_nodes": nodes, "purpose": "serving", "consolidate_after": "5s"},
    }


def pod(pod_name, namespace, pool, **resources):
    plan = plan_resources(Problems(), resources)
    container = {
        "name": "main",
        "image": "example.com/nothing:1",
        "resources": plan.manifest(),
        "securityContext": container_security(),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod_name, "namespace": namespace},
        "spec": {
            "serviceAccountName": "workload",
            "securityContext": pod_security(),
            "containers": [container],
            **placement(pool, plan),
        },
    }


def is_scheduled(condition):
    return (condition["type"], condition["status"]) == ("PodScheduled", "True")


def nodes_of(client, pool):
    return client.list("v1", "Node", labels=f"aidc.dev/node-pool={pool}")


@pytest.mark.parametrize(
    ("sharing", "resource", "asked"),
    [
        ({"mig_profile": "1g.10gb"}, "nvidia.com/mig-1g.10gb", 4),
        ({"time_slicing_replicas": 4}, "nvidia.com/gpu.shared", 1),
        ({}, "nvidia.com/gpu", 2),
    ],
)
def test_pods_that_share_accelerators_get_one_node(deployed, tenant, client, sharing, resource, asked):
    def program():
        Tenancy(tenant, {})
        GpuNodePool(tenant, {**pool_arguments(KwokNodeClass(tenant, {}), "p5.48xlarge"), **sharing})

    pods = [pod(f"pod-{number}", tenant, tenant, gpus=asked, gpu_resource=resource) for number in range(3)]
    deployed.apply(*manifests_of(evaluate(program)), *pods)
    (node,) = nodes_of(client, tenant)
    assert labels(node)["aidc.dev/accelerator"] == "h100"
    assert {spec(each)["nodeName"] for each in client.list("v1", "Pod", tenant)} == {name(node)}


def test_a_pool_never_has_more_nodes_than_it_may(deployed, tenant, client, eventually):
    def program():
        Tenancy(tenant, {})
        # The smallest nodes are where the overhead of the simulation weighs most against the limits.
        CpuNodePool(tenant, pool_arguments(KwokNodeClass(tenant, {}), "m7i.large", nodes=3))

    pods = [pod(f"pod-{number}", tenant, tenant, cpu="1500m") for number in range(4)]
    deployed.apply(*manifests_of(evaluate(program)), *pods, ready=None)
    phases = lambda: [status(each)["phase"] for each in client.list("v1", "Pod", tenant)]  # noqa: E731
    assert eventually(lambda: phases().count("Running") == 3)
    assert phases().count("Pending") == 1
    assert len(nodes_of(client, tenant)) == 3


def test_a_real_pod_takes_the_place_of_a_placeholder(deployed, tenant, client, eventually):
    def program():
        namespace = Tenancy(tenant, {}).namespace
        pool = GpuNodePool(tenant, pool_arguments(KwokNodeClass(tenant, {}), "g6.xlarge"))
        NodeScaling(
            tenant,
            {"namespace": namespace, "node_pool": pool.pool_name, "headroom": 1, "instance_type": "g6.xlarge"},
        )

    objects = manifests_of(evaluate(program))
    deployed.apply(*objects)
    (warm,) = nodes_of(client, tenant)
    deployed.apply(*objects, pod("real", tenant, tenant, gpus=1, cpu="2"), ready=None)
    kind = client.kind("v1", "Pod")
    eventually(lambda: status(client.get(kind, "real", tenant)).get("phase") == "Running", 20)
    assert spec(client.get(kind, "real", tenant))["nodeName"] == name(warm), "the warm node, not a new one"
    # To the end: Karpenter's KWOK provider forgets a node whose claim goes while the node is being made.
    deployed.apply(*objects, pod("real", tenant, tenant, gpus=1, cpu="2"))
    (cold,) = (node for node in nodes_of(client, tenant) if name(node) != name(warm))
    scheduled = next(each for each in status(client.get(kind, "real", tenant))["conditions"] if is_scheduled(each))
    assert scheduled["lastTransitionTime"] <= cold["metadata"]["creationTimestamp"], "it waited for no node"
    (placeholder,) = (each for each in client.list("v1", "Pod", tenant) if name(each) != "real")
    assert (status(placeholder)["phase"], spec(placeholder)["nodeName"]) == ("Running", name(cold)), "warm again"


def test_claims_of_volumes_that_exist_are_bound_at_once(deployed, tenant, client, eventually):
    nfs = {"server": "10.0.0.5", "path": "/export"}

    def program():
        namespace = Tenancy(tenant, {}).namespace
        common = {"namespace": namespace, "size": "1Ti", "protect": False}
        SharedFilesystem("on-node", {**common, "backend": "host-path", "host_path": "/data"})
        SharedFilesystem("on-nfs", {**common, "backend": "nfs", "nfs": nfs})
        DatasetVolume("dataset", {**common, "nfs": nfs, "subpath": "imagenet"})

    deployed.apply(*manifests_of(evaluate(program)))
    claims = client.list("v1", "PersistentVolumeClaim", tenant)
    assert {name(claim): status(claim)["phase"] for claim in claims} == dict.fromkeys(
        ["on-node", "on-nfs", "dataset"], "Bound"
    )
