"""Every GPU workload of the AWS environments, scheduled on simulated nodes of the types that its pool names."""

import copy
import time
from pathlib import Path

import pytest

from aidc.components.compute import KwokNodeClass
from aidc.controlplane.applying import apply_all
from aidc.controlplane.objects import labels, name, spec, status
from aidc.evaluation import evaluate
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.manifests import manifests_of
from aidc.evaluation.project import load_project

ROOT = Path(__file__).parents[2]
# Keys by which Karpenter's KWOK provider chooses; what is reserved on AWS is on demand for it.
CHOOSES = {
    "karpenter.sh/capacity-type",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
}
RESERVED = {"reserved": "on-demand"}


def simulated(thing):
    """A pool for EC2 as a pool for simulated nodes; other objects as they are."""
    if thing["kind"] != "NodePool":
        return thing
    pool = copy.deepcopy(thing)
    template = pool["spec"]["template"]["spec"]
    template["nodeClassRef"] = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "simulated"}
    template["requirements"] = [
        {**each, "values": sorted({RESERVED.get(value, value) for value in each["values"]})}
        for each in template["requirements"]
        if each["key"] in CHOOSES
    ]
    return pool


def gpus(pod):
    return sum(
        float(value)
        for container in spec(pod)["containers"]
        for key, value in container.get("resources", {}).get("requests", {}).items()
        if key.startswith("nvidia.com/")
    )


def types_of(pool):
    requirements = pool["spec"]["template"]["spec"]["requirements"]
    return {value for each in requirements if each["key"].endswith("/instance-type") for value in each["values"]}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_gpu_workloads_get_nodes_of_their_pool(environment, own_client, published):
    client = own_client
    declared = manifests_of(joined(evaluate_layers(load_project(ROOT), environment)))
    pools = {thing["metadata"]["name"]: thing for thing in declared if thing["kind"] == "NodePool"}
    assert pools, "this environment has no pools of Karpenter's"
    objects = [simulated(thing) for thing in declared if thing["kind"] != "EC2NodeClass"]
    objects += manifests_of(evaluate(lambda: KwokNodeClass("simulated", {})))
    spaces = {thing["metadata"]["name"] for thing in objects if thing["kind"] == "Namespace"}
    objects, _ = published(client).accepted(objects)
    outcome = apply_all(client, objects, owner=environment, patience=30)
    assert not outcome.refused, "\n".join(map(str, outcome.refused))

    def pods():
        return [pod for space in sorted(spaces) for pod in client.list("v1", "Pod", space) if gpus(pod)]

    makers = [thing for thing in objects if makes_gpu_pods(thing)]
    assert makers
    deadline = time.monotonic() + 240
    while True:
        found = pods()
        waiting = [f"{name(pod)}: {message(pod)}" for pod in found if not spec(pod).get("nodeName")]
        if len(found) >= len(makers) and not waiting:
            break
        assert time.monotonic() < deadline, f"{len(found)} pods of {len(makers)} workloads; {waiting}"
        time.sleep(0.5)
    nodes = {name(node): node for node in client.list("v1", "Node")}
    for pod in found:
        node = nodes[spec(pod)["nodeName"]]
        pool = spec(pod)["nodeSelector"]["aidc.dev/node-pool"]
        assert labels(node)["karpenter.sh/nodepool"] == pool
        assert labels(node)["node.kubernetes.io/instance-type"] in types_of(pools[pool])


def makes_gpu_pods(thing):
    is_workload = thing["kind"] in ("Deployment", "JobSet", "TrainJob", "Job")
    return is_workload and "nvidia.com/" in str(thing["spec"])


def message(pod):
    conditions = status(pod).get("conditions", [])
    return "; ".join(str(each.get("message", "")) for each in conditions)
