"""Who searches: the decision, and what it is measured against, all with the same number of trainings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.zoom.functions import Function
from hpt_cli.rerun import Rerun, WantedReruns
from hpt_cli.rounds import (
    RefineSettings,
    RoundPlan,
    Situation,
    believed_best,
    decide,
    measured_noise,
    wanted_reruns,
)
from hpt_cli.space import Float, Params, SearchSpace
from hpt_cli.strategies import make_strategy
from hpt_cli.strategies.base import Strategy
from hpt_cli.strategies.bayes import BayesSearch
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult

ROUNDS = 4
CONFIRMED, FRESH = 5, 2
"""The last trainings of the decision's budget, where there is noise: so many trials, so often each."""
_TIMING = Timing(0.0, 0.0, 0.0)


@dataclass
class Run:
    """One study of one function, and what its trainings cost."""

    function: Function
    noise: float
    seed: int
    results: list[TrialResult] = field(default_factory=list)
    reruns: list[Rerun] = field(default_factory=list)
    trainings: int = 0

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, 7])

    def train(self, params: Params) -> float:
        """What is seen of one training."""
        self.trainings += 1
        return self.function.seen(params, self.noise, self._rng)

    def add(self, round_: int, params: Params) -> TrialResult:
        """A trial of one training."""
        value = self.train(params)
        repeat = RepeatResult(0, Status.DONE, value)
        number = len(self.results)
        result = TrialResult(
            number, round_, params, Status.DONE, value, (repeat,), None, Origin("sobol"), _TIMING
        )
        self.results.append(result)
        return result

    def run_round(self, plan: RoundPlan) -> Strategy:
        """A round's trials, its probes first; who chose them."""
        for params in plan.probes:
            self.add(plan.number, params)
        strategy = make_strategy(
            plan.strategy,
            plan.space,
            seed=(self.seed, 1, plan.number),
            parallel=plan.parallel,
            history=tuple(self.results),
        )
        for number in range(plan.trials - len(plan.probes)):
            params = strategy.ask(number)
            if params is None:
                break
            strategy.tell(number, self.add(plan.number, params))
        return strategy

    def rerun(self, wanted: WantedReruns) -> None:
        """What the decision wants to know of the noise."""
        there = {(rerun.trial, rerun.number) for rerun in self.reruns}
        for trial in wanted.trials:
            for number in wanted.numbers:
                if (trial, number) not in there:
                    repeat = RepeatResult(1 + number, Status.DONE, self.train(self.results[trial].params))
                    self.reruns.append(Rerun(trial, number, wanted.purpose, repeat, _TIMING))

    def best(self) -> TrialResult:
        """The best trial that was seen."""
        return min(self.results, key=lambda result: result.objective or 0.0)

    def confirmed(self, numbers: Sequence[int]) -> TrialResult:
        """The best of a few by fresh means alone, as ``hpt confirm`` has it."""
        ranked = [self.results[number] for number in numbers[:CONFIRMED]]
        return min(ranked, key=lambda result: sum(self.train(result.params) for _ in range(FRESH)))


Outcome = tuple[float, bool]
"""The true regret of the final pick, and whether the optimum was in the last space."""


def rule(
    function: Function,
    noise: float,
    seed: int,
    budget: int,
    *,
    strategy: str = "sobol",
    rounds: int = ROUNDS,
    settings: RefineSettings | None = None,
) -> Outcome:
    """Rounds by the decision; the trainings that it takes to know the noise and to confirm are counted."""
    run = Run(function, noise, seed)
    settings = settings or RefineSettings()
    trials = (budget - settings.leaders * settings.reruns - CONFIRMED * FRESH) // rounds
    plans = [RoundPlan(0, 0, function.space, strategy, trials, 1, 1)]
    run.run_round(plans[0])
    kept_back = CONFIRMED * FRESH
    for number in range(1, rounds):
        situation = Situation(plans, run.results, run.reruns, seed=(seed, 5), settings=settings)
        while (wanted := wanted_reruns(situation)) is not None:
            run.rerun(wanted)
            situation = replace(situation, reruns=run.reruns)
        noisy = measured_noise(situation)
        kept_back = CONFIRMED * FRESH if noisy is None or noisy.spread > 0 else 0
        trials = (budget - run.trainings - kept_back) // (rounds - number)
        decision = decide(situation, trials=trials)
        assert not isinstance(decision, WantedReruns)
        plans.append(
            RoundPlan(
                number, len(run.results), decision.space, strategy, trials, 1, 1, probes=decision.probes
            )
        )
        run.run_round(plans[-1])
    situation = Situation(plans, run.results, run.reruns, seed=(seed, 5), settings=settings)
    pick = run.confirmed(believed_best(situation)) if kept_back else run.best()
    assert run.trainings <= budget
    return function.of(pick.params), function.kept(plans[-1].space)


def random(function: Function, noise: float, seed: int, budget: int) -> Outcome:
    """One round, and the best that was seen."""
    run = Run(function, noise, seed)
    run.run_round(RoundPlan(0, 0, function.space, "random", budget, 1, 4))
    return function.of(run.best().params), function.kept(function.space)


def bayes(function: Function, noise: float, seed: int, budget: int) -> Outcome:
    """One round of bayes, and what its model believes best: the best that was seen is the luckiest."""
    run = Run(function, noise, seed)
    strategy = run.run_round(RoundPlan(0, 0, function.space, "bayes", budget, 1, 4))
    assert isinstance(strategy, BayesSearch)
    believed = strategy.best_believed()
    assert believed is not None
    return function.of(believed.params), function.kept(function.space)


def _zoomed(
    function: Function,
    noise: float,
    seed: int,
    budget: int,
    box: Callable[[SearchSpace, Sequence[TrialResult]], SearchSpace],
) -> Outcome:
    run, space = Run(function, noise, seed), function.space
    for number in range(ROUNDS):
        run.run_round(RoundPlan(number, len(run.results), space, "sobol", budget // ROUNDS, 1, 1))
        if number < ROUNDS - 1:
            space = box(space, sorted(run.results, key=lambda result: result.objective or 0.0))
    return function.of(run.best().params), function.kept(space)


def halving(function: Function, noise: float, seed: int, budget: int) -> Outcome:
    """Half of each range around the best that was seen, within the range."""

    def box(space: SearchSpace, ranked: Sequence[TrialResult]) -> SearchSpace:
        dimensions = {}
        for name, old in space.dimensions.items():
            assert isinstance(old, Float)
            half = (old.high - old.low) / 2
            low = min(max(float(ranked[0].params[name]) - half / 2, 0.0), 1.0 - half)
            dimensions[name] = Float(low, low + half)
        return space.replace(dimensions)

    return _zoomed(function, noise, seed, budget, box)


def top_five(function: Function, noise: float, seed: int, budget: int) -> Outcome:
    """The box of the best five that were seen."""

    def box(space: SearchSpace, ranked: Sequence[TrialResult]) -> SearchSpace:
        values = {name: [float(result.params[name]) for result in ranked[:5]] for name in space.dimensions}
        return space.replace({name: Float(min(found), max(found)) for name, found in values.items()})

    return _zoomed(function, noise, seed, budget, box)


PLAYERS: Mapping[str, Callable[[Function, float, int, int], Outcome]] = {
    "rule": rule,
    "random": random,
    "halving": halving,
    "top-five": top_five,
    "bayes": bayes,
}
