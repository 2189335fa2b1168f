"""Where the next round looks: the box of the best quarter, by hand, and its edges."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpt_cli.errors import InputError
from hpt_cli.rounds import LEAST_WIDTH, Move, RoundPlan, next_space
from hpt_cli.space import SCALES, Choice, Float, Int, SearchSpace
from hpt_cli.trial import Origin, Status, Timing, TrialResult


def result(number, params, objective, status=Status.DONE):
    return TrialResult(
        number, 0, params, status, objective, (), None, Origin("random"), Timing(0.0, 0.0, 0.0)
    )


def one(dimension, best, others, *, name="x", goal="minimize"):
    """The move of a single dimension, given the values of the best quarter and of the others."""
    sign = -1 if goal == "maximize" else 1
    assert len(best) == -(-(len(best) + len(others)) // 4)  # so that they are the best quarter
    results = [result(n, {name: value}, sign * n) for n, value in enumerate([*best, *others])]
    space, (move,) = next_space(SearchSpace({name: dimension}), results, goal)
    assert space.dimensions[name] == move.new
    return move


FAR = [0.0] * 6


class TestTheBox:
    def test_is_the_range_of_the_best_quarter_padded_by_a_tenth(self):
        # 0.3 to 0.7, padded by 0.04
        move = one(Float(0, 1), [0.3, 0.7], FAR)
        assert (move.action, move.new) == ("narrow", Float(0.26, 0.74))
        assert move.why == "the best 2 of 8 trials lie from 0.3 to 0.7"

    def test_is_the_same_for_either_goal(self):
        assert one(Float(0, 1), [0.3, 0.7], FAR, goal="maximize").new == Float(0.26, 0.74)

    def test_is_taken_in_the_units_of_the_scale(self):
        # exponents -3 to -1, padded by 0.2: 10^-3.2 is 0.000631, 10^-0.8 is 0.158 (up to 0.159)
        move = one(Float(1e-5, 1, "log"), [1e-3, 1e-1], [1.0] * 6)
        assert move.new == Float(0.00063, 0.159, "log")
        # 1 - x from 0.1 to 0.01, padded by a tenth of a decade on both sides: 0.1259 and 0.00794
        move = one(Float(0, 0.999, "log1m"), [0.9, 0.99], FAR)
        assert move.new == Float(0.874, 0.99206, "log1m")

    def test_never_gets_below_a_third_of_the_old_width(self):
        new = one(Float(0, 3), [1.5, 1.5], FAR).new
        assert new == Float(1.0, 2.0)
        # exponents: -3 +- half of 6 / 3
        assert one(Float(1e-6, 1, "log"), [1e-3, 1e-3], [1.0] * 6).new == Float(1e-4, 1e-2, "log")

    def test_is_not_narrowed_at_an_edge(self):
        # 0.04 to 0.5, padded by 0.046: it reaches the old low
        move = one(Float(0, 1), [0.04, 0.5], [1.0] * 6)
        assert move.new == Float(0, 0.546)
        assert move.why.endswith("the low end stays, because they lie close to it")
        move = one(Float(0, 1), [0.5, 0.96], FAR)
        assert move.new == Float(0.454, 1)
        assert move.why.endswith("the high end stays, because they lie close to it")

    def test_at_an_edge_the_least_width_slides_inside(self):
        assert one(Float(0, 3), [3.0, 3.0], FAR).new == Float(2, 3)
        assert one(Float(0, 3), [0.0, 0.0], FAR).new == Float(0, 1)

    def test_that_covers_most_of_the_range_moves_nothing(self):
        move = one(Float(0, 1), [0.02, 0.99], FAR)
        assert (move.action, move.new) == ("hold", Float(0, 1))
        assert move.why == "the best 2 of 8 trials spread from 0.02 to 0.99, over most of the range"

    def test_goes_outward_to_whole_numbers_and_steps(self):
        # 40 to 60, padded to 38 .. 62, widened to a third of 97: 33.8 .. 66.2
        assert one(Int(3, 100), [40, 60], [100] * 6).new == Int(33, 67)
        # exponents of 32 to 64, widened to a third of 4 octaves: 28.5 .. 71.8
        assert one(Int(16, 256, "log"), [32, 64], [256] * 6).new == Int(28, 72, "log")
        assert one(Float(0, 1, step=0.1), [0.4, 0.7], [1.0] * 6).new == Float(0.3, 0.8, step=0.1)
        assert one(Int(0, 80, step=8), [32, 56], [80] * 6).new == Int(24, 64, step=8)
        assert one(Int(1, 2), [1, 1], [2] * 6).action == "hold"

    def test_keeps_a_grids_points_and_conditions(self):
        space = SearchSpace({"kind": Choice(("a", "b")), "x": Float(0, 1, points=5, when={"kind": ("a",)})})
        results = [result(n, {"kind": "a", "x": x}, n) for n, x in enumerate([0.3, 0.7, *FAR])]
        narrowed, _ = next_space(space, results, "minimize")
        assert narrowed.dimensions["x"] == Float(0.26, 0.74, points=5, when={"kind": ("a",)})


class TestTheEvidence:
    def test_choices_are_held_and_counted(self):
        move = one(Choice((True, False, "auto")), [True, "auto", True], [False] * 9)
        assert (move.action, move.new) == ("hold", move.old)
        assert move.why == "choices are kept: the best 3 of 12 trials are 2 with true, 1 with auto"

    def test_a_dimension_that_too_few_of_the_best_use_is_held(self):
        space = SearchSpace({"kind": Choice(("a", "b")), "x": Float(0, 1, when={"kind": ("a",)})})
        points = [{"kind": "a", "x": 0.5}, {"kind": "b"}, *({"kind": "a", "x": 0.1} for _ in range(6))]
        narrowed, moves = next_space(space, [result(n, p, n) for n, p in enumerate(points)], "minimize")
        assert narrowed == space
        assert moves[1].why == "only 1 of the best 2 of 8 trials use it, too few to narrow"

    def test_a_dimension_that_some_of_the_best_use_is_judged_by_those(self):
        space = SearchSpace({"kind": Choice(("a", "b")), "x": Float(0, 1, when={"kind": ("a",)})})
        best = [{"kind": "a", "x": 0.3}, {"kind": "b"}, {"kind": "a", "x": 0.7}]
        points = [*best, *({"kind": "a", "x": 0.0} for _ in range(9))]
        _, moves = next_space(space, [result(n, p, n) for n, p in enumerate(points)], "minimize")
        assert moves[1].new == Float(0.26, 0.74, when={"kind": ("a",)})
        assert moves[1].why == "the 2 of the best 3 of 12 trials that use it lie from 0.3 to 0.7"

    def test_only_finished_trials_in_the_space_count(self):
        space = SearchSpace({"x": Float(0, 1)})
        results = [result(n, {"x": x}, n) for n, x in enumerate([0.3, 0.7, *FAR])]
        noise = [result(8, {"x": 0.9}, None, Status.FAILED), result(9, {"x": 5.0}, -10.0)]
        assert (
            next_space(space, [*noise, *results], "minimize")[0] == next_space(space, results, "minimize")[0]
        )

    @pytest.mark.parametrize(
        ("left_out", "said"),
        [
            ([], "the best 2 of 8 trials lie from 0.3 to 0.7"),
            ([(0.9, None)], "the best 2 of 8 done trials lie from 0.3 to 0.7"),
            ([(5.0, -10.0)], "the best 2 of 8 trials in this space lie from 0.3 to 0.7"),
            (
                [(0.9, None), (5.0, -10.0)],
                "the best 2 of 8 done trials in this space lie from 0.3 to 0.7",
            ),
        ],
    )
    def test_which_trials_count_is_said_where_some_do_not(self, left_out, said):
        results = [result(n, {"x": x}, n) for n, x in enumerate([0.3, 0.7, *FAR])]
        results += [
            result(8 + n, {"x": x}, objective, Status.FAILED if objective is None else Status.DONE)
            for n, (x, objective) in enumerate(left_out)
        ]
        _, (move,) = next_space(SearchSpace({"x": Float(0, 1)}), results, "minimize")
        assert move.why == said

    def test_ties_go_to_the_earlier_trial_whatever_the_order(self):
        space = SearchSpace({"x": Float(0, 1)})
        results = [result(n, {"x": x}, 1.0) for n, x in enumerate([0.3, 0.7, *FAR])]
        assert next_space(space, results[::-1], "minimize")[0].dimensions["x"] == Float(0.26, 0.74)

    def test_the_best_quarter_is_rounded_up_and_at_least_two(self):
        assert one(Float(0, 1), [0.3, 0.5, 0.7], [0.0] * 6).new == Float(0.26, 0.74)  # 9 trials: 3
        space, results = SearchSpace({"x": Float(0, 1)}), [0.3, 0.7, 0.0, 0.0]
        moves = next_space(space, [result(n, {"x": x}, n) for n, x in enumerate(results)], "minimize")[1]
        assert moves[0].new == Float(0.26, 0.74)

    def test_too_few_trials_decide_nothing(self):
        results = [result(n, {"x": 0.5}, 1.0) for n in range(3)]
        failed = [result(n, {"x": 0.5}, None, Status.DIVERGED) for n in range(3, 9)]
        with pytest.raises(InputError, match=r"too few trials to decide .* 3 finished .* at least 4"):
            next_space(SearchSpace({"x": Float(0, 1)}), [*results, *failed], "minimize")


numeric = st.sampled_from(
    [
        Float(0, 1),
        Float(-3.7, 912.25),
        Float(1e-7, 3, "log"),
        Float(0.5, 0.99999, "log1m"),
        Float(0, 0.5, step=0.1),
        Int(1, 7),
        Int(1, 2),
        Int(3, 4096, "log"),
        Int(8, 128, step=8),
    ]
)


@settings(derandomize=True, deadline=None, max_examples=150, database=None)
@given(numeric, st.lists(st.floats(0, 1), min_size=4, max_size=24))
def test_the_new_range_holds_the_best_lies_in_the_old_and_is_wide_enough(dimension, places):
    space = SearchSpace({"x": dimension})
    for _ in range(4):  # round after round, each from the range that the last one left
        points = [space.from_unit([place]) for place in places]
        results = [result(n, params, n) for n, params in enumerate(points)]
        narrowed, (move,) = next_space(space, results, "minimize")
        old, new = move.old, move.new
        assert old.low <= new.low < new.high <= old.high
        best = points[: max(-(-len(points) // 4), 2)]
        assert all(params in narrowed for params in best)
        low, high, new_low, new_high = (
            SCALES[old.scale].to_internal(end) for end in (old.low, old.high, new.low, new.high)
        )
        assert (new_high - new_low) / (high - low) >= LEAST_WIDTH - 1e-9
        space = narrowed


def test_plans_and_moves_survive_json():
    space = SearchSpace({"x": Float(0, 1), "k": Int(1, 9, "log"), "c": Choice((True, "a"))}, ["x * k < 5"])
    points = [{"x": n / 10, "k": 1 + n % 3, "c": True} for n in range(9)]
    narrowed, moves = next_space(space, [result(n, p, n) for n, p in enumerate(points)], "minimize")
    plan = RoundPlan(1, 9, narrowed, "bayes", 20, 2, 4, "refine", moves)
    assert RoundPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert [Move.from_json(move.to_json()) for move in moves] == list(moves)
    first = RoundPlan(0, 0, space, "random", 9, 1, 4)
    assert RoundPlan.from_json(json.loads(json.dumps(first.to_json()))) == first


def test_a_plan_of_a_newer_version_is_refused():
    data = RoundPlan(0, 0, SearchSpace({"x": Float(0, 1)}), "random", 9, 1, 4).to_json()
    with pytest.raises(ValueError, match="the plan has schema 2"):
        RoundPlan.from_json({**data, "schema": 2})
