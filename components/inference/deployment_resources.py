"""A replicated server as Pulumi resources."""

from dataclasses import dataclass

import pulumi

from ...infra.kubernetes import KubernetesObject
from ...infra.labels import object_labels
from .deployment_manifests import deployment, disruption_budget, monitor, network_policy, service
from .deployment_plan import DeploymentPlan


@dataclass(frozen=True, slots=True)
class DeployedServer:
    """What was made for a server."""

    deployment: KubernetesObject
    """Its pods."""

    service: KubernetesObject
    """Its address inside the cluster."""


def deploy_server(name: str, plan: DeploymentPlan, child: pulumi.ResourceOptions) -> DeployedServer:
    """Make the objects of a server, named after the component that is called `name`."""
    needs = [KubernetesObject(f"{name}-network-policy", network_policy(plan), child)]
    if plan.settings is not None:
        needs.append(plan.settings.create(name, plan.namespace, object_labels(plan.name, plan.component), child))
    KubernetesObject(f"{name}-disruption-budget", disruption_budget(plan), child)
    if plan.access.monitored:
        KubernetesObject(f"{name}-monitor", monitor(plan), child)
    # A node may have to come, an image to be pulled and a model to be loaded: longer than Pulumi's 10 minutes.
    seconds = f"{plan.health.rollout_seconds}s"
    patience = pulumi.ResourceOptions(
        custom_timeouts=pulumi.CustomTimeouts(create=seconds, update=seconds), depends_on=needs
    )
    pods = KubernetesObject(f"{name}-deployment", deployment(plan), pulumi.ResourceOptions.merge(child, patience))
    address = KubernetesObject(f"{name}-service", service(plan), child)
    return DeployedServer(pods, address)
