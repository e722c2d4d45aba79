"""Preparation looks at the past alone, and does what it says."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidc.planning.forecasting.preparation import filled, growth_of_counter, known_part, without_outliers
from aidc.planning.forecasting.profile import profile
from aidc.planning.forecasting.season import seasons
from aidc.planning.forecasting.series import Series, Values
from aidc.problems import InvalidInput

NAN = np.nan
histories = st.lists(st.one_of(st.just(NAN), st.floats(0, 1e6)), min_size=2, max_size=80).map(
    lambda values: np.array([1.0, *values])
)


def test_gaps_are_filled_with_the_last_known_value() -> None:
    np.testing.assert_array_equal(filled(np.array([1, NAN, NAN, 4, NAN])), [1, 1, 1, 4, 4])


def test_long_gaps_go_on_one_season_earlier() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 6, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN])
    np.testing.assert_array_equal(filled(values, season=4), [1, 2, 3, 4, 5, 6, 3, 4, 5, 6, 3, 4, 5, 6])


@settings(deadline=None, max_examples=50)
@given(histories, st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_no_preparation_looks_ahead(values: Values, count: int, seed: int) -> None:
    changed = values.copy()
    changed[count:] = np.random.default_rng(seed).uniform(0, 1e6, len(changed[count:]))
    ways: list[Callable[[Values], Values]] = [filled, partial(filled, season=6), growth_of_counter, without_outliers]
    for prepare in ways:
        np.testing.assert_array_equal(prepare(values)[:count], prepare(changed)[:count])


def test_a_history_begins_at_its_first_known_value() -> None:
    part = known_part(Series(0, 60, np.array([NAN, NAN, 3, NAN])))
    assert part.start == 120
    np.testing.assert_array_equal(part.values, [3, NAN])
    with pytest.raises(InvalidInput, match="no value is known"):
        known_part(Series(0, 60, np.array([NAN])))


def test_counters_that_restart() -> None:
    np.testing.assert_array_equal(growth_of_counter(np.array([5.0, 8, NAN, 12, 3])), [NAN, 3, NAN, 4, 3])


def test_spikes_are_cut_and_new_levels_pass() -> None:
    values = np.full(60, 100.0) + np.tile([1.0, -1, 0], 20)
    values[30] = 5000
    values[45:] += 400
    cut = without_outliers(values)
    assert cut[30] < 160
    assert (cut[45:47] < 160).all()
    np.testing.assert_array_equal(cut[47:], values[47:])
    np.testing.assert_array_equal(cut[:30], values[:30])


def test_seasons_are_found_in_the_data_alone() -> None:
    hours = np.arange(24 * 15)
    day = 100 + 50 * np.sin(hours * 2 * np.pi / 24)
    noise = np.random.default_rng(1).normal(100, 10, len(hours))
    assert seasons(Series(0, 3600, day)) == (24, 168)
    assert seasons(Series(0, 3600, day[: 24 * 13])) == (24,)
    assert seasons(Series(0, 3600, day[: 2 * 24 - 1])) == ()
    assert seasons(Series(0, 3600, noise)) == ()
    assert seasons(Series(0, 3600, np.full(400, 3.0))) == ()
    weekend = day * np.where(hours // 24 % 7 >= 5, 0.2, 1)
    assert 168 in seasons(Series(0, 3600, weekend))


def test_a_profile_is_the_mean_of_each_place_younger_seasons_first() -> None:
    values = np.array([9.0, 1, 2, 3, 3, NAN, 5])
    np.testing.assert_allclose(profile(values, 3, smooth=1), [(1 * 0.7 + 3) / 1.7, 2, (3 * 0.7 + 5) / 1.7])


def test_a_burst_after_rest_is_not_cut() -> None:
    values = np.concatenate([np.zeros(30), [900.0, 0, 700], np.zeros(5)])
    np.testing.assert_array_equal(without_outliers(values), values)
