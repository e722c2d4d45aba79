"""What shows a predictive autoscaler: rules for alerts, and a dashboard of forecast against fact."""

import json
import pkgutil
from functools import cache
from typing import Any, Final

import pulumi

from ...infra.labels import object_labels
from .predictive_plan import COMPONENT, PredictiveScalingPlan

_DASHBOARD: Final = "data/predictive_scaling_dashboard.json"
_RULES: Final = "data/predictive_scaling_alerts.json"
_LABEL: Final = {"grafana_dashboard": "1"}
"""By which the sidecar of Grafana's chart finds dashboards: its default, chart grafana, sidecar.dashboards.label."""


def alerts(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """The PrometheusRule."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": _metadata(plan, plan.name, {}),
        "spec": {"groups": [{"name": plan.name, "rules": _filled(plan, _RULES)}]},
    }


def dashboard(plan: PredictiveScalingPlan) -> dict[str, Any]:
    """The ConfigMap with Grafana's dashboard."""
    text = _filled(plan, _DASHBOARD, as_text=True)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(plan, f"{plan.name}-dashboard", _LABEL),
        "data": {f"{plan.name}.json": text},
    }


def _filled(plan: PredictiveScalingPlan, path: str, *, as_text: bool = False) -> Any:
    """Return a file with what it names put in, now or once the namespace is known."""

    def fill(namespace: str) -> Any:
        text = _put(_read(path), plan, namespace)
        return text if as_text else json.loads(text)

    known = plan.namespace
    return fill(known) if isinstance(known, str) else pulumi.Output.from_input(known).apply(fill)


def _put(text: str, plan: PredictiveScalingPlan, namespace: str) -> str:
    pods = f'namespace="{namespace}",pod=~"{plan.name}-[a-z0-9]+-[a-z0-9]+"'
    meanings = {
        "$NAMESPACE": namespace,
        "$NAME": plan.name,
        "$PODS": pods,
        "$STARTUP": f"{plan.start_up_seconds}s",
    }
    for word, meaning in meanings.items():
        text = text.replace(word, json.dumps(meaning)[1:-1])
    return text


@cache
def _read(path: str) -> str:
    content = pkgutil.get_data(__name__, path)
    assert content is not None, "the package's loader can read its data"
    return content.decode()


def _metadata(plan: PredictiveScalingPlan, name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": plan.namespace,
        "labels": {**object_labels(plan.component, COMPONENT), **labels},
    }
