"""The contenders of a large study are looked for among the best; none is lost for that."""

import random

import pytest

from hpt_cli import ranking
from hpt_cli.evidence import Evidence
from hpt_cli.noise import contenders, measure
from hpt_cli.ranking import rank
from hpt_cli.rerun import Purpose, Rerun, trainings_of
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

TIMING = Timing(0.0, 0.0, 0.0)


def noisy(count, *, slope, repeats=2):
    """Trials that are ``slope`` worse one by one, under noise of 1."""
    draws = random.Random(5)
    trials = []
    for number in range(count):
        spec = TrialSpec(number, 0, {"x": number}, tuple(range(repeats)), Origin("random"))
        values = [number * slope + draws.gauss(0, 1) for _ in range(repeats)]
        done = [RepeatResult(seed, Status.DONE, value, {"loss": value}) for seed, value in enumerate(values)]
        trials.append(TrialResult.from_repeats(spec, done, TIMING))
    return trials


@pytest.mark.parametrize(("slope", "least"), [(0.0, 2500), (0.002, 1), (0.5, 1)])
def test_of_3000_noisy_trials_no_contender_is_lost(slope, least):
    trials = noisy(3000, slope=slope)
    board = rank(trials, "minimize", None)
    trainings = {trial.number: trainings_of(trial) for trial in trials}
    noise = measure(trainings.values(), "minimize")
    assert {board.best.result.number, *(row.result.number for row in board.level)} == set(
        contenders(trainings, noise, "minimize")
    )
    assert len(board.level) >= least
    assert (board.all_level, board.repeated) == (True, 3000)


def test_where_thousands_are_alike_the_search_for_more_ends_and_says_so(monkeypatch):
    monkeypatch.setattr(ranking, "_LOOKED_AT", 50)
    monkeypatch.setattr(ranking, "_MOST_LOOKED_AT", 100)
    board = rank(noisy(300, slope=0.0), "minimize", None)
    assert (len(board.level), board.all_level) == (99, False)


def test_the_noise_is_known_where_only_trials_far_behind_were_trained_again():
    trials = noisy(1200, slope=1.0, repeats=1)
    again = [
        Rerun(1150, n, Purpose.NOISE, RepeatResult(100 + n, Status.DONE, 1150.0 + n, {}), TIMING)
        for n in range(3)
    ]
    assert rank(trials, "minimize", None, Evidence(again)).noise is not None
