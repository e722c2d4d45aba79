"""A number of pods that follows a forecast of their load, and never less than the load of now."""

from functools import partial
from typing import Any

import pulumi

from ...infra.arguments import planned, recorded
from ...infra.kubernetes import KubernetesObject
from ...infra.labels import object_labels
from ...workloads.programs import DECISION_PATH
from . import predictive_manifests as manifests
from . import predictive_monitoring as monitoring
from . import predictive_permissions as permissions
from .event_driven_scaling import EventDrivenScaling, EventDrivenScalingArgs
from .predictive_inputs import PredictiveScalingArgs
from .predictive_plan import COMPONENT, FORECAST_TRIGGER, PredictiveScalingPlan, plan_predictive_scaling
from .triggers import ScalingTrigger


class PredictiveScaling(pulumi.ComponentResource):
    """The library's autoscaler: pods that forecast a load, and what they may do; with KEDA also the ScaledObject.

    Unless `mode` is `act`, it shows what it would do and changes nothing. With KEDA the number of pods has one owner,
    the HorizontalPodAutoscaler of the ScaledObject, which goes on by the load of now if the autoscaler dies.

    Example: `PredictiveScaling("chat", {"namespace": "ai", "image": "registry.example/autoscaler:1.0.0", "target":
    {"name": "chat"}, "max_replicas": 8, "load": {"query": "sum(rate(requests_total[2m]))"}, "capacity":
    {"service_seconds": 1.5, "concurrency": 4}})`
    """

    deployment_name: pulumi.Output[str]
    """Name of the autoscaler's Deployment."""

    service_name: pulumi.Output[str]
    """Name of its Service: metrics, and what KEDA asks."""

    autoscaler_name: pulumi.Output[str]
    """Name of the HorizontalPodAutoscaler that KEDA makes; empty where KEDA has no part in it."""

    min_replicas: pulumi.Output[int]
    """Pods of the target at least."""

    max_replicas: pulumi.Output[int]
    """Pods of the target at most."""

    def __init__(self, name: str, args: PredictiveScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("PredictiveScaling", name, partial(plan_predictive_scaling, name=name), args)
        super().__init__("aidc:index:PredictiveScaling", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        needs = _create_needs(name, plan, child)
        after = pulumi.ResourceOptions(parent=self, depends_on=needs)
        deployment = KubernetesObject(f"{name}-deployment", manifests.deployment(plan), after)
        service = KubernetesObject(f"{name}-service", manifests.service(plan), child)
        self.deployment_name = deployment.object_name
        self.service_name = service.object_name
        self.autoscaler_name = pulumi.Output.from_input("")
        if plan.scaling is not None:
            scaling = _after(plan, deployment, plan.scaling)
            self.autoscaler_name = EventDrivenScaling(name, scaling, child).autoscaler_name
        self.min_replicas = pulumi.Output.from_input(plan.min_replicas)
        self.max_replicas = pulumi.Output.from_input(plan.max_replicas)
        self.register_outputs(
            {
                "deployment_name": self.deployment_name,
                "service_name": self.service_name,
                "autoscaler_name": self.autoscaler_name,
                "min_replicas": self.min_replicas,
                "max_replicas": self.max_replicas,
            }
        )


def _after(
    plan: PredictiveScalingPlan, deployment: KubernetesObject, scaling: EventDrivenScalingArgs
) -> EventDrivenScalingArgs:
    """Return the inputs with an address that comes from the Deployment: KEDA's first question is to be answered."""
    forecast = scaling["triggers"][FORECAST_TRIGGER]
    where = f".svc:{plan.metrics_port}{DECISION_PATH}"
    address = pulumi.Output.concat("http://", deployment.object_name, ".", plan.namespace, where)
    named: ScalingTrigger = {**forecast, "metadata": {**forecast["metadata"], "url": address}}
    return {**scaling, "triggers": {**scaling["triggers"], FORECAST_TRIGGER: named}}


def _create_needs(name: str, plan: PredictiveScalingPlan, child: pulumi.ResourceOptions) -> list[KubernetesObject]:
    """Make what the pods need before they start, and what stands beside them; return the former."""

    def create(role: str, manifest: dict[str, Any]) -> KubernetesObject:
        return KubernetesObject(f"{name}-{role}", manifest, child)

    needs = [
        create("service-account", permissions.service_account(plan)),
        create("role", permissions.role(plan)),
        create("role-binding", permissions.role_binding(plan)),
        create("lease", permissions.lease(plan)),
        create("network-policy", manifests.network_policy(plan)),
        plan.program.settings.create(name, plan.namespace, object_labels(plan.component, COMPONENT), child),
    ]
    if plan.resource is not None:
        needs.append(create("history", permissions.history(plan)))
    create("disruption-budget", manifests.disruption_budget(plan))
    if plan.monitored:
        create("monitor", manifests.monitor(plan))
        create("alerts", monitoring.alerts(plan))
        create("dashboard", monitoring.dashboard(plan))
    return needs
