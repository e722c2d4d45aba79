"""What uses what: by selectors, routes and claims, within a namespace."""

from collections.abc import Callable
from typing import Any

import pytest

from aidc.cli.report.connection_drawing import draw_connections
from aidc.cli.report.connections import Connections, find_connections
from aidc.cli.report.places import topology
from aidc.planning.plan.summary import PlanSummary

HEAD = """
import pulumi, pulumi_kubernetes as k
def pods(app, claim=None):
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    return {"metadata": {"labels": {"app": app, "tier": "web"}}, "spec": {
        "restartPolicy": "Never", "containers": [{"name": "c", "image": "a"}], "volumes": volumes}}
def deployment(name, namespace, claim=None):
    k.apps.v1.Deployment(f"{namespace}-{name}", metadata={"name": name, "namespace": namespace}, spec={
        "selector": {"matchLabels": {"app": name}}, "template": pods(name, claim)})
def service(name, namespace, selector, **spec):
    k.core.v1.Service(f"{namespace}-{name}", metadata={"name": name, "namespace": namespace},
        spec={"selector": selector, "ports": [{"port": 80}], **spec})
"""


@pytest.fixture
def connected(planned: Callable[[str], PlanSummary]) -> Callable[[str], tuple[PlanSummary, Connections]]:
    def find(program: str) -> tuple[PlanSummary, Connections]:
        summary = planned(HEAD + program)
        return summary, find_connections(summary.graph, summary.workloads)

    return find


def entrances(found: tuple[PlanSummary, Connections]) -> dict[str, list[str]]:
    summary, connections = found
    return {
        f"{each.workload.namespace}/{each.workload.name}": connections.entrances_of(each.workload)
        for each in summary.workloads
    }


def test_an_ingress_and_a_route_lead_through_services(connected: Callable[..., Any]) -> None:
    found = connected("""
for name in ("one", "two", "three"):
    deployment(name, "n")
    service(name, "n", {"app": name})
k.networking.v1.Ingress("i", metadata={"name": "door", "namespace": "n"}, spec={
    "defaultBackend": {"service": {"name": "one", "port": {"number": 80}}},
    "rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "two", "port": {"number": 80}}}}]}}]})
k.apiextensions.CustomResource("r", api_version="gateway.networking.k8s.io/v1", kind="HTTPRoute",
    metadata={"name": "path", "namespace": "n"}, spec={"rules": [{"backendRefs": [{"name": "two", "port": 80}]}]})
""")
    assert entrances(found) == {"n/one": ["Ingress door"], "n/two": ["Route path", "Ingress door"], "n/three": []}


def test_a_selector_needs_all_its_labels_in_the_same_namespace(connected: Callable[..., Any]) -> None:
    found = connected("""
for namespace in ("a", "b"):
    deployment("web", namespace)
deployment("other", "a")
service("all", "a", {"tier": "web"}, type="LoadBalancer")
service("one", "a", {"tier": "web", "app": "web"}, type="LoadBalancer")
service("none", "a", {}, type="LoadBalancer")
service("inside", "b", {"app": "web"})
""")
    assert entrances(found) == {
        "a/web": ["Load balancer all", "Load balancer one"],
        "a/other": ["Load balancer all"],
        "b/web": [],
    }
    assert {each.name for each in found[1].entrances} == {"all", "one", "none"}


def test_claims_lead_to_what_stands_behind_their_volumes(connected: Callable[..., Any]) -> None:
    summary, connections = connected("""
import pulumi_aws as aws
bucket = aws.s3.Bucket("data")
unused = aws.s3.Bucket("unused")
k.core.v1.PersistentVolume("v", metadata={"name": "v"}, spec={"capacity": {"storage": "1Ti"},
    "csi": {"driver": "s3.csi.aws.com", "volumeHandle": "h", "volumeAttributes": {"bucketName": bucket.bucket}}})
k.core.v1.PersistentVolume("w", metadata={"name": "w"}, spec={"capacity": {"storage": "2Ti"},
    "nfs": {"server": "10.0.0.9", "path": "/"}})
for name in ("v", "w"):
    k.core.v1.PersistentVolumeClaim(f"claim-{name}", metadata={"name": name, "namespace": "n"}, spec={
        "volumeName": name, "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}})
deployment("bucket", "n", "v")
deployment("server", "n", "w")
deployment("elsewhere", "m", "v")
""")
    used = {each.workload.name: connections.storage_of(each.workload) for each in summary.workloads}
    assert used == {"bucket": ["data (S3 bucket)"], "server": ["w (NFS of 10.0.0.9)"], "elsewhere": []}
    assert {each.name: each.size for each in connections.storage} == {"data": "", "unused": "", "w": "2Ti"}


def test_jobs_of_a_set_are_those_of_the_longest_name(connected: Callable[..., Any]) -> None:
    summary, connections = connected("""
def jobs(name, claim):
    k.apiextensions.CustomResource(name, api_version="jobset.x-k8s.io/v1alpha2", kind="JobSet",
        metadata={"name": name, "namespace": "n"}, spec={"replicatedJobs": [
            {"name": "worker", "template": {"spec": {"template": pods("a", claim)}}}]})
    k.core.v1.PersistentVolumeClaim(claim, metadata={"name": claim, "namespace": "n"}, spec={
        "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}})
jobs("train", "short")
jobs("train-large", "long")
""")
    used = {each.workload.name: connections.storage_of(each.workload) for each in summary.workloads}
    assert used == {
        "train-worker": ["short (volume of class fast)"],
        "train-large-worker": ["long (volume of class fast)"],
    }


def test_a_picture_of_many_things_says_how_many_it_leaves_out(connected: Callable[..., Any]) -> None:
    summary, connections = connected("for i in range(60): deployment(f'service-{i:02}', 'n')\n")
    places = topology(summary, connections)
    assert places.cluster is not None
    drawing = draw_connections(summary.workloads, connections, places.cluster.pools)
    assert drawing is not None
    assert drawing.left_out == 60 - 24
    assert [each.title for each in drawing.boxes][:2] == ["service-00", "service-01"]
    (pool,) = places.cluster.pools
    assert pool.name == "any node"
    assert pool.workloads[-1].name == "and 48 more"
    assert max(each.y + drawing.box_height for each in drawing.boxes) <= drawing.height


def test_networks_hold_their_own_subnets_by_zone(planned: Callable[[str], PlanSummary]) -> None:
    summary = planned("""
import pulumi_aws as aws
for net in ("one", "two"):
    vpc = aws.ec2.Vpc(net, cidr_block="10.0.0.0/16")
    for zone in ("b", "a"):
        subnet = aws.ec2.Subnet(f"{net}-public-us-east-1{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{ord(zone)}.0/24",
            availability_zone=f"us-east-1{zone}")
aws.ec2.NatGateway("nat", subnet_id=subnet.id)
""")
    places = topology(summary, find_connections(summary.graph, summary.workloads))
    assert [network.name for network in places.networks] == ["one", "two"]
    assert places.cluster is None
    for network in places.networks:
        assert [zone.name for zone in network.zones] == ["us-east-1a", "us-east-1b"]
        assert [[item.name for item in zone.subnets] for zone in network.zones] == [["public"], ["public"]]
    details = [item.detail for network in places.networks for zone in network.zones for item in zone.subnets]
    assert details == ["10.0.97.0/24", "10.0.98.0/24", "10.0.97.0/24, NAT gateway", "10.0.98.0/24"]
