"""Inputs of an Application Load Balancer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NotRequired, TypedDict

import pulumi

from .exposure import LoadBalancerScheme
from .ingress_rules import IngressRule
from .target_groups import AccessLogs, TargetHealthCheck, TargetType


class BackendProtocol(StrEnum):
    """What a load balancer speaks with the pods."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"


class BackendProtocolVersion(StrEnum):
    """Version of HTTP that a load balancer speaks with the pods."""

    HTTP1 = "HTTP1"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"


class BalancingAlgorithm(StrEnum):
    """Which pod gets the next request."""

    ROUND_ROBIN = "round_robin"
    """The next in turn."""

    LEAST_OUTSTANDING_REQUESTS = "least_outstanding_requests"
    """The one with the fewest requests at work."""

    WEIGHTED_RANDOM = "weighted_random"
    """Any, by chance."""


class ApplicationLoadBalancerArgs(TypedDict):
    """Inputs of `ApplicationLoadBalancer`."""

    namespace: pulumi.Input[str]
    """Namespace of the Services and of the Ingress."""

    rules: dict[str, IngressRule]
    """Which requests go to which Service, by name."""

    scheme: NotRequired[LoadBalancerScheme]
    """Whether the address is `internal` or `internet-facing`; the latter needs `source_ranges` and `certificate_arns`.
    Default: `internal`."""

    source_ranges: NotRequired[list[str]]
    """Networks that may connect. Everybody is `0.0.0.0/0`, which must be written out. Default: the private networks
    10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16."""

    certificate_arns: NotRequired[list[pulumi.Input[str]]]
    """ARNs of certificates of ACM, that of most clients first. Default: none, which means plain HTTP on port 80, for
    internal ones only."""

    tls_policy: NotRequired[str]
    """Security policy of TLS: versions and ciphers. Default: `ELBSecurityPolicy-TLS13-1-2-2021-06`, TLS 1.2 and 1.3."""

    redirect_http: NotRequired[bool]
    """Whether port 80 answers too, and sends clients to HTTPS; only with `certificate_arns`. Default: true."""

    web_acl_arn: NotRequired[pulumi.Input[str]]
    """ARN of a regional web ACL of AWS WAF, such as the output of a WebFirewall. Default: none."""

    group_name: NotRequired[str]
    """Name of the group whose Ingresses share one balancer. Whoever may make Ingresses may join it. Default: a balancer
    of its own."""

    group_order: NotRequired[int]
    """Place of these rules in the group, 1 to 1,000, the smallest first; only with `group_name`. Default: by name,
    before those with a number."""

    target_type: NotRequired[TargetType]
    """Whether requests go to pods (`ip`) or through nodes (`instance`, which needs Services of type NodePort). Default:
    `ip`."""

    backend_protocol: NotRequired[BackendProtocol]
    """What the pods speak: `HTTP` or `HTTPS`, whose certificate is not checked. Default: `HTTP`."""

    protocol_version: NotRequired[BackendProtocolVersion]
    """`HTTP1`, `HTTP2` or `GRPC`. Default: `HTTP1`."""

    health_check: NotRequired[TargetHealthCheck]
    """Which pods get requests. Default: those that answer `/` with status 200."""

    deregistration_delay_seconds: NotRequired[int]
    """Seconds that requests at a pod which goes away may last, 0 to 3,600. Default: 300."""

    slow_start_seconds: NotRequired[int]
    """Seconds over which a new pod gets more and more requests, 30 to 900; not with `least_outstanding_requests`.
    Default: its whole share at once."""

    algorithm: NotRequired[BalancingAlgorithm]
    """Which pod gets the next request: `round_robin`, `least_outstanding_requests` or `weighted_random`. Default:
    `least_outstanding_requests`, as answers of models last for very different times; `round_robin` with a slow start.
    """

    stickiness_seconds: NotRequired[int]
    """Seconds that a client with cookies stays with one pod, 1 to 604,800. Default: any pod gets any request."""

    idle_timeout_seconds: NotRequired[int]
    """Seconds that a connection may be silent, 1 to 4,000: at least the time to a model's first word, or to the whole
    answer where it is not streamed. Default: 300."""

    security_groups: NotRequired[list[pulumi.Input[str]]]
    """Security groups of the balancer, in the place of `source_ranges`. Default: one that the controller makes from
    `source_ranges`."""

    subnets: NotRequired[list[pulumi.Input[str]]]
    """Subnets of at least two zones. Default: those that their tags offer to load balancers."""

    access_logs: NotRequired[AccessLogs]
    """Where requests are logged. Default: nowhere."""

    deletion_protection: NotRequired[bool]
    """Whether AWS refuses to delete the balancer, as then does `pulumi destroy`. Default: false."""

    dual_stack: NotRequired[bool]
    """Whether it has addresses of IPv6 too. Default: false."""

    tags: NotRequired[dict[str, pulumi.Input[str]]]
    """Tags of all that the controller makes in AWS, beside its own. Default: none."""

    ingress_class: NotRequired[str]
    """IngressClass, which names the controller. Default: `alb`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations beside those that are written from the other inputs, such as the sign-in of users. Default: none."""
