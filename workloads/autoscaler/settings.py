"""Settings of the autoscaler."""

import re
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from ...problems import InvalidInput, Problems
from ..programs import AUTOSCALER
from ..settings import Settings, Unit

Seconds = Annotated[float, Field(gt=0, le=86_400), Unit("seconds")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+[^\s]*$")]
Pods = Annotated[int, Field(ge=0, le=150_000), Unit("pods")]

_KIND: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
_LEAST_RENEWALS: Final = 2
"""Renewals that fit into the duration of a lease at least: one that fails must not end it."""


_MOST_SERVED: Final = 20_000
"""Requests that all pods serve at once, at most: for more the queueing model takes many seconds at the start."""


class TargetSettings(Settings):
    """The workload whose number of pods is decided on."""

    namespace: Name
    """Its namespace."""

    name: Name
    """Its name."""

    kind: Annotated[str, StringConstraints(pattern=_KIND.pattern)] = "Deployment"
    """Its kind, any that has the subresource `scale`. Default: `Deployment`."""

    api_version: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+/[a-z0-9]+$")] = "apps/v1"
    """API group and version of the kind. Default: `apps/v1`."""

    plural: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+$")] | None = None
    """Name of the kind in paths of the API. Default: the kind in lower case with an s."""

    @property
    def resource(self) -> str:
        """Name of the kind in paths of the API."""
        return self.plural or f"{self.kind.lower()}s"


class PrometheusSource(Settings):
    """A load that Prometheus knows."""

    kind: Literal["prometheus"]
    """Says that it is this source."""

    address: Address
    """Address of Prometheus, or of what has its HTTP interface, such as `http://prometheus.monitoring.svc:9090`."""

    query: Annotated[str, Field(min_length=1)]
    """Expression of one value: requests a second, such as `sum(rate(requests_total{namespace="ai"}[2m]))`."""

    counter: bool = False
    """Whether the expression counts requests since the start of something, in place of requests a second; the rate is
    then worked out here, and a counter that starts again counts from zero. Default: false."""

    waiting: Annotated[str, Field(min_length=1)] | None = None
    """Expression of one value: requests that wait. Default: nobody counts them."""

    freshness: Annotated[str, Field(min_length=1)] | None = None
    """Expression of one value: seconds since 1970 of the newest sample behind the query, such as
    `max(timestamp(requests_total{namespace="ai"}))`. Prometheus repeats a sample for 5 minutes after its last scrape;
    with this the reading is known to be old. Default: not asked."""

    stale_seconds: Seconds = 120
    """Age of a reading from which on it is none. Default: 120."""

    timeout_seconds: Seconds = 5
    """Seconds that an answer may take. Default: 5."""


class ResourceMetricsSource(Settings):
    """The use of cores or memory of the target's pods, from the resource metrics API (metrics-server)."""

    kind: Literal["resource-metrics"]
    """Says that it is this source."""

    resource: Literal["cpu", "memory"] = "cpu"
    """What is read: cores, or bytes of memory, over all pods. Default: `cpu`."""

    stale_seconds: Seconds = 120
    """Age of a reading from which on it is none. Default: 120."""


class CapacitySettings(Settings):
    """What one pod can do: give `replica_rate`, or `service_seconds`."""

    replica_rate: Annotated[float, Field(gt=0, le=1e15)] | None = None
    """Requests a second that one pod serves when it is busy all the time; for the resource metrics API the cores or
    bytes of one pod. Default: concurrency / service_seconds."""

    service_seconds: Seconds | None = None
    """Seconds that one request takes where nothing waits. Default: concurrency / replica_rate."""

    concurrency: Annotated[int, Field(ge=1, le=100_000), Unit("requests")] = 1
    """Requests that one pod computes at once. Default: 1."""

    @property
    def rate(self) -> float:
        """Requests a second that one busy pod serves."""
        if self.replica_rate is not None:
            return self.replica_rate
        assert self.service_seconds is not None
        return self.concurrency / self.service_seconds

    @property
    def seconds(self) -> float:
        """Seconds that one request takes where nothing waits."""
        return self.concurrency / self.rate


class ObjectiveSettings(Settings):
    """What requests are promised, and what it may cost."""

    latency_seconds: Seconds | None = None
    """Seconds from arrival to answer. Default: three times what a request takes where nothing waits."""

    late_share: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Share of the requests that may take longer by chance while there are pods enough. Default: 0.01."""

    late_worth: Annotated[float, Field(gt=0, le=1e6)] = 30
    """What a request that is in time is worth, in units of what its service costs: more gives more pods in reserve.
    Default: 30."""


class ReplicaSettings(Settings):
    """Bounds of the number of pods, and of its changes."""

    minimum: Pods = 1
    """Pods at least. Default: 1."""

    maximum: Annotated[int, Field(ge=1, le=150_000), Unit("pods")]
    """Pods at most. What they may cost follows from it, so it has no default."""

    growth_percent: Annotated[float, Field(gt=0, le=10_000), Unit("percent")] = 100
    """Pods that a forecast may add in one step, in percent of those there are. What the load of now needs is not bound
    by it. Default: 100."""

    growth_pods: Annotated[int, Field(ge=1, le=150_000), Unit("pods")] = 4
    """Pods that a forecast may add in one step in any case. Default: 4."""

    stabilization_seconds: Annotated[float, Field(ge=0, le=86_400), Unit("seconds")] = 300
    """Seconds of decisions of which the largest one counts, so that pods that are needed again soon stay.
    Default: 300."""


class ScaleActing(Settings):
    """The autoscaler writes the number of pods itself; nothing else may."""

    kind: Literal["scale"]
    """Says that it is this way."""


class KedaActing(Settings):
    """The autoscaler answers KEDA, of whose triggers the HorizontalPodAutoscaler takes the one that asks for most."""

    kind: Literal["keda"]
    """Says that it is this way."""

    host: Annotated[str, Field(min_length=1)] = "0.0.0.0"
    """IP address of the external scaler. Default: all of the pod."""

    port: Annotated[int, Field(ge=1024, le=65_535)] | None = None
    """Port of an external scaler, gRPC. Default: none; KEDA's trigger `metrics-api` asks for `/replicas` instead. An
    external scaler that does not answer takes the other triggers of its ScaledObject with it (KEDA 2.21)."""


class ElectionSettings(Settings):
    """The lease by which one of several autoscalers is the one that acts."""

    name: Name
    """Name of the Lease. It must be there: the autoscaler may not make one."""

    namespace: Name
    """Its namespace."""

    duration_seconds: Annotated[int, Field(ge=1, le=3_600), Unit("seconds")] = 15
    """Seconds after its last renewal that the lease belongs to its holder. Default: 15."""

    renew_seconds: Annotated[float, Field(gt=0, le=1_800), Unit("seconds")] = 3
    """Seconds between renewals, and between looks of those that wait. Default: 3."""


class AutoscalerSettings(Settings):
    """What is scaled, on which figures, within which bounds, and whether at all."""

    target: TargetSettings
    """The workload."""

    source: Annotated[PrometheusSource | ResourceMetricsSource, Field(discriminator="kind")]
    """Where the load is read."""

    capacity: CapacitySettings
    """What one pod can do."""

    replicas: ReplicaSettings
    """Bounds of the number of pods."""

    mode: Literal["forecast", "act"] = "forecast"
    """Whether it decides and shows what it would do (`forecast`), or does it (`act`). Default: `forecast`."""

    acting: Annotated[ScaleActing | KedaActing, Field(discriminator="kind")] = ScaleActing(kind="scale")
    """How it acts. Default: it writes the target's `scale`."""

    interval_seconds: Seconds = 30
    """Seconds between decisions. Default: 30."""

    start_up_seconds: Annotated[float, Field(ge=0, le=86_400), Unit("seconds")] = 120
    """Seconds from the decision for a pod until it takes requests: the forecast looks that far. Default: 120."""

    utilisation: Annotated[float, Field(gt=0, le=1)] = 0.7
    """Share of its capacity that a pod is to use under the load of now: the reactive rule. Default: 0.7."""

    objective: ObjectiveSettings = ObjectiveSettings()
    """What requests are promised."""

    election: ElectionSettings | None = None
    """The lease. Default: none; then there must be one autoscaler only."""

    history_seconds: Annotated[float, Field(gt=0, le=366 * 86_400), Unit("seconds")] = 8 * 86_400
    """Seconds of the past that are kept, and asked for at the start. Default: 8 days, so that a week is in it."""

    history_config_map: Name | None = None
    """ConfigMap in the target's namespace, by which the past survives a restart where the source does not know it.
    It must be there. Default: none."""

    kubeconfig: Annotated[str, Field(min_length=1)] | None = None
    """Path of a kubeconfig. Default: the pod's service account."""

    host: Annotated[str, Field(min_length=1)] = "0.0.0.0"
    """IP address of metrics and health. Default: all of the pod."""

    port: Annotated[int, Field(ge=0, le=65_535)] = AUTOSCALER.metrics_port
    """Port of `/metrics`, `/livez` and `/readyz`; 0 takes any free one. Default: 9402."""

    log: Literal["debug", "info", "warning", "error"] = "info"
    """Least level of what is logged; each decision is logged at `info`. Default: `info`."""

    @model_validator(mode="after")
    def _fits(self) -> "AutoscalerSettings":
        problems = Problems()
        replicas, capacity = self.replicas, self.capacity
        if replicas.minimum > replicas.maximum:
            problems.add(
                "replicas.minimum",
                f"{replicas.minimum:,} pods are more than the {replicas.maximum:,} of replicas.maximum; "
                f"give {replicas.maximum:,} or fewer, or a larger maximum",
            )
        if (capacity.replica_rate is None) is (capacity.service_seconds is None):
            problems.add("capacity", "give replica_rate or service_seconds, one of them")
        elif (latency := self.objective.latency_seconds) is not None and latency < capacity.seconds:
            problems.add(
                "objective.latency_seconds",
                f"{latency:g} seconds are less than the {capacity.seconds:g} seconds that a request takes; give more",
            )
        served = replicas.maximum * capacity.concurrency
        if served > _MOST_SERVED:
            problems.add(
                "replicas.maximum",
                f"{replicas.maximum:,} pods of {capacity.concurrency:,} requests at once are {served:,} at once, more "
                f"than the {_MOST_SERVED:,} that the queueing model takes; give fewer pods, or a smaller concurrency",
            )
        election = self.election
        if election is not None and election.renew_seconds * _LEAST_RENEWALS > election.duration_seconds:
            problems.add(
                "election.renew_seconds",
                f"{election.renew_seconds:g} seconds are more than half of the duration of "
                f"{election.duration_seconds:g} seconds; one renewal that fails would end the lease",
            )
        if problems:
            raise InvalidInput("settings", problems)
        return self
