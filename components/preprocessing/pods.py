"""The pods of a preprocessing: what all of them have in common, and what runs in each."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from ...infra.labels import object_labels, selector_labels
from ..pods import (
    ResourcesPlan,
    SecretKeyReference,
    container_security,
    environment,
    placement,
    pod_security,
    scraped,
    volume_mounts,
    volumes,
)
from .plan import PreprocessingPlan

_COMPONENT: Final = "preprocessing"


def labels(plan: PreprocessingPlan) -> dict[str, str]:
    """Labels of its objects and pods."""
    return object_labels(plan.name, _COMPONENT)


def selector(plan: PreprocessingPlan) -> dict[str, str]:
    """Labels that select its pods."""
    return selector_labels(plan.name, _COMPONENT)


def pod_template(plan: PreprocessingPlan, container: dict[str, Any], *, serves_metrics: bool) -> dict[str, Any]:
    """A pod that reads, works and writes: with the mounts, the settings, and a cluster's /dev/shm."""
    annotations: dict[str, str] = {}
    if plan.do_not_disrupt:
        annotations["karpenter.sh/do-not-disrupt"] = "true"
    if serves_metrics and plan.program.metrics_port is not None:
        annotations |= scraped(plan.program.metrics_port)
    scratch = container["resources"]["requests"]["ephemeral-storage"]
    found = volumes(plan.mounts, scratch=scratch, shared_memory=plan.shared_memory)
    metadata = {"labels": labels(plan), **({"annotations": annotations} if annotations else {})}
    return {
        "metadata": metadata,
        "spec": {**_pod(plan, container), "volumes": [*found, plan.program.settings.volume()]},
    }


def plain_template(plan: PreprocessingPlan, container: dict[str, Any]) -> dict[str, Any]:
    """A pod that touches no data."""
    return {"metadata": {"labels": labels(plan)}, "spec": {**_pod(plan, container), "volumes": volumes([])}}


def container(plan: PreprocessingPlan, name: str, resources: ResourcesPlan, **fields: Any) -> dict[str, Any]:
    """A container of such a pod, with further fields."""
    mounts = volume_mounts(plan.mounts, shared_memory=plan.shared_memory)
    return {
        **plain_container(plan, name, resources.manifest(), plan.environment, plan.secret_environment),
        "volumeMounts": [*mounts, plan.program.settings.mount()],
        **fields,
    }


def plain_container(
    plan: PreprocessingPlan,
    name: str,
    resources: Mapping[str, Any],
    variables: Mapping[str, pulumi.Input[str]],
    secrets: Mapping[str, SecretKeyReference] | None = None,
) -> dict[str, Any]:
    """A container of a pod that touches no data."""
    return {
        "name": name,
        "image": plan.image,
        "env": environment(variables, secrets),
        "resources": resources,
        "securityContext": container_security(),
        "volumeMounts": volume_mounts([]),
    }


def _pod(plan: PreprocessingPlan, container: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "serviceAccountName": plan.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(),
        "terminationGracePeriodSeconds": plan.lifetime.termination_grace,
        "containers": [container],
        **placement(plan.node_pool, plan.resources),
    }
    if plan.priority_class is not None:
        pod["priorityClassName"] = plan.priority_class
    return pod
