"""The forecasters by name."""

from ...problems import InvalidInput, Problem, suggestion
from .arima import Arima
from .baselines import LastValue, SeasonalNaive
from .calibration import CalibratedForecaster
from .ensemble import Ensemble
from .forecast import Forecaster
from .seasonal_level import SeasonalLevel
from .smoothing import ExponentialSmoothing
from .trend import LinearTrend

DEFAULT = "ensemble"
"""The forecaster to take where nothing speaks for another."""


def forecasters() -> dict[str, Forecaster]:
    """Return a new forecaster of every kind by its name, the default first and the baselines last."""
    points = (ExponentialSmoothing(), Arima(), SeasonalLevel(), LinearTrend(), SeasonalNaive(), LastValue())
    found: list[Forecaster] = [Ensemble(), *(CalibratedForecaster(point) for point in points)]
    return {forecaster.name: forecaster for forecaster in found}


def forecaster(name: str = DEFAULT) -> Forecaster:
    """Return a new forecaster of that name, or raise `InvalidInput` with close matches."""
    known = forecasters()
    if name not in known:
        said = f"'{name}' is not one of {', '.join(known)}{suggestion(name, known)}"
        raise InvalidInput("forecaster", [Problem("forecaster", said)])
    return known[name]
