"""How a study ends before all its trials are run: by its budget, its target, or its failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from hpt_cli.trial import Status, TrialResult


class Reason(StrEnum):
    """Why a study ended."""

    FINISHED = "finished"
    BUDGET = "budget"
    TARGET = "target"
    FAILURES = "failures"


@dataclass(frozen=True)
class Ended:
    """How a study ended, as ``study.json`` has it; a study that was interrupted has not ended.

    Args:
        reason: Why.
        trial: Which one reached the target.
        seconds: How long the study took, where its budget ended it.
    """

    reason: Reason
    trial: int | None = None
    seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; what does not belong to the reason is left out."""
        entries = {"reason": str(self.reason), "trial": self.trial, "seconds": self.seconds}
        return {name: entry for name, entry in entries.items() if entry is not None}

    @classmethod
    def from_study(cls, study: Mapping[str, Any]) -> Self | None:
        """What ``study.json`` says; ``None`` where it says nothing of an end."""
        data: Any = study.get("ended")
        try:
            return cls(Reason(data["reason"]), data.get("trial"), data.get("seconds"))
        except (TypeError, KeyError, ValueError, AttributeError):
            return None


class Limits:
    """Whether another trial may be asked for.

    The target's decision is the same for any number of workers and any timing: trial n may be asked for when
    no trial up to ``n - parallel`` has reached it, which is what a strategy may know at most.  So a study
    that trial m ends has the trials up to ``m + parallel - 1``.

    Args:
        budget: Seconds, or ``None``.
        target: Of the objective, or ``None``.
        goal: ``minimize`` or ``maximize``.
        parallel: How many trials may be open when the next is chosen.
        spent: Seconds of the budget that are used up already.
        clock: Seconds from any start.
    """

    def __init__(
        self,
        *,
        budget: float | None,
        target: float | None,
        goal: str,
        parallel: int,
        spent: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budget = budget
        self._target = target
        self._sign = 1.0 if goal == "maximize" else -1.0
        self._parallel = parallel
        self._clock = clock
        self._start = clock() - spent
        self._reached: int | None = None

    @property
    def has_target(self) -> bool:
        """Whether each choice waits for the results that may end the study."""
        return self._target is not None

    def learn(self, result: TrialResult) -> None:
        """Note whether a trial has reached the target."""
        if self._target is None or result.objective is None:
            return
        if self._sign * result.objective >= self._sign * self._target and (
            self._reached is None or result.number < self._reached
        ):
            self._reached = result.number

    def may_ask(self, number: int, *, waits_for: int | None = None) -> bool:
        """Whether trial ``number`` may still be started.

        Args:
            number: Which trial.
            waits_for: All below this number are finished when it is chosen, and none of them may have reached
                the target; those up to ``number - parallel`` if left out.
        """
        if waits_for is None:
            waits_for = number - self._parallel + 1
        left = self.seconds_left()
        return (left is None or left > 0) and (self._reached is None or self._reached >= waits_for)

    def seconds_left(self) -> float | None:
        """Of the budget, at least 0; ``None`` where there is none."""
        if self._budget is None:
            return None
        return max(self._budget - (self._clock() - self._start), 0.0)

    def reached_before(self, number: int) -> bool:
        """Whether a trial below ``number`` has reached the target."""
        return self._reached is not None and self._reached < number

    def ended(self) -> Ended | None:
        """Which limit was reached."""
        if self._reached is not None:
            return Ended(Reason.TARGET, trial=self._reached)
        if self.seconds_left() == 0:
            return Ended(Reason.BUDGET, seconds=round(self._clock() - self._start, 3))
        return None


def begins_with_failures(results: Mapping[int, TrialResult], most: int) -> bool:
    """Whether a study's first trials have all failed for the same reason, so that no other will succeed.

    Which trials these are is decided by their numbers, not by who was first: so that the end is the same for
    any number of workers.

    Args:
        results: What is finished, by number.
        most: How many trials.
    """
    first = results.get(0)
    return first is not None and all(
        (result := results.get(number)) is not None
        and result.status is Status.FAILED
        and result.reason == first.reason
        for number in range(most)
    )


def spent_seconds(results: Iterable[TrialResult], ended: Ended | None) -> float:
    """How long a study took so far: the time in which at least one of its finished trials was run.

    The trials' files say so themselves, so that no kill can lose it; what a stopped study was not running is
    not counted.  A study that its budget ended took at least what it noted then.

    Args:
        results: The finished trials.
        ended: How the study ended, if it did.
    """
    total, until = 0.0, float("-inf")
    for started, finished in sorted((result.timing.started, result.timing.finished) for result in results):
        total += max(finished - max(started, until), 0.0)
        until = max(until, finished)
    return max(total, ended.seconds or 0.0 if ended else 0.0)
