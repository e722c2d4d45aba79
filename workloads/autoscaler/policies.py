"""The predictive policy, set up by the autoscaler's settings."""

from typing import Final, Protocol, cast

import numpy as np

from ...planning.autoscaling.demand import LEVELS
from ...planning.autoscaling.policy import Policy
from ...planning.autoscaling.predictive import PredictivePolicy, PredictiveSettings
from ...planning.autoscaling.service import Service
from ...planning.forecasting.series import Series, Values
from .accuracy import HIGH, Prediction
from .settings import AutoscalerSettings

_LATENCY: Final = 3.0
"""Times the service time that a request may take, where the settings say nothing."""

_GIVE_UP: Final = 60.0
"""Seconds after which requests that wait are given up, as far as the policy cares: it must not be less than they may
wait."""


class PredictingPolicy(Policy, Protocol):
    """A policy that can begin with a past, and says what it expects."""

    @property
    def prediction(self) -> Prediction | None:
        """The load at the time when a pod that is started now is ready; None before the first."""
        ...

    def restore(self, history: Series) -> None:
        """Take the past; the same one always gives the same state."""
        ...


class Predictor(PredictivePolicy):
    """The predictive policy, which also says what it expects."""

    @property
    def prediction(self) -> Prediction | None:
        """The load at the last moment that it looks ahead to."""
        quantiles = self.quantiles
        if quantiles is None:
            return None
        last, rate = cast(Values, quantiles[-1]), self.settings.service.replica_rate
        return Prediction(float(np.interp(0.5, LEVELS, last)) * rate, float(np.interp(HIGH, LEVELS, last)) * rate)


def predictor_of(settings: AutoscalerSettings) -> Predictor:
    """Return the policy for a target, without a past."""
    capacity, replicas, objective = settings.capacity, settings.replicas, settings.objective
    latency = objective.latency_seconds or _LATENCY * capacity.seconds
    service = Service(
        service_time=capacity.seconds,
        concurrency=capacity.concurrency,
        latency_bound=latency,
        startup_delay=settings.start_up_seconds,
        give_up=max(_GIVE_UP, latency),
        min_replicas=replicas.minimum,
        max_replicas=replicas.maximum,
    )
    return Predictor(
        PredictiveSettings(
            service=service,
            interval=settings.interval_seconds,
            late=objective.late_share,
            late_worth=objective.late_worth,
            reactive_target=settings.utilisation,
            growth_factor=1 + replicas.growth_percent / 100,
            growth_least=replicas.growth_pods,
        )
    )
