"""Whatever is told, a search over a space as people have them goes on inside it."""

from __future__ import annotations

import math
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpt_cli.space import Choice, Float, Int, SearchSpace, key
from hpt_cli.strategies import make_strategy
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec


def wide():
    """20 dimensions of every kind, conditions on conditions, a constraint."""
    dimensions = {f"rate{i}": Float(1e-4, 1, "log") for i in range(4)}
    dimensions |= {f"momentum{i}": Float(0.5, 0.999, "log1m", when={"kind": ("a", "b")}) for i in range(3)}
    dimensions |= {f"units{i}": Int(1, 500, "log") for i in range(4)}
    dimensions |= {f"drop{i}": Float(0, 1, step=0.1, when={"depth": (2, 3)}) for i in range(3)}
    dimensions |= {"depth": Int(1, 4, when={"deep": (True,)}), "deep": Choice((True, False))}
    dimensions |= {"kind": Choice(("a", "b", "c"), weights=(5, 1, 3))}
    dimensions |= {f"choice{i}": Choice(("x", 1, 2.5, False)) for i in range(3)}
    return SearchSpace(dimensions, ["units0 * units1 <= 50000"])


HISTORIES = int(os.environ.get("HPT_HISTORIES", "8"))
"""How many random histories are told: ``HPT_HISTORIES=10000 pytest tests/strategies/test_any_history.py``."""

ENDS = (Status.FAILED, Status.DIVERGED, Status.TIMEOUT, Status.PRUNED)
OBJECTIVES = st.one_of(
    st.none(),
    st.sampled_from(ENDS),
    st.floats(),
    st.sampled_from([0.0, 1.0, -1e300, 4e7]),
    st.floats(min_value=0, max_value=1),
)


def outcome(number, params, told):
    """The result: of a status, or with an objective, which may be none."""
    ended = isinstance(told, float) and math.isfinite(told)
    status = told if isinstance(told, Status) else Status.DONE if ended else Status.FAILED
    curve = {"loss": [0.5, 0.4]} if told is Status.PRUNED else {}
    repeat = RepeatResult(1, status, told if ended else None, {}, curve, None if ended else "no")
    spec = TrialSpec(number, 0, params, (1,), Origin("bayes", "model"))
    return TrialResult.from_repeats(spec, [repeat], Timing(0.0, 0.0, 0.0))


@settings(max_examples=HISTORIES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    told=st.lists(OBJECTIVES, min_size=6, max_size=16),
    maximize=st.booleans(),
    parallel=st.sampled_from([1, 3]),
)
def test_every_suggestion_is_legal_and_new(told, maximize, parallel):
    space, seen = wide(), set()
    assert len(space.names) == 20
    goal = "maximize" if maximize else "minimize"

    def make():
        options = {"parallel": parallel, "goal": goal, "curve": "loss"}
        return make_strategy("bayes", space, seed=[len(told)], **options)

    strategy, results = make(), []
    for number, end in enumerate(told):
        if number >= parallel:
            strategy.tell(number - parallel, results[number - parallel])
        params = strategy.ask(number)
        assert params in space
        assert key(params) not in seen
        seen.add(key(params))
        results.append(outcome(number, params, end))
    again = make()  # killed: what is stored is told again, to a new strategy, and all but the last asked for
    last = len(told) - 1
    for result in results[: last - parallel + 1]:
        again.tell(result.number, result)
    for result in results[last - parallel + 1 :]:
        assert again.ask(result.number) == result.params


@pytest.mark.parametrize("size", [1, 2, 7, 20, 50])
def test_any_number_of_dimensions_is_searched_and_failures_are_kept_away_from(size):
    space = SearchSpace({f"x{i}": Float(0, 1) for i in range(size)})
    strategy = make_strategy("bayes", space, seed=[size], parallel=1)
    failed = 0
    for number in range(24):
        params = strategy.ask(number)
        assert params in space
        bad = params["x0"] > 0.5
        failed += bad and number >= 12
        strategy.tell(number, None if bad else sum((x - 0.3) ** 2 for x in params.values()))
    assert failed <= 3  # of twelve; half of the space fails
