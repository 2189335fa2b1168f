"""What the rule is for: over many small studies, the optimum stays in the ranges, or comes into them."""

import random

import pytest

from hpt_cli.rounds import RoundPlan, Situation, decide
from hpt_cli.space import Float, SearchSpace
from hpt_cli.strategies import make_strategy

STUDIES = 15
SPACE = SearchSpace({"x": Float(0, 1), "y": Float(0, 1), "idle": Float(0, 1)})


def last_space(make_result, seed, optimum, noise):
    """After three rounds of 16 trials of two repeats, of a bowl whose median regret is about 0.3."""
    draw = random.Random(seed)
    plans, results = [RoundPlan(0, 0, SPACE, "sobol", 16, 2, 4)], []
    for number in range(3):
        strategy = make_strategy("sobol", plans[-1].space, seed=(seed, number), history=results)
        points = [*plans[-1].probes, *(strategy.ask(n) for n in range(16 - len(plans[-1].probes)))]
        for params in points:
            value = (params["x"] - optimum) ** 2 + 2 * (params["y"] - 0.4) ** 2
            seen = tuple(value + draw.gauss(0, noise) for _ in range(2))
            results.append(make_result(len(results), params, seen, round_=number))
        decision = decide(Situation(plans, results, seed=(seed,)), trials=16)
        plans.append(
            RoundPlan(number + 1, len(results), decision.space, "sobol", 16, 2, 4, probes=decision.probes)
        )
    return plans[-1].space.dimensions


@pytest.mark.parametrize(("optimum", "least"), [(0.6, 14), (1.2, 13)])
def test_the_optimum_is_kept_or_found_despite_noise(make_result, optimum, least):
    # kept in 98 %, found in 93 % of studies like these: 2 of 15 fewer are 2 to 3 standard deviations
    ends = [last_space(make_result, seed, optimum, 0.05) for seed in range(STUDIES)]
    assert (
        sum(end["x"].low <= optimum <= end["x"].high and end["y"].low <= 0.4 <= end["y"].high for end in ends)
        >= least
    )
    widths = sorted(end["y"].high - end["y"].low for end in ends)
    assert widths[STUDIES // 2] < 0.6  # and it does zoom
