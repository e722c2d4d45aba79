"""Add-ons that the scaling of served models cannot do without."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..components.autoscaling import PredictiveActing, PredictiveMode
from ..components.autoscaling.vertical_scaling import counted_resources
from ..problems import Problems, camel_case
from .families import Plans, Sections

_FAMILY: Final = "inference_services"
_KEDA: Final = "keda"
_METRICS: Final = "metrics-server"
_PROMETHEUS: Final = "kube-prometheus-stack"
_VERTICAL: Final = "vertical-pod-autoscaler"


def check_addons(problems: Problems, sections: Sections, plans: Plans) -> None:
    """Refuse scaling by an autoscaler that is not in the cluster, where this stack makes that.

    Its objects would be of a kind that the cluster does not know, which shows when all else is deployed. The add-ons of
    a layer beneath are not known here.

    Args:
        problems: where problems go.
        sections: inputs of all components, by family, then by name.
        plans: their plans; None where a component's own inputs are wrong.
    """
    addons = plans.get("cluster_addons", {}).get("")
    cluster = plans.get("cluster", {}).get("")
    if addons is None or cluster is None:
        return
    present = {each.addon.name for each in addons.releases} | set(cluster.addons)
    # A model that is wrong in itself is refused already, and may have anything in the place of a map.
    models = {name: args for name, args in sections.get(_FAMILY, {}).items() if plans[_FAMILY].get(name) is not None}
    for name, args in models.items():
        for key, addon in _needs(args):
            if addon not in present:
                problems.add(
                    f"{camel_case(_FAMILY)}.{name}.{camel_case(key)}",
                    f"needs the add-on {addon}, which the cluster does not have; add clusterAddons.addons.{addon}",
                )


def _needs(args: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a served model asks for, and the add-on that does it."""
    for key in ("vertical_scaling", "hybrid_scaling"):
        if key in args:
            yield key, _VERTICAL
    if counted_resources(args.get("horizontal_scaling", {})):
        yield "horizontal_scaling", _METRICS
    if "event_driven_scaling" in args:
        yield "event_driven_scaling", _KEDA
    if "scale_on_waiting" in args:
        yield "scale_on_waiting", _KEDA
        if "prometheus" not in args["scale_on_waiting"]:
            yield "scale_on_waiting", _PROMETHEUS
    predictive: Mapping[str, Any] = args.get("predictive_scaling", {})
    acting = str(predictive.get("acting", PredictiveActing.KEDA))
    if str(predictive.get("mode")) == PredictiveMode.ACT and acting == PredictiveActing.KEDA:
        yield "predictive_scaling", _KEDA
