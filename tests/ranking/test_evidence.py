"""The leaderboard with reruns and confirmations."""

import pytest

from hpt_cli.confirmation import Candidate, Confirmation, ConfirmOutcome, ConfirmPlan
from hpt_cli.evidence import Evidence
from hpt_cli.noise import Interval
from hpt_cli.ranking import best_of, rank
from hpt_cli.rerun import Purpose, Rerun
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

TIMING = Timing(0.0, 0.0, 0.0)


def trial(number, *objectives):
    spec = TrialSpec(number, 0, {"x": number}, tuple(range(len(objectives))), Origin("random"))
    repeats = [RepeatResult(seed, Status.DONE, of, {"loss": of}) for seed, of in enumerate(objectives)]
    return TrialResult.from_repeats(spec, repeats, TIMING)


def reruns(of, *objectives, first=0):
    return [
        Rerun(of, n, Purpose.NOISE, RepeatResult(100 + n, Status.DONE, value, {"loss": value}), TIMING)
        for n, value in enumerate(objectives, start=first)
    ]


def confirmation(*, done, chosen=1, candidates=((1, 0.30), (0, 0.31))):
    """Of trials 1 and 0 on reruns 0 and 1; the chosen one judged on reruns 2 and 3."""
    plan = ConfirmPlan(tuple(of for of, _ in candidates), (0, 1), (2, 3), "contenders", 2, done)
    found = tuple(Candidate(of, Interval(mean, mean - 0.1, mean + 0.1, 2), True) for of, mean in candidates)
    outcome = ConfirmOutcome(chosen, found, Interval(0.4, 0.35, 0.45, 2), 0, 0.01, 0, {}, 0)
    return Confirmation(0, plan, outcome)


CONFIRMING = [*reruns(0, 0.30, 0.32), *reruns(1, 0.29, 0.31), *reruns(1, 0.39, 0.41, first=2)]
TRIALS = [trial(0, 0.10, 0.12), trial(1, 0.20, 0.22), trial(2, 0.25, 0.27)]


def standings(board):
    return [(row.result.number, row.rank, row.standing) for row in board.rows]


class TestReruns:
    def test_they_count_like_repeats(self):
        board = rank([trial(0, 0.1), trial(1, 0.2)], "minimize", None, Evidence(reruns(0, 0.4, 0.7)))
        first, second = board.rows
        assert (first.result.number, first.mean, first.trainings) == (1, 0.2, 1)
        assert (second.mean, second.trainings) == (pytest.approx(0.4), 3)
        assert second.spread == pytest.approx(0.3)
        assert second.metrics["loss"] == pytest.approx(0.4)
        assert second.result.objective == 0.1  # the trial itself never changes

    def test_they_tell_the_noise_where_no_trial_was_repeated(self):
        board = rank([trial(0, 0.1), trial(1, 0.2)], "minimize", None, Evidence(reruns(0, 0.4, 0.7)))
        assert board.noise.spread == pytest.approx(0.3)
        assert [row.level for row in board.rows] == [True, True]
        assert rank([trial(0, 0.1), trial(1, 0.2)], "minimize", None).noise is None

    def test_one_that_failed_does_not_count(self):
        lost = Rerun(0, 0, Purpose.NOISE, RepeatResult(100, Status.FAILED, None), TIMING)
        row = rank([trial(0, 0.1)], "minimize", None, Evidence([lost])).best
        assert (row.mean, row.trainings) == (0.1, 1)


class TestConfirmed:
    def test_candidates_are_judged_by_their_fresh_means_and_the_chosen_one_comes_first(self):
        board = rank(TRIALS, "minimize", None, Evidence(CONFIRMING, [confirmation(done=3)]))
        assert standings(board)[:2] == [(1, 1, "confirmed"), (0, 2, "contender")]
        assert [row.result.number for row in board.rows] == [1, 0, 2]
        chosen, other, rest = board.rows
        assert (chosen.mean, chosen.trainings) == (pytest.approx(0.40), 2)
        assert (chosen.interval.low, chosen.interval.high) == (0.35, 0.45)
        assert (other.mean, other.interval.low) == (pytest.approx(0.31), pytest.approx(0.21))
        assert rest.mean == pytest.approx(0.26)

    def test_trials_done_since_make_it_a_matter_of_means_again(self):
        board = rank(TRIALS, "minimize", None, Evidence(CONFIRMING, [confirmation(done=2)]))
        assert [row.result.number for row in board.rows] == [2, 0, 1]
        assert not any(row.confirmed for row in board.rows)
        assert board.done_since == 1

    def test_one_that_is_not_finished_changes_no_order(self):
        begun = Confirmation(0, confirmation(done=3).plan)
        board = rank(TRIALS, "minimize", None, Evidence([], [begun]))
        assert [row.result.number for row in board.rows] == [0, 1, 2]
        assert board.confirmation is None

    def test_the_saved_model_is_that_of_a_training_that_had_no_part_in_the_choice(self):
        evidence = Evidence(CONFIRMING, [confirmation(done=3)])
        best = best_of(TRIALS, "minimize", evidence)
        assert best.number == 1
        assert [repeat.seed for repeat in evidence.judged_as(best).repeats] == [102, 103]

    def test_the_last_confirmation_counts(self):
        later = confirmation(done=3, chosen=0, candidates=((0, 0.31),))
        evidence = Evidence([*CONFIRMING, *reruns(0, 0.5, 0.5, first=2)], [confirmation(done=3), later])
        board = rank(TRIALS, "minimize", None, evidence)
        assert (board.best.result.number, board.best.mean) == (0, 0.5)


def test_a_record_survives_json():
    record = confirmation(done=3)
    assert Confirmation.from_json(record.to_json()) == record
    with pytest.raises(ValueError, match="schema 9"):
        Confirmation.from_json({**record.to_json(), "schema": 9})
