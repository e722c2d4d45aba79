"""The order of a restoration: everything after what it needs, the same every time."""

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.evaluation import evaluate
from aidc.infra.recovery import RecoverySite, RestoreMeans, RestoreStage, restore_order
from aidc.problems import InvalidInput

TYPES = [
    "aws:ec2/vpc:Vpc",
    "aws:eks/cluster:Cluster",
    "aws:s3/bucket:Bucket",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:helm.sh/v3:Release",
    "pulumi:providers:kubernetes",
    "stranger:index:Thing",
]


@dataclass(frozen=True)
class Node:
    urn: str
    type: str
    dependencies: tuple[str, ...] = ()
    provider: str = ""


def test_layers_come_back_from_the_ground_up() -> None:
    nodes = [
        Node("job", "kubernetes:batch/v1:Job", ("claim",), "provider"),
        Node("claim", "kubernetes:core/v1:PersistentVolumeClaim", ("volume",), "provider"),
        Node("volume", "kubernetes:core/v1:PersistentVolume", ("files",), "provider"),
        Node("files", "aws:efs/fileSystem:FileSystem", ("vpc", "key")),
        Node("pools", "kubernetes:karpenter.sh/v1:NodePool", ("karpenter",), "provider"),
        Node("karpenter", "kubernetes:helm.sh/v3:Release", (), "provider"),
        Node("provider", "pulumi:providers:kubernetes", ("cluster",)),
        Node("cluster", "aws:eks/cluster:Cluster", ("vpc", "key")),
        Node("vpc", "aws:ec2/vpc:Vpc"),
        Node("key", "aws:kms/key:Key"),
    ]
    steps = restore_order(nodes)
    assert [step.urn for step in steps] == [
        *("key", "vpc"),
        *("cluster", "provider", "karpenter", "pools"),
        *("files", "volume", "claim"),
        "job",
    ]
    means = {step.urn: step.means for step in steps}
    assert means["files"] is RestoreMeans.BACKUP_VAULT
    assert means["key"] is RestoreMeans.NONE
    assert means["job"] is RestoreMeans.DECLARED


def test_a_resource_waits_for_the_stage_of_what_it_needs() -> None:
    nodes = [Node("bucket", "aws:s3/bucket:Bucket"), Node("policy", "aws:iam/policy:Policy", ("bucket",))]
    stages = {step.urn: step.stage for step in restore_order(nodes)}
    assert stages == {"bucket": RestoreStage.STORAGE, "policy": RestoreStage.STORAGE}


def test_a_circle_is_named() -> None:
    with pytest.raises(InvalidInput, match="a circle: a, b"):
        restore_order([Node("a", TYPES[0], ("b",)), Node("b", TYPES[0], ("a",)), Node("c", TYPES[0])])


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    size = draw(st.integers(0, 12))
    nodes: list[Node] = []
    for index in range(size):
        earlier = [node.urn for node in nodes]
        needed = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        outside = draw(st.booleans())
        nodes.append(Node(f"n{index:02}", draw(st.sampled_from(TYPES)), (*needed, *(["elsewhere"] if outside else []))))
    return draw(st.permutations(nodes))


@given(graphs())
def test_everything_comes_after_what_it_needs(nodes: list[Node]) -> None:
    steps = restore_order(nodes)
    assert sorted(step.urn for step in steps) == sorted(node.urn for node in nodes)
    place = {step.urn: index for index, step in enumerate(steps)}
    for node in nodes:
        assert all(place[other] < place[node.urn] for other in node.dependencies if other in place)
    assert [step.stage for step in steps] == sorted(step.stage for step in steps)


@given(graphs(), st.randoms())
def test_the_order_is_the_same_every_time(nodes: list[Node], random: Random) -> None:
    shuffled = list(nodes)
    random.shuffle(shuffled)
    assert restore_order(shuffled) == restore_order(nodes)


def test_the_graph_of_a_program_can_be_ordered() -> None:
    graph = evaluate(lambda: RecoverySite("west", {"region": "us-west-2", "buckets": {"data": {}}}))
    steps = restore_order(each for each in graph if each.custom)
    order = [step.type for step in steps]
    assert order.index("aws:kms/key:Key") < order.index("aws:s3/bucket:Bucket")
    assert order.index("aws:s3/bucket:Bucket") < order.index("aws:s3/bucketPolicy:BucketPolicy")
