"""Where the next round looks: what moves, what does not, and why."""

import dataclasses
import json
import random
import re

import pytest

from hpt_cli.rerun import Purpose, Rerun, WantedReruns
from hpt_cli.rounds import (
    Limits,
    Move,
    RefineSettings,
    RoundPlan,
    believed_best,
    decide,
    measured_noise,
    wanted_reruns,
)
from hpt_cli.rounds.decision import holm
from hpt_cli.space import Choice, Float, Int, SearchSpace
from hpt_cli.trial import RepeatResult, Status, Timing

NEVER = Timing(0.0, 0.0, 0.0)


def moves(decision):
    return {move.name: move for move in decision.moves}


def square(space, **best):
    """A bowl in the units of the scales; what is not named does not matter."""

    def objective(params):
        places = {name: space.dimensions[name].to_unit(params[name]) for name in best}
        return sum((places[name] - place) ** 2 for name, place in best.items())

    return objective


def _rerun(trial, number, objective):
    return Rerun(trial, number, Purpose.NOISE, RepeatResult(9 + number, Status.DONE, objective), NEVER)


TWO = SearchSpace({"rate": Float(1e-4, 1, "log"), "idle": Float(0, 1)})


class TestRanges:
    def test_what_matters_is_narrowed_around_its_best_and_what_does_not_is_held(self, explore):
        decision = decide(explore(TWO, square(TWO, rate=0.4)))
        rate, idle = moves(decision)["rate"], moves(decision)["idle"]
        assert rate.action == "narrow"
        assert rate.new.low < 10 ** (-4 + 0.4 * 4) < rate.new.high
        assert TWO.dimensions["rate"].to_unit(rate.new.high) - TWO.dimensions["rate"].to_unit(
            rate.new.low
        ) == pytest.approx(0.35, abs=0.03)
        assert idle.action == "hold"
        assert idle.why.startswith("no evidence that it matters here (p = ")

    def test_the_evidence_names_counts_and_p(self, explore):
        move = moves(decide(explore(TWO, square(TWO, rate=0.4))))["rate"]
        assert move.evidence.trials == 32
        assert move.evidence.p < 0.001
        assert f"the {move.evidence.contenders} best of 32 trials lie there" in move.why
        assert "(p < 0.001)" in move.why
        assert all(0 <= place <= 1 for place in move.evidence.places)

    def test_maximizing_is_minimizing_the_negative(self, explore):
        bowl = square(TWO, rate=0.4)
        least = decide(explore(TWO, bowl))
        most = decide(explore(TWO, lambda params: -bowl(params), goal="maximize"))
        assert most.space == least.space

    def test_an_end_with_the_best_moves_outward(self, explore):
        space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)})
        move = moves(decide(explore(space, square(space, x=1.2, y=0.5))))["x"]
        assert move.action in ("shift", "widen")
        assert move.new.high == pytest.approx(1.35, abs=0.02)
        assert move.evidence.edge == "high"
        assert "of the models that fit have the best at the high end" in move.why

    @pytest.mark.parametrize("hard", [1.0, 1.1])
    def test_a_hard_limit_stops_it(self, explore, hard):
        space = SearchSpace({"x": Float(0, 1, hard_high=hard), "y": Float(0, 1)})
        move = moves(decide(explore(space, square(space, x=1.2, y=0.5))))["x"]
        assert move.new.high == hard
        assert ("hard limit" in move.why) == (hard == 1.0)

    def test_an_open_limit_is_approached_and_not_reached(self, explore):
        space = SearchSpace({"x": Float(0, 0.9), "y": Float(0, 1)})
        limits = {"x": Limits(0, 1, open_high=True)}
        move = moves(decide(explore(space, square(space, x=1.2, y=0.5), limits=limits)))["x"]
        assert 0.9 < move.new.high < 1

    def test_an_end_where_trials_fail_is_a_wall(self, explore):
        space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)})
        slope = square(space, x=1.1, y=0.5)
        move = moves(decide(explore(space, lambda p: None if p["x"] > 0.85 else slope(p))))["x"]
        assert move.new.high <= 1

    def test_ints_and_steps_stay_on_their_values(self, explore):
        space = SearchSpace(
            {"units": Int(8, 512, "log"), "drop": Float(0, 0.8, step=0.1), "layers": Int(1, 9)}
        )
        decision = decide(explore(space, square(space, units=0.3, drop=0.7, layers=0.2), 48))
        for name, dimension in decision.space.dimensions.items():
            assert type(dimension.low) is type(space.dimensions[name].low)
            assert dimension.low in space.dimensions[name]
            assert dimension.high in space.dimensions[name]
        assert {move.action for move in decision.moves} == {"narrow"}

    def test_ints_widen_along_their_lattice(self, explore):
        space = SearchSpace({"n": Int(10, 40, step=10), "m": Int(1, 16, "log"), "y": Float(0, 1)})
        new = decide(explore(space, square(space, n=1.5, m=-0.5), 48, significance=1)).space.dimensions
        assert new["n"].high in (50, 60)
        assert new["m"].low == 1  # there is no 0 on a log scale

    def test_noise_widens_what_is_kept(self, explore):
        draw = random.Random(0)
        bowl = square(TWO, rate=0.4)

        def noisy(params):
            return tuple(bowl(params) + draw.gauss(0, 0.1) for _ in range(2))

        exact = moves(decide(explore(TWO, bowl)))["rate"].new
        move = moves(decide(explore(TWO, noisy, significance=1)))["rate"]
        assert move.new.high / move.new.low > exact.high / exact.low
        assert "contenders of 32 trials" in move.why

    def test_pure_noise_stops_the_zoom(self, explore):
        draw = random.Random(1)
        decision = decide(explore(TWO, lambda _: (draw.random(), draw.random()), 40))
        assert decision.stop
        assert decision.note.startswith("further zoom would chase noise")

    def test_at_its_floor_a_range_is_not_narrowed(self, explore):
        decision = decide(explore(TWO, square(TWO, rate=0.4), floor=1))
        assert moves(decision)["rate"].action == "hold"
        assert "floor" in moves(decision)["rate"].why

    def test_a_side_on_which_nothing_was_tried_is_not_cut(self, explore):
        space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)}, ["x > 0.45"])
        move = moves(decide(explore(space, square(space, x=0.6, y=0.5))))["x"]
        assert move.new.low == 0
        assert "the low end stays, for nothing was tried near it" in move.why


class TestChoices:
    SPACE = SearchSpace({"kind": Choice(("a", "b", "c", "d")), "x": Float(0, 1)})

    def test_the_poor_drop_out_at_most_half_a_round(self, explore):
        cost = {"a": 0.0, "b": 3.0, "c": 2.0, "d": 2.5}
        decision = decide(explore(self.SPACE, lambda p: cost[p["kind"]] + (p["x"] - 0.5) ** 2, 40))
        move = moves(decision)["kind"]
        assert move.action == "drop"
        assert len(move.new.choices) == 2
        assert "a" in move.new.choices
        assert "the best in" in move.why

    def test_the_last_one_is_frozen(self, explore):
        space = SearchSpace({"kind": Choice(("a", "b")), "x": Float(0, 1)})
        decision = decide(explore(space, lambda p: (p["kind"] == "a") + (p["x"] - 0.5) ** 2, 40))
        move = moves(decision)["kind"]
        assert (move.action, move.new.choices) == ("freeze", ("b",))

    def test_who_was_tried_rarely_is_kept(self, explore):
        cost = {"a": 0.0, "b": 3.0, "c": 2.0, "d": 2.5}
        decision = decide(
            explore(self.SPACE, lambda p: cost[p["kind"]] + (p["x"] - 0.5) ** 2, 40, least_tries=20)
        )
        assert moves(decision)["kind"].action == "hold"
        assert "tried too rarely" in moves(decision)["kind"].why

    def test_a_dropped_one_comes_back_when_a_probe_of_it_is_best(self, explore, make_result):
        cost = {"a": 0.0, "b": 0.3, "c": 2.0, "d": 2.5}
        before = explore(self.SPACE, lambda p: cost[p["kind"]] + (p["x"] - 0.5) ** 2, 40)
        space = self.SPACE.replace({"kind": Choice(("a", "b"))})
        plan = dataclasses.replace(before.plans[0], number=1, first=40, space=space)
        # d was unlucky: at a value of x that was not tried it is the best by far
        found = [make_result(40 + n, {"kind": "d", "x": 0.9 + n / 100}, (-2.0, -2.0)) for n in range(3)]
        results = [*before.results, *found]
        move = moves(decide(dataclasses.replace(before, plans=[*before.plans, plan], results=results)))[
            "kind"
        ]
        assert move.action == "widen"
        assert "d" in move.new.choices


def test_where_every_point_was_tried_there_is_nowhere_to_look(explore):
    space = SearchSpace({"kind": Choice(("a", "b", "c")), "on": Choice((True, False))})
    situation = explore(space, lambda p: "abc".index(p["kind"]) + p["on"], 6)
    assert len({tuple(result.params.values()) for result in situation.results}) == 6
    decision = decide(situation)
    assert decision.stop
    assert decision.note == "every point of the space was tried: there is nowhere else to look"
    fewer = dataclasses.replace(situation, results=situation.results[:5])
    assert not decide(fewer).stop


class TestConditionals:
    SPACE = SearchSpace(
        {
            "optimizer": Choice(("sgd", "adam")),
            "momentum": Float(0, 1, when={"optimizer": ("sgd",)}),
            "x": Float(0, 1),
        }
    )

    def test_are_judged_on_their_own_trials(self, explore):
        decision = decide(
            explore(self.SPACE, lambda p: (p.get("momentum", 0.5) - 0.3) ** 2 + (p["x"] - 0.5) ** 2, 60)
        )
        move = moves(decision)["momentum"]
        assert move.action == "narrow"
        assert move.evidence.trials == 30
        assert move.new.low < 0.3 < move.new.high

    def test_with_too_few_of_those_they_are_held(self, explore):
        def objective(params):
            return (params["optimizer"] == "sgd") * 5 + (params["x"] - 0.5) ** 2 + params.get("momentum", 0)

        move = moves(decide(explore(self.SPACE, objective, 40)))["momentum"]
        assert move.action == "hold"
        assert move.why.startswith("not used any more: optimizer is ")


class TestNoise:
    def test_without_repeats_the_best_are_trained_again_once_and_if_they_differ_again(
        self, explore, make_result
    ):
        one = explore(TWO, lambda p: ((p["idle"] - 0.4) ** 2,))
        wanted = decide(one)
        best = sorted(one.results, key=lambda result: result.objective)[:3]
        assert isinstance(wanted, WantedReruns)
        assert wanted.trials == tuple(sorted(result.number for result in best))
        assert wanted.numbers == (0,)

        def rerun(trial, number, off):
            return _rerun(trial, number, one.results[trial].objective + off)

        same = [rerun(trial, 0, 0.0) for trial in wanted.trials]
        assert decide(dataclasses.replace(one, reruns=same)).noise == 0
        other = [rerun(trial, 0, 0.01 * place) for place, trial in enumerate(wanted.trials)]
        more = decide(dataclasses.replace(one, reruns=other))
        assert (more.trials, more.numbers) == (wanted.trials, (0, 1))
        other += [rerun(trial, 1, -0.01 * place) for place, trial in enumerate(wanted.trials)]
        assert decide(dataclasses.replace(one, reruns=other)).noise > 0

    def test_what_is_asked_for_does_not_depend_on_what_is_there_already(self, explore):
        """A study that was killed while it measured decides as one that was not."""
        one = explore(TWO, lambda p: ((p["idle"] - 0.4) ** 2,))
        wanted = decide(one)
        values = {trial: one.results[trial].objective for trial in wanted.trials}
        some = [_rerun(trial, 0, values[trial] + 0.01) for trial in wanted.trials[:1]]
        assert decide(dataclasses.replace(one, reruns=some)) == wanted
        every = [*some, *(_rerun(trial, 0, values[trial]) for trial in wanted.trials[1:])]
        more = decide(dataclasses.replace(one, reruns=every))
        assert (more.trials, more.numbers) == (wanted.trials, (0, 1))
        half = [*every, _rerun(wanted.trials[0], 1, 0.2)]
        assert decide(dataclasses.replace(one, reruns=half)) == more

    def test_far_ahead_of_where_it_was_measured_it_is_measured_again(self, explore, make_result):
        before = explore(TWO, lambda p: (10 + p["idle"] ** 2,))
        first = wanted_reruns(before).trials
        reruns = [
            _rerun(trial, number, before.results[trial].objective + 0.02 * place * (-1) ** number)
            for place, trial in enumerate(first)
            for number in range(2)
        ]
        plan = dataclasses.replace(before.plans[0], number=1, first=32)

        def after(best):
            found = [
                make_result(32 + n, {"rate": 1e-3, "idle": n / 32}, best + n, round_=1) for n in range(9)
            ]
            return dataclasses.replace(
                before, plans=[*before.plans, plan], results=[*before.results, *found], reruns=reruns
            )

        assert wanted_reruns(after(9.9)) is None  # within ten times the noise
        left_behind = after(1.0)
        wanted = wanted_reruns(left_behind)
        assert (wanted.trials, wanted.numbers) == ((32, 33, 34), (0,))
        assert "where the best are by now" in wanted.why
        again = [_rerun(32 + n, number, 1.0 + n) for n in range(3) for number in range(2)]
        assert wanted_reruns(dataclasses.replace(left_behind, reruns=[*reruns, *again])) is None

    def test_what_a_seed_did_to_all_alike_does_not_hide_how_far_behind_they_are(self, explore, make_result):
        before = explore(TWO, lambda p: (10 + p["idle"] ** 2,))
        first = wanted_reruns(before).trials
        reruns = [
            _rerun(trial, number, before.results[trial].objective + (-1) ** number + 0.02 * place * number)
            for place, trial in enumerate(first)
            for number in range(2)
        ]
        plan = dataclasses.replace(before.plans[0], number=1, first=32)
        found = [make_result(32, {"rate": 1e-3, "idle": 0.5}, 8.0, round_=1)]
        after = dataclasses.replace(
            before, plans=[*before.plans, plan], results=[*before.results, *found], reruns=reruns
        )
        assert measured_noise(after).spread > 0.5  # ten times that are more than the 2 that were won
        assert wanted_reruns(after).trials == (32,)

    @pytest.mark.parametrize("slope", [0, 1])
    def test_where_there_was_none_on_a_plateau_the_best_is_asked_again(self, explore, make_result, slope):
        before = explore(TWO, lambda p: (10 + slope * p["idle"] ** 2,))
        reruns = [_rerun(trial, 0, before.results[trial].objective) for trial in wanted_reruns(before).trials]
        plan = dataclasses.replace(before.plans[0], number=1, first=32)
        found = [
            make_result(32 + n, {"rate": 1e-3, "idle": n / 32}, 9.0 + n / 100, round_=1) for n in range(9)
        ]
        situation = dataclasses.replace(
            before, plans=[*before.plans, plan], results=[*before.results, *found], reruns=reruns
        )
        wanted = wanted_reruns(situation)
        if slope:  # that they came out the same again was no accident
            assert wanted is None
            return
        assert (wanted.trials, wanted.numbers) == ((32,), (0,))
        still = [*reruns, _rerun(32, 0, 9.0)]
        assert wanted_reruns(dataclasses.replace(situation, reruns=still)) is None
        no_more = [*reruns, _rerun(32, 0, 9.5)]
        wanted = wanted_reruns(dataclasses.replace(situation, reruns=no_more))
        assert (wanted.trials, wanted.numbers) == ((32, 33, 34), (0, 1))

    def test_what_a_seed_does_to_all_trials_alike_is_said(self, explore):
        bowl = square(TWO, rate=0.4)
        decision = decide(explore(TWO, lambda p: (bowl(p), bowl(p) + 0.3)))
        assert decision.note.startswith("trainings of one trial differ by 0.21, but a seed moves all trials")
        draw = random.Random(3)
        some = decide(explore(TWO, lambda p: tuple(bowl(p) + e + draw.gauss(0, 0.01) for e in (0.0, 0.3))))
        assert "trainings of one trial differ by 0.2" in some.note
        assert re.search(r"0\.2\d*, of which 0\.0\d+ is left between trials on the same seed", some.note)

    def test_none_are_wanted_where_they_are_switched_off(self, explore):
        decision = decide(explore(TWO, lambda p: ((p["idle"] - 0.4) ** 2,), reruns=0))
        assert decision.noise is None
        assert "the noise is unknown" in decision.note

    def test_who_was_lucky_is_not_believed_best(self, explore):
        draw = random.Random(3)
        bowl = square(TWO, idle=0.5)
        situation = explore(TWO, lambda p: tuple(bowl(p) + draw.gauss(0, 0.1) for _ in range(2)), 40)
        far = max(situation.results, key=lambda result: result.objective)
        least = min(result.objective for result in situation.results)
        lucky = dataclasses.replace(far, objective=least - 0.01)
        results = [lucky if result is far else result for result in situation.results]
        assert min(results, key=lambda result: result.objective) is lucky
        assert believed_best(dataclasses.replace(situation, results=results))[0] != lucky.number


class TestProbes:
    def test_lie_outside_what_is_left_and_inside_what_there_was(self, explore):
        decision = decide(explore(TWO, square(TWO, rate=0.4)), trials=30)
        assert len(decision.probes) == 3
        for params in decision.probes:
            assert params in TWO
            assert params not in decision.space

    def test_none_where_nothing_was_left_out(self, explore):
        decision = decide(explore(TWO, square(TWO, rate=0.4), floor=1), trials=30)
        assert decision.probes == ()


class TestBadSituations:
    def test_too_few_trials(self, explore):
        decision = decide(explore(TWO, square(TWO, rate=0.4), 3))
        assert not decision.decided
        assert (
            decision.note == "too few trials to decide where to look next: 3 finished, at least 4 are needed"
        )
        assert decision.space == TWO

    def test_all_failed(self, explore):
        decision = decide(explore(TWO, lambda _: None))
        assert "0 finished" in decision.note
        assert "32 trials did not end well" in decision.note

    def test_all_equal(self, explore):
        assert "all 32 finished trials are equally good" in decide(explore(TWO, lambda _: 1.0)).note

    def test_a_single_dimension(self, explore):
        space = SearchSpace({"x": Float(0, 1)})
        move = moves(decide(explore(space, square(space, x=0.3), 12)))["x"]
        assert move.new.low < 0.3 < move.new.high

    def test_only_choices(self, explore):
        space = SearchSpace({"a": Choice((1, 2, 3)), "b": Choice((True, False)), "c": Choice((0,))})
        decision = decide(explore(space, lambda p: p["a"] + p["b"], 6))
        assert all(move.action in ("hold", "drop", "freeze") for move in decision.moves)
        assert moves(decision)["c"].why == "a single choice"

    def test_everything_at_an_edge(self, explore):
        space = SearchSpace({"x": Float(0, 1), "y": Float(1e-3, 1e-1, "log")})
        decision = decide(explore(space, square(space, x=1.3, y=-0.3)))
        assert moves(decision)["x"].new.high > 1
        assert moves(decision)["y"].new.low < 1e-3

    def test_objectives_of_any_size(self, explore):
        bowl = square(TWO, rate=0.4)
        usual = decide(explore(TWO, bowl)).space
        for factor in (1e-200, 1e200):
            assert decide(explore(TWO, lambda p, f=factor: f * bowl(p))).space == usual


class TestWhateverTheResults:
    def test_the_same_situation_gives_the_same_bits(self, explore):
        situation = explore(TWO, square(TWO, rate=0.4))
        a, b = decide(situation, trials=30), decide(situation, trials=30)
        assert (a.space, a.moves, a.probes) == (b.space, b.moves, b.probes)

    def test_moves_and_plans_survive_json(self, explore):
        decision = decide(explore(TWO, square(TWO, rate=0.4)), trials=30)
        plan = RoundPlan(
            1,
            32,
            decision.space,
            "sobol",
            30,
            1,
            4,
            "refine",
            decision.moves,
            decision.probes,
            0.1,
            "so",
            30,
            2,
        )
        assert RoundPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan

    def test_a_plan_of_an_older_version_is_read(self):
        plan = RoundPlan(
            0, 0, TWO, "sobol", 30, 1, 4, moves=(Move("idle", "hold", *[TWO.dimensions["idle"]] * 2, "so"),)
        )
        data = plan.to_json()
        for key in ("probes", "noise", "note", "asked", "ahead"):
            del data[key]
        del data["moves"][0]["evidence"]
        assert RoundPlan.from_json(data) == plan


def test_holm_multiplies_the_least_by_all_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_numbers_are_those_of_the_page():
    assert dataclasses.asdict(RefineSettings())["least_width"] == 0.35
