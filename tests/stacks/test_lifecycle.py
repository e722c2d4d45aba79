"""From nothing up, again without a change, and down: what comes after what in the environments on AWS, on the graph."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from aidc.evaluation import Resource, ResourceGraph
from aidc.evaluation.aws_answers import aws_answer
from aidc.evaluation.graph import STACK_TYPE
from aidc.evaluation.layers import evaluate_layers, joined
from aidc.evaluation.project import load_project
from aidc.evaluation.replacements import replacements
from aidc.planning.plan.teardown import TeardownStep, teardown_order

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "staging", "prod")
PODS = ("PreprocessingJob", "TrainingJob", "InferenceService", "Microservice")
WORKLOADS = (*PODS, "LoadBalancer", "ApplicationLoadBalancer")
POOLS = ("GpuNodePool", "CpuNodePool")
ID = re.compile(r"arn:aws:[^\"*]+|(?:vpc|subnet|sg|rtb|igw|eipalloc|fs|fsap|lt)-[0-9a-f]{8,17}")


@pytest.fixture(params=ENVIRONMENTS)
def graph(request: pytest.FixtureRequest, evaluate_stack: Callable[..., ResourceGraph]) -> ResourceGraph:
    return evaluate_stack(ROOT, request.param)


@pytest.fixture
def needs(graph: ResourceGraph) -> Mapping[str, frozenset[str]]:
    """For each URN, all that must be there as long as it is there."""
    found: dict[str, frozenset[str]] = {}
    for resource in graph:
        own = {urn for urn in direct_needs(resource) if urn in graph.resources}
        found[resource.urn] = frozenset(own).union(*(found[urn] for urn in own))
    return found


def direct_needs(resource: Resource) -> Iterator[str]:
    """What Pulumi's engine keeps as long as it keeps a resource."""
    yield from resource.dependencies
    yield resource.provider
    yield resource.parent


def made(graph: ResourceGraph, *packages: str) -> list[Resource]:
    return [r for r in graph if r.package in packages and r.custom and not r.is_provider and not r.read]


def layer(graph: ResourceGraph, urn: str) -> int:
    stacks = graph.stacks or (graph.stack,)
    return stacks.index(urn.split(":")[2])


def missing(
    graph: ResourceGraph,
    needs: Mapping[str, frozenset[str]],
    those: list[Resource],
    wanted: list[Resource],
) -> list[str]:
    """Of what is wanted, what some of those neither need nor have in a stack beneath."""
    assert those
    assert wanted
    return [
        f"{one!r} does not need {other!r}"
        for one in those
        for other in wanted
        if other.urn not in needs[one.urn] and layer(graph, other.urn) >= layer(graph, one.urn)
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_second_update_changes_nothing(environment: str, evaluate_stack: Callable[..., ResourceGraph]) -> None:
    first = evaluate_stack(ROOT, environment)
    second = joined(evaluate_layers(load_project(ROOT), environment))
    assert second is not first
    assert second.to_json() == first.to_json()
    assert replacements(first, second) == ()


def test_nothing_is_named_before_it_is_there(graph: ResourceGraph, needs: Mapping[str, frozenset[str]]) -> None:
    ids: dict[str, Resource] = {}
    for resource in made(graph, "aws"):
        region = str(resource.inputs.get("region") or graph[resource.provider].inputs["region"])
        answer = aws_answer(resource.type, resource.name, resource.inputs, region) or {}
        ids |= {str(answer[key]): resource for key in ("id", "arn") if ID.fullmatch(str(answer.get(key)))}
    assert len(ids) > 50
    early, seen = list[str](), 0
    for resource in made(graph, "aws", "kubernetes"):
        for text in set(ID.findall(json.dumps(dict(resource.inputs)))):
            other = ids.get(text)
            if other is None or other.urn == resource.urn or layer(graph, other.urn) < layer(graph, resource.urn):
                continue
            seen += 1
            if other.urn not in needs[resource.urn]:
                early.append(f"{resource!r} names {text} of {other!r} and does not wait for it")
    assert seen > 100
    assert not early, "\n".join(early)


def test_everything_in_the_cluster_is_gone_before_its_nodes_and_its_network(
    graph: ResourceGraph, needs: Mapping[str, frozenset[str]]
) -> None:
    cluster = [r for r in made(graph, "aws") if r.type.startswith(("aws:eks/cluster", "aws:eks/nodeGroup"))]
    addons = [
        *graph.of_type("aws:eks/addon:Addon"),
        *graph.of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"),
    ]
    assert not missing(graph, needs, made(graph, "kubernetes"), [*cluster, *addons])
    network = [
        r for r in made(graph, "aws") if r.type.startswith(("aws:ec2/vpc:", "aws:ec2/subnet", "aws:ec2/natGateway"))
    ]
    nodes = [r for r in network if "-public-" not in r.name and "-intra-" not in r.name and "-pod-" not in r.name]
    assert not missing(graph, needs, list(graph.of_type("aws:eks/nodeGroup:NodeGroup")), nodes)


def test_nodes_are_gone_before_who_makes_and_drains_them(
    graph: ResourceGraph, needs: Mapping[str, frozenset[str]]
) -> None:
    controller = [r for r in graph.of_type("kubernetes:helm.sh/v3:Release") if r.name.startswith("karpenter")]
    assert {r.name for r in controller} == {"karpenter", "karpenter-crd"}
    access = [r for r in made(graph, "aws") if r.name.startswith("karpenter") and ":Event" in r.type]
    pools = [*graph.of_type("kubernetes:*:NodePool"), *graph.of_type("kubernetes:*:EC2NodeClass")]
    assert not missing(graph, needs, pools, [*controller, *access])
    for pool in graph.of_type("kubernetes:*:NodePool"):
        own = pool.inputs["spec"]["template"]["spec"]["nodeClassRef"]["name"]
        classes = [r for r in graph.of_type("kubernetes:*:EC2NodeClass") if r.inputs["metadata"]["name"] == own]
        assert not missing(graph, needs, [pool], classes)


def test_load_balancers_are_gone_before_their_controller(
    graph: ResourceGraph, needs: Mapping[str, frozenset[str]]
) -> None:
    balanced = [
        r
        for r in made(graph, "kubernetes")
        if r.type.endswith((":Ingress", ":Gateway", ":TargetGroupBinding"))
        or (r.type.endswith(":Service") and r.inputs["spec"].get("type") == "LoadBalancer")
    ]
    controllers = [r for r in graph.of_type("kubernetes:helm.sh/v3:Release") if "load-balancer-controller" in r.name]
    assert not missing(graph, needs, balanced, controllers)


def test_a_claim_is_gone_before_its_volume_and_that_before_its_files_and_its_driver(
    graph: ResourceGraph, needs: Mapping[str, frozenset[str]]
) -> None:
    volumes = {r.inputs["metadata"]["name"]: r for r in graph.of_type("kubernetes:core/v1:PersistentVolume")}
    drivers = {"efs.csi.aws.com": "efs-csi", "fsx.csi.aws.com": "fsx-csi", "s3.csi.aws.com": "mountpoint-s3-csi"}
    bound = 0
    for claim in graph.of_type("kubernetes:core/v1:PersistentVolumeClaim"):
        volume = volumes[claim.inputs["spec"]["volumeName"]]
        csi = volume.inputs["spec"]["csi"]
        files = [r for r in made(graph, "aws") if r.type.endswith((":FileSystem", ":LustreFileSystem", ":Bucket"))]
        named = json.dumps(csi)
        files = [r for r in files if str((aws_answer(r.type, r.name, r.inputs) or {})["id"]) in named]
        releases = [r for r in graph.of_type("kubernetes:helm.sh/v3:Release") if drivers[csi["driver"]] in r.name]
        assert not missing(graph, needs, [claim], [volume])
        assert not missing(graph, needs, [volume, claim], [*files, *releases])
        bound += 1
    assert bound


def test_pods_are_gone_before_what_isolates_and_identifies_them(
    graph: ResourceGraph, needs: Mapping[str, frozenset[str]]
) -> None:
    for kind in PODS:
        for workload in (r for r in graph if r.type == f"aidc:index:{kind}"):
            namespaces = {
                r.inputs["metadata"]["namespace"]
                for r in graph.descendants(workload.urn)
                if r.package == "kubernetes" and "namespace" in r.inputs["metadata"]
            }
            tenants = [r for r in graph if r.type == "aidc:index:Tenancy" and r.name in namespaces]
            inside = [r for tenant in tenants for r in graph.descendants(tenant.urn)]
            assert not missing(graph, needs, [workload], inside)


def test_the_teardown_goes_from_workloads_down_to_keys(graph: ResourceGraph) -> None:
    order = teardown_order(graph)
    assert last(order, *WORKLOADS) < first(order, "Tenancy")
    assert last(order, "Tenancy") < first(order, "ClusterAddons")
    assert last(order, *POOLS) < first(order, "KarpenterController")
    assert last(order, "KarpenterController", "ClusterAddons") < first(order, "EksCluster")
    assert last(order, "EksCluster") < first(order, "Network")
    keys = [step.names for step in order if step.kind == "EncryptionKey"]
    # The logs of the network are the last that anything writes.
    assert "logs" in keys[-1]
    assert last(order, "Network") < max(at for at, step in enumerate(order) if step.kind == "EncryptionKey")


def test_pools_outlive_the_workloads_that_name_them(graph: ResourceGraph, needs: Mapping[str, frozenset[str]]) -> None:
    pools = {r.name: r for r in graph if r.type in ("aidc:index:GpuNodePool", "aidc:index:CpuNodePool")}
    bound = 0
    for workload in (r for r in graph if r.type in {f"aidc:index:{kind}" for kind in PODS[:3]}):
        pool = pools[str(workload.inputs["node_pool"])]
        inside = [r for r in graph.descendants(pool.urn) if r.type.endswith(":NodePool")]
        assert not missing(graph, needs, [workload], inside)
        bound += 1
    assert bound >= 2


def test_a_deletion_ends(graph: ResourceGraph, needs: Mapping[str, frozenset[str]]) -> None:
    """Delete as the engine does, all at once that nothing needs any more, until nothing is left."""
    left = {r.urn for r in graph if r.type != STACK_TYPE}
    waves = list[set[str]]()
    while left:
        needed = {urn for each in left for urn in direct_needs(graph[each])}
        gone = left - needed
        assert gone, f"nothing can be deleted first among {sorted(left)[:5]}"
        assert not any(other in needs[one] for other in gone for one in left - gone)
        waves.append(gone)
        left -= gone
    assert len(waves) > 8


def first(order: tuple[TeardownStep, ...], *kinds: str) -> int:
    return min(at for at, step in enumerate(order) if step.kind in kinds)


def last(order: tuple[TeardownStep, ...], *kinds: str) -> int:
    return max(at for at, step in enumerate(order) if step.kind in kinds)
