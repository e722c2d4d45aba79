"""How clients reach a workload."""

from .alb_arguments import (
    ApplicationLoadBalancerArgs,
    BackendProtocol,
    BackendProtocolVersion,
    BalancingAlgorithm,
)
from .application_load_balancer import (
    ApplicationLoadBalancer,
    ApplicationLoadBalancerPlan,
    plan_application_load_balancer,
)
from .aws_load_balancer import NetworkLoadBalancer
from .certificate import Certificate, CertificateArgs, CertificatePlan, plan_certificate
from .exposure import LoadBalancerScheme
from .gateway import GatewayDefinition, GatewayListener, GatewayReference
from .gateway_route import GatewayRoute, GatewayRouteArgs, GatewayRoutePlan, plan_gateway_route
from .ingress_rules import IngressRule
from .load_balancer import LoadBalancer, LoadBalancerArgs, LoadBalancerPlan, TrafficPolicy, plan_load_balancer
from .route_rules import RouteBackend, RouteRule
from .service_ports import ServicePort, TransportProtocol
from .target_groups import AccessLogs, TargetHealthCheck, TargetType
from .web_firewall import WebFirewall, WebFirewallArgs, WebFirewallPlan, plan_web_firewall

__all__ = [
    "AccessLogs",
    "ApplicationLoadBalancer",
    "ApplicationLoadBalancerArgs",
    "ApplicationLoadBalancerPlan",
    "BackendProtocol",
    "BackendProtocolVersion",
    "BalancingAlgorithm",
    "Certificate",
    "CertificateArgs",
    "CertificatePlan",
    "GatewayDefinition",
    "GatewayListener",
    "GatewayReference",
    "GatewayRoute",
    "GatewayRouteArgs",
    "GatewayRoutePlan",
    "IngressRule",
    "LoadBalancer",
    "LoadBalancerArgs",
    "LoadBalancerPlan",
    "LoadBalancerScheme",
    "NetworkLoadBalancer",
    "RouteBackend",
    "RouteRule",
    "ServicePort",
    "TargetHealthCheck",
    "TargetType",
    "TrafficPolicy",
    "TransportProtocol",
    "WebFirewall",
    "WebFirewallArgs",
    "WebFirewallPlan",
    "plan_application_load_balancer",
    "plan_certificate",
    "plan_gateway_route",
    "plan_load_balancer",
    "plan_web_firewall",
]
