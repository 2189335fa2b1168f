"""The contract between the loop and what a trial does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from hpt_cli.trial import Leg, Paused, TrialResult, TrialSpec

_MOST_TRIALS_A_TASK = 32  # beyond it a population gains nothing more


class Objective(ABC):
    """Evaluates trials, in whatever process it is sent to.

    An objective is a small picklable value: what is large (data) it finds by path where it runs.  It must not
    depend on anything but itself and the specs: no clock, no global generator, no state from earlier calls.
    """

    seconds_a_task: ClassVar[float] = 0.05
    """Trials that take no longer together may be one task: by default for the sake of the way to a worker."""

    grace: ClassVar[float] = 0.0
    """Seconds beyond a trial's timeout that it needs to end the trial by itself; of most, none: the engine
    ends the worker."""

    @abstractmethod
    def evaluate(self, specs: Sequence[TrialSpec]) -> list[TrialResult]:
        """Evaluate every spec with all its repeats; the results in the same order.

        What goes wrong inside a trial becomes its status and error; nothing is raised for it.
        """

    def anew(self, results: Sequence[TrialResult]) -> list[TrialResult]:
        """Evaluate finished trials once more, from the start, as far as they went."""
        return self.evaluate([spec_of(result) for result in results])

    def tasks(self, specs: Sequence[TrialSpec], *, most: int) -> list[list[TrialSpec]]:  # noqa: ARG002
        """Which trials are worth evaluating together, each task at most ``most``; alone by default.

        It may change how long trials take, and nothing of what comes out.
        """
        return [[spec] for spec in specs]

    def most_a_task(self, seconds: float) -> int:
        """How many trials that take so many seconds each may be one task."""
        return max(1, min(_MOST_TRIALS_A_TASK, int(self.seconds_a_task / seconds)))

    def seconds_at_most(self) -> float | None:
        """What one training should not exceed, before any was seen; ``None`` where nobody knows."""
        return None

    def beside(self, folder: Path) -> Objective:  # noqa: ARG002
        """The same objective, which puts what it writes beside its results (logs) into ``folder``."""
        return self

    def at(self, folder: Path) -> Objective:  # noqa: ARG002
        """The same objective, which reads its data from a copy of it in ``folder``, if it reads any."""
        return self

    @abstractmethod
    def model(self, trial: TrialResult) -> dict[str, bytes]:
        """What is worth keeping of the best trial, by file name: its first repeat, done again."""


def spec_of(result: TrialResult) -> TrialSpec:
    """What a finished trial was to do."""
    seeds = tuple(repeat.seed for repeat in result.repeats)
    return TrialSpec(result.number, result.round, result.params, seeds, result.origin)


class StagedObjective(Objective):
    """An objective whose trials can be stopped on their way and go on elsewhere with the same bits."""

    @abstractmethod
    def advance(self, legs: Sequence[Leg]) -> list[TrialResult | Paused]:
        """Train each leg's trial from where it stands to the leg's end; the outcomes in the same order.

        Where a trial stands is kept beside the data.  If that is lost, the trial starts over: the outcome is
        the same.
        """

    @abstractmethod
    def values_at(self, result: TrialResult, epochs: Sequence[int]) -> list[float | None]:
        """What a finished trial was worth after each number of epochs; ``None`` where it did not come so far.

        One that ended by itself before is worth what it came to, and one that diverged the worst.
        """

    @abstractmethod
    def forget(self, numbers: Sequence[int] | None = None) -> None:
        """Remove what is kept of where these trials stand; ``None`` for all."""
