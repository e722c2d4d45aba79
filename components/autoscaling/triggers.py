"""What an EventDrivenScaling looks at: the triggers of KEDA, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...infra.arguments import is_known
from ...infra.labels import check_name
from ...infra.quantities import check_quantity
from ...infra.versions import KEDA
from ...problems import Problems, suggestion
from .cron_schedule import check_cron

RESOURCE_TRIGGERS: Final = frozenset({"cpu", "memory"})
"""Triggers that the autoscaler itself reads from the pods: they need a pod, so they cannot scale from zero."""

_SAFE_TRIGGERS: Final = RESOURCE_TRIGGERS | {"cron"}
"""Triggers that ask nobody who may be down."""

# KEDA 2.21.0, pkg/scaling/scalers_builder.go, read 2026-11.
_NAMES: Final = """
    activemq apache-kafka arangodb artemis-queue aws-cloudwatch aws-dynamodb aws-dynamodb-streams aws-kinesis-stream
    aws-sqs-queue azure-app-insights azure-blob azure-cosmosdb azure-data-explorer azure-eventhub azure-log-analytics
    azure-monitor azure-pipelines azure-queue azure-servicebus beanstalkd cassandra clickhouse couchdb cpu cron datadog
    dynatrace elastic-forecast elasticsearch etcd external external-push forgejo-runner gcp-cloudtasks gcp-pubsub
    gcp-spanner gcp-stackdriver gcp-storage github-runner graphite huawei-cloudeye ibmmq influxdb kafka
    kubernetes-resource kubernetes-workload liiklus loki memory metrics-api mongodb mssql mysql nats-jetstream
    new-relic nsq opensearch openstack-metric openstack-swift postgresql predictkube prometheus pulsar rabbitmq redis
    redis-cluster redis-cluster-streams redis-sentinel redis-sentinel-streams redis-streams selenium-grid
    solace-direct-messaging solace-event-queue solarwinds solr splunk splunk-observability sumologic temporal
"""
_TYPES: Final = frozenset(_NAMES.split())

# What has neither a default nor another place to come from: the `keda:` tags in pkg/scalers of the same version.
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "aws-sqs-queue": ("awsRegion",),
    "cpu": ("value",),
    "cron": ("timezone", "start", "end", "desiredReplicas"),
    "kubernetes-workload": ("podSelector", "value"),
    "memory": ("value",),
    "metrics-api": ("url", "valueLocation", "targetValue"),
    "prometheus": ("serverAddress", "query", "threshold"),
    "redis": ("listName",),
}
_TARGETS: Final[Mapping[str, str]] = {
    "aws-sqs-queue": "queueLength",
    "cpu": "value",
    "cron": "desiredReplicas",
    "kafka": "lagThreshold",
    "kubernetes-workload": "value",
    "memory": "value",
    "metrics-api": "targetValue",
    "prometheus": "threshold",
    "redis": "listLength",
}
"""What the metric is divided by: zero or less would ask for no end of pods."""


_WHOLE: Final = re.compile(r"[+-]?\d+")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")


class TriggerMetricType(StrEnum):
    """How a metric is held against its target."""

    AVERAGE_VALUE = "AverageValue"
    """Divided by the number of pods."""

    VALUE = "Value"
    """As it is."""

    UTILIZATION = "Utilization"
    """In percent of what the pods request; only of `cpu` and `memory`."""


class ScalingTrigger(TypedDict):
    """One event source of KEDA."""

    type: str
    """Type of the event source, such as `prometheus`, `metrics-api`, `kafka`, `cron` or `cpu`."""

    metadata: dict[str, pulumi.Input[str]]
    """Settings of this type, all of them text: keda.sh/docs, Scalers."""

    metric_type: NotRequired[TriggerMetricType]
    """How the metric is held against its target. Default: `Utilization` for `cpu` and `memory`, else `AverageValue`."""

    authentication: NotRequired[pulumi.Input[str]]
    """Name of a TriggerAuthentication in the namespace. Default: none."""

    cluster_authentication: NotRequired[pulumi.Input[str]]
    """Name of a ClusterTriggerAuthentication, in the place of `authentication`. Default: none."""

    cached: NotRequired[bool]
    """Whether the autoscaler gets the value of the last poll, which spares a slow source. Default: false."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TriggerPlan:
    """A trigger with every default applied."""

    name: str
    type: str
    metadata: Mapping[str, pulumi.Input[str]]
    metric_type: TriggerMetricType
    authentication: Mapping[str, pulumi.Input[str]] | None
    cached: bool

    @property
    def of_resource(self) -> bool:
        """Whether the autoscaler reads it from the pods."""
        return self.type in RESOURCE_TRIGGERS

    @property
    def can_fail(self) -> bool:
        """Whether it asks somebody who may be down."""
        return self.type not in _SAFE_TRIGGERS

    def manifest(self) -> dict[str, Any]:
        """An item of the ScaledObject's `spec.triggers`."""
        fields: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "metricType": str(self.metric_type),
            "metadata": {key: self.metadata[key] for key in sorted(self.metadata)},
        }
        if self.authentication is not None:
            fields["authenticationRef"] = dict(self.authentication)
        return fields | ({"useCachedMetrics": True} if self.cached else {})


def plan_triggers(problems: Problems, triggers: Mapping[str, ScalingTrigger]) -> tuple[TriggerPlan, ...]:
    """Check triggers and apply their defaults; sorted by name."""
    if not triggers:
        problems.add("triggers", "has no trigger; give one, such as of type prometheus")
    planned: list[TriggerPlan] = []
    for name in sorted(triggers):
        check_name(problems, f"triggers.{name}", name)
        with problems.under(f"triggers.{name}"):
            planned.append(_plan_trigger(problems, name, triggers[name]))
    return tuple(planned)


def _plan_trigger(problems: Problems, name: str, given: ScalingTrigger) -> TriggerPlan:
    kind, metadata = given["type"], given["metadata"]
    if kind not in _TYPES:
        close = suggestion(kind, sorted(_TYPES))
        problems.add("type", f"KEDA {KEDA.minor} has no trigger of type '{kind}'{close}")
    for key in _REQUIRED.get(kind, ()):
        if key not in metadata:
            problems.add(f"metadata.{key}", f"missing; a {kind} trigger needs it")
    if kind == "cron":
        with problems.under("metadata"):
            check_cron(problems, metadata)
    default = TriggerMetricType.UTILIZATION if kind in RESOURCE_TRIGGERS else TriggerMetricType.AVERAGE_VALUE
    metric_type = given.get("metric_type", default)
    allowed = [each.value for each in TriggerMetricType if _is_allowed(each, kind)]
    problems.choice("metricType", metric_type, allowed)
    target = _TARGETS.get(kind, "")
    if target in metadata and is_known(metadata[target]):
        _check_target(problems, f"metadata.{target}", str(metadata[target]), kind, metric_type)
    cached = given.get("cached", False)
    if cached and kind in _SAFE_TRIGGERS:
        problems.add("cached", f"a {kind} trigger is not polled; leave it out")
    return TriggerPlan(
        name=name,
        type=kind,
        metadata=metadata,
        metric_type=TriggerMetricType(metric_type) if metric_type in allowed else default,
        authentication=_authentication(problems, given),
        cached=cached,
    )


def _is_allowed(metric_type: TriggerMetricType, kind: str) -> bool:
    if kind in RESOURCE_TRIGGERS:
        return metric_type is not TriggerMetricType.VALUE
    return metric_type is not TriggerMetricType.UTILIZATION


def _authentication(problems: Problems, given: ScalingTrigger) -> Mapping[str, pulumi.Input[str]] | None:
    if "authentication" in given and "cluster_authentication" in given:
        problems.add("clusterAuthentication", "is beside authentication; give one of them")
    if "authentication" in given:
        return {"kind": "TriggerAuthentication", "name": given["authentication"]}
    if "cluster_authentication" in given:
        return {"kind": "ClusterTriggerAuthentication", "name": given["cluster_authentication"]}
    return None


def _check_target(problems: Problems, path: str, text: str, kind: str, metric_type: str) -> None:
    """Refuse what is no number, zero and less. Only a use for each pod may have a suffix, such as `4Gi`."""
    if metric_type == TriggerMetricType.UTILIZATION:
        pattern, example = _WHOLE, "70"
    elif kind not in RESOURCE_TRIGGERS:
        pattern, example = _NUMBER, "5 or 0.5"
    else:
        check_quantity(problems, path, text, unit="")
        return
    if not pattern.fullmatch(text):
        problems.add(path, f"'{text}' is not a number as KEDA reads it; write it like {example}")
    else:
        check_quantity(problems, path, text, unit="")
