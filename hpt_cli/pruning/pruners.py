"""Who goes on.  A pruner is told what comes of a round's trials and says what follows.

It may depend on nothing but the settings and on what came of certain trials, named by their numbers: never on
which of them came first.  So it judges a bracket when all of it has come to a rung, and the median rule looks
at the trials that the strategy may look at.
"""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from hpt_cli.objectives.base import Objective, StagedObjective
from hpt_cli.pruning.brackets import Bracket, Brackets, PruneSettings, kept, rungs_of
from hpt_cli.trial import Leg, Paused, TrialResult, TrialSpec, epochs_run

Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Verdict:
    """What follows from an outcome.

    Args:
        legs: Trials that go on.
        pruned: Trials that end here, as they are recorded.
    """

    legs: list[Leg] = field(default_factory=list)
    pruned: list[TrialResult] = field(default_factory=list)


class Pruner(ABC):
    """Judges the trials of one round; numbers are the study's."""

    waits: ClassVar[bool] = False
    """Whether a trial is begun when those are finished that a strategy may look at, and no earlier."""

    @abstractmethod
    def first_leg(self, spec: TrialSpec) -> Leg:
        """How far a trial is trained at first."""

    def take(self, outcome: TrialResult | Paused) -> Verdict:  # noqa: ARG002 - brackets look at it
        """Learn what came of a trial: in this session or, a result, in an earlier one."""
        return Verdict()

    def close(self, end: int) -> Verdict:  # noqa: ARG002 - brackets look at it
        """The round has no trial from number ``end`` on."""
        return Verdict()


class NoPruner(Pruner):
    """Trains every trial to its end."""

    def first_leg(self, spec: TrialSpec) -> Leg:
        """As in :class:`Pruner`."""
        return Leg(spec)


class BracketPruner(Pruner):
    """Successive halving in each bracket.

    Args:
        settings: How trials are ended early.
        brackets: Of the round.
        first: The round's first number.
        trials: How many it has.
        metric: What trials are judged by.
        goal: Whether a low or a high value is better.
    """

    def __init__(
        self,
        settings: PruneSettings,
        brackets: Brackets,
        *,
        first: int,
        trials: int,
        metric: str,
        goal: Goal,
    ) -> None:
        self._settings, self._brackets = settings, brackets
        self._first, self._end, self._metric, self._goal = first, first + trials, metric, goal
        self._contests: dict[int, _Contest] = {}  # by the first number; gone when they are decided
        self._decided: set[int] = set()

    def first_leg(self, spec: TrialSpec) -> Leg:
        """As in :class:`Pruner`."""
        rungs = self._brackets.of(spec.number - self._first).rungs
        return Leg(spec, rungs[0] if rungs else None)

    def take(self, outcome: TrialResult | Paused) -> Verdict:
        """As in :class:`Pruner`."""
        bracket = self._brackets.of(_number(outcome) - self._first)
        if bracket.first in self._decided:
            return Verdict()
        if bracket.first not in self._contests:
            self._contests[bracket.first] = self._contest(bracket)
        contest = self._contests[bracket.first]
        contest.here[_number(outcome)] = outcome
        return self._judge(bracket.first, contest)

    def close(self, end: int) -> Verdict:
        """As in :class:`Pruner`."""
        self._end = min(self._end, end)
        verdict = Verdict()
        for first, contest in list(self._contests.items()):
            contest.entrants = {number for number in contest.entrants if number < end}
            found = self._judge(first, contest)
            verdict.legs.extend(found.legs)
            verdict.pruned.extend(found.pruned)
        return verdict

    def _contest(self, bracket: Bracket) -> _Contest:
        numbers = {self._first + number for number in bracket.numbers}
        return _Contest(list(bracket.rungs), {number for number in numbers if number < self._end})

    def _judge(self, first: int, contest: _Contest) -> Verdict:
        """Judge every rung to which all have come."""
        verdict = Verdict()
        while contest.rungs and contest.entrants <= contest.here.keys():
            self._judge_rung(contest, verdict)
        if not contest.rungs:
            del self._contests[first]
            self._decided.add(first)
        return verdict

    def _judge_rung(self, contest: _Contest, verdict: Verdict) -> None:
        rung, entrants = contest.rungs.pop(0), contest.entrants
        keep = kept(len(entrants), self._settings)
        outcomes = {number: contest.here[number] for number in sorted(entrants)}
        # of an earlier session: they were kept then, and stay kept
        going = {
            number
            for number, outcome in outcomes.items()
            if isinstance(outcome, TrialResult) and epochs_run(outcome) > rung
        }
        ranked = sorted(_ranked(outcomes, going, self._goal))
        going |= {number for _, number in ranked[: max(keep - len(going), 0)]}
        until = contest.rungs[0] if contest.rungs else None
        for number, outcome in outcomes.items():
            if not isinstance(outcome, Paused):
                continue
            if number in going:
                verdict.legs.append(Leg(outcome.spec, until))
                del contest.here[number]
            else:
                value = f"{self._metric} {outcome.value:.4g}"
                why = f"at epoch {rung}, {value} was not among the best {keep} of {len(entrants)} trials"
                verdict.pruned.append(outcome.pruned(why))
        contest.entrants = going


@dataclass
class _Contest:
    """A bracket that is not decided: the rungs ahead, who came to the next, and what came of them so far."""

    rungs: list[int]
    entrants: set[int]
    here: dict[int, TrialResult | Paused] = field(default_factory=dict)


def _ranked(
    outcomes: Mapping[int, TrialResult | Paused], going: set[int], goal: Goal
) -> Iterable[tuple[float, int]]:
    """(value, less is better, number) of those that can go on.

    A trial that patience has ended stands with its objective: it takes a place of those that go on, and no
    epoch.  What failed or diverged, or was pruned here in an earlier session, has none.
    """
    sign = -1.0 if goal == "maximize" else 1.0
    for number, outcome in outcomes.items():
        value = outcome.value if isinstance(outcome, Paused) else outcome.objective
        if value is not None and number not in going:
            yield sign * value, number


class MedianPruner(Pruner):
    """Ends a trial where it is worse than the median of earlier trials was at the same epoch.

    Args:
        settings: How trials are ended early.
        rungs: The epochs at which is looked.
        first: The round's first number.
        parallel: Trial n is compared with those numbered up to n - ``parallel``, as strategies have it.
        results: The study's finished trials by number; grows.
        objective: Says what they were worth at an epoch.

    Source:
        Golovin et al., "Google Vizier: A Service for Black-Box Optimization" (2017), section 3.1,
        https://doi.org/10.1145/3097983.3098043.  Theirs takes the running mean of the curves; values at
        the same epoch judge a curve by where it has come to.
    """

    waits = True

    def __init__(
        self,
        settings: PruneSettings,
        rungs: Sequence[int],
        *,
        first: int,
        parallel: int,
        results: Mapping[int, TrialResult],
        objective: StagedObjective,
    ) -> None:
        self._least, self._rungs, self._first, self._parallel = settings.least, rungs, first, parallel
        self._results, self._objective = results, objective
        self._start()

    def _start(self) -> None:
        self._n_seen = 0
        self._sorted: list[list[float]] = [[] for _ in self._rungs]

    def first_leg(self, spec: TrialSpec) -> Leg:
        """As in :class:`Pruner`."""
        n_usable = max(spec.number - self._parallel + 1, self._first)
        if n_usable < self._n_seen:
            self._start()
        for number in range(self._n_seen, n_usable):
            values = self._objective.values_at(self._results[number], self._rungs)
            for of_rung, value in zip(self._sorted, values, strict=True):
                if value is not None:
                    bisect.insort(of_rung, value)
        self._n_seen = n_usable
        limits = [
            (rung, _median(values))
            for rung, values in zip(self._rungs, self._sorted, strict=True)
            if len(values) >= self._least
        ]
        return Leg(spec, None, tuple(limits))


def _median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _number(outcome: TrialResult | Paused) -> int:
    return outcome.spec.number if isinstance(outcome, Paused) else outcome.number


def make_pruner(
    settings: PruneSettings,
    epochs: int,
    *,
    first: int,
    trials: int,
    parallel: int,
    metric: str,
    goal: Goal,
    results: Mapping[int, TrialResult],
    objective: Objective,
) -> Pruner:
    """The pruner of a round, which knows what finished of it before.

    Args:
        settings: How trials are ended early.
        epochs: The most that a trial is trained.
        first: The round's first number.
        trials: How many it has.
        parallel: As strategies have it.
        metric: What trials are judged by.
        goal: Whether a low or a high value is better.
        results: The study's finished trials by number; grows.
        objective: What trials do.

    Raises:
        ValueError: The objective's trials cannot be stopped on their way.
    """
    if settings.method == "none":
        return NoPruner()
    if not isinstance(objective, StagedObjective):
        raise ValueError(f"{type(objective).__name__} cannot be pruned: its trials are trained in one go")
    if settings.method == "median":
        rungs = rungs_of(settings, epochs)
        return MedianPruner(
            settings, rungs, first=first, parallel=parallel, results=results, objective=objective
        )
    brackets = Brackets(settings, epochs)
    pruner = BracketPruner(settings, brackets, first=first, trials=trials, metric=metric, goal=goal)
    for number in range(first, first + trials):
        if number in results:
            pruner.take(results[number])
    return pruner
