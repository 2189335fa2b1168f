"""Rungs, brackets and judgments, without a network."""

import itertools
import math

import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import ConfigError
from hpt_cli.objectives.base import StagedObjective
from hpt_cli.pruning import Brackets, PruneSettings, epochs_planned, make_pruner, rungs_of
from hpt_cli.space import Float, SearchSpace
from hpt_cli.strategies import make_strategy
from hpt_cli.trial import Leg, Origin, Paused, RepeatResult, Status, Timing, TrialResult, TrialSpec

NOW = Timing(0.0, 0.0, 0.0)


def spec(number):
    return TrialSpec(number, 0, {"x": number}, (1,), Origin("random"))


def paused(number, epoch, value):
    curve = [value] * epoch
    repeat = RepeatResult(1, Status.PRUNED, None, {}, {"loss": curve})
    return Paused(spec(number), epoch, value, (repeat,), NOW)


def done(number, value, epochs=36):
    repeat = RepeatResult(1, Status.DONE, value, {"loss": value}, {"loss": [value] * epochs})
    return TrialResult.from_repeats(spec(number), [repeat], NOW)


def failed(number):
    return TrialResult.failure(spec(number), Status.FAILED, "no", NOW)


class Table(StagedObjective):
    """Its trials' curves stand in their histories."""

    def evaluate(self, specs):
        raise NotImplementedError

    def advance(self, legs):
        raise NotImplementedError

    def model(self, trial):
        raise NotImplementedError

    def forget(self, numbers=None):
        raise NotImplementedError

    def values_at(self, result, epochs):
        curve = result.repeats[0].history["loss"] if result.repeats else ()
        return [curve[epoch - 1] if len(curve) >= epoch else None for epoch in epochs]


def pruner(settings, *, trials=9, epochs=36, goal="minimize", results=None, parallel=4):
    return make_pruner(
        settings,
        epochs,
        first=0,
        trials=trials,
        parallel=parallel,
        metric="loss",
        goal=goal,
        results={} if results is None else results,
        objective=Table(),
    )


HALVING = PruneSettings("successive_halving")


class TestRungs:
    def test_left_out_they_divide_the_epochs_by_nine_and_three(self):
        assert rungs_of(HALVING, 36) == (4, 12)
        assert rungs_of(HALVING, 40) == (4, 13)

    def test_none_lies_right_before_the_end(self):
        for epochs, first in itertools.product(range(2, 200), range(1, 20)):
            rungs = rungs_of(PruneSettings("successive_halving", first_rung=first), epochs)
            assert list(rungs) == sorted(set(rungs))
            assert (rungs[0] == first) if first < epochs else rungs == ()
            if len(rungs) > 1:
                assert epochs / rungs[-1] > 3**0.5 * 0.8  # rounding to whole epochs takes a part

    def test_the_median_rule_looks_at_every_epoch(self):
        assert rungs_of(PruneSettings("median", first_rung=3, every=4), 16) == (3, 7, 11, 15)


class TestBrackets:
    def test_halving_has_one_kind_whose_last_trial_is_trained_to_the_end(self):
        brackets = Brackets(HALVING, 36)
        assert [brackets.of(number).first for number in (0, 8, 9, 30)] == [0, 0, 9, 27]
        assert brackets.of(12).size == 9

    def test_hyperband_goes_from_many_trials_and_rungs_to_few_and_none(self):
        brackets = Brackets(PruneSettings("hyperband"), 36)
        kinds = [(b.first, b.size, b.rungs) for b in map(brackets.of, (0, 9, 14, 17))]
        assert kinds == [(0, 9, (4, 12)), (9, 5, (12,)), (14, 3, ()), (17, 9, (4, 12))]

    def test_they_follow_each_other_without_a_gap(self):
        for method in ("successive_halving", "hyperband"):
            brackets = Brackets(PruneSettings(method, reduction=2), 40)
            for number in range(200):
                bracket = brackets.of(number)
                assert number in bracket.numbers
                assert all(brackets.of(other) == bracket for other in bracket.numbers)

    def test_the_epochs_are_counted_beforehand(self):
        assert epochs_planned(HALVING, 36, 9) == 9 * 4 + 3 * 8 + 24
        assert epochs_planned(HALVING, 36, 18) == 2 * epochs_planned(HALVING, 36, 9)
        assert epochs_planned(PruneSettings(), 36, 9) == 9 * 36
        assert epochs_planned(PruneSettings("median"), 36, 9) is None
        assert epochs_planned(HALVING, 40, 60) < 60 * 40 / 3


class TestBracketPruner:
    VALUES = (0.5, 0.1, 0.9, 0.3, 0.2, 0.8, 0.7, 0.6, 0.4)

    def outcome(self, outcomes, order, **options):
        """(numbers that went on, numbers that were pruned) by an order of arrival."""
        judge, legs, ended = pruner(HALVING, **options), [], []
        for number in order:
            verdict = judge.take(outcomes[number])
            legs += verdict.legs
            ended += [result.number for result in verdict.pruned]
        return judge, legs, sorted(ended)

    @pytest.mark.parametrize("order", [range(9), range(8, -1, -1), (4, 0, 8, 2, 6, 1, 3, 7, 5)])
    def test_the_best_third_goes_on_in_any_order_of_arrival(self, order):
        outcomes = [paused(number, 4, value) for number, value in enumerate(self.VALUES)]
        _, legs, ended = self.outcome(outcomes, order)
        assert legs == [Leg(spec(number), 12) for number in (1, 3, 4)]
        assert ended == [0, 2, 5, 6, 7, 8]
        _, legs, _ = self.outcome(outcomes, order, goal="maximize")
        assert [leg.spec.number for leg in legs] == [2, 5, 6]

    def test_nobody_is_judged_before_all_are_there(self):
        outcomes = [paused(number, 4, value) for number, value in enumerate(self.VALUES)]
        judge, legs, ended = self.outcome(outcomes, range(8))
        assert (legs, ended) == ([], [])
        assert len(judge.close(8).legs) == 2  # the round ends with eight

    def test_the_last_rung_leaves_one_for_the_end(self):
        outcomes = [paused(number, 4, value) for number, value in enumerate(self.VALUES)]
        judge, _, _ = self.outcome(outcomes, range(9))
        judge.take(paused(1, 12, 0.09))
        judge.take(paused(4, 12, 0.05))
        verdict = judge.take(paused(3, 12, 0.3))
        assert verdict.legs == [Leg(spec(4), None)]
        assert [result.number for result in verdict.pruned] == [1, 3]
        result = verdict.pruned[0]
        assert (result.status, result.objective) == (Status.PRUNED, None)
        assert result.error == "at epoch 12, loss 0.09 was not among the best 1 of 3 trials"
        assert judge.take(done(4, 0.04)).legs == []

    def test_failed_trials_are_the_worst_and_still_count(self):
        outcomes = [failed(number) if number < 7 else paused(number, 4, 0.5) for number in range(9)]
        _, legs, ended = self.outcome(outcomes, range(9))
        assert [leg.spec.number for leg in legs] == [7, 8]
        assert ended == []

    def test_a_trial_that_patience_ended_takes_its_place(self):
        outcomes = [paused(number, 4, value) for number, value in enumerate(self.VALUES)]
        outcomes[1] = done(1, 0.1, epochs=3)
        _, legs, _ = self.outcome(outcomes, range(9))
        assert [leg.spec.number for leg in legs] == [3, 4]

    def test_equal_values_are_parted_by_number(self):
        outcomes = [paused(number, 4, 0.5) for number in range(9)]
        _, legs, _ = self.outcome(outcomes, reversed(range(9)))
        assert [leg.spec.number for leg in legs] == [0, 1, 2]

    def test_what_an_earlier_session_recorded_is_judged_the_same_again(self):
        outcomes = [paused(number, 4, value) for number, value in enumerate(self.VALUES)]
        _, straight, ended = self.outcome(outcomes, range(9))
        survivor = paused(3, 12, 0.3).pruned("at 12")  # it went on, and was pruned at the next rung
        for recorded in itertools.product((False, True), repeat=3):
            results = {
                n: outcomes[n].pruned("at 4") for n, there in zip(ended, recorded, strict=False) if there
            }
            results[3] = survivor
            judge = pruner(HALVING, results=results)
            legs, again = [], []
            for number in range(9):
                if number not in results:
                    verdict = judge.take(outcomes[number])
                    legs += verdict.legs
                    again += [result.number for result in verdict.pruned]
            assert legs == [leg for leg in straight if leg.spec.number != 3]
            assert sorted([*again, *results]) == sorted([*ended, 3])


class TestMedianPruner:
    RULE = PruneSettings("median", first_rung=2, least=3)

    def test_a_trial_is_held_against_those_that_the_strategy_may_use(self):
        results = {number: done(number, float(number), epochs=4) for number in range(10)}
        judge = pruner(self.RULE, epochs=4, results=results, parallel=3)
        assert judge.first_leg(spec(7)) == Leg(spec(7), None, ((2, 2.0), (3, 2.0)))
        assert judge.first_leg(spec(8)).limits == ((2, 2.5), (3, 2.5))
        assert judge.first_leg(spec(7)).limits == ((2, 2.0), (3, 2.0))  # asked again
        assert judge.first_leg(spec(4)).limits == ()  # two earlier ones are too few

    def test_pruned_trials_count_as_far_as_they_came(self):
        results = {number: done(number, 1.0, epochs=4) for number in range(3)}
        results[3] = paused(3, 2, 9.0).pruned("")
        limits = pruner(self.RULE, epochs=4, results=results, parallel=1).first_leg(spec(4)).limits
        assert limits == ((2, 1.0), (3, 1.0))
        results[4] = paused(4, 2, 9.0).pruned("")
        results[5] = paused(5, 2, 9.0).pruned("")
        limits = pruner(self.RULE, epochs=4, results=results, parallel=1).first_leg(spec(6)).limits
        assert limits == ((2, 5.0), (3, 1.0))


class TestBatches:
    """What a learning strategy needs before it is asked for a trial of a batch."""

    @pytest.mark.parametrize(("parallel", "needed"), [(1, 9), (9, 9), (17, 9), (18, 0), (40, 0)])
    def test_whole_batches_are_open_as_many_as_parallel_holds(self, parallel, needed):
        brackets = Brackets(HALVING, 36)
        strategy = make_strategy(
            "bayes",
            SearchSpace({"x": Float(0, 1)}),
            seed=[0],
            parallel=parallel,
            batch_of=lambda number: brackets.of(number).numbers,
        )
        assert {strategy.needs(number) for number in range(9, 18)} == {needed}
        assert {strategy.needs(number) for number in range(9)} == {0}

    def test_alone_it_is_the_results_up_to_number_less_parallel(self):
        strategy = make_strategy("bayes", SearchSpace({"x": Float(0, 1)}), seed=[0], parallel=4)
        assert [strategy.needs(number) for number in range(7)] == [0, 0, 0, 0, 1, 2, 3]

    def test_a_batch_is_asked_for_without_its_own_results(self):
        strategy = make_strategy(
            "bayes",
            SearchSpace({"x": Float(0, 1)}),
            seed=[0],
            parallel=1,
            batch_of=lambda number: range(number - number % 9, number - number % 9 + 9),
        )
        first = [strategy.ask(number)["x"] for number in range(9)]
        assert len(set(first)) == 9
        with pytest.raises(ValueError, match="trial 0 must be told"):
            strategy.ask(9)
        for number, x in enumerate(first):
            strategy.tell(number, (x - 0.3) ** 2)
        second = [strategy.ask(number)["x"] for number in range(9, 18)]
        assert len({*first, *second}) == 18
        assert min(abs(x - 0.3) for x in second) < min(abs(x - 0.3) for x in first)
        assert math.isfinite(sum(second))


class TestConfig:
    def refused(self, tmp_path, text):
        path = tmp_path / "study.yaml"
        path.write_text(text)
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        return str(caught.value)

    def test_own_code_is_not_pruned(self, tmp_path):
        said = self.refused(
            tmp_path,
            "command: python train.py {x}\nobjective: {metric: loss, goal: minimize}\n"
            "space: {x: {low: 0, high: 1}}\nsearch: {prune: {method: median}}\n",
        )
        assert "search.prune.method: only the built-in network can be pruned so far, found median" in said

    def test_a_single_epoch_has_no_rung(self, tmp_path):
        said = self.refused(
            tmp_path,
            "data: {source: iris}\nnetwork: {epochs: 1}\nspace: {learning_rate: {low: 0.1, high: 1}}\n"
            "search: {prune: {method: hyperband}}\n",
        )
        assert "hyperband needs an epoch to judge before the last, and there is 1 in all" in said
