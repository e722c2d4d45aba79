"""What Karpenter may do in AWS: every statement is bounded, or says why not."""

import json
from typing import Any

from aidc.infra.identity import PolicyStatement, Statement, arn_format
from aidc.infra.karpenter import INTERRUPTION_EVENTS, karpenter_statements, queue_statements

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/prod-node"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:prod-karpenter"
READ_ONLY = ("Describe", "Get", "List", "Read")
MAXIMUM_POLICY = 10_240
"""Characters of the inline policies of a role, white space not counted: IAM User Guide, quotas."""


def statements(cluster: str = "prod", region: str = "eu-west-1", **more: Any) -> dict[str, PolicyStatement]:
    found = karpenter_statements(
        cluster_name=cluster,
        arn=arn_format(region, ACCOUNT),
        region=region,
        node_role_arn=ROLE,
        queue_arn=more.get("queue_arn", QUEUE),
        queue_key=more.get("queue_key"),
        zonal_shift=more.get("zonal_shift", True),
    )
    assert len({each["sid"] for each in found}) == len(found)
    return {each["sid"]: each for each in found}


def is_reading(statement: PolicyStatement) -> bool:
    return all(action.partition(":")[2].startswith(READ_ONLY) for action in statement["actions"])


def test_every_statement_is_one_of_iam() -> None:
    for each in statements(queue_key="arn:aws:kms:eu-west-1:1:key/1").values():
        Statement(**each)


def test_whatever_changes_something_is_bounded_by_tags_or_by_a_resource() -> None:
    unbounded = {
        sid
        for sid, each in statements().items()
        if not is_reading(each) and not each.get("conditions") and any("*" in str(arn) for arn in each["resources"])
    }
    # A launch refers to images, subnets and groups that somebody else made; what it makes is bounded by its tags.
    assert unbounded == {"LaunchFromWhatIsThere"}


def test_only_reading_has_all_resources_and_says_why() -> None:
    broad = {sid: each for sid, each in statements().items() if each["resources"] == ["*"]}
    assert set(broad) == {"DescribeRegion", "ListInstanceProfiles", "ReadPrices", "ReadZonalShifts"}
    assert all(is_reading(each) and each.get("why") for each in broad.values())


def test_no_action_has_a_wildcard() -> None:
    assert not [action for each in statements().values() for action in each["actions"] if "*" in action]


def test_only_the_nodes_role_is_passed_and_only_to_instances() -> None:
    passing = [each for each in statements().values() if "iam:PassRole" in each["actions"]]
    assert [(each["resources"], each.get("conditions")) for each in passing] == [
        ([ROLE], {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}})
    ]


def test_what_it_makes_carries_the_clusters_tags_and_what_it_deletes_too() -> None:
    found = statements("research")
    for sid in ("LaunchWithTags", "TagAtLaunch"):
        conditions = found[sid].get("conditions", {})
        assert conditions["StringEquals"]["aws:RequestTag/kubernetes.io/cluster/research"] == "owned"
        assert conditions["StringEquals"]["aws:RequestTag/eks:eks-cluster-name"] == "research"
    for sid in ("DeleteOwn", "LaunchFromOwnTemplates", "TagOwnInstances"):
        conditions = found[sid].get("conditions", {})
        assert conditions["StringEquals"]["aws:ResourceTag/kubernetes.io/cluster/research"] == "owned"
        assert conditions["StringLike"] == {"aws:ResourceTag/karpenter.sh/nodepool": "*"}


def test_every_arn_is_of_the_region_or_of_none() -> None:
    arns = [str(arn) for each in statements().values() for arn in each["resources"] if arn != "*"]
    assert {arn.split(":")[3] for arn in arns} <= {"eu-west-1", ""}
    assert {arn.split(":")[1] for arn in arns} == {"aws"}
    china = [str(arn) for each in statements(region="cn-north-1").values() for arn in each["resources"]]
    assert all(arn.startswith("arn:aws-cn:") for arn in china if arn not in ("*", ROLE, QUEUE))


def test_the_queue_and_its_key_are_named_where_they_are_there() -> None:
    assert statements()["ReadInterruptions"]["resources"] == [QUEUE]
    assert "DecryptInterruptions" not in statements()
    assert statements(queue_key="arn:key")["DecryptInterruptions"]["resources"] == ["arn:key"]
    assert not {"ReadInterruptions", "DecryptInterruptions"} & set(statements(queue_arn=None, queue_key="arn:key"))
    assert "ReadZonalShifts" not in statements(zonal_shift=False)


def test_all_of_it_fits_into_one_role() -> None:
    cluster = "x" * 53
    found = statements(cluster, "ap-southeast-3", queue_key=f"arn:aws:kms:ap-southeast-3:{ACCOUNT}:key/{'0' * 36}")
    document = [Statement(**each).document() for each in found.values()]
    assert len(json.dumps(document, separators=(",", ":"))) < MAXIMUM_POLICY


def test_only_the_rules_may_fill_the_queue_and_nobody_without_encryption() -> None:
    send, deny = (each.document() for each in queue_statements(QUEUE, ["arn:b", "arn:a"], ACCOUNT))
    assert send == {
        "Sid": "SendEvents",
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com"]},
        "Action": ["sqs:SendMessage"],
        "Resource": [QUEUE],
        "Condition": {
            "ArnEquals": {"aws:SourceArn": ["arn:a", "arn:b"]},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        },
    }
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["sqs:*"])
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_events_are_those_that_karpenter_reads() -> None:
    assert {(event.source, event.detail_type) for event in INTERRUPTION_EVENTS.values()} == {
        ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
        ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
        ("aws.ec2", "EC2 Instance State-change Notification"),
        ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
        ("aws.health", "AWS Health Event"),
    }
