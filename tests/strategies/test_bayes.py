"""Bayes search: start, model, pending points, failures, and whether it is worth its price."""

from __future__ import annotations

import math

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from hpt_cli.space import Float, SearchSpace
from hpt_cli.strategies import make_strategy
from hpt_cli.strategies.bayes import START
from hpt_cli.strategies.surrogate import JUDGED
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


def test_the_unit_of_the_objective_does_not_matter(study):
    plain = study(bayes(BOWL), 14, bowl, parallel=1)
    coarse = study(bayes(BOWL), 14, lambda params: 1024 * bowl(params), parallel=1)  # exact in binary
    assert [result.params for result in coarse] == [result.params for result in plain]


def test_one_absurd_objective_does_not_blind_the_model(study):
    def spiked(params):
        return 4e7 if params["x"] < -3.5 else bowl(params)

    assert min(result.objective for result in study(bayes(BOWL), 25, spiked, parallel=1)) < 0.01


def test_it_matters_that_a_trial_failed_not_how(mixed, loss, study, finished):
    asked = [result.params for result in study(bayes(mixed), 12, loss, parallel=1)]
    chosen = []
    for status in (Status.FAILED, Status.DIVERGED, Status.TIMEOUT):
        strategy = bayes(mixed)
        strategy.tell(0, finished(0, asked[0], None, status=status))
        for number in range(1, 12):
            strategy.tell(number, finished(number, asked[number], loss(asked[number])))
        chosen.append(strategy.ask(12))
    assert chosen == [chosen[0]] * 3


def test_a_pruned_trial_counts_as_the_worst_that_was_not(mixed, loss, study, finished):
    asked = [result.params for result in study(bayes(mixed), 12, loss, parallel=1)]
    worst, chosen = max(loss(params) for params in asked[1:]), []
    for objective, status in ((None, Status.PRUNED), (worst, Status.DONE), (None, Status.FAILED)):
        strategy = bayes(mixed)
        strategy.tell(0, finished(0, asked[0], objective, status=status))
        for number in range(1, 12):
            strategy.tell(number, finished(number, asked[number], loss(asked[number])))
        chosen.append(strategy.ask(12))
    assert chosen[0] == chosen[1] != chosen[2]


def test_failing_regions_are_left(finished):
    # everything with x above 0.5 fails; of 16 model's choices random search would put 8 there,
    # and two standard deviations fewer only once in 25 sets of seeds
    space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)})
    strategy, there = bayes(space), []
    for number in range(20):
        params = strategy.ask(number)
        fails = params["x"] > 0.5
        strategy.tell(number, finished(number, params, None if fails else (params["y"] - 0.3) ** 2))
        if number >= START:
            there.append(fails)
    assert sum(there) <= 4


class TestTheStart:
    def test_it_is_the_middle_then_spread_then_the_model(self, study):
        for n_dimensions in (2, 9):
            space = SearchSpace({f"x{index}": Float(0, 1) for index in range(n_dimensions)})
            results = study(bayes(space), START + 1, lambda params: params["x0"], parallel=1)
            assert [result.origin.kind for result in results] == ["start"] * START + ["model"]
            assert set(results[0].params.values()) == {0.5}
            assert len({result.params["x0"] < 0.5 for result in results[1:3]}) == 2

    def test_it_goes_on_until_two_trials_have_an_objective(self, finished):
        strategy = bayes(BOWL)
        for number in range(20):
            params = strategy.ask(number)
            assert strategy.origin(number).kind == ("model" if number >= 14 else "start")
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
        for number in range(START):
            params = ignorant.ask(number)
            assert informed.ask(number) == params
            assert informed.origin(number).kind == "start"
            for strategy in (informed, ignorant):
                strategy.tell(number, finished(number, params, -0.5))
        assert informed.ask(START)["y"] > 0.6
        assert informed.ask(START) != ignorant.ask(START)
        assert informed.origin(START).kind == "model"


class TestWithoutOrder:
    def test_a_noisy_plateau_is_left_for_a_valley_elsewhere(self, finished):
        # a valley in a seventh of the range, nothing but noise elsewhere.  By the model alone, 1 and 2 trials
        # of these two studies (of 6 that were tried) fell into it; 18 spread points miss it once in 15
        space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)})
        for seed in (2, 4):
            strategy, rng = bayes(space, seed=seed), np.random.default_rng([seed, 1])
            inside = 0
            for number in range(48):
                params = strategy.ask(number)
                depth = max(0.0, 1.0 - ((params["x"] - 0.93) / 0.07) ** 2)
                inside += depth > 0
                strategy.tell(number, finished(number, params, -depth + 0.1 * rng.standard_normal()))
            assert inside >= 10

    @pytest.mark.parametrize("model", ["gp", "skopt"])
    def test_every_second_point_is_spread_as_long_as_there_is_nothing_but_noise(self, model, finished):
        strategy, rng = bayes(BOWL, model=model), np.random.default_rng(0)
        for number in range(JUDGED + 6):
            if number >= JUDGED:
                strategy.ask(number)
                assert strategy.origin(number).kind == ("model" if number % 2 else "spread")
            strategy.tell(number, finished(number, BOWL.sample(rng), rng.standard_normal()))

    def test_the_spread_points_are_those_of_a_sobol_search(self, finished):
        space = SearchSpace({"x": Float(0, 1)})
        strategy = bayes(space)
        spread = []
        for number in range(44):
            params = strategy.ask(number)
            if strategy.origin(number).kind == "spread":
                spread.append(params["x"])
            strategy.tell(number, finished(number, params, 1.0))
        # 16 in a row of a Sobol sequence: as many in each half, and in each quarter to within one
        assert len(spread) == 16
        counts = np.bincount((4 * np.array(spread)).astype(int), minlength=4)
        assert set(counts) <= {3, 4, 5}

    def test_order_is_told_from_noise(self, study):
        kinds = [result.origin.kind for result in study(bayes(BOWL), 24, bowl, parallel=1)]
        assert "spread" not in kinds


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
        results = study(bayes(BOWL, parallel=4), START + 5, bowl, parallel=4)
        last = np.array([BOWL.to_unit(result.params) for result in results[-4:]])
        gaps = [np.linalg.norm(last[i] - last[j]) for i in range(4) for j in range(i)]
        assert min(gaps) > 0.01


def test_results_are_told_as_bare_objectives_too(finished):
    bare, whole = bayes(BOWL), bayes(BOWL)
    for number in range(9):
        params = bare.ask(number)
        assert whole.ask(number) == params
        objective = None if number == 3 else bowl(params)
        bare.tell(number, objective)
        whole.tell(number, finished(number, params, objective))
    assert bare.origin(3).kind == "start"
    assert bare.origin(8).kind == "model"
    with pytest.raises(ValueError, match="trial 9 was not asked for"):
        bare.tell(9, 1.0)


def test_a_result_told_anew_replaces_the_old_one(study, finished):
    results = study(bayes(BOWL), 20, bowl, parallel=1)
    corrected, fresh = bayes(BOWL), bayes(BOWL)
    for result in results[:19]:
        corrected.tell(result.number, result)
    corrected.ask(19)
    corrected.tell(19, results[19])
    other = finished(5, results[5].params, -1e3)
    corrected.tell(5, other)
    for result in [*results[:5], other, *results[6:]]:
        fresh.tell(result.number, result)
    assert corrected.ask(20) == fresh.ask(20) != results[-1].params


def test_a_search_resumed_late_goes_on_with_the_same_bits(study):
    # 70 results: past two thorough fits, and where hyperparameters are fitted at every second result only
    def bumpy(params):
        return math.sin(3 * params["x"]) + bowl(params) / 50

    straight = study(bayes(BOWL, parallel=2), 73, bumpy, parallel=2)
    for number in (41, 69, 70, 71, 72):
        resumed = bayes(BOWL, parallel=2)
        for result in straight[:number]:
            resumed.tell(result.number, result)
        assert resumed.ask(number) == straight[number].params


def test_the_number_of_blas_threads_changes_no_bit(finished):
    space = SearchSpace({f"x{i}": Float(0, 1) for i in range(5)})
    random = make_strategy("random", space, seed=[1])
    points = [random.ask(number) for number in range(150)]  # from here on, threads would change the choice
    asked = []
    for threads in (1, 2):
        strategy = bayes(space)
        for number, params in enumerate(points):
            strategy.tell(number, finished(number, params, sum((x - 0.3) ** 2 for x in params.values())))
        with threadpool_limits(threads):
            asked.append(strategy.ask(150))
    assert asked[0] == asked[1]


def test_the_best_believed_trial_is_not_the_luckiest(finished):
    # one lucky trial at 0.9 among five poor ones there; around 0.3 all are good
    strategy = bayes(SearchSpace({"x": Float(0, 1)}))
    assert strategy.best_believed() is None
    xs = [0.3 + 0.01 * k for k in range(-5, 6)] + [0.9 + 0.005 * k for k in range(-2, 3)]
    rng = np.random.default_rng(0)
    for number, x in enumerate(xs):
        objective = rng.normal(0.0 if x < 0.5 else 3.0, 1.0)
        strategy.tell(number, finished(number, {"x": x}, -2.5 if x == 0.9 else objective))
    assert strategy.best_believed().params["x"] < 0.5


@pytest.mark.parametrize("n_told", [300, 1100])
def test_a_long_history_is_survived_and_resumed(n_told, finished):
    space = SearchSpace({f"x{index}": Float(0, 1) for index in range(3)})
    rng = np.random.default_rng(0)
    told = [space.sample(rng) for _ in range(n_told)]
    results = [finished(n, params, None if n % 7 == 0 else params["x0"]) for n, params in enumerate(told)]
    first, second = bayes(space), bayes(space)
    for result in results:
        first.tell(result.number, result)
        second.tell(n_told - 1 - result.number, results[n_told - 1 - result.number])
    chosen = first.ask(n_told)
    assert chosen == second.ask(n_told)
    assert chosen["x0"] < 0.1


def test_scikit_optimizes_model_can_be_had(mixed, loss, study):
    results = study(bayes(mixed, model="skopt", parallel=2), 9, loss, parallel=2)
    assert all(result.params in mixed for result in results)
    assert [result.origin.kind for result in results] == ["start"] * START + ["model"] * (9 - START)
    resumed = bayes(mixed, model="skopt", parallel=2)
    for result in results[:8]:
        resumed.tell(result.number, result)
    assert resumed.ask(8) == results[8].params


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match="no model 'forest'; there are gp, skopt"):
        bayes(BOWL, model="forest")


def test_the_package_offers_the_search_and_nothing_else():
    import hpt_cli

    strategy = hpt_cli.make_strategy("bayes", hpt_cli.SearchSpace({"x": hpt_cli.Float(0, 1)}), seed=[0])
    assert strategy.ask(0) == {"x": 0.5}
    with pytest.raises(AttributeError, match="no attribute 'minimize'"):
        _ = hpt_cli.minimize
