"""Inputs of a predictive autoscaler."""

from enum import StrEnum
from typing import Any, NotRequired, TypedDict

import pulumi

from ..pods import PodResources
from .behavior import ScalingDirection
from .scale_target import ScaleTarget
from .triggers import ScalingTrigger


class PredictiveMode(StrEnum):
    """Whether decisions are done."""

    FORECAST = "forecast"
    """They are shown: metrics, logs, dashboard. Whatever scales the target now goes on."""

    ACT = "act"
    """They are done."""


class PredictiveActing(StrEnum):
    """Who writes the number of pods."""

    KEDA = "keda"
    """The HorizontalPodAutoscaler of a ScaledObject, which takes the largest of the forecast and of the load of now."""

    SCALE = "scale"
    """The autoscaler itself, where KEDA is not in the cluster. Nothing else may scale the target."""


class PrometheusLoad(TypedDict):
    """The load of a workload, as Prometheus knows it."""

    query: pulumi.Input[str]
    """Expression of one value: requests a second, such as `sum(rate(requests_total{namespace="ai"}[2m]))`."""

    address: NotRequired[pulumi.Input[str]]
    """Address of Prometheus. Default: that of the add-on kube-prometheus-stack."""

    waiting: NotRequired[pulumi.Input[str]]
    """Expression of one value: requests that wait. Default: nobody counts them."""

    freshness: NotRequired[pulumi.Input[str]]
    """Expression of one value: the time of the newest sample behind the query, such as
    `max(timestamp(requests_total{namespace="ai"}))`. Default: not asked."""

    namespace: NotRequired[str]
    """Namespace of Prometheus, to which a network policy opens the way. Default: `monitoring`."""


class PodCapacity(TypedDict):
    """What one pod of the target can do."""

    service_seconds: NotRequired[float]
    """Seconds that one request takes where nothing waits, more than 0; give this or `replica_rate`."""

    replica_rate: NotRequired[float]
    """Requests a second that one pod serves when it is busy all the time, or with `resource` its cores or bytes; more
    than 0. Give this or `service_seconds`."""

    concurrency: NotRequired[int]
    """Requests that one pod computes at once, 1 to 20,000. Default: 1."""


class PredictiveScalingArgs(TypedDict):
    """Inputs of `PredictiveScaling`."""

    namespace: pulumi.Input[str]
    """Namespace of the target, and of the autoscaler."""

    image: pulumi.Input[str]
    """Image of the autoscaler, with a fixed tag or a digest."""

    target: ScaleTarget
    """What is scaled. It must not write a number of pods itself: see `autoscaled` of the workloads."""

    max_replicas: int
    """Pods at most, 1 to 20,000. What they may cost follows from it, so it has no default."""

    min_replicas: NotRequired[int]
    """Pods at least, 0 to 20,000. Default: 1."""

    load: NotRequired[PrometheusLoad]
    """The load; give this or `resource`."""

    resource: NotRequired[str]
    """`cpu` or `memory`: the load is what the target's pods use of it, as the resource metrics API says; give this or
    `load`. The past is then kept in a ConfigMap."""

    capacity: PodCapacity
    """What one pod can do."""

    start_up_seconds: NotRequired[int]
    """Seconds from the decision for a pod until it takes requests, 0 to 86,400, with the time for a node where one must
    come: the forecast looks that far. Default: 120."""

    mode: NotRequired[PredictiveMode]
    """Whether decisions are shown or done. Default: `forecast`: they are shown."""

    acting: NotRequired[PredictiveActing]
    """Who writes the number of pods once `mode` is `act`. Default: `keda`."""

    triggers: NotRequired[dict[str, ScalingTrigger]]
    """More triggers of KEDA beside the load of now and the forecast; the one that asks for most pods wins. Default:
    none."""

    scale_up: NotRequired[ScalingDirection]
    """How fast KEDA's autoscaler may grow. Default: at once, to the double or by 4 pods every 15 seconds."""

    scale_down: NotRequired[ScalingDirection]
    """How fast KEDA's autoscaler may shrink. Default: after 300 seconds of less load, by 10 percent or 1 pod a
    minute."""

    settings: NotRequired[dict[str, Any]]
    """Other settings of the autoscaler, as in its YAML file, such as `interval_seconds` and `objective`. Default: those
    of the program."""

    autoscalers: NotRequired[int]
    """Pods of the autoscaler, 1 to 5; one of them acts, and another one takes over. Default: 2."""

    resources: NotRequired[PodResources]
    """Compute resources of one pod of the autoscaler. Default: 100m cores, 256Mi."""

    node_pool: NotRequired[pulumi.Input[str]]
    """Node pool that the autoscaler must run on. Default: any."""

    priority_class: NotRequired[pulumi.Input[str]]
    """PriorityClass of the autoscaler's pods. Default: that of the cluster."""

    keda_namespace: NotRequired[str]
    """Namespace of KEDA, whose operator asks the autoscaler. Default: `keda`."""

    api_networks: NotRequired[list[str]]
    """Networks with the API server, to which a network policy opens TCP 443 and 6443. Default: the private networks,
    10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16."""

    allowed_namespaces: NotRequired[list[str]]
    """Namespaces whose pods may read the metrics, beside its own, such as that of Prometheus. Default: `monitoring`."""

    monitored: NotRequired[bool]
    """Whether a PodMonitor, rules for alerts and a dashboard are made, where the Prometheus operator is in the cluster.
    Default: false; a DataCenter with the add-on kube-prometheus-stack says true."""
