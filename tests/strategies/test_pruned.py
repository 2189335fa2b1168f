"""What a model makes of pruned trials."""

import math

import numpy as np
import pytest

from hpt_cli.space import Float, SearchSpace
from hpt_cli.strategies import make_strategy
from hpt_cli.strategies.evidence import estimated
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec


def trial(number, curve, *, status=Status.DONE, x=0.5):
    spec = TrialSpec(number, 0, {"x": x}, (1,), Origin("test"))
    value = curve[-1] if status is Status.DONE else None
    repeat = RepeatResult(1, status, value, {}, {"loss": list(curve)})
    return TrialResult.from_repeats(spec, [repeat], Timing(0.0, 0.0, 0.0))


def test_a_pruned_trial_is_told_with_what_the_done_ones_gained_after_its_rung():
    done = [trial(0, [0.9, 0.5, 0.2]), trial(1, [0.8, 0.6, 0.3]), trial(2, [0.7, 0.6, 0.5])]
    pruned = [trial(3, [2.0], status=Status.PRUNED), trial(4, [0.9, 0.85], status=Status.PRUNED)]
    values = np.array([0.2, 0.3, 0.5, np.inf, np.inf])
    told = estimated(values, [*done, *pruned], "loss", 1.0)
    assert told.tolist() == pytest.approx([0.2, 0.3, 0.5, 2.0 - 0.5, 0.85 - 0.3])
    assert np.isinf(values[3])  # what was told stays as it was


def test_it_is_no_better_than_half_of_those_that_were_done():
    done = [trial(0, [0.9, 0.1]), trial(1, [0.9, 0.3]), trial(2, [0.9, 0.5])]
    told = estimated(
        np.array([0.1, 0.3, 0.5, np.inf]), [*done, trial(3, [0.2], status=Status.PRUNED)], "loss", 1.0
    )
    assert told[3] == pytest.approx(0.3)


def test_more_may_be_better():
    done = [trial(0, [0.5, 0.9]), trial(1, [0.6, 0.8])]
    told = estimated(
        np.array([-0.9, -0.8, np.inf]), [*done, trial(2, [0.1], status=Status.PRUNED)], "loss", -1.0
    )
    assert told[2] == pytest.approx(-(0.1 + 0.3))


def test_without_a_done_trial_nothing_is_known():
    told = estimated(np.array([np.inf]), [trial(0, [0.1], status=Status.PRUNED)], "loss", 1.0)
    assert np.isinf(told[0])


def test_the_search_learns_from_pruned_trials_and_recommends_none():
    space = SearchSpace({"x": Float(0, 1)})

    def search(curve):
        strategy = make_strategy("bayes", space, seed=[1], parallel=1, curve=curve)
        asked = []
        for number in range(16):
            x = strategy.ask(number)["x"]
            asked.append(x)
            loss = (x - 0.2) ** 2
            if number % 4 == 3 or number < 2:
                strategy.tell(number, trial(number, [loss + 1, loss], x=x))
            else:
                strategy.tell(number, trial(number, [loss + 1], status=Status.PRUNED, x=x))
        best = strategy.best_believed()
        assert best.status is Status.DONE
        return min(abs(x - 0.2) for x in asked[4:])

    told, untold = search("loss"), search(None)
    assert math.isfinite(untold)
    assert told < 0.05
