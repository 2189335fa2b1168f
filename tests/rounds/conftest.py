"""Results of made-up studies."""

import pytest

from hpt_cli.rounds import RefineSettings, RoundPlan, Situation
from hpt_cli.strategies import make_strategy
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult

NEVER = Timing(0.0, 0.0, 0.0)


@pytest.fixture
def make_result():
    """A finished trial: of its objective, of its repeats' objectives, or of a status without one."""

    def make(number, params, objective, status=Status.DONE, round_=0):
        values = objective if isinstance(objective, tuple) else (objective,)
        if status is not Status.DONE:
            return TrialResult(number, round_, params, status, None, (), "x", Origin("random"), NEVER)
        repeats = tuple(RepeatResult(seed, Status.DONE, value) for seed, value in enumerate(values))
        mean = sum(values) / len(values)
        return TrialResult(number, round_, params, status, mean, repeats, None, Origin("random"), NEVER)

    return make


@pytest.fixture
def explore(make_result):
    """The situation after a Sobol round of an objective; ``None`` of it is a failure.

    Each trial has two repeats that agree, so that there is no noise, unless the objective gives several.
    """

    def make(space, objective, trials=32, *, goal="minimize", limits=None, **numbers):
        plan = RoundPlan(0, 0, space, "sobol", trials, 1, 4)
        strategy = make_strategy("sobol", space, seed=(1,))
        results = []
        for number in range(trials):
            params = strategy.ask(number)
            value = objective(params)
            if value is None:
                results.append(make_result(number, params, None, Status.FAILED))
                continue
            values = value if isinstance(value, tuple) else (value, value)
            results.append(make_result(number, params, values))
        settings = RefineSettings(**numbers)
        return Situation([plan], results, goal=goal, settings=settings, limits=limits or {})

    return make
