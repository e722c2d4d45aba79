"""Which workloads the Prometheus operator is told of: those whose metrics it can find, where it is in the cluster."""

from collections.abc import Mapping
from typing import Any, Final, cast

from .fabric import Plans

_OPERATOR: Final = "kube-prometheus-stack"


def with_monitor(own: Mapping[str, Any], plans: Plans) -> Mapping[str, Any]:
    """Return a server's inputs with a monitor, unless they say otherwise."""
    return {"monitored": True, **own} if _has_operator(plans) else own


def with_monitored_service(own: Mapping[str, Any], plans: Plans) -> Mapping[str, Any]:
    """Return a served model's inputs with monitors of its service and of its predictive autoscaler."""
    monitored = dict(own)
    for key in ("service", "predictive_scaling"):
        part: object = own.get(key)
        if isinstance(part, Mapping):
            monitored[key] = with_monitor(cast(Mapping[str, Any], part), plans)
    return monitored


def with_monitored_program(own: Mapping[str, Any], plans: Plans) -> Mapping[str, Any]:
    """Return a training job's inputs with a monitor, where there are metrics."""
    return with_monitor(own, plans) if "program" in own or "metrics_port" in own else own


def with_monitored_preprocessing(own: Mapping[str, Any], plans: Plans) -> Mapping[str, Any]:
    """Return a preprocessing's inputs with a monitor, unless its own settings serve no metrics."""
    settings: object = own.get("settings")
    is_silent = isinstance(settings, Mapping) and cast(Mapping[str, Any], settings).get("metrics_port") == 0
    return own if is_silent else with_monitor(own, plans)


def _has_operator(plans: Plans) -> bool:
    """Whether the add-ons of this stack have the operator; those of a layer beneath are not known."""
    addons = plans.get("cluster_addons", {}).get("")
    return addons is not None and any(each.addon.name == _OPERATOR for each in addons.releases)
