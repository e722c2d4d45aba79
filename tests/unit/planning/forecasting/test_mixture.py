"""The mixture: quantiles that cover what they say, weights that go to who costs least."""

import numpy as np
import pytest

from aidc.planning.forecasting.mixture import Mixture, MixtureSettings

QUANTILES = np.array([0.1, 0.5, 0.9])
NEXT = np.array([1])


def test_quantiles_of_one_expert_are_those_of_its_errors() -> None:
    random = np.random.default_rng(1)
    mixture = Mixture(1, NEXT, QUANTILES, MixtureSettings(quantile_rate=0.005, spread_rate=0.005))
    forecast, known = np.array([[10.0]]), np.array([[True]])
    for _ in range(6000):
        mixture.learn(forecast, 10 + float(random.exponential(2)), known)
    found = mixture.quantiles(forecast, mixture.weights(np.array([True])))
    np.testing.assert_allclose(found[0], 10 - 2 * np.log(1 - QUANTILES), atol=0.3)


def test_weights_go_to_the_expert_with_the_least_loss_and_sum_to_one() -> None:
    random = np.random.default_rng(2)
    mixture = Mixture(3, NEXT, QUANTILES)
    known = np.ones((3, 1), dtype=bool)
    for _ in range(300):
        fact = float(random.normal(20, 1))
        mixture.learn(np.array([[fact], [20.0], [random.normal(20, 5)]]), fact, known)
    weights = mixture.weights(np.array([True, True, True]))
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert (weights[0] > 0.99).all()
    without = mixture.weights(np.array([False, True, True]))
    np.testing.assert_allclose(without.sum(axis=0), 1)
    assert (without[0] == 0).all()
    assert (without[1] > 0.99).all()


def test_each_step_ahead_has_its_own_weights() -> None:
    random = np.random.default_rng(3)
    mixture = Mixture(2, np.array([1, 5]), QUANTILES)
    for _ in range(200):
        fact = float(random.normal(20, 1))
        good, bad = fact + random.normal(0, 0.1), fact + random.normal(0, 3)
        mixture.learn(np.array([[good, bad], [bad, good]]), fact, np.ones((2, 2), dtype=bool))
    weights = mixture.weights(np.array([True, True]))
    assert (weights[0, 0] > 0.9).all()
    assert (weights[1, 1] > 0.9).all()


def test_what_is_not_known_teaches_nothing() -> None:
    one, two = (Mixture(2, NEXT, QUANTILES) for _ in range(2))
    forecasts = np.array([[4.0], [6.0]])
    for number in range(20):
        one.learn(forecasts, 5.0 + number % 3, np.array([[True], [False]]))
        two.learn(forecasts + np.array([[0.0], [number]]), 5.0 + number % 3, np.array([[True], [False]]))
    everyone = np.array([True, True])
    np.testing.assert_array_equal(one.weights(everyone), two.weights(everyone))


@pytest.mark.parametrize("constant", [0.0, 3.0])
def test_experts_without_errors_are_no_division_by_zero(constant: float) -> None:
    mixture = Mixture(2, NEXT, QUANTILES)
    forecasts = np.full((2, 1), constant)
    for _ in range(50):
        mixture.learn(forecasts, constant, np.ones((2, 1), dtype=bool))
    weights = mixture.weights(np.array([True, True]))
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    np.testing.assert_allclose(mixture.quantiles(forecasts, weights), constant)
