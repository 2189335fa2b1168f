"""The contract, over all strategies."""

from __future__ import annotations

import json
import random

import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace, key
from hpt_cli.strategies import STRATEGIES, make_strategy
from hpt_cli.trial import Status

PARALLEL = 3
N_TRIALS = 14  # some of them after the start design of bayes


@pytest.fixture(params=STRATEGIES)
def make(request):
    """A factory of fresh, equally seeded strategies; all below runs once a name."""

    def factory(space, **options):
        return make_strategy(request.param, space, **{"seed": [7, 1, 0], "parallel": PARALLEL, **options})

    factory.name = request.param
    return factory


def points(results):
    return [result.params for result in results]


class TestEveryStrategy:
    def test_asks_inside_the_space_and_never_twice_for_a_point(self, make, mixed, loss, study):
        asked = points(study(make(mixed), N_TRIALS, loss, parallel=PARALLEL))
        assert len(asked) == N_TRIALS
        assert all(params in mixed for params in asked)
        assert len({key(params) for params in asked}) == N_TRIALS

    def test_params_are_plain_values_in_the_order_of_the_space(self, make, mixed, loss, study):
        for params in points(study(make(mixed), N_TRIALS, loss, parallel=PARALLEL)):
            assert [name for name in mixed.names if name in params] == list(params)
            assert all(type(value) in (bool, int, float, str) for value in params.values())
            assert json.loads(json.dumps(params)) == params

    def test_a_finite_space_is_walked_through_and_ends(self, make, small, study):
        results = study(make(small), 100, lambda params: params["units"], parallel=PARALLEL)
        assert len({key(params) for params in points(results)}) == len(results) == small.size
        again = make(small)
        for result in results:
            again.tell(result.number, result)
        assert [again.ask(small.size + extra) for extra in (0, 1, 5)] == [None, None, None]

    def test_resuming_changes_nothing_whatever_the_order_of_telling(self, make, mixed, loss, study):
        results = study(make(mixed), N_TRIALS, loss, parallel=PARALLEL)
        shuffle = random.Random(3)
        for n_stored in (1, 5, 9, 10, 13):
            resumed, stored = make(mixed), results[:n_stored]
            shuffle.shuffle(stored)
            for result in stored:
                resumed.tell(result.number, result)
            assert resumed.ask(n_stored) == results[n_stored].params

    def test_resuming_with_a_gap_changes_nothing(self, make, mixed, loss, study):
        # killed while trial 10 was open and 11 was done
        results = study(make(mixed), N_TRIALS, loss, parallel=PARALLEL)
        resumed = make(mixed)
        for number in (*range(10), 11):
            resumed.tell(number, results[number])
        assert resumed.ask(10) == results[10].params
        assert resumed.ask(12) == results[12].params

    def test_results_beyond_the_window_change_nothing(self, make, mixed, loss, study, finished):
        results = study(make(mixed), N_TRIALS, loss, parallel=PARALLEL)
        for late in (None, -1e9, 1e9):
            hasty = make(mixed)
            for result in results[:11]:
                hasty.tell(result.number, result)
            for number in (11, 12):  # may not be known when trial 13 is chosen
                hasty.tell(number, finished(number, results[number].params, late))
            assert hasty.ask(13) == results[13].params

    def test_asking_or_telling_again_changes_nothing(self, make, mixed, loss, study):
        strategy = make(mixed)
        results = study(strategy, N_TRIALS, loss, parallel=PARALLEL)
        for result in results:
            strategy.tell(result.number, result)
        assert [strategy.ask(number) for number in reversed(range(N_TRIALS))] == points(results)[::-1]

    @pytest.mark.parametrize("status", [Status.FAILED, Status.DIVERGED, Status.TIMEOUT])
    def test_goes_on_when_every_trial_fails(self, make, mixed, study, finished, status):
        strategy, asked = make(mixed, parallel=1), []
        for number in range(N_TRIALS):
            asked.append(strategy.ask(number))
            strategy.tell(number, finished(number, asked[-1], status=status))
        assert all(params in mixed for params in asked)
        assert len({key(params) for params in asked}) == N_TRIALS

    def test_goes_on_when_most_trials_fail(self, make, mixed, loss, study):
        objectives = {"count": 0}

        def rarely(params):
            objectives["count"] += 1
            return loss(params) if objectives["count"] % 3 == 0 else None

        assert len(study(make(mixed), 20, rarely, parallel=PARALLEL)) == 20

    def test_objectives_that_are_all_equal_or_absurd_are_survived(self, make, mixed, loss, study):
        for objective in (lambda params: 1.0, lambda params: 4e7 if params["batch_norm"] else -1e300):
            assert len(study(make(mixed), N_TRIALS, objective, parallel=PARALLEL)) == N_TRIALS

    def test_no_point_of_the_history_is_asked_for_again(self, make, small, study, finished):
        had = list(small.points())[::2]
        outside = {"units": 99, "optimizer": "adam", "dropout": 0.1}
        tried = [*had, outside]
        history = [finished(number, params, params["units"]) for number, params in enumerate(tried)]
        results = study(make(small, history=history), 100, lambda params: 1.0, parallel=PARALLEL)
        rest = {key(params) for params in small.points()} - {key(params) for params in had}
        assert {key(params) for params in points(results)} == rest
        assert len(results) == len(rest)

    def test_a_round_with_a_history_resumes_too(self, make, mixed, loss, study, finished):
        earlier = make_strategy("random", mixed, seed=[1])
        before = [earlier.ask(number) for number in range(12)]
        history = [finished(number, params, loss(params)) for number, params in enumerate(before)]
        narrowed = mixed.replace({"learning_rate": Float(1e-3, 0.1, "log", points=3)})
        results = study(make(narrowed, history=history), 6, loss, parallel=PARALLEL)
        assert all(params in narrowed for params in points(results))
        resumed = make(narrowed, history=history[::-1])
        for result in results[:4]:
            resumed.tell(result.number, result)
        assert resumed.ask(4) == results[4].params

    def test_a_space_of_one_point_is_one_trial(self, make, study):
        for space in (SearchSpace({"a": Choice(("x",))}), SearchSpace({})):
            results = study(make(space), 5, lambda params: 1.0, parallel=PARALLEL)
            assert points(results) == [dict.fromkeys(space.names, "x")]

    def test_a_space_of_choices_alone_is_searched(self, make, study):
        choices = Choice(("a", "b", "c"))
        space = SearchSpace({"x": choices, "y": choices, "z": Choice((True, False)), "k": Choice((5,))})
        results = study(make(space), 100, lambda params: len(set(params.values())), parallel=PARALLEL)
        assert len(results) == 18

    def test_a_space_that_the_constraints_empty_has_nothing(self, make):
        assert make(SearchSpace({"a": Int(0, 9), "b": Int(0, 9)}, ["a > b + 20"])).ask(0) is None

    def test_a_narrow_constraint_is_met(self, make, study):
        space = SearchSpace({"a": Int(0, 60), "b": Int(0, 60)}, ["a == b"])
        space = space.replace({"a": Int(0, 60, points=61), "b": Int(0, 60, points=61)})
        results = study(make(space), 20, lambda params: params["a"], parallel=PARALLEL)
        assert len(results) == 20
        assert all(params["a"] == params["b"] for params in points(results))

    def test_what_a_condition_leaves_finite_is_not_repeated(self, make, study):
        # half of the draws are {kind: plain}, one point in a space without an end
        rate = Float(0.1, 1, "log", points=20, when={"kind": ("rich",)})
        space = SearchSpace({"kind": Choice(("plain", "rich")), "rate": rate})
        asked = points(study(make(space), 12, lambda params: 1.0, parallel=PARALLEL))
        assert len({key(params) for params in asked}) == len(asked) == 12

    def test_says_who_chose(self, make, mixed):
        strategy = make(mixed)
        strategy.ask(0)
        origin = strategy.origin(0)
        assert (origin.strategy, origin.kind) == (make.name, "start" if make.name == "bayes" else "plan")

    def test_parallel_must_be_positive(self, make, mixed):
        with pytest.raises(ValueError, match="at least 1"):
            make(mixed, parallel=0)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "grid"])
def test_another_seed_or_round_gives_other_points(name, mixed):
    asked = [make_strategy(name, mixed, seed=seed).ask(0) for seed in ([0, 1, 0], [0, 1, 1], [1, 1, 0])]
    assert len({key(params) for params in asked}) == 3


def test_an_unknown_strategy_is_named():
    with pytest.raises(ValueError, match="no strategy 'tpe'; there are grid, random, sobol, bayes"):
        make_strategy("tpe", SearchSpace({}), seed=[0])


@pytest.mark.parametrize("name", ["random", "bayes"])
def test_a_goal_that_there_is_not_is_refused(name, small):
    with pytest.raises(ValueError, match="goal must be minimize or maximize, not 'max'"):
        make_strategy(name, small, seed=0, goal="max")


@pytest.mark.parametrize("name", ["random", "sobol", "bayes"])
def test_a_seed_may_be_one_number(name, small):
    one, several = (make_strategy(name, small, seed=seed) for seed in (7, (7,)))
    assert [one.ask(number) for number in range(3)] == [several.ask(number) for number in range(3)]
