"""All that a decision follows from, and what it takes to know the noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hpt_cli.noise import Noise, mean_of, measure
from hpt_cli.rerun import Purpose, Rerun, WantedReruns, trainings_of
from hpt_cli.rounds.plan import RoundPlan
from hpt_cli.rounds.ranges import Limits
from hpt_cli.rounds.settings import RefineSettings
from hpt_cli.rounds.words import plural
from hpt_cli.space import SearchSpace
from hpt_cli.trial import TrialResult

STALE = 10.0
"""The noise is measured again if the best trial is better than those it was measured on by so many times what
trainings of two trials on the same seed differ by: there it may be another one."""


@dataclass(frozen=True)
class Situation:
    """All that a decision follows from.

    Args:
        plans: The rounds so far, the last one the round to move on from.
        results: Their trials.
        reruns: Of those trials.
        goal: ``minimize`` or ``maximize``.
        seed: Words of entropy for the draws.
        settings: The rule's numbers.
        limits: Between what the values of each dimension make sense, where that is known.
        hold: Dimensions that are left as they are, because somebody asked for that.
    """

    plans: Sequence[RoundPlan]
    results: Sequence[TrialResult]
    reruns: Sequence[Rerun] = ()
    goal: str = "minimize"
    seed: Sequence[int] = (0,)
    settings: RefineSettings = field(default_factory=RefineSettings)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    hold: Sequence[str] = ()

    @property
    def space(self) -> SearchSpace:
        """The space to move on from."""
        return self.plans[-1].space

    @property
    def done(self) -> list[TrialResult]:
        """The trials that ended well."""
        return [result for result in self.results if result.objective is not None]

    @property
    def trainings(self) -> dict[int, dict[int, float]]:
        """Of each trial that ended well, its trainings' objectives by seed."""
        found = {result.number: trainings_of(result, self.reruns) for result in self.done}
        return {number: values for number, values in found.items() if values}


def measured_noise(situation: Situation) -> Noise | None:
    """What repeats and reruns tell of the noise; ``None`` where no trial was trained twice."""
    return measure(situation.trainings.values(), situation.goal)


def wanted_reruns(situation: Situation) -> WantedReruns | None:
    """The reruns that tell of the noise, where no trial near the best has repeats.

    The best trials on one new seed, and on more if that gives other objectives.  Once a study; and again
    where the best has left those behind on which the noise was measured.  If there was none, but all of
    those were equal, as on a plateau, the very best is asked on one seed whether that still holds.

    What is asked for follows from the trials and from earlier rounds' reruns, not from which of the present
    ones are there, so that it is the same after a kill.
    """
    settings = situation.settings
    fresh = _not_asked_before(situation)
    if settings.reruns == 0 or not fresh:
        return None
    own = {rerun.trial for rerun in situation.reruns if rerun.purpose is Purpose.NOISE} & set(fresh)
    before = _without(situation, own)
    known = measured_noise(before)
    if known is None:
        if before.reruns:  # they failed
            return None
        first, why = fresh, "to know the noise"
    elif _left_behind(before, fresh[0], known):
        first, why = fresh if known.paired > 0 else fresh[:1], "to know the noise where the best are by now"
    else:
        return None
    there = {(rerun.trial, rerun.number) for rerun in situation.reruns}
    if any((trial, 0) not in there for trial in first):
        who = "the best trial" if len(first) == 1 else f"the best {len(first)} trials"
        return WantedReruns(tuple(sorted(first)), (0,), Purpose.NOISE, f"{why}: {who} on a new seed")
    noise, numbers = measured_noise(situation), tuple(range(settings.reruns))
    if noise is None or noise.spread == 0 or all((t, n) in there for t in fresh for n in numbers):
        return None
    why = f"to know the noise better: {plural(settings.reruns, 'new seed')} in all"
    return WantedReruns(tuple(sorted(fresh)), numbers, Purpose.NOISE, why)


def _leaders(situation: Situation, results: Sequence[TrialResult]) -> list[int]:
    """The best of some trials, best first."""
    sign = -1.0 if situation.goal == "maximize" else 1.0
    done = [result for result in results if result.objective is not None]
    best = sorted(done, key=lambda result: (sign * (result.objective or 0.0), result.number))
    return [result.number for result in best[: situation.settings.leaders]]


def _not_asked_before(situation: Situation) -> list[int]:
    """The best trials, best first, without those that were the best in an earlier round."""
    asked: set[int] = set()
    for plan in situation.plans[1:]:
        asked |= set(_leaders(situation, [result for result in situation.done if result.number < plan.first]))
    return [number for number in _leaders(situation, situation.done) if number not in asked]


def _without(situation: Situation, trials: set[int]) -> Situation:
    """As it was before these trials were trained again for the noise."""
    kept = [
        rerun for rerun in situation.reruns if rerun.trial not in trials or rerun.purpose is not Purpose.NOISE
    ]
    return replace(situation, reruns=kept)


def _left_behind(situation: Situation, best: int, noise: Noise) -> bool:
    """Whether a trial is far better than all that were trained more than once."""
    sign = -1.0 if situation.goal == "maximize" else 1.0
    trainings = situation.trainings
    if best not in trainings or len(trainings[best]) > 1:
        return False
    repeated = [sign * mean_of(values) for values in trainings.values() if len(values) > 1]
    if noise.paired == 0 and not math.isclose(min(repeated), max(repeated), rel_tol=1e-12):
        return False  # each of several values came out the same again
    ahead = min(repeated) - sign * mean_of(trainings[best])
    return ahead > STALE * noise.paired
