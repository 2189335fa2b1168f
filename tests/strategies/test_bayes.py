"""Bayes search: start, model, pending points, failures, and whether it is worth its price."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace, key
from hpt_cli.strategies import make_strategy
from hpt_cli.strategies.bayes import ROWS, _selected
from hpt_cli.strategies.candidates import candidates
from hpt_cli.strategies.draws import Seen
from hpt_cli.strategies.encoding import Encoder
from hpt_cli.strategies.surrogate import Surrogate, warped
from hpt_cli.trial import Status

BOWL = SearchSpace({"x": Float(-5, 10), "y": Float(0, 15)})


def bowl(params):
    return (params["x"] - 2.3) ** 2 + (params["y"] - 8.1) ** 2


def bayes(space, *, seed=0, parallel=1, **options):
    return make_strategy("bayes", space, seed=[seed, 1, 0], parallel=parallel, **options)


def test_beats_random_search_on_a_bowl(study):
    # 8 pairs of equal seeds, 20 trials each.  Were the two equally good, all 8 pairs would be won once in 256
    # sets of seeds; here every seed is fixed, and the margin is a factor of 10 in the median.
    best = {"bayes": [], "random": []}
    for name, found in best.items():
        for seed in range(8):
            strategy = make_strategy(name, BOWL, seed=[seed, 1, 0], parallel=1)
            found.append(min(result.objective for result in study(strategy, 20, bowl, parallel=1)))
    assert all(ours < theirs for ours, theirs in zip(best["bayes"], best["random"], strict=True))
    assert np.median(best["bayes"]) < np.median(best["random"]) / 10


def test_a_bowl_is_searched_as_well_upside_down(study):
    down = study(bayes(BOWL), 14, bowl, parallel=1)
    up = study(bayes(BOWL, goal="maximize"), 14, lambda params: -bowl(params), parallel=1)
    assert [result.params for result in up] == [result.params for result in down]


def test_only_the_ranks_of_objectives_count(study):
    plain = study(bayes(BOWL), 14, bowl, parallel=1)
    steep = study(bayes(BOWL), 14, lambda params: math.exp(bowl(params) / 4), parallel=1)
    assert [result.params for result in steep] == [result.params for result in plain]


def test_a_trial_that_does_not_end_well_counts_as_the_worst(mixed, loss, study, finished):
    asked = [result.params for result in study(bayes(mixed), 12, loss, parallel=1)]
    chosen = []
    for status in (Status.FAILED, Status.DIVERGED, Status.TIMEOUT, Status.DONE):
        strategy = bayes(mixed)
        worst = max(loss(params) for params in asked[1:])
        strategy.tell(0, finished(0, asked[0], worst if status is Status.DONE else None, status=status))
        for number in range(1, 12):
            strategy.tell(number, finished(number, asked[number], loss(asked[number])))
        chosen.append(strategy.ask(12))
    assert chosen == [chosen[0]] * 4


def test_failing_regions_are_left(finished):
    # everything with x above 0.5 fails; of 12 model's choices random search would put 6 there (+- 1.7)
    space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)})
    strategy, there = bayes(space), []
    for number in range(20):
        params = strategy.ask(number)
        fails = params["x"] > 0.5
        strategy.tell(number, finished(number, params, None if fails else params["y"]))
        if number >= 8:
            there.append(fails)
    assert sum(there) <= 2


class TestTheStart:
    def test_it_is_spread_and_as_long_as_its_rule_says(self, study):
        for n_dimensions, n_start in ((2, 8), (6, 8), (9, 11)):
            space = SearchSpace({f"x{index}": Float(0, 1) for index in range(n_dimensions)})
            strategy = bayes(space, parallel=4)
            results = study(strategy, n_start + 1, lambda params: params["x0"], parallel=4)
            assert [result.origin.kind for result in results] == ["start"] * n_start + ["model"]
            halves = [result.params["x0"] < 0.5 for result in results[:8]]
            assert sum(halves) == 4

    def test_it_goes_on_until_half_of_it_has_an_objective(self, finished):
        strategy = bayes(BOWL)
        for number in range(20):
            params = strategy.ask(number)
            kind = strategy.origin(number).kind
            n_done = max(number - 12, 0)
            assert kind == ("model" if n_done >= 4 else "start")
            strategy.tell(number, finished(number, params, bowl(params) if number >= 12 else None))

    def test_trials_of_earlier_rounds_in_the_space_count(self, finished):
        earlier = make_strategy("sobol", BOWL, seed=[1])
        history = [finished(n, params, bowl(params)) for n in range(10) if (params := earlier.ask(n))]
        strategy = bayes(BOWL, history=history)
        strategy.ask(0)
        assert strategy.origin(0).kind == "model"

    def test_trials_outside_the_space_are_evidence_but_no_start(self, finished):
        space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)})
        # all outside, and saying that a high y is better; the space's own trials say nothing
        history = [finished(n, {"x": -0.1, "y": n / 10}, -n / 10) for n in range(10)]
        informed, ignorant = bayes(space, history=history), bayes(space)
        for number in range(8):
            params = ignorant.ask(number)
            assert informed.ask(number) == params
            assert informed.origin(number).kind == "start"
            for strategy in (informed, ignorant):
                strategy.tell(number, finished(number, params, -0.5))
        assert informed.ask(8)["y"] > 0.6
        assert informed.ask(8) != ignorant.ask(8)
        assert informed.origin(8).kind == "model"


class TestTheWindow:
    def test_a_result_that_is_missing_is_a_mistake(self, finished):
        strategy = bayes(BOWL, parallel=4)
        for number in range(4):
            strategy.ask(number)
        with pytest.raises(ValueError, match="trial 0 must be told before trial 4"):
            strategy.ask(4)

    def test_pending_points_are_not_proposed_again_nor_crowded(self, study):
        # the last 4 are chosen without each other's results; without their fantasies they would all lie at
        # the same maximum of the expected improvement
        results = study(bayes(BOWL, parallel=4), 16, bowl, parallel=4)
        last = np.array([BOWL.to_unit(result.params) for result in results[-4:]])
        gaps = [np.linalg.norm(last[i] - last[j]) for i in range(4) for j in range(i)]
        assert min(gaps) > 0.01


class TestCandidates:
    def test_they_are_legal_new_and_distinct(self, mixed):
        rng = np.random.default_rng(0)
        centers, taken = [mixed.sample(rng) for _ in range(5)], Seen()
        for center in centers:
            taken.add(center)
        found = candidates(mixed, centers, taken, np.random.default_rng(1))
        assert len({key(params) for params in found}) == len(found) > 500
        assert all(params in mixed and params not in taken for params in found)

    def test_a_small_space_offers_all_that_is_left(self, small):
        taken, everything = Seen(), list(small.points())
        for params in everything[:30]:
            taken.add(params)
        assert candidates(small, everything[:3], taken, np.random.default_rng(0)) == everything[30:] != []

    def test_the_last_points_of_a_larger_space_are_found(self):
        space = SearchSpace({"a": Int(1, 100), "b": Int(1, 100)})
        taken, everything = Seen(), list(space.points())
        for params in everything[:-1]:
            taken.add(params)
        assert candidates(space, everything[:3], taken, np.random.default_rng(0)) == everything[-1:]
        taken.add(everything[-1])
        assert candidates(space, everything[:3], taken, np.random.default_rng(0)) == []


class TestEncoding:
    def test_ranges_are_0_to_1_on_their_scale_and_two_choices_are_1_apart(self):
        dimensions = {
            "rate": Float(1e-4, 1, "log"),
            "units": Int(1, 3),
            "norm": Choice((True, False)),
            "optimizer": Choice(("sgd", "adam", "rmsprop")),
            "constant": Choice(("x",)),
            "momentum": Float(0, 0.9, when={"optimizer": ("sgd",)}),
        }
        encode = Encoder(SearchSpace(dimensions))
        point = {"rate": 0.01, "units": 2, "norm": True, "optimizer": "adam", "constant": "x"}
        others = [{**point, "rate": 1.0}, {**point, "norm": False}, {**point, "optimizer": "rmsprop"}]
        rows = encode([point, *others])
        assert rows.shape == (4, 7)
        assert rows[0].tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0, math.sqrt(0.5), 0.0, 0.5])
        assert np.linalg.norm(rows[1:] - rows[0], axis=1).tolist() == pytest.approx([0.5, 1, 1])

    def test_a_point_of_a_wider_round_lies_outside(self):
        encode = Encoder(SearchSpace({"rate": Float(1e-3, 1e-1, "log")}))
        assert encode([{"rate": 1.0}])[0, 0] == pytest.approx(1.5)
        assert encode.fits({"rate": 1.0})
        assert not encode.fits({"other": 1.0})


class TestTheModel:
    def test_ranks_are_warped_to_quantiles(self):
        by_rank = warped(np.array([3.0, 1.0, 4e7, 1.0]))
        assert by_rank.tolist() == pytest.approx([0.31864, -0.67449, 1.15035, -0.67449], abs=1e-5)

    def test_it_expects_improvement_where_the_slope_points(self):
        x = np.linspace(0, 0.7, 15)[:, None]
        model = Surrogate(x, warped(-x[:, 0]), seed=0)
        gain = model.expected_improvement(np.array([[0.1], [0.4], [0.72]]))
        assert gain[2] > 10 * max(gain[0], gain[1])

    def test_a_believed_point_is_no_longer_worth_trying(self):
        x = np.linspace(0, 0.7, 15)[:, None]
        model, there = Surrogate(x, warped(-x[:, 0]), seed=0), np.array([[0.9]])
        before = model.expected_improvement(there)[0]
        model.believe(there)
        assert model.expected_improvement(there)[0] < before / 5

    def test_of_a_long_history_it_sees_the_best_and_the_latest(self):
        best_first = np.random.default_rng(0).permutation(500)
        rows = _selected(best_first)
        assert len(rows) == ROWS
        assert rows.tolist() == sorted(rows)
        assert set(best_first[: ROWS // 2]) < set(rows)
        others = sorted(set(range(500)) - set(best_first[: ROWS // 2]))
        assert set(others[-ROWS // 2 :]) < set(rows)
        assert _selected(best_first[:7]).tolist() == sorted(best_first[:7])
