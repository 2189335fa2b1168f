"""The contenders of a large study are looked for among the best; none is lost for that."""

import io
import random
from pathlib import Path

import pytest
from rich.console import Console

from hpt_cli import board, ranking
from hpt_cli.board import Row
from hpt_cli.evidence import Evidence
from hpt_cli.noise import contenders, measure
from hpt_cli.ranking import rank, sort_rows
from hpt_cli.rerun import Purpose, Rerun, trainings_of
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec
from hpt_cli.views.leaderboard import show
from hpt_cli.views.standing import Standing

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
    found = rank(trials, "minimize", None)
    trainings = {trial.number: trainings_of(trial) for trial in trials}
    noise = measure(trainings.values(), "minimize")
    assert {found.best.result.number, *(row.result.number for row in found.level)} == set(
        contenders(trainings, noise, "minimize")
    )
    assert len(found.level) >= least
    assert (found.all_level, found.repeated) == (True, 3000)


def test_where_thousands_are_alike_the_search_for_more_ends_and_says_so(monkeypatch):
    monkeypatch.setattr(ranking, "_LOOKED_AT", 50)
    monkeypatch.setattr(ranking, "_MOST_LOOKED_AT", 100)
    found = rank(noisy(300, slope=0.0), "minimize", None)
    assert (len(found.level), found.all_level) == (99, False)


def test_the_noise_is_known_where_only_trials_far_behind_were_trained_again():
    trials = noisy(1200, slope=1.0, repeats=1)
    again = [
        Rerun(1150, n, Purpose.NOISE, RepeatResult(100 + n, Status.DONE, 1150.0 + n, {}), TIMING)
        for n in range(3)
    ]
    assert rank(trials, "minimize", None, Evidence(again)).noise is not None


def test_of_many_rows_those_are_made_that_are_shown(monkeypatch):
    made = []
    monkeypatch.setattr(board, "Row", lambda **fields: (made.append(fields["rank"]), Row(**fields))[1])
    ranked = rank(noisy(300, slope=1.0, repeats=1), "minimize", None)
    standing = Standing("many", Path("many"), "loss", "minimize", 300, ranked)
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    show(console, standing, sort_rows(standing.board, "objective")[:10])
    assert "300 trials" in console.file.getvalue()
    assert sorted(made) == list(range(1, 11))
