"""What ends a study before all its trials are run."""

import pytest

from hpt_cli.endings import Ended, Limits, Reason, begins_with_failures, spent_seconds
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec


def trial(number, objective=0.5, *, started=0.0, finished=1.0):
    spec = TrialSpec(number, 0, {"x": 1}, (1,), Origin("random"))
    timing = Timing(started, finished, finished - started)
    return TrialResult.from_repeats(spec, [RepeatResult(1, Status.DONE, objective)], timing)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def limits(*, budget=None, target=None, goal="maximize", parallel=3, spent=0.0, clock=None):
    return Limits(
        budget=budget, target=target, goal=goal, parallel=parallel, spent=spent, clock=clock or Clock()
    )


def test_without_limits_nothing_ends():
    free = limits()
    free.learn(trial(0, 1.0))
    assert free.may_ask(10**6)
    assert (free.ended(), free.seconds_left(), free.has_target) == (None, None, False)


class TestBudget:
    def test_counts_down_from_what_was_spent_before(self):
        clock = Clock()
        budget = limits(budget=60.0, spent=20.0, clock=clock)
        assert budget.seconds_left() == 40.0
        clock.now += 39.0
        assert budget.may_ask(0)
        assert budget.ended() is None
        clock.now += 2.0
        assert not budget.may_ask(0)
        assert budget.ended() == Ended(Reason.BUDGET, seconds=61.0)

    def test_what_was_spent_is_the_time_in_which_any_trial_ran(self):
        results = [
            trial(0, started=10.0, finished=20.0),
            trial(1, started=12.0, finished=16.0),  # beside trial 0
            trial(2, started=18.0, finished=25.0),
            trial(3, started=100.0, finished=101.0),  # after a stop
        ]
        assert spent_seconds(results, None) == 16.0
        assert spent_seconds(reversed(results), None) == 16.0

    def test_a_clock_that_was_set_back_spends_nothing(self):
        assert (
            spent_seconds([trial(0, started=50.0, finished=40.0), trial(1, started=0, finished=2)], None) == 2
        )

    def test_an_end_by_budget_is_not_forgotten(self):
        assert spent_seconds([trial(0)], Ended(Reason.BUDGET, seconds=60.0)) == 60.0


class TestTarget:
    @pytest.mark.parametrize(("goal", "good", "bad"), [("maximize", 0.9, 0.89), ("minimize", 0.1, 0.11)])
    def test_is_reached_from_the_better_side(self, goal, good, bad):
        target = limits(target=good, goal=goal)
        target.learn(trial(0, bad))
        assert target.ended() is None
        target.learn(trial(1, good))
        assert target.ended() == Ended(Reason.TARGET, trial=1)

    def test_the_lowest_number_counts_in_whatever_order_they_come(self):
        target = limits(target=0.9)
        target.learn(trial(7, 0.99))
        target.learn(trial(4, 0.91))
        target.learn(trial(9, 1.0))
        assert target.ended() == Ended(Reason.TARGET, trial=4)
        assert [number for number in range(12) if target.may_ask(number)] == list(range(7))
        assert not target.reached_before(4)
        assert target.reached_before(5)

    def test_a_trial_without_objective_reaches_nothing(self):
        target = limits(target=0.9)
        spec = TrialSpec(0, 0, {}, (1,), Origin("random"))
        target.learn(TrialResult.failure(spec, Status.FAILED, "no", Timing(0.0, 0.0, 0.0)))
        assert target.ended() is None


class TestRecord:
    @pytest.mark.parametrize(
        "ended",
        [Ended(Reason.FINISHED), Ended(Reason.TARGET, trial=0), Ended(Reason.BUDGET, seconds=1.5)],
    )
    def test_comes_back_from_the_studys_file(self, ended):
        assert Ended.from_study({"ended": ended.to_json()}) == ended

    @pytest.mark.parametrize("entry", [None, "over", {}, {"reason": "unheard of"}, {"reason": ["budget"]}])
    def test_what_is_no_record_says_nothing(self, entry):
        assert Ended.from_study({"ended": entry}) is None


def failed(number, why, status=Status.FAILED):
    spec = TrialSpec(number, 0, {"x": 1}, (1,), Origin("random"))
    return TrialResult.failure(spec, status, why, Timing(0.0, 1.0, 1.0))


def test_a_study_begins_with_failures_if_its_first_trials_failed_for_one_reason():
    alike = {number: failed(number, f"no module\nlog of {number}") for number in range(3)}
    assert begins_with_failures(alike, 3)
    assert begins_with_failures({**alike, 3: trial(3)}, 3)  # who else was fast must not decide
    assert not begins_with_failures(alike, 4)
    for other in (trial(1), failed(1, "killed"), failed(1, "no module", Status.TIMEOUT)):
        assert not begins_with_failures({**alike, 1: other}, 3)
    assert not begins_with_failures({}, 3)
