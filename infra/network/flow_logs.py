"""Flow logs: who talked to whom in a VPC."""

from typing import Final

import pulumi

from ..identity import Statement, create_role, current_account, partition, service_trust
from .arguments import FlowLogTraffic
from .plan import NetworkPlan
from .vpc import VpcResources

_SERVICE: Final = "vpc-flow-logs.amazonaws.com"


def log_group_name(name: str) -> str:
    """Return the name of the log group of a network's flow logs."""
    return f"/aws/vpc-flow-logs/{name}"


def flow_log_trust(region: str, account: pulumi.Input[str]) -> Statement:
    """Return who may write flow logs: the service, for flow logs of this account and region.

    Amazon VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs": the conditions keep the service from
    being made to write for others.
    """
    logs = pulumi.Output.concat("arn:", partition(region), ":ec2:", region, ":", account, ":vpc-flow-log/*")
    return service_trust(
        _SERVICE,
        conditions={"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": logs}},
    )


def flow_log_statements(log_group: pulumi.Input[str]) -> list[Statement]:
    """Return what the flow logs' role may do with the log group of this ARN.

    It may not make a log group: deliveries that come late would make it anew after a destroy.
    """
    streams = pulumi.Output.concat(log_group, ":*")
    return [
        Statement(
            sid="WriteFlowLogs",
            actions=[
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            resources=[log_group, streams],
        )
    ]


def create_flow_logs(
    plan: NetworkPlan, made: VpcResources, parent: pulumi.Resource, opts: pulumi.ResourceOptions
) -> None:
    """Make the flow logs of a VPC with their log group and role, unless the plan has none."""
    if plan.traffic is FlowLogTraffic.NONE:
        return
    from pulumi_aws import cloudwatch, ec2

    name = f"{plan.name}-flow-logs"
    group = cloudwatch.LogGroup(
        name,
        name=log_group_name(plan.name),
        kms_key_id=plan.encryption_key,
        retention_in_days=plan.retention,
        opts=opts,
    )
    role = create_role(
        name,
        role_name=None,
        trust=[flow_log_trust(plan.region, current_account(parent))],
        statements={"write": flow_log_statements(group.arn)},
        permissions_boundary=plan.permissions_boundary,
        description=f"Flow logs of the VPC {plan.name}",
        opts=opts,
    )
    ec2.FlowLog(
        name,
        vpc_id=made.vpc.id,
        traffic_type=plan.traffic.upper(),
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags={"Name": name},
        opts=opts,
    )
