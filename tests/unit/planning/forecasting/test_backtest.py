"""Losses by their definitions, and rolling origins without leaks."""

import numpy as np
import pytest

from aidc.planning.forecasting.backtest import backtest, rolling_origins
from aidc.planning.forecasting.baselines import LastValue, SeasonalNaive
from aidc.planning.forecasting.calibration import CalibratedForecaster
from aidc.planning.forecasting.losses import covered, pinball, weighted_absolute_error
from aidc.planning.forecasting.series import Series


def test_losses_by_hand() -> None:
    facts, forecasts = np.array([10.0, 20, np.nan]), np.array([12.0, 15, 99])
    assert weighted_absolute_error(facts, forecasts) == pytest.approx(7 / 30)
    assert pinball(facts, forecasts, 0.9) == pytest.approx((0.1 * 2 + 0.9 * 5) / 30)
    assert pinball(facts, forecasts, 0.5) == pytest.approx(weighted_absolute_error(facts, forecasts) / 2)
    assert covered(facts, forecasts) == 0.5
    assert np.isnan(weighted_absolute_error(np.zeros(2), np.ones(2)))


def test_the_pinball_loss_is_least_at_the_quantile() -> None:
    facts = np.random.default_rng(3).exponential(size=2001)
    tried = np.linspace(0.1, 5, 200)
    losses = [pinball(facts, np.full_like(facts, value), 0.9) for value in tried]
    assert tried[int(np.argmin(losses))] == pytest.approx(np.quantile(facts, 0.9), abs=0.03)


def test_origins_are_spread_and_leave_room_for_the_horizon() -> None:
    assert rolling_origins(100, first=10, horizon=5, most=4) == (10, 38, 67, 95)
    assert rolling_origins(20, first=17, horizon=2, most=50) == (17, 18)
    assert rolling_origins(20, first=19, horizon=5, most=50) == ()


def test_a_backtest_of_the_last_value_by_hand() -> None:
    series = Series(0, 60, np.array([5.0, 7, 9, np.nan, 4, 4]))
    result = backtest(CalibratedForecaster(LastValue(), window=0), series, origins=(1, 3), horizon=2)
    np.testing.assert_allclose(result.forecasts[:, :, 0], [[5, 5], [9, 9]])
    np.testing.assert_array_equal(result.facts, [[7, 9], [np.nan, 4]])
    assert result.error() == pytest.approx((2 + 4 + 5) / 20)
    assert result.error(step=1) == pytest.approx(2 / 7)


def test_seasonal_naive_repeats_the_day() -> None:
    day = np.random.default_rng(2).uniform(10, 90, 24)
    series = Series(0, 3600, np.tile(day, 4))
    forecast = CalibratedForecaster(SeasonalNaive()).forecast(series.until(70), 30, (0.1, 0.5, 0.9))
    for column in range(3):
        np.testing.assert_allclose(forecast.values[:, column], np.tile(day, 5)[70:100])
