import json
import math
import pickle

import pytest

from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

SPEC = TrialSpec(3, 1, {"rate": 0.1, "norm": True}, (7, 8), Origin("bayes", "model"))
TIMING = Timing(10.0, 12.5, 2.5)


def repeat(objective, *, seed=7, status=Status.DONE, error=None):
    return RepeatResult(seed, status, objective, {"loss": 0.25}, {"loss": (1.0, 0.25)}, error)


def test_objective_is_the_mean_over_the_repeats():
    result = TrialResult.from_repeats(SPEC, [repeat(0.1), repeat(0.2, seed=8)], TIMING)
    assert result.status is Status.DONE
    assert result.objective == pytest.approx(0.15)


def test_mean_does_not_depend_on_the_order_of_the_repeats():
    values = [0.1, 1e16, -1e16, 0.3]
    there, back = ([repeat(v) for v in order] for order in (values, values[::-1]))
    means = {TrialResult.from_repeats(SPEC, repeats, TIMING).objective for repeats in (there, back)}
    assert len(means) == 1


def test_a_repeat_that_diverges_gives_the_trial_its_status_and_no_objective():
    bad = repeat(None, seed=8, status=Status.DIVERGED, error="loss became nan at epoch 3")
    result = TrialResult.from_repeats(SPEC, [repeat(0.1), bad], TIMING)
    assert (result.status, result.objective, result.error) == (Status.DIVERGED, None, bad.error)


def test_a_result_survives_json():
    result = TrialResult.from_repeats(SPEC, [repeat(0.1), repeat(0.2, seed=8)], TIMING)
    assert TrialResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_a_failure_survives_json():
    result = TrialResult.failure(SPEC, Status.TIMEOUT, "took too long", TIMING)
    assert TrialResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_a_number_that_json_lacks_becomes_null():
    curve = RepeatResult(
        7, Status.DIVERGED, None, {"loss": math.nan}, {"loss": (1.0, math.inf)}, "loss became inf"
    )
    data = TrialResult.from_repeats(SPEC, [curve], TIMING).to_json()
    json.dumps(data, allow_nan=False)
    assert data["repeats"][0]["history"]["loss"] == [1.0, None]


@pytest.mark.parametrize(
    "change",
    [
        {"number": True},
        {"number": -1},
        {"params": []},
        {"params": {"rate": [1]}},
        {"params": {"rate": None}},
        {"status": "running"},
        {"objective": None},
        {"repeats": [{}]},
        {"timing": None},
    ],
    ids=str,
)
def test_what_is_not_a_trial_is_refused(change):
    data = {**TrialResult.from_repeats(SPEC, [repeat(0.1)], TIMING).to_json(), **change}
    with pytest.raises((ValueError, KeyError, TypeError)):
        TrialResult.from_json(data)


def test_slim_leaves_metrics_and_curves_behind_and_keeps_what_the_search_decides_by():
    spec = TrialSpec(3, 1, {"rate": 0.1, "kind": "a"}, (1, 2), Origin("bayes", "model"))
    repeats = [
        RepeatResult(seed, Status.DONE, 0.5 + seed, {"loss": 0.5}, {"loss": [1.0, 0.5, 0.4]})
        for seed in (1, 2)
    ]
    full = TrialResult.from_repeats(spec, repeats, Timing(1.0, 2.0, 1.0))
    slim = full.slim()
    assert [(repeat.metrics, repeat.history, repeat.epochs) for repeat in slim.repeats] == [({}, {}, 3)] * 2
    assert [repeat.objective for repeat in slim.repeats] == [1.5, 2.5]
    whole = {**full.to_json(), "repeats": None}
    assert {**slim.to_json(), "repeats": None} == whole
    assert pickle.loads(pickle.dumps(slim)) == slim
