"""What a round will take.  Where chance is involved, tolerances say how many standard deviations they are."""

import dataclasses
import math

import numpy as np
import pytest

from hpt_cli.rounds import Evidence, Move, RoundPlan, expected_cost
from hpt_cli.rounds.cost import span
from hpt_cli.space import Choice, Float, Int, SearchSpace
from hpt_cli.trial import Timing

UNITS = Int(8, 64, "log")
SPACE = SearchSpace({"units": UNITS, "rate": Float(1e-4, 1, "log"), "kind": Choice(("a", "b"))})


def true_seconds(params):
    return 0.01 * params["units"] ** 1.5 * (3 if params["kind"] == "b" else 1)


@pytest.fixture
def timed(make_result):
    """Trials of a space that took as long as their params make them, and something by chance."""

    def make(space, count, seed=0, first=0, round_=0, scatter=0.1):
        rng = np.random.default_rng(seed)
        trials = []
        for number in range(first, first + count):
            params = space.sample(rng)
            seconds = true_seconds(params) * math.exp(scatter * rng.standard_normal())
            trial = make_result(number, params, 0.5, round_=round_)
            trials.append(dataclasses.replace(trial, timing=Timing(0.0, seconds, seconds)))
        return trials

    return make


def plan_of(space, *, moves=(), strategy="random", trials=40, number=1, first=40, repeats=1):
    return RoundPlan(number, first, space, strategy, trials, repeats, 4, moves=tuple(moves))


def widened(high=512, low=8):
    move = Move("units", "widen", UNITS, Int(low, high, "log"), "so")
    return plan_of(SPACE.replace({"units": move.new}), moves=[move])


class TestSeconds:
    def test_in_the_same_space_it_takes_as_long_again(self, timed):
        results = timed(SPACE, 40)
        cost = expected_cost(plan_of(SPACE), results, workers=1)
        spent = sum(result.timing.seconds for result in results)
        assert cost.seconds[0] < spent < cost.seconds[1]
        assert cost.times == pytest.approx(1, abs=0.2)
        assert not cost.is_dearer
        assert cost.warning() == ""

    @pytest.mark.parametrize("high", [128, 512])
    def test_beyond_what_was_tried_it_goes_on_as_it_did(self, timed, high):
        plan, held = widened(high), []
        for seed in range(40):
            cost = expected_cost(plan, timed(SPACE, 30, seed), workers=1)
            spent = sum(r.timing.seconds for r in timed(plan.space, 40, 1000 + seed, first=40, round_=1))
            held.append(cost.seconds[0] < spent < cost.seconds[1])
        assert np.mean(held) > 0.6  # a range of 80 %, less 3.2 standard deviations of 40

    def test_workers_share_it_and_finished_trials_are_taken_off(self, timed):
        results = timed(SPACE, 40)
        alone, two = (expected_cost(plan_of(SPACE), results, workers=n) for n in (1, 2))
        assert sum(two.seconds) / sum(alone.seconds) == pytest.approx(0.5, abs=0.02)
        begun = expected_cost(plan_of(SPACE), [*results, *timed(SPACE, 30, 1, 40, 1)], workers=1)
        assert sum(begun.seconds) / sum(alone.seconds) == pytest.approx(0.25, abs=0.12)
        assert begun.times is None

    def test_the_start_of_a_worker_is_no_trial_s_fault(self, timed):
        results = timed(SPACE, 40)
        slow = [
            dataclasses.replace(result, timing=Timing(0.0, 0.0, result.timing.seconds + 30.0))
            for result in results[:2]
        ]
        plain, cost = (
            expected_cost(widened(), [*some, *results[2:]], workers=1) for some in (results[:2], slow)
        )
        assert cost.times < plain.times * 1.1

    def test_repeats_cost_no_more_than_so_many_trials(self, timed):
        results = timed(SPACE, 40)
        once = expected_cost(plan_of(SPACE), results, workers=1, before=1)
        more = expected_cost(plan_of(SPACE, repeats=5), results, workers=1, before=1)
        assert more.seconds[1] == pytest.approx(5 * once.seconds[1])
        assert once.seconds[0] < more.seconds[0] < 2 * once.seconds[0]

    def test_a_model_may_look_where_trials_are_dear(self, timed):
        results, plan = timed(SPACE, 40), widened()
        evidence = Evidence(40, 6, 6, 0.01, 0.9, "high", (0.9, 0.95, 1.0))
        moves = [dataclasses.replace(plan.moves[0], evidence=evidence)]
        anywhere, there = (
            expected_cost(dataclasses.replace(plan, moves=moves, strategy=strategy), results, workers=1)
            for strategy in ("sobol", "bayes")
        )
        assert there.seconds[0] == anywhere.seconds[0]
        assert there.seconds[1] > 1.5 * anywhere.seconds[1]

    def test_of_next_to_no_trials_nothing_is_said(self, timed):
        assert expected_cost(plan_of(SPACE), timed(SPACE, 2), workers=1) is None
        assert expected_cost(plan_of(SPACE), [], workers=1) is None

    def test_of_few_trials_what_is_known_beforehand_counts(self, timed):
        few = timed(SPACE, 3)
        blind, told = (
            expected_cost(widened(), few, workers=1, powers=powers) for powers in (None, {"units": 1.5})
        )
        assert told.times > 1.2 * blind.times

    def test_a_dimension_may_be_inactive_and_a_choice_dropped(self, timed):
        space = SearchSpace(
            {"units": UNITS, "kind": Choice(("a", "b")), "x": Float(0, 1, when={"kind": ("b",)})}
        )
        fewer = space.replace({"kind": Choice(("a",))})
        cost = expected_cost(plan_of(fewer), timed(space, 40), workers=1)
        assert cost.times == pytest.approx(0.5, abs=0.1)  # a takes 1 of what b takes 3


class TestWarning:
    def test_it_names_what_makes_it_dear_and_how_to_stop_that(self, timed):
        cost = expected_cost(widened(), timed(SPACE, 40), workers=1)
        assert cost.warning() == (
            "a trial of this round takes about 10 times as long as one of the round before, because units "
            "goes from 8..64 to 8..512; to stop that: hpt refine --hold units; in a config: hard_high: 64"
        )

    def test_where_a_narrowing_does_it_there_is_nothing_to_stop(self, timed):
        move = Move("units", "narrow", UNITS, Int(60, 64, "log"), "so")
        cost = expected_cost(
            plan_of(SPACE.replace({"units": move.new}), moves=[move]), timed(SPACE, 40), workers=1
        )
        assert cost.times > 2
        if cost.is_dearer:
            assert "hard_" not in cost.warning()


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.1, 3, "a few seconds"),
        (7, 13, "about 8 to 12 seconds"),
        (40, 130, "about 40 seconds to 2 minutes"),
        (125, 230, "about 2 to 4 minutes"),
        (118, 122, "about 2 minutes"),
        (58, 62, "about 1 minute"),
        (3000, 9000, "about 50 minutes to 3 hours"),
        (8e5, 1e6, "about 9 to 12 days"),
    ],
)
def test_a_span_promises_no_more_than_it_can(low, high, said):
    assert span(low, high) == said
