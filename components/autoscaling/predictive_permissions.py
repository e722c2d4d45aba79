"""What a predictive autoscaler may do: read one workload and its scale, hold one lease, and little more."""

from typing import Any

from ...infra.labels import object_labels
from .predictive_plan import COMPONENT, PredictiveScalingPlan

_RULES = "rbac.authorization.k8s.io"


def service_account(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """Its identity; only its own pods get the token."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _metadata(plan),
        "automountServiceAccountToken": False,
    }


def role(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """Verbs on objects by name; only metrics of pods have to be listed."""
    group, plural = plan.target.api_version.rpartition("/")[0], f"{plan.target.kind.lower()}s"
    target = [plan.target.name]
    rules = [
        _rule(group, plural, target, "get"),
        _rule(group, f"{plural}/scale", target, "get", *(["patch"] if plan.writes_scale else [])),
        _rule("coordination.k8s.io", "leases", [plan.name], "get", "patch"),
    ]
    if plan.resource is not None:
        rules.append(_rule("", "configmaps", [history_name(plan)], "get", "patch"))
        rules.append({"apiGroups": ["metrics.k8s.io"], "resources": ["pods"], "verbs": ["list"]})
    return {"apiVersion": f"{_RULES}/v1", "kind": "Role", "metadata": _metadata(plan), "rules": rules}


def role_binding(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """Gives the role to the identity."""
    return {
        "apiVersion": f"{_RULES}/v1",
        "kind": "RoleBinding",
        "metadata": _metadata(plan),
        "roleRef": {"apiGroup": _RULES, "kind": "Role", "name": plan.name},
        "subjects": [{"kind": "ServiceAccount", "name": plan.name, "namespace": plan.namespace}],
    }


def lease(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """The lease, without a holder. It is made here, so that the autoscaler need not be allowed to make any."""
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": _metadata(plan)}


def history(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """The ConfigMap for the past, empty, for the same reason."""
    metadata = {**_metadata(plan), "name": history_name(plan)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def history_name(plan: PredictiveScalingPlan) -> str:
    """Name of the ConfigMap for the past."""
    return f"{plan.name}-history"


def _metadata(plan: PredictiveScalingPlan) -> dict[str, Any]:
    return {"name": plan.name, "namespace": plan.namespace, "labels": object_labels(plan.component, COMPONENT)}


def _rule(group: str, resource: str, names: list[Any], *verbs: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [resource], "resourceNames": names, "verbs": list(verbs)}
