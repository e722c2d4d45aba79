"""How clients reach a workload."""

from .exposure import LoadBalancerScheme
from .gateway import GatewayDefinition, GatewayListener, GatewayReference
from .gateway_route import GatewayRoute, GatewayRouteArgs, GatewayRoutePlan, plan_gateway_route
from .load_balancer import LoadBalancer, LoadBalancerArgs, LoadBalancerPlan, TrafficPolicy, plan_load_balancer
from .route_rules import RouteBackend, RouteRule
from .service_ports import ServicePort, TransportProtocol

__all__ = [
    "GatewayDefinition",
    "GatewayListener",
    "GatewayReference",
    "GatewayRoute",
    "GatewayRouteArgs",
    "GatewayRoutePlan",
    "LoadBalancer",
    "LoadBalancerArgs",
    "LoadBalancerPlan",
    "LoadBalancerScheme",
    "RouteBackend",
    "RouteRule",
    "ServicePort",
    "TrafficPolicy",
    "TransportProtocol",
    "plan_gateway_route",
    "plan_load_balancer",
]
