"""The autoscaler as a process: its parts put together, started, and stopped in order."""

import contextlib
import logging
import signal
import threading
import time
from types import FrameType
from typing import Final

from ...problems import InvalidInput, Problem
from .actors import Actor, KedaInformer, ScaleWriter, Spectator
from .answers import Answer
from .cluster import ClusterApi
from .endpoints import Endpoints
from .history import StoredHistory
from .lease import Lease, Office, SoleOffice
from .loop import Autoscaler
from .metrics import Metrics
from .past import Past
from .policies import predictor_of
from .prometheus import Prometheus
from .readings import Source
from .resource_metrics import ResourceMetrics
from .settings import AutoscalerSettings, KedaActing, PrometheusSource
from .target import Target

_LOG: Final = logging.getLogger("aidc.autoscaler")
_HANG: Final = 60.0
"""Seconds beside its intervals that the loop may stand still before `/livez` fails."""

_TOLD_INTERVALS: Final = 3
"""Intervals for which a decision is told to KEDA."""


class Pulse:
    """Knows whether the loop goes round."""

    def __init__(self, longest: float) -> None:
        """Be alarmed after `longest` seconds."""
        self._longest = longest
        self._beat = time.monotonic()
        self._beats = 0

    def beat(self) -> None:
        """Note that a round is done."""
        self._beat = time.monotonic()
        self._beats += 1

    def still(self) -> str:
        """Return why the process should be started anew; empty where it works."""
        seconds = time.monotonic() - self._beat
        return f"the loop stands still since {seconds:.0f} s" if seconds > self._longest else ""

    def unready(self) -> str:
        """Return why it is not ready; empty once a round is done."""
        return "" if self._beats else "no decision yet"


def run(settings: AutoscalerSettings) -> int:
    """Scale until told to stop, and return the exit code 0.

    Raises:
        InvalidInput: What the settings name cannot be used.
    """
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with contextlib.ExitStack() as stack:
        metrics = Metrics()
        pulse = Pulse(_HANG + 3 * settings.interval_seconds)
        # First what may be refused, then what others see.
        api = ClusterApi.of_settings(settings.kubeconfig)
        stack.callback(api.close)
        source = _source(settings, api)
        stack.callback(source.close)
        office = _office(settings, api, stack)
        target = Target(api, settings.target)
        answer = Answer(lasts=_TOLD_INTERVALS * settings.interval_seconds + 5)
        actor = _actor(settings, target, office, metrics, answer, stack)
        endpoints = Endpoints(
            settings.host,
            settings.port,
            metrics.registry,
            alive=pulse.still,
            ready=pulse.unready,
            decision=lambda: _told(answer, metrics),
        )
        stack.callback(endpoints.close)
        if isinstance(office, Lease):
            office.start()
        autoscaler = Autoscaler(
            settings,
            target=target,
            source=source,
            make_policy=lambda: predictor_of(settings),
            past=_past(settings, api, source),
            actor=actor,
            metrics=metrics,
        )
        _LOG.info(f"{settings.target.name} in {settings.target.namespace}: mode {settings.mode}")
        _LOG.info(f"metrics and health at port {endpoints.port}")
        due = time.monotonic()
        while not stopping.is_set():
            autoscaler.step()
            pulse.beat()
            # The next of the moments that are an interval apart: a slow round leaves some out and delays none.
            due += settings.interval_seconds * max(1, -(-(time.monotonic() - due) // settings.interval_seconds))
            stopping.wait(max(0.0, due - time.monotonic()))
        _LOG.info("stopping")
    _LOG.info("stopped")
    return 0


def _source(settings: AutoscalerSettings, api: ClusterApi) -> Source:
    if isinstance(settings.source, PrometheusSource):
        return Prometheus(settings.source)
    return ResourceMetrics(api, settings.source, settings.target.namespace)


def _past(settings: AutoscalerSettings, api: ClusterApi, source: Source) -> Past:
    name = settings.history_config_map
    stored = None if name is None else StoredHistory(api, settings.target.namespace, name)
    return Past(source, stored, seconds=settings.history_seconds, step=settings.interval_seconds)


def _office(settings: AutoscalerSettings, api: ClusterApi, stack: contextlib.ExitStack) -> Office:
    if settings.election is None:
        return SoleOffice()
    lease = Lease(api, settings.election)
    stack.callback(lease.stop)
    return lease


def _told(answer: Answer, metrics: Metrics) -> int | None:
    replicas = answer.replicas
    metrics.answers.labels("refused" if replicas is None else "given").inc()
    return replicas


def _actor(
    settings: AutoscalerSettings,
    target: Target,
    office: Office,
    metrics: Metrics,
    answer: Answer,
    stack: contextlib.ExitStack,
) -> Actor:
    is_acting, acting = settings.mode == "act", settings.acting
    if isinstance(acting, KedaActing):
        if acting.port is not None:
            # grpc is for this way alone.
            try:
                from .scaler import ExternalScaler
            except ImportError as error:
                reason = f"needs gRPC and protobuf ({error}): pip install 'aidc[autoscaler]' protobuf"
                raise InvalidInput("settings of the autoscaler", [Problem("acting.port", reason)]) from error

            scaler = ExternalScaler(
                acting.host,
                acting.port,
                settings.target,
                answer,
                count=lambda outcome: metrics.answers.labels(outcome).inc(),
            )
            stack.callback(scaler.close)
        return KedaInformer(answer, office, is_acting=is_acting)
    return ScaleWriter(target, office, metrics) if is_acting else Spectator(office)
