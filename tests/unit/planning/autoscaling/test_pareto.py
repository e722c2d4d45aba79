"""Fronts and savings, by hand."""

import numpy as np
import pytest

from aidc.planning.autoscaling.pareto import Front, saving


def test_only_what_nothing_beats_is_on_the_front() -> None:
    front = Front.of(np.array([10.0, 12, 11, 12, 20, 15]), np.array([0.5, 0.1, 0.6, 0.2, 0.01, 0.1]))
    assert front.hours.tolist() == [10, 12, 20]
    assert front.late.tolist() == [0.5, 0.1, 0.01]
    assert front.lanes == (0, 1, 4)


def test_between_settings_the_logarithm_is_a_line() -> None:
    front = Front.of(np.array([10.0, 20.0]), np.array([0.1, 0.001]))
    assert front.late_at(15) == pytest.approx(0.01, rel=0.01)
    assert front.hours_at(0.01) == pytest.approx(15, rel=0.01)
    assert front.late_at(9) is None
    assert front.late_at(30) == pytest.approx(0.001), "what costs more is not worse"
    assert front.hours_at(0.0001) is None


def test_a_front_saves_nothing_beside_itself() -> None:
    front = Front.of(np.array([10.0, 14, 20]), np.array([0.2, 0.05, 0.002]))
    same = saving(front, front)
    assert (same.fewer_late, same.fewer_hours, same.points) == (pytest.approx(0), pytest.approx(0), 2)


def test_savings_at_equal_cost_and_at_equal_lateness() -> None:
    other = Front.of(np.array([10.0, 20.0]), np.array([0.08, 0.004]))
    mine = Front.of(np.array([5.0, 10.0, 20.0]), np.array([0.08, 0.02, 0.001]))
    found = saving(mine, other)
    assert found.fewer_late == pytest.approx(0.75, abs=0.001)
    # At 8 percent half of the hours; at 0.4 percent between 10 and 20.
    assert found.fewer_hours == pytest.approx((0.5 + (1 - (10 + 10 * np.log(5) / np.log(20)) / 20)) / 2, abs=0.01)


def test_what_is_not_in_the_range_is_not_compared() -> None:
    other = Front.of(np.array([10.0, 20.0]), np.array([0.5, 0.00001]))
    assert saving(other, other).points == 0
    assert saving(other, other).fewer_late is None
