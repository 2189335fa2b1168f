"""The Gaussian process and what is built on it: exact where it can be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from hpt_cli.space import Choice, Float, SearchSpace
from hpt_cli.strategies.acquisition import log_expected_improvement
from hpt_cli.strategies.encoding import Encoder
from hpt_cli.strategies.evidence import Evidence
from hpt_cli.strategies.gaussian_process import Hyperparameters, Kernel, Objective, Posterior, fit
from hpt_cli.strategies.surrogate import OBJECTIVE, ProcessModel
from hpt_cli.strategies.threads import one_thread
from hpt_cli.strategies.warps import clipped, selected


@pytest.fixture(autouse=True)
def _alone():
    with one_thread():
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def wavy(rng):
    """20 points in three groups of features, and a function of the first two."""
    X = rng.random((20, 5))
    return (
        Kernel(np.array([0, 1, 2, 2, 2]), np.array([False, False, True])),
        X,
        np.sin(5 * X[:, 0]) + X[:, 1] ** 2,
    )


class TestTheProcess:
    def test_the_gradient_is_that_of_the_density(self, wavy, rng):
        kernel, X, y = wavy
        objective = Objective(kernel, OBJECTIVE, X, y)
        for _ in range(3):
            vector = OBJECTIVE.moments(kernel)[0] + rng.normal(size=5)
            numeric = [
                (objective(vector + step)[0] - objective(vector - step)[0]) / 2e-5
                for step in 1e-5 * np.eye(5)
            ]
            np.testing.assert_allclose(objective(vector)[1], numeric, rtol=1e-5, atol=1e-5)

    def test_the_posterior_is_the_textbooks(self, wavy):
        kernel, X, y = wavy
        numbers = Hyperparameters(np.log([0.5, 1.0, 2.0]), 0.3, -3.0)
        new = X[:4] + 0.1

        def k(a, b):
            r = math.sqrt(5 * sum(((a - b) / np.exp(numbers.lengths)[kernel.groups]) ** 2))
            return math.exp(0.3) * (1 + r + r * r / 3) * math.exp(-r)

        K = np.array([[k(a, b) for b in X] for a in X]) + math.exp(-3.0) * np.eye(20)
        cross = np.array([[k(a, b) for b in new] for a in X])
        ones = np.linalg.solve(K, np.ones(20))
        mean = ones @ y / ones.sum()
        weights = np.linalg.solve(K, y - mean)
        variance = [k(a, a) for a in new] - (cross * np.linalg.solve(K, cross)).sum(axis=0)
        posterior = Posterior(kernel, numbers, X, y)
        found, deviation = posterior.predict(new)
        np.testing.assert_allclose(found, mean + cross.T @ weights, rtol=1e-9)
        np.testing.assert_allclose(deviation, np.sqrt(variance), rtol=1e-6)
        np.testing.assert_allclose(posterior.smoothed(), posterior.predict(X)[0], rtol=1e-9)

    def test_a_fit_finds_what_matters_and_how_noisy_it_is(self, rng):
        X = rng.random((120, 3))
        y = np.sin(6 * X[:, 0]) + 0.3 * rng.standard_normal(120)
        kernel = Kernel(np.arange(3), np.zeros(3, dtype=bool))
        found = fit(kernel, OBJECTIVE, X, y, OBJECTIVE.center(kernel), steps=60)
        assert found.lengths[0] < min(found.lengths[1:]) - 1
        # the variance of 120 draws of noise is known to 13 %; three times that
        assert math.exp(found.noise) == pytest.approx(0.09, rel=0.4)

    def test_a_point_twice_is_survived(self):
        X, y = np.full((5, 2), 0.5), np.arange(5.0)
        numbers = Hyperparameters(np.zeros(2), 0.0, -60.0)
        assert np.isfinite(
            Posterior(Kernel(np.arange(2), np.zeros(2, dtype=bool)), numbers, X, y).predict(X)[0]
        ).all()


class TestExpectedImprovement:
    @pytest.mark.parametrize(("mean", "deviation"), [(0.3, 0.5), (-2.0, 0.1), (1.5, 0.5), (3.0, 0.5)])
    def test_it_is_the_logarithm_of_the_integral(self, mean, deviation):
        belief = norm(mean, deviation)
        expected, _ = quad(lambda y: (1.0 - y) * belief.pdf(y), mean - 12 * deviation, 1.0, epsabs=1e-14)
        found = log_expected_improvement(np.array([mean]), np.array([deviation]), 1.0)
        assert found[0] == pytest.approx(math.log(expected), abs=1e-5)

    def test_it_orders_what_is_far_from_the_best(self):
        mean = np.array([0.9, 0.0, 1.0, 1.001, 2.0, 10.0, 1e3, 1e5, 1e8])
        found = log_expected_improvement(mean[1:], np.ones(8), 0.0)
        assert np.isfinite(found).all()
        assert (np.diff(found) < 0).all()


class TestWarps:
    def test_the_way_from_the_median_to_the_best_is_the_unit(self):
        assert clipped(np.array([3.0, 1.0, 2.0])).tolist() == pytest.approx([1 + math.log(2), 0, 1])

    def test_absurd_values_are_survived(self):
        for values in ([1.0, 1.0, 1.0], [-1e300, 4e7, 0.0], [-1.7e308, 1.7e308, 0.0], [0.0, 0.0, 0.0, 5.0]):
            units = clipped(np.array(values))
            assert np.isfinite(units).all()
            assert units.max() < 800
            assert np.argmin(units) == np.argmin(values)

    def test_of_a_long_history_the_best_and_the_latest_are_selected(self, rng):
        values = rng.permutation(500).astype(float)
        rows = selected(values, 200)
        assert len(rows) == 200
        assert rows.tolist() == sorted(rows)
        best = set(np.flatnonzero(values < 100))
        assert best < set(rows)
        others = sorted(set(range(500)) - best)
        assert set(others[-100:]) < set(rows)
        assert selected(values[:7], 200).tolist() == list(range(7))


@pytest.fixture
def belief(finished):
    """What is believed of ``space`` after trials with these params and objectives."""

    def make(space, trials):
        encode = Encoder(space)
        evidence = Evidence(encode, maximize=False)
        evidence.update([finished(n, params, objective) for n, (params, objective) in enumerate(trials)])
        return ProcessModel(encode, evidence).after(len(trials))

    return make


LINE = SearchSpace({"x": Float(0, 1)})


class TestBelief:
    def test_improvement_is_expected_where_the_slope_points(self, belief):
        found = belief(LINE, [({"x": x}, -x) for x in np.linspace(0, 0.7, 15).tolist()])
        gain = found.promise(np.array([[0.1], [0.4], [0.72]]))
        assert gain[2] > max(gain[0], gain[1]) + math.log(10)

    def test_a_believed_point_is_no_longer_worth_trying(self, belief):
        found = belief(LINE, [({"x": x}, -x) for x in np.linspace(0, 0.7, 15).tolist()])
        there = np.array([[0.9]])
        before = found.promise(there)[0]
        found.believe(there)
        assert found.promise(there)[0] < before - math.log(5)

    def test_the_luckiest_of_noisy_trials_is_not_the_best_believed(self, belief, rng):
        # 30 trials a side; the worse side has the single luckiest value
        space = SearchSpace({"side": Choice(("good", "bad"))})
        trials = [({"side": "good"}, float(v)) for v in rng.normal(0, 1, 30)]
        trials += [({"side": "bad"}, float(v)) for v in rng.normal(2, 1, 29)] + [({"side": "bad"}, -6.0)]
        means = belief(space, trials).means()
        assert np.argmin(means) < 30
        assert means[:30].mean() < means[30:].mean() - 0.5

    def test_success_is_expected_where_trials_succeed(self, belief):
        xs = np.linspace(0, 1, 21).tolist()
        found = belief(LINE, [({"x": x}, None if x > 0.6 else -x) for x in xs])
        gain = found.promise(np.array([[0.58], [0.62], [0.9]]))
        assert gain[0] > gain[1] > gain[2]
        assert gain[0] > gain[2] + math.log(100)
