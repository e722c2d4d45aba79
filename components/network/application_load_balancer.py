"""Requests by host name and path to workloads, through an Application Load Balancer of AWS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pulumi

from ...infra.arguments import check_keys, planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import check_name, object_labels
from ...problems import Problems
from .alb_annotations import plan_alb_annotations
from .alb_arguments import ApplicationLoadBalancerArgs
from .ingress_rules import IngressRulePlan, ingress_rules, plan_ingress_rules
from .service_ports import first_address

_COMPONENT: Final = "application-load-balancer"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationLoadBalancerPlan:
    """An Application Load Balancer with every default applied."""

    name: str
    namespace: pulumi.Input[str]
    ingress_class: str
    rules: Sequence[IngressRulePlan]
    annotations: Mapping[str, pulumi.Input[str]]


def plan_application_load_balancer(
    args: ApplicationLoadBalancerArgs, name: str = "application-load-balancer"
) -> ApplicationLoadBalancerPlan:
    """Check the inputs of the balancer called `name` and apply the defaults; raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, ApplicationLoadBalancerArgs):
        problems.raise_if_any("ApplicationLoadBalancer")
    longest = max(map(len, args["rules"]), default=0)
    check_name(problems, "name", name, room=longest + 1)
    rules = plan_ingress_rules(problems, args["rules"])
    annotations = plan_alb_annotations(problems, args)
    problems.raise_if_any("ApplicationLoadBalancer")
    return ApplicationLoadBalancerPlan(
        name=name,
        namespace=args["namespace"],
        ingress_class=args.get("ingress_class", "alb"),
        rules=rules,
        annotations=annotations,
    )


class ApplicationLoadBalancer(pulumi.ComponentResource):
    """An Ingress that the AWS Load Balancer Controller makes into an Application Load Balancer.

    Nothing is public unless asked: the address is internal, and only private networks may connect. On the internet TLS
    is needed, and port 80 only redirects. It installs no controller, and makes no certificate: see `Certificate`.

    Example: `ApplicationLoadBalancer("edge", {"namespace": "ai", "rules": {"chat": {"service": "chat", "port": 80}}})`
    """

    ingress_name: pulumi.Output[str]
    """Name of the Ingress."""

    address: pulumi.Output[str]
    """Host name that clients connect to; empty where the controller has given none."""

    def __init__(
        self, name: str, args: ApplicationLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        plan = planned("ApplicationLoadBalancer", name, partial(plan_application_load_balancer, name=name), args)
        super().__init__("aidc:index:ApplicationLoadBalancer", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        for rule in plan.rules:
            if rule.pods is not None:
                KubernetesObject(f"{name}-{rule.name}", _network_policy(plan, rule), child)
        ingress = KubernetesObject(f"{name}-ingress", _ingress(plan), child)
        self.ingress_name = ingress.object_name
        self.address = ingress.status.apply(first_address)
        self.register_outputs({"ingress_name": self.ingress_name, "address": self.address})


def _ingress(plan: ApplicationLoadBalancerPlan) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {**_metadata(plan, plan.name), "annotations": dict(plan.annotations)},
        "spec": {"ingressClassName": plan.ingress_class, "rules": ingress_rules(plan.rules)},
    }


def _network_policy(plan: ApplicationLoadBalancerPlan, rule: IngressRulePlan) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(plan, f"{plan.name}-{rule.name}"),
        "spec": rule.network_policy(),
    }


def _metadata(plan: ApplicationLoadBalancerPlan, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": plan.namespace, "labels": object_labels(plan.name, _COMPONENT)}
