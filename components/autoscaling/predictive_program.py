"""What the pods of a predictive autoscaler are told, checked by the program's own settings before a pod starts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi

from ...infra.arguments import is_known
from ...problems import InvalidInput, Problems, camel_case
from ...workloads.programs import AUTOSCALER, SETTINGS_PATH
from ..settings_file import SettingsFile, as_plain, settings_file
from .predictive_inputs import PredictiveActing, PredictiveMode, PredictiveScalingArgs
from .prometheus import PROMETHEUS
from .scale_target import ScaleTargetPlan

_LATER: Final = "known-later"
"""Stands for names that are not known yet, while the rest is checked."""

_OWN: Final = {
    "target": "give target of the component",
    "source": "give load or resource of the component",
    "capacity": "give capacity of the component",
    "mode": "give mode of the component",
    "acting": "give acting of the component",
    "start_up_seconds": "give start_up_seconds of the component",
    "election": "it follows from the name; leave it out",
    "history_config_map": "it follows from resource; leave it out",
    "kubeconfig": "the pods have a service account; leave it out",
    "host": "the pod's address is the only one; leave it out",
    "port": "it is fixed; leave it out",
}
"""What the component says itself, by key of the settings."""

_OWN_REPLICAS: Final = {
    "minimum": "give min_replicas of the component",
    "maximum": "give max_replicas of the component",
}
"""The same of `replicas`: with two maxima, the one that costs are planned by would not be the one that counts."""

_FIELDS: Final = {
    "replicas.minimum": "minReplicas",
    "replicas.maximum": "maxReplicas",
    "capacity.replica_rate": "capacity.replicaRate",
    "capacity.service_seconds": "capacity.serviceSeconds",
    "source.resource": "resource",
    "start_up_seconds": "startUpSeconds",
}
"""Inputs by the setting that they become, where the name differs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoscalerProgram:
    """What a pod runs."""

    args: list[pulumi.Input[str]]
    """What follows `python`."""

    settings: SettingsFile
    """What is mounted at SETTINGS_PATH."""

    threshold: float
    """Requests a second for each pod under the load of now: the reactive rule's target."""

    utilisation: float
    """Share of its capacity that a pod is to use under the load of now."""


def plan_program(
    problems: Problems, args: PredictiveScalingArgs, target: ScaleTargetPlan, *, name: str, minimum: int
) -> AutoscalerProgram:
    """Return what the pods run; `name` is that of the autoscaler's objects, `minimum` the least number of pods."""
    given = args.get("settings", {})
    for key, reason in _OWN.items():
        if key in given:
            problems.add(f"settings.{key}", reason)
    replicas: object = given.get("replicas")
    if isinstance(replicas, Mapping):
        for key, reason in _OWN_REPLICAS.items():
            if key in replicas:
                problems.add(f"settings.replicas.{key}", reason)
    values = _values(args, target, name, minimum)
    before = len(problems)
    merged = _merged(values, cast(dict[str, Any], as_plain(problems, "settings", given)) if given else {})
    checked = _checked(problems, merged, args) if len(problems) == before else None
    later = {
        "target.name": target.name,
        "target.namespace": args["namespace"],
        **{f"source.{key}": value for key, value in _texts(args).items()},
    }
    return AutoscalerProgram(
        args=[*AUTOSCALER.arguments, "--config", SETTINGS_PATH, *_overrides(later)],
        settings=settings_file(problems, "settings", name, merged),
        threshold=1.0 if checked is None else checked.capacity.rate * checked.utilisation,
        utilisation=0.7 if checked is None else checked.utilisation,
    )


def _values(args: PredictiveScalingArgs, target: ScaleTargetPlan, name: str, minimum: int) -> dict[str, Any]:
    """Return the settings that are known now; names that may come later are in the arguments."""
    is_keda = str(args.get("acting", PredictiveActing.KEDA)) == PredictiveActing.KEDA
    resource = args.get("resource")
    values: dict[str, Any] = {
        "target": {"kind": target.kind, "api_version": target.api_version},
        "source": {"kind": "prometheus"} if resource is None else {"kind": "resource-metrics", "resource": resource},
        "capacity": dict(args["capacity"]),
        "replicas": {"minimum": minimum, "maximum": int(args["max_replicas"])},
        "mode": str(args.get("mode", PredictiveMode.FORECAST)),
        "acting": {"kind": str(args.get("acting", PredictiveActing.KEDA))},
        "start_up_seconds": int(args.get("start_up_seconds", 120)),
        "election": {"name": name},
    }
    if is_keda:
        # The HorizontalPodAutoscaler has a window of its own.
        values["replicas"]["stabilization_seconds"] = 0
    if resource is not None:
        values["history_config_map"] = f"{name}-history"
    return values


def _texts(args: PredictiveScalingArgs) -> dict[str, pulumi.Input[str]]:
    """Return the parts of the source that may come from other resources."""
    load = args.get("load")
    if load is None:
        return {}
    texts: dict[str, pulumi.Input[str]] = {"address": load.get("address", PROMETHEUS), "query": load["query"]}
    if "waiting" in load:
        texts["waiting"] = load["waiting"]
    if "freshness" in load:
        texts["freshness"] = load["freshness"]
    return texts


def _overrides(values: Mapping[str, pulumi.Input[str]]) -> list[pulumi.Input[str]]:
    words: list[pulumi.Input[str]] = []
    for path, value in {**values, "election.namespace": values["target.namespace"]}.items():
        words.append("--set")
        if isinstance(value, pulumi.Output):
            words.append(value.apply(lambda known, path=path: f"{path}={json.dumps(known)}"))
        else:
            words.append(f"{path}={json.dumps(value)}")
    return words


def _merged(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(own)
    for key, value in given.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(cast(Mapping[str, Any], before), cast(Mapping[str, Any], value))
        else:
            merged[key] = value
    return merged


def _checked(problems: Problems, values: Mapping[str, Any], args: PredictiveScalingArgs) -> Any:
    """Return the settings as the program's own model has them; None where they are wrong."""
    from ...workloads.autoscaler.settings import AutoscalerSettings
    from ...workloads.settings import read_settings

    source = {
        **values["source"],
        **{key: value if is_known(value) else f"http://{_LATER}" for key, value in _texts(args).items()},
    }
    whole = {
        **values,
        "target": {**values["target"], "name": _LATER, "namespace": _LATER},
        "source": source,
        "election": {**values["election"], "namespace": _LATER},
    }
    try:
        return read_settings(AutoscalerSettings, whole, "settings")
    except InvalidInput as invalid:
        for problem in invalid.problems:
            problems.add(_path(problem.path, args), problem.reason)
        return None


def _path(path: str, args: PredictiveScalingArgs) -> str:
    """Return where the inputs say a setting: an input of the component, or one of `settings`."""
    if path in _FIELDS:
        return _FIELDS[path]
    head, _, rest = path.partition(".")
    if head == "source":
        return f"load.{rest}" if "load" in args else "resource"
    if head in ("capacity", "mode", "acting"):
        return ".".join([head, *([camel_case(rest)] if rest and head == "capacity" else [])])
    return f"settings.{path}"
