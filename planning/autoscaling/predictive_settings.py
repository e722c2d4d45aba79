"""What the predictive policy is told."""

import math
from dataclasses import dataclass

from ...problems import Problems
from .service import Service


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictiveSettings:
    """What the predictive policy is told."""

    service: Service
    """What is scaled; its start-up delay is the horizon of the forecast."""

    interval: float = 15.0
    """Seconds between two decisions. Default: 15."""

    late_worth: float = 10.0
    """What a request that is not late is worth, in units of what its service costs: more gives more headroom.
    Default: 10."""

    hold: float = 120.0
    """Seconds of its own wishes of which the highest counts. Default: 120."""

    follow: bool = True
    """Whether it chooses, by what they would have cost, among forecasts and peaks of the past, more or less careful;
    else it goes by the forecast as it is. Default: it chooses."""

    reactive_target: float = 1.0
    """Share of a replica's capacity that the reactive rule aims at. Default: 1."""

    reactive_span: float = 60.0
    """Seconds of load that the reactive rule looks at. Default: 60."""

    growth_factor: float = 2.0
    """Times that it may grow in one decision, or by `growth_least` where that is more. Default: 2."""

    growth_least: int = 4
    """Replicas that it may always add in one decision. Default: 4."""

    late: float = 0.01
    """Share of requests that may be late by chance while replicas suffice, for the queueing model. Default: 0.01."""

    forecast_only: bool = False
    """Whether it only says what it would do, and decides as the reactive rule. Default: no."""

    def check(self) -> None:
        """Raise `InvalidInput` with everything that is wrong."""
        self.service.check()
        problems = Problems()
        for path, value, unit in (
            ("interval", self.interval, " seconds"),
            ("lateWorth", self.late_worth, ""),
            ("reactiveTarget", self.reactive_target, ""),
            ("reactiveSpan", self.reactive_span, " seconds"),
        ):
            if not (math.isfinite(value) and value > 0):
                problems.add(path, f"{value:g}{unit} is not possible; give more than 0{unit}")
        problems.between("hold", self.hold, 0, 3600, "seconds")
        problems.between("growthFactor", self.growth_factor, 1)
        problems.between("growthLeast", self.growth_least, 1, None, "replicas")
        if not 0 < self.late < 1:
            problems.add("late", f"{self.late:g} is not a share; give more than 0 and less than 1")
        problems.raise_if_any("predictive policy")
