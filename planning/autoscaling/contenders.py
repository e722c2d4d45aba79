"""The policies that are compared, each with the settings over which its headroom is swept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ...problems import Problems
from .arrivals import Arrivals
from .baselines import FixedLanes, LastValueLanes, OracleLanes, YesterdayLanes
from .candidates import WORTHS
from .event_driven import EventDrivenLanes, EventDrivenSettings
from .horizontal import HorizontalLanes, HorizontalSettings, Metric
from .lanes import Lanes
from .predictive import PredictiveLanes
from .predictive_settings import PredictiveSettings
from .service import Service

REFERENCE: Final = "horizontal"
"""The policy that the others are compared with."""

_TARGETS: Final = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1)
_WINDOWS: Final = (0.0, 60.0, 120.0, 300.0)
_HEADROOM: Final = (0.9, 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.5, 3.0)
_HOLDS: Final = (0.0, 120.0, 300.0)
_PEAKS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Contender:
    """A policy with several settings that are replayed beside each other."""

    lanes: Lanes
    """What decides."""

    settings: tuple[str, ...]
    """What each lane is, in words."""

    initial: tuple[int, ...] | None = None
    """Replicas at the begin, where it is not for the replay to say."""


_Maker = Callable[[Service, Arrivals, float, bool], Contender]


def contender_names() -> tuple[str, ...]:
    """Return the names of all policies."""
    return tuple(_MAKERS)


def contender(
    name: str, service: Service, arrivals: Arrivals, *, interval: float = 15.0, sweep: bool = True
) -> Contender:
    """Return a policy with the settings of its sweep, or with its usual ones alone.

    Raises:
        InvalidInput: No policy has this name.
    """
    problems = Problems()
    problems.choice("policies", name, _MAKERS)
    problems.raise_if_any("policies")
    return _MAKERS[name](service, arrivals, interval, sweep)


def _static(service: Service, arrivals: Arrivals, interval: float, sweep: bool) -> Contender:
    block = max(1, round(interval / arrivals.step))
    count = len(arrivals) // block
    loads = arrivals.work[: count * block].reshape(count, block).mean(1) / arrivals.step / service.replica_rate
    peak = max(1, int(np.ceil(loads.max())))
    parts = _PEAKS if sweep else (1.0,)
    replicas = [min(max(round(part * peak), service.min_replicas, 1), service.max_replicas) for part in parts]
    names = tuple(f"{each} replicas, {part:.0%} of the peak" for each, part in zip(replicas, parts, strict=True))
    return Contender(FixedLanes(replicas), names, tuple(replicas))


def _last_value(service: Service, arrivals: Arrivals, interval: float, sweep: bool) -> Contender:
    headroom = _HEADROOM if sweep else (1.3,)
    return Contender(LastValueLanes(service, headroom), _more(headroom))


def _yesterday(service: Service, arrivals: Arrivals, interval: float, sweep: bool) -> Contender:
    headroom = _HEADROOM if sweep else (1.3,)
    return Contender(YesterdayLanes(service, headroom, interval), _more(headroom))


def _oracle(service: Service, arrivals: Arrivals, interval: float, sweep: bool) -> Contender:
    headroom = _HEADROOM[:9] if sweep else (1.05,)
    return Contender(OracleLanes(service, arrivals, headroom, interval), _more(headroom))


def _more(headroom: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(f"{each:.2f} times" for each in headroom)


def _horizontal(service: Service, arrivals: Arrivals, interval: float, sweep: bool) -> Contender:
    settings = [
        _autoscaler(service, metric, target, window)
        for metric in (Metric if sweep else (Metric.RATE,))
        for target in (_TARGETS if sweep else (0.7,))
        # The use of a resource is never above 1, so a target of 1 would never be passed.
        if metric is not Metric.UTILISATION or target < 1
        for window in (_WINDOWS if sweep else (300.0,))
    ]
    return Contender(HorizontalLanes(settings), tuple(map(_autoscaler_name, settings)))


def _event_driven(service: Service, arrivals: Arrivals, interval: float, sweep: bool) -> Contender:
    settings = [
        _autoscaler(service, metric, target, window)
        for metric in ((Metric.RATE, Metric.IN_FLIGHT) if sweep else (Metric.IN_FLIGHT,))
        for target in (_TARGETS if sweep else (0.7,))
        for window in (_WINDOWS if sweep else (300.0,))
    ]
    lanes = EventDrivenLanes(
        [EventDrivenSettings(horizontal=each, min_replicas=service.min_replicas) for each in settings]
    )
    return Contender(lanes, tuple(map(_autoscaler_name, settings)))


def _autoscaler(service: Service, metric: Metric, target: float, window: float) -> HorizontalSettings:
    return HorizontalSettings(
        metric=metric,
        target=target,
        replica_rate=service.replica_rate,
        service_time=service.service_time,
        down_window=window,
        min_replicas=max(1, service.min_replicas),
        max_replicas=service.max_replicas,
    )


def _autoscaler_name(settings: HorizontalSettings) -> str:
    return f"{settings.metric} at {settings.target:.0%}, {settings.down_window:g} s down"


def _predictive(service: Service, arrivals: Arrivals, interval: float, sweep: bool) -> Contender:
    usual = PredictiveSettings(service=service, interval=interval)
    settings = [usual]
    if sweep:
        settings = [
            replace(usual, late_worth=float(worth), hold=hold, follow=follow)
            for follow in (True, False)
            for hold in _HOLDS
            for worth in WORTHS
        ]
    return Contender(PredictiveLanes(settings), tuple(map(_predictive_name, settings)))


def _predictive_name(settings: PredictiveSettings) -> str:
    way = "chosen" if settings.follow else "forecast alone"
    return f"late worth {settings.late_worth:g}, {settings.hold:g} s held, {way}"


_MAKERS: Final[dict[str, _Maker]] = {
    "static": _static,
    "last-value": _last_value,
    "yesterday": _yesterday,
    "horizontal": _horizontal,
    "event-driven": _event_driven,
    "predictive": _predictive,
    "oracle": _oracle,
}
