"""A number of pods that follows the requests that wait at a served model."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import check_keys
from ...problems import Problems
from ..autoscaling import EventDrivenScalingArgs, ScalingTrigger
from ..autoscaling.prometheus import PROMETHEUS
from .engines import InferenceEngine, running_requests, waiting_requests

_TARGET: Final = 8
_QUERIES: Final = {"waiting": waiting_requests, "running": running_requests}


class WaitingScaling(TypedDict):
    """How many pods there are for the requests that wait and run, as Prometheus knows them."""

    max_replicas: int
    """Pods at most, 1 to 150,000. What they may cost follows from it, so it has no default."""

    min_replicas: NotRequired[int]
    """Pods at least, 1 to 150,000: without pods nobody would count what waits. Default: 1."""

    target: NotRequired[int]
    """Requests that may wait for each pod, on average; more pods come where more wait. 1 to 100,000. Default: 8."""

    running: NotRequired[int]
    """Requests that each pod is to run, on average, such as three quarters of what it runs at once: pods that are busy
    then stay, even if none waits. 1 to 100,000. Default: what runs is not counted."""

    prometheus: NotRequired[pulumi.Input[str]]
    """Address of Prometheus. Default: that of the add-on kube-prometheus-stack."""


def plan_waiting_scaling(
    problems: Problems,
    args: WaitingScaling,
    service: Mapping[str, Any],
    *,
    namespace: pulumi.Input[str],
    target: pulumi.Input[str],
    name: str,
) -> EventDrivenScalingArgs | None:
    """Return the inputs of the EventDrivenScaling that follows; None where these are wrong.

    Args:
        problems: takes what is wrong.
        args: what is wanted.
        service: inputs of the InferenceService.
        namespace: of the service.
        target: its Deployment.
        name: of the service, which begins the names of its pods.
    """
    before = len(problems)
    if not check_keys(problems, args, WaitingScaling):
        return None
    if "model" not in service:
        problems.add("", "asks for metrics that only a server of `model` has; give model to the service")
    problems.between("minReplicas", int(args.get("min_replicas", 1)), 1, unit="pods")
    for key in ("target", "running"):
        problems.between(key, int(args.get(key, _TARGET)), 1, 100_000, "requests")
    engine = str(service.get("engine", InferenceEngine.AIDC))
    # The service itself refuses an engine that does not exist.
    if len(problems) > before or engine not in list(InferenceEngine):
        return None
    wanted = {"waiting": int(args.get("target", _TARGET))}
    if "running" in args:
        wanted["running"] = int(args["running"])
    triggers: dict[str, ScalingTrigger] = {}
    for key, threshold in wanted.items():
        metadata: dict[str, pulumi.Input[str]] = {
            "serverAddress": args.get("prometheus", PROMETHEUS),
            "query": _query(_QUERIES[key], InferenceEngine(engine), namespace, name),
            "threshold": str(threshold),
            # No answer is a failure, and no sign that nothing waits.
            "ignoreNullValues": "false",
        }
        triggers[key] = {"type": "prometheus", "metadata": metadata}
    return {
        "namespace": namespace,
        "target": {"name": target},
        "triggers": triggers,
        "min_replicas": int(args.get("min_replicas", 1)),
        "max_replicas": int(args["max_replicas"]),
    }


def _query(
    query: Callable[..., str], engine: InferenceEngine, namespace: pulumi.Input[str], name: str
) -> pulumi.Input[str]:
    if isinstance(namespace, pulumi.Output):
        return namespace.apply(lambda known: query(engine, namespace=known, name=name))
    return query(engine, namespace=str(namespace), name=name)
