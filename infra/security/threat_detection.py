"""GuardDuty, and who hears of what it finds."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, planned, recorded
from ..identity import Statement, current_account, policy_document
from ..labels import check_name

if TYPE_CHECKING:
    from pulumi_aws.sns import Topic

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class DetectionFeature(StrEnum):
    """What GuardDuty looks at beyond the account's own logs."""

    EBS_MALWARE_PROTECTION = "ebs-malware-protection"
    EKS_AUDIT_LOGS = "eks-audit-logs"
    RUNTIME_MONITORING = "runtime-monitoring"
    S3_DATA_EVENTS = "s3-data-events"


_API_NAMES: Final[Mapping[DetectionFeature, str]] = {
    DetectionFeature.EBS_MALWARE_PROTECTION: "EBS_MALWARE_PROTECTION",
    DetectionFeature.EKS_AUDIT_LOGS: "EKS_AUDIT_LOGS",
    DetectionFeature.RUNTIME_MONITORING: "RUNTIME_MONITORING",
    DetectionFeature.S3_DATA_EVENTS: "S3_DATA_EVENTS",
}
"""GuardDuty API Reference, DetectorFeatureConfiguration."""


class ThreatDetectionArgs(TypedDict):
    """Inputs of `ThreatDetection`."""

    encryption_key: pulumi.Input[str]
    """ARN of a key for `messages`, which encrypts the topic of findings."""

    features: NotRequired[list[DetectionFeature]]
    """What is looked at: `eks-audit-logs`, `runtime-monitoring`, `s3-data-events`, `ebs-malware-protection`. Each
    costs by volume. Default: all four."""

    manages_agent: NotRequired[bool]
    """Whether GuardDuty installs its agent on every EKS cluster of the account, as an add-on. Only with
    `runtime-monitoring`. Default: true."""

    existing_detector: NotRequired[pulumi.Input[str]]
    """Id of a detector that is there already, for instance because the organization made it; an account has one a
    region. Default: one is made."""

    minimum_severity: NotRequired[float]
    """Least severity of the findings that are sent, 1 to 10: from 4 medium, from 7 high, from 9 critical. Default:
    4."""

    email_addresses: NotRequired[list[str]]
    """Who gets findings by mail; each confirms once by a link. Default: nobody."""

    region: NotRequired[str]
    """Region that is watched. Default: the provider's."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the detector; its findings go with it. Default: true. To delete it, deploy
    with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreatDetectionPlan:
    """Threat detection with every default applied."""

    name: str
    encryption_key: pulumi.Input[str]
    features: tuple[DetectionFeature, ...]
    manages_agent: bool
    existing_detector: pulumi.Input[str] | None
    minimum_severity: float
    email_addresses: tuple[str, ...]
    region: str | None
    protect: bool


def plan_threat_detection(args: ThreatDetectionArgs, name: str) -> ThreatDetectionPlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, ThreatDetectionArgs):
        problems.raise_if_any("ThreatDetection")
    check_name(problems, "name", name)
    known = [each.value for each in DetectionFeature]
    features = [str(each) for each in args.get("features", known)]
    for index, each in enumerate(features):
        problems.choice(f"features[{index}]", each, known)
    if "manages_agent" in args and DetectionFeature.RUNTIME_MONITORING.value not in features:
        problems.add("managesAgent", "belongs to runtime-monitoring; leave it out")
    severity = float(args.get("minimum_severity", 4))
    problems.between("minimumSeverity", severity, 1, 10)
    for index, address in enumerate(args.get("email_addresses", [])):
        if not _ADDRESS.fullmatch(address):
            problems.add(f"emailAddresses[{index}]", f"'{address}' is no address; write it like team@example.com")
    if "existing_detector" in args and "protect" in args:
        problems.add("protect", "an existing detector is not made here, so it is not deleted; leave it out")
    problems.raise_if_any("ThreatDetection")
    return ThreatDetectionPlan(
        name=name,
        encryption_key=args["encryption_key"],
        features=tuple(sorted({DetectionFeature(each) for each in features})),
        manages_agent=args.get("manages_agent", True),
        existing_detector=args.get("existing_detector"),
        minimum_severity=severity,
        email_addresses=tuple(sorted(set(args.get("email_addresses", [])))),
        region=args.get("region"),
        protect=args.get("protect", True),
    )


class ThreatDetection(pulumi.ComponentResource):
    """GuardDuty for the account, its EKS clusters, buckets and volumes; what it finds goes to an encrypted topic.

    Example: `ThreatDetection("threats", {"encryption_key": messages.key_arn, "email_addresses": ["team@example.com"]})`
    """

    detector_id: pulumi.Output[str]
    """Id of the detector."""

    topic_arn: pulumi.Output[str]
    """ARN of the topic that findings go to."""

    def __init__(self, name: str, args: ThreatDetectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("ThreatDetection", name, partial(plan_threat_detection, name=name), args)
        super().__init__("aidc:index:ThreatDetection", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        self.detector_id = _create_detector(plan, child)
        self.topic_arn = _create_notifications(plan, current_account(self), child).arn
        self.register_outputs({"detector_id": self.detector_id, "topic_arn": self.topic_arn})


def _create_detector(plan: ThreatDetectionPlan, child: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Make the detector, unless it is there, and turn its features on; return its id."""
    from pulumi_aws import guardduty

    if plan.existing_detector is not None:
        detector_id = pulumi.Output.from_input(plan.existing_detector)
    else:
        keep = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=plan.protect or None))
        detector_id = guardduty.Detector(
            plan.name,
            enable=True,
            finding_publishing_frequency="FIFTEEN_MINUTES",
            region=plan.region,
            opts=keep,
        ).id
    for feature in plan.features:
        guardduty.DetectorFeature(
            f"{plan.name}-{feature.value}",
            detector_id=detector_id,
            name=_API_NAMES[feature],
            status="ENABLED",
            additional_configurations=_agents(plan) if feature is DetectionFeature.RUNTIME_MONITORING else None,
            region=plan.region,
            opts=child,
        )
    return detector_id


def _agents(plan: ThreatDetectionPlan) -> list[Any]:
    """Return who installs the agent of runtime monitoring, by kind of machine; AWS answers with all three kinds."""
    return [
        {"name": "EKS_ADDON_MANAGEMENT", "status": "ENABLED" if plan.manages_agent else "DISABLED"},
        {"name": "ECS_FARGATE_AGENT_MANAGEMENT", "status": "DISABLED"},
        {"name": "EC2_AGENT_MANAGEMENT", "status": "DISABLED"},
    ]


def _create_notifications(
    plan: ThreatDetectionPlan, account: pulumi.Output[str], child: pulumi.ResourceOptions
) -> "Topic":
    """Make the topic of findings, the rule that sends them there, and those who hear of them."""
    from pulumi_aws import cloudwatch, sns

    topic = sns.Topic(f"{plan.name}-findings", kms_master_key_id=plan.encryption_key, region=plan.region, opts=child)
    rule = cloudwatch.EventRule(
        f"{plan.name}-findings",
        description=f"Findings of GuardDuty from severity {plan.minimum_severity:g}",
        event_pattern=json.dumps(finding_pattern(plan.minimum_severity), sort_keys=True),
        region=plan.region,
        opts=child,
    )
    policy = sns.TopicPolicy(
        f"{plan.name}-findings",
        arn=topic.arn,
        policy=policy_document(topic_statements(topic.arn, account=account, rule_arn=rule.arn)),
        region=plan.region,
        opts=child,
    )
    cloudwatch.EventTarget(
        f"{plan.name}-findings",
        rule=rule.name,
        target_id="topic",
        arn=topic.arn,
        region=plan.region,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[policy])),
    )
    for address in plan.email_addresses:
        sns.TopicSubscription(
            f"{plan.name}-{address}",
            topic=topic.arn,
            protocol="email",
            endpoint=address,
            region=plan.region,
            opts=child,
        )
    return topic


def finding_pattern(minimum_severity: float) -> dict[str, Any]:
    """Return the events that are findings of at least this severity."""
    least = int(minimum_severity) if minimum_severity == int(minimum_severity) else minimum_severity
    return {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Finding"],
        "detail": {"severity": [{"numeric": [">=", least]}]},
    }


def topic_statements(
    topic_arn: pulumi.Input[str], *, account: pulumi.Input[str], rule_arn: pulumi.Input[str]
) -> tuple[Statement, ...]:
    """Return who may do what with the topic: the account manages it, the rule publishes, nobody without TLS."""
    return (
        Statement(
            sid="PublishFindings",
            actions=["sns:Publish"],
            resources=[topic_arn],
            principals={"Service": ["events.amazonaws.com"]},
            conditions={"ArnEquals": {"aws:SourceArn": rule_arn}},
        ),
        Statement(
            sid="ManageByAccount",
            actions=[
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
            ],
            resources=[topic_arn],
            principals={"AWS": [account]},
        ),
        Statement(
            sid="DenyPlainConnections",
            effect="Deny",
            actions=["sns:Publish"],
            resources=[topic_arn],
            principals={"*": []},
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )
