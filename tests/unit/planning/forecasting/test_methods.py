"""Each forecaster: closed forms, an independent implementation, no leaks, few values, bad values."""

import importlib
import warnings
from typing import Any

import numpy as np
import pytest

from aidc.planning.forecasting.arima import integrated_paths, invertible
from aidc.planning.forecasting.backtest import backtest, replay, rolling_origins
from aidc.planning.forecasting.calibration import forecast_from_errors
from aidc.planning.forecasting.deseasonalised import Deseasonalised
from aidc.planning.forecasting.ensemble import Ensemble
from aidc.planning.forecasting.methods import DEFAULT, forecaster, forecasters
from aidc.planning.forecasting.series import Series, Values
from aidc.planning.forecasting.smoothing import damped_trend
from aidc.planning.forecasting.trend import LinearTrend
from aidc.problems import InvalidInput

QUANTILES = (0.1, 0.5, 0.9)
METHODS = sorted(forecasters())


def load(count: int, seed: int = 0) -> Values:
    random = np.random.default_rng(seed)
    return random.poisson(80 + 50 * np.sin(np.arange(count) * 2 * np.pi / 48)).astype(np.float64)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("future", ["shuffled", "zero", "huge", "missing"])
def test_no_forecast_depends_on_the_future(name: str, future: str) -> None:
    values = load(260)
    other = values.copy()
    if future == "shuffled":
        np.random.default_rng(1).shuffle(other[200:])
    else:
        other[200:] = {"zero": 0.0, "huge": 1e12, "missing": np.nan}[future]
    origins = (150, 199, 200)
    one, two = (
        backtest(forecaster(name), Series(0, 1800, kept), origins=origins, horizon=4, quantiles=QUANTILES)
        for kept in (values, other)
    )
    assert not np.array_equal(one.facts, two.facts, equal_nan=True)
    np.testing.assert_array_equal(one.forecasts, two.forecasts)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    "values",
    [
        [5.0],
        [np.nan, 5, np.nan],
        [0.0] * 60,
        [0.0] * 60 + [900],
        [7.0] * 60,
        [1.0, 2, np.nan, np.nan, 5, 6] * 12,
        list(range(70)),
        [10.0] * 60 + [1000] * 20,
    ],
    ids=["one", "gaps", "zeros", "burst", "flat", "holes", "line", "shift"],
)
def test_every_method_lives_with_every_history(name: str, values: list[float]) -> None:
    forecast = forecaster(name).forecast(Series(0, 60, np.array(values, dtype=np.float64)), 5, QUANTILES)
    assert forecast.quantiles == QUANTILES
    assert forecast.values.shape == (5, 3)
    assert np.isfinite(forecast.values).all()
    assert (forecast.values >= 0).all()
    assert (np.diff(forecast.values, axis=1) >= -1e-9).all()
    with pytest.raises(InvalidInput, match="no value is known"):
        forecaster(name).forecast(Series(0, 60, np.array([np.nan])), 5, QUANTILES)


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("linear-trend", "last-value")])
def test_methods_that_know_seasons_beat_the_last_value_by_day_and_night(name: str) -> None:
    series = Series(0, 1800, load(480))
    origins = rolling_origins(480, first=400, horizon=8, most=12)
    found, last = (backtest(forecaster(each), series, origins=origins, horizon=8) for each in (name, "last-value"))
    assert found.error() < 0.8 * last.error()
    assert found.loss(0.9) < last.loss(0.9)


def test_the_line_of_least_squares() -> None:
    values = np.random.default_rng(3).uniform(10, 20, 50)
    path = LinearTrend(window=20).paths(Series(0, 60, values), np.array([50]), 3)
    slope, height = np.polyfit(np.arange(20), values[-20:], 1)
    np.testing.assert_allclose(path[0], height + slope * np.array([20, 21, 22]))


def test_smoothing_and_arima_agree_with_the_library_that_fits_them() -> None:
    models: Any = importlib.import_module("statsforecast.models")
    values = np.cumsum(np.random.default_rng(4).normal(size=400)) + 50
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = models.ARIMA(order=(2, 1, 1)).fit(values)
        smoothing = models.AutoETS(model="AAN", damped=True).fit(values)
    coefficients = model.model_["coef"]
    phi, theta = (np.array([coefficients[key] for key in keys]) for keys in (("ar1", "ar2"), ("ma1",)))
    path = integrated_paths(values, phi, theta, np.array([399]), 5)[0]
    np.testing.assert_allclose(path, model.predict(5)["mean"], rtol=1e-3)
    level_rate, trend_rate, _, damping, *_ = smoothing.model_["par"]
    levels, trends = damped_trend(values, level_rate, trend_rate, damping)
    expected = levels[-1] + trends[-1] * np.cumsum(damping ** np.arange(1, 6))
    np.testing.assert_allclose(expected, smoothing.predict(5)["mean"], rtol=1e-3)


def test_a_moving_average_that_cannot_be_inverted_becomes_the_one_that_can() -> None:
    np.testing.assert_allclose(invertible(np.array([-2.0])), [-0.5])
    np.testing.assert_allclose(invertible(np.array([0.4, -0.1])), [0.4, -0.1])
    # (1 - 2z)(1 - 0.5z) has the correlations of (1 - 0.5z)(1 - 0.5z).
    np.testing.assert_allclose(invertible(np.array([-2.5, 1.0])), [-1.0, 0.25], atol=1e-6)


def test_a_load_without_its_season_is_put_together_again() -> None:
    values = load(48 * 30)
    parts = Deseasonalised.of(Series(0, 1800, values))
    assert parts.first == 48 * 30 - 1000
    assert np.std(parts.rest) < 0.6 * np.std(np.sqrt(values))
    origins = np.array([1200, 1437])
    paths = np.stack([parts.rest[origin - parts.first :][:3] for origin in origins])
    np.testing.assert_allclose(parts.restored(paths, origins), np.stack([values[at : at + 3] for at in origins]))


def test_errors_become_quantiles() -> None:
    errors = np.tile(np.linspace(-1, 1, 101)[:, None], (1, 2))
    errors[:, 1] = np.nan
    forecast = forecast_from_errors(np.array([5.0, 0.5]), errors, (0.05, 0.5, 0.95))
    np.testing.assert_allclose(forecast.values[0], np.square(5 + np.array([-0.9, 0, 0.9])))
    np.testing.assert_allclose(forecast.values[1], np.square(np.maximum(0.5 + np.array([-0.9, 0, 0.9]), 0)))


def test_a_replay_is_the_backtest_of_the_ensemble() -> None:
    series = Series(0, 1800, load(130))
    played = replay(series, first=100, horizon=3, quantiles=QUANTILES)
    assert played.origins == tuple(range(100, 131))
    tested = backtest(Ensemble(), series, origins=(100, 117, 127), horizon=3, quantiles=QUANTILES)
    np.testing.assert_array_equal(played.of((100, 117, 127)).forecasts, tested.forecasts)
    assert played.of((100, 117, 127)).error() == tested.error()


def test_an_unknown_method_has_close_matches() -> None:
    assert forecaster().name == DEFAULT == "ensemble"
    with pytest.raises(InvalidInput, match="did you mean 'arima'"):
        forecaster("arma")


@pytest.mark.parametrize("name", METHODS)
def test_what_is_no_load_counts_as_not_measured(name: str) -> None:
    values = load(120)
    missing, wrong = values.copy(), values.copy()
    at = np.array([3, 40, 41, 90, 117])
    missing[at] = np.nan
    wrong[at] = [np.inf, -np.inf, -5, np.nan, -1e9]
    expected = forecaster(name).forecast(Series(0, 60, missing), 5, QUANTILES).values
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = forecaster(name).forecast(Series(0, 60, wrong), 5, QUANTILES).values
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(InvalidInput, match="no value is known"):
        forecaster(name).forecast(Series(0, 60, np.array([-1.0, np.inf, np.nan])), 5, QUANTILES)
