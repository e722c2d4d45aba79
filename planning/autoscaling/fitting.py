"""Makes what the predictive policy begins with, from loads that it may be tuned on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .demand import LEVELS
from .lanes import Values
from .predictive import PredictiveLanes
from .predictive_settings import PredictiveSettings
from .service import Service

_SHRUNK = 0.7
"""By how much the weights of the middle load are drawn to 0, where a forecast is the short average itself."""


def fitted(loads: Mapping[str, Values], *, delays: Sequence[float]) -> dict[str, Any]:
    """Return the content of `data/demand_prior.json`.

    Args:
        loads: By name, the load of every 15 seconds, in replicas that it would keep busy; about 15 on average.
        delays: Start-up delays in seconds, ascending.
    """
    found = {delay: {name: _learned(load, delay) for name, load in loads.items()} for delay in delays}
    by_horizon: dict[float, list[tuple[Values, float, Values]]] = {}
    for delay in delays:
        for each in found[delay].values():
            for row, seconds in enumerate(each["horizons"]):
                # The first horizon is the same for all delays.
                if delay == delays[0] or row > 0:
                    by_horizon.setdefault(seconds, []).append(
                        (each["weights"][row], float(each["widths"][row]), each["shapes"][row])
                    )
    horizons: list[dict[str, Any]] = []
    for seconds, rows in sorted(by_horizon.items()):
        weights = np.array([each[0] for each in rows])
        low, high = np.percentile(weights, [16, 84], axis=0)
        horizons.append(
            {
                "seconds": seconds,
                "weights": _rounded(_SHRUNK * np.median(weights, axis=0), 3),
                "deviations": _rounded(np.clip((high - low) / 2, 0.03, 0.5), 3),
                "width": round(float(np.exp(np.mean(np.log([each[1] for each in rows])))), 3),
                "shape": _rounded(np.mean([each[2] for each in rows], axis=0), 3),
            }
        )
    candidates: list[dict[str, Any]] = [
        {
            "startupDelay": delay,
            "widths": [round(float(each["widths"][-1]), 4) for each in found[delay].values()],
            "replicas": [_rounded(each["replicas"], 3) for each in found[delay].values()],
            "late": [_rounded(each["late"], 4) for each in found[delay].values()],
        }
        for delay in delays
    ]
    return {"levels": LEVELS.tolist(), "loads": list(loads), "horizons": horizons, "candidates": candidates}


def _learned(load: Values, delay: float) -> dict[str, Any]:
    """Return what the policy knows after a load, without what it began with."""
    service = Service(startup_delay=delay)
    lanes = PredictiveLanes([PredictiveSettings(service=service)])
    for value in load.tolist():
        lanes.observe(value * service.replica_rate)
    return lanes.learned()


def _rounded(values: Values, digits: int) -> list[float]:
    return [round(value, digits) for value in values.tolist()]
