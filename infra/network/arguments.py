"""Inputs of a network."""

from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi


class NatGateways(StrEnum):
    """How many NAT gateways lead private subnets to the internet."""

    NONE = "none"
    ONE = "one"
    PER_ZONE = "per-zone"


class FlowLogTraffic(StrEnum):
    """Which connections the flow logs hold."""

    ALL = "all"
    ACCEPT = "accept"
    REJECT = "reject"
    NONE = "none"


class NetworkArgs(TypedDict):
    """Inputs of `Network`."""

    cidr: str
    """Range of the VPC, /16 to /21, such as `10.0.0.0/16`. It cannot change later."""

    zones: list[str]
    """Availability zones of one region, 2 to 6, such as `us-east-1a`."""

    pod_cidr: NotRequired[str]
    """Range for pods, /13 to /25, or `none`, where pods take addresses of the private subnets. Default:
    `100.64.0.0/14`."""

    nat: NotRequired[NatGateways]
    """`per-zone`, `one` for all zones, or `none`. Each costs money by the hour. Default: `per-zone`, and `none` where
    the network is fully private."""

    nat_zone: NotRequired[str]
    """Zone of the one NAT gateway. Only for `one`. Default: the first zone by name; name it before you add a zone with
    an earlier letter, which would move the gateway."""

    fully_private: NotRequired[bool]
    """Whether there is no internet gateway, no NAT gateway and no public subnet. Default: false."""

    dual_stack: NotRequired[bool]
    """Whether subnets have IPv6 too: a /56 of Amazon's, a /64 a subnet, and a gateway that lets connections out only.
    Default: false."""

    cluster_name: NotRequired[str]
    """Cluster whose Karpenter finds the private subnets by the tag `karpenter.sh/discovery`. Default: no tag."""

    gateway_endpoints: NotRequired[list[str]]
    """Services with a gateway endpoint, which costs nothing: `dynamodb`, `s3`, `s3express`. Default: `dynamodb` and
    `s3`."""

    interface_endpoints: NotRequired[list[str]]
    """Services with an interface endpoint in every zone, such as `ecr.api`; each costs money by the hour and zone.
    Default: what an EKS cluster needs where there is no NAT gateway, else none."""

    flow_logs: NotRequired[FlowLogTraffic]
    """Connections that are logged: `all`, `accept`, `reject` or `none`. Default: `all`."""

    flow_log_retention: NotRequired[int]
    """Days that flow logs are kept, a number that CloudWatch knows. Default: 365."""

    encryption_key: NotRequired[pulumi.Input[str]]
    """ARN of the KMS key that encrypts the flow logs; its policy must let CloudWatch Logs use it for the log group
    `/aws/vpc-flow-logs/<name>`. Default: CloudWatch's own key."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """ARN of the policy that bounds the role of the flow logs. Default: none."""
