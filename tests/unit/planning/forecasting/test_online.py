"""The online forecaster: closed forms, no leaks, robust to all that loads do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.forecasting.ensemble import Ensemble
from aidc.planning.forecasting.online import OnlineForecaster
from aidc.planning.forecasting.regression import RecursiveRegression
from aidc.planning.forecasting.seasonal_memory import SeasonalMemory
from aidc.planning.forecasting.series import Series, Values
from aidc.planning.forecasting.smoothers import LEVEL_RATES, TREND_RATES, Smoothers
from aidc.problems import InvalidInput

QUANTILES = (0.05, 0.5, 0.9, 0.95)


def noisy_day(count: int, step: float = 1800.0, seed: int = 0) -> Values:
    random = np.random.default_rng(seed)
    time = np.arange(count) * step
    level = 100 + 60 * np.sin(time * 2 * np.pi / 86400)
    return random.poisson(level).astype(np.float64)


def state(forecaster: OnlineForecaster, horizon: int = 3) -> Values:
    return forecaster.forecast(horizon, QUANTILES).values


def test_levels_and_trends_follow_their_recursions() -> None:
    values = np.random.default_rng(1).uniform(5, 9, 400)
    smoothers = Smoothers()
    for value in values:
        smoothers.observe(float(value))
    ahead = np.array([1, 4])
    outlook = smoothers.outlook(ahead)
    np.testing.assert_allclose(outlook[0], values[-1])
    # Far from the beginning a level is the sum of rate * (1 - rate)^age * value.
    rate = LEVEL_RATES[1]
    level = float(np.sum(rate * (1 - rate) ** np.arange(400) * values[::-1]))
    np.testing.assert_allclose(outlook[3], level, rtol=1e-9)
    level_rate, trend_rate, damping = TREND_RATES[0]
    level, trend = values[0], 0.0
    for value in values[1:]:
        surprise = value - level - damping * trend
        level, trend = (
            level + damping * trend + level_rate * surprise,
            damping * trend + level_rate * trend_rate * surprise,
        )
    expected = [level + trend * sum(damping**power for power in range(1, steps + 1)) for steps in ahead]
    np.testing.assert_allclose(outlook[2 + len(LEVEL_RATES)], expected, rtol=1e-6)


def test_recursive_regression_finds_the_weights() -> None:
    random = np.random.default_rng(2)
    regression = RecursiveRegression(2, 3)
    weights = np.array([[1.0, -2, 0.5], [0, 0.3, 0]])
    for _ in range(2000):
        features = random.normal(size=(2, 3))
        regression.learn(features, (features * weights).sum(axis=1) + random.normal(0, 0.1, 2))
    np.testing.assert_allclose(regression.predict(np.ones((2, 3))), weights.sum(axis=1), atol=0.05)


@settings(deadline=None, max_examples=25)
@given(st.integers(4, 300), st.integers(1, 700), st.integers(0, 2**32 - 1))
def test_a_season_learnt_at_once_is_the_one_learnt_step_by_step(season: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.uniform(1, 9, count)
    values[random.uniform(size=count) < 0.2] = np.nan
    slow, fast = SeasonalMemory(season), SeasonalMemory(season)
    for now, value in enumerate(values):
        slow.observe(now, float(value))
    fast.prime(values)
    for now in range(count, count + 30):
        value = float(random.uniform(1, 9))
        slow.observe(now, value)
        fast.observe(now, value)
    ahead = np.arange(1, 6)
    # Experts on the distance differ, since only one has followed it from the beginning.
    np.testing.assert_allclose(slow.outlook(count + 29, 5.0, ahead)[-2:], fast.outlook(count + 29, 5.0, ahead)[-2:])
    np.testing.assert_allclose(slow._usual, fast._usual)  # pyright: ignore[reportPrivateUsage]


def test_the_same_history_gives_the_same_forecast_and_a_cache_changes_nothing() -> None:
    values = noisy_day(150)
    ensemble = Ensemble()
    for count in (90, 91, 150, 60):
        history = Series(0, 1800, values[:count])
        expected = Ensemble().forecast(history, 3, QUANTILES).values
        np.testing.assert_array_equal(ensemble.forecast(history, 3, QUANTILES).values, expected)


def test_a_restart_that_learns_from_the_end_only_forecasts_nearly_the_same() -> None:
    history = Series(0, 1800, noisy_day(1500))
    full = state(OnlineForecaster.of(history, 3))
    restarted = state(OnlineForecaster.of(history, 3, learn=500))
    np.testing.assert_allclose(restarted, full, rtol=0.1)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 1e9]))
def test_the_future_changes_no_forecast(seed: int, scale: float) -> None:
    values = noisy_day(160)
    changed = values.copy()
    changed[120:] = scale * np.random.default_rng(seed).uniform(size=40)
    ensemble = Ensemble()
    ensemble.forecast(Series(0, 1800, changed), 3, QUANTILES)
    forecasts = [ensemble.forecast(Series(0, 1800, kept).until(120), 3, QUANTILES).values for kept in (values, changed)]
    np.testing.assert_array_equal(forecasts[0], forecasts[1])


def test_quantiles_ascend_are_not_negative_and_cover_what_they_say() -> None:
    values = noisy_day(2000)
    forecaster = OnlineForecaster(1800, 2)
    below = np.zeros(len(QUANTILES))
    for now, value in enumerate(values[:-1]):
        forecaster.update(float(value))
        if now >= 500:
            found = state(forecaster, 2)
            assert (np.diff(found, axis=1) >= 0).all()
            assert (found >= 0).all()
            below += values[now + 1] <= found[0]
    np.testing.assert_allclose(below / (len(values) - 501), QUANTILES, atol=0.025)


def test_a_day_is_learnt_in_two() -> None:
    time = np.arange(48 * 5)
    values = 100 + 60 * np.sin(time * 2 * np.pi / 48)
    median = OnlineForecaster.of(Series(0, 1800, values[:-6]), 6).forecast(6, (0.5,)).values[:, 0]
    last = np.abs(values[-6:] - values[-7]).mean()
    assert np.abs(values[-6:] - median).mean() < last / 10


@pytest.mark.parametrize("gap", [1, 30, 200])
def test_gaps_are_lived_through(gap: int) -> None:
    values = noisy_day(600)
    values[300 : 300 + gap] = np.nan
    forecaster = OnlineForecaster(1800, 3)
    for value in values:
        forecaster.update(float(value))
        if forecaster.seen:
            assert np.isfinite(state(forecaster)).all()
    untouched = state(OnlineForecaster.of(Series(0, 1800, noisy_day(600)), 3))
    np.testing.assert_allclose(state(forecaster)[:, 1], untouched[:, 1], rtol=0.15)


def test_what_is_no_load_counts_as_not_known() -> None:
    clean, dirty = OnlineForecaster(60, 2), OnlineForecaster(60, 2)
    for now, value in enumerate(noisy_day(80)):
        clean.update(None if now % 7 == 3 else float(value))
        dirty.update((float("nan"), -5.0, float("inf"))[now % 3] if now % 7 == 3 else float(value))
    np.testing.assert_array_equal(state(clean, 2), state(dirty, 2))


def test_a_gap_right_after_a_restart_is_lived_through() -> None:
    values = noisy_day(300)
    values[180:] = np.nan
    found = state(OnlineForecaster.of(Series(0, 1800, values), 3, learn=100))
    assert (found[:, 1] > 20).all()


def test_what_cannot_be_forecast_is_said() -> None:
    with pytest.raises(InvalidInput, match="no value is known"):
        OnlineForecaster(60, 3).forecast(3, QUANTILES)
    with pytest.raises(InvalidInput, match="4 steps is too much; give 3 steps or less"):
        OnlineForecaster.of(Series(0, 60, np.ones(9)), 3).forecast(4, QUANTILES)
    with pytest.raises(InvalidInput, match="give more than 0 seconds") as caught:
        OnlineForecaster(0, 0)
    assert len(caught.value.problems) == 2


def test_one_known_value_is_enough() -> None:
    forecast = Ensemble().forecast(Series(0, 60, np.array([np.nan, 7.0])), 3, (0.5, 0.9))
    np.testing.assert_allclose(forecast.values, 7)


def test_a_level_shift_is_followed_within_ten_steps() -> None:
    random = np.random.default_rng(5)
    values = np.concatenate([random.poisson(100, 400), random.poisson(1000, 10)]).astype(np.float64)
    median = OnlineForecaster.of(Series(0, 60, values), 1).forecast(1, (0.5,)).values[0, 0]
    assert 800 < median < 1200


def test_one_spike_does_not_stay() -> None:
    random = np.random.default_rng(6)
    values = random.poisson(100, 400).astype(np.float64)
    values[-5] = 10_000
    median = OnlineForecaster.of(Series(0, 60, values), 1).forecast(1, (0.5,)).values[0, 0]
    assert median < 200


def test_a_burst_after_zeros_is_seen_at_once() -> None:
    forecaster = OnlineForecaster.of(Series(0, 60, np.zeros(300)), 2)
    np.testing.assert_array_equal(state(forecaster, 2), 0)
    for _ in range(3):
        forecaster.update(500.0)
    found = forecaster.forecast(2, (0.5, 0.95)).values
    assert found[0, 1] > 400
    forecaster.update(500.0)
    assert np.isfinite(state(forecaster, 2)).all()


def test_the_unit_does_not_matter() -> None:
    values = noisy_day(300)
    small, large = (state(OnlineForecaster.of(Series(0, 1800, values * unit), 3)) for unit in (1.0, 1e6))
    np.testing.assert_allclose(large, small * 1e6, rtol=1e-6)


def test_an_explosion_stays_within_four_times_of_what_was_seen() -> None:
    values = np.float64(1.3) ** np.arange(60)
    found = state(OnlineForecaster.of(Series(0, 60, values), 10), 10)
    assert (found[:, 1] <= 4 * values[-1] * (1 + 1e-9)).all()
