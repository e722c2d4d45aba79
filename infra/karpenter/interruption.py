"""The queue by which Karpenter hears that AWS will take an instance away, and the events that fill it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from ..identity import Statement, policy_document


@dataclass(frozen=True, kw_only=True, slots=True)
class InterruptionEvent:
    """An event of EventBridge that Karpenter reads."""

    source: str
    detail_type: str
    description: str


INTERRUPTION_EVENTS: Final[Mapping[str, InterruptionEvent]] = {
    "capacity-reservation": InterruptionEvent(
        source="aws.ec2",
        detail_type="EC2 Capacity Reservation Instance Interruption Warning",
        description="Instances of an interruptible capacity reservation will be taken back",
    ),
    "rebalance": InterruptionEvent(
        source="aws.ec2",
        detail_type="EC2 Instance Rebalance Recommendation",
        description="A spot instance has a higher risk of interruption",
    ),
    "scheduled-change": InterruptionEvent(
        source="aws.health", detail_type="AWS Health Event", description="Maintenance of an instance is scheduled"
    ),
    "spot-interruption": InterruptionEvent(
        source="aws.ec2",
        detail_type="EC2 Spot Instance Interruption Warning",
        description="A spot instance will be taken back in two minutes",
    ),
    "state-change": InterruptionEvent(
        source="aws.ec2",
        detail_type="EC2 Instance State-change Notification",
        description="An instance is stopping or terminated",
    ),
}
"""What Karpenter understands. The end of a capacity block is not among it: Karpenter knows that beforehand.

Source: karpenter-provider-aws v1.14.1, pkg/controllers/interruption/messages.
"""

_RETENTION_SECONDS: Final = 300
"""After that an interruption is over: Karpenter, Getting started, cloudformation.yaml."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InterruptionQueue:
    """The queue, and all that must be there before events can come."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    parts: list[pulumi.Resource]


def create_interruption_queue(
    name: str,
    *,
    queue_name: str,
    account: pulumi.Input[str],
    encryption_key: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> InterruptionQueue:
    """Make the queue, encrypted and by TLS alone, and a rule for each event."""
    from pulumi_aws import cloudwatch, sqs

    encryption: dict[str, Any] = {"sqs_managed_sse_enabled": True}
    if encryption_key is not None:
        encryption = {"kms_master_key_id": encryption_key}
    queue = sqs.Queue(
        f"{name}-interruption", name=queue_name, message_retention_seconds=_RETENTION_SECONDS, **encryption, opts=opts
    )
    rules = {
        key: cloudwatch.EventRule(
            f"{name}-{key}",
            description=event.description,
            event_pattern=json.dumps({"detail-type": [event.detail_type], "source": [event.source]}, sort_keys=True),
            opts=opts,
        )
        for key, event in INTERRUPTION_EVENTS.items()
    }
    statements = queue_statements(queue.arn, [rule.arn for rule in rules.values()], account)
    policy = sqs.QueuePolicy(f"{name}-interruption", queue_url=queue.url, policy=policy_document(statements), opts=opts)
    targets = [
        cloudwatch.EventTarget(f"{name}-{key}", rule=rule.name, arn=queue.arn, opts=opts) for key, rule in rules.items()
    ]
    return InterruptionQueue(name=queue.name, arn=queue.arn, parts=[queue, policy, *targets])


def queue_statements(
    queue_arn: pulumi.Input[str],
    rule_arns: list[pulumi.Input[str]] | list[pulumi.Output[str]],
    account: pulumi.Input[str],
) -> list[Statement]:
    """Return who may use the queue: EventBridge for these rules of this account, and nobody without TLS."""
    return [
        Statement(
            sid="SendEvents",
            actions=["sqs:SendMessage"],
            resources=[queue_arn],
            principals={"Service": ["events.amazonaws.com"]},
            conditions={"ArnEquals": {"aws:SourceArn": rule_arns}, "StringEquals": {"aws:SourceAccount": account}},
        ),
        Statement(
            sid="DenyPlainTransport",
            effect="Deny",
            actions=["sqs:*"],
            resources=[queue_arn],
            principals={"*": []},
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    ]
