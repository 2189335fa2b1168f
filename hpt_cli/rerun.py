"""One more training of a finished trial, for evidence; the trial itself never changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hpt_cli.trial import RepeatResult, Status, Timing, TrialResult

SCHEMA = 1
"""Version of the rerun file's form; a reader refuses a newer one."""


class Purpose(StrEnum):
    """What a trial is trained again for."""

    NOISE = "noise"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class WantedReruns:
    """Trainings of finished trials that somebody needs in order to decide.

    Rerun n of every trial trains with the same seed, so that trials are compared in pairs; what is there
    already, for whatever purpose, is not trained again.

    Args:
        trials: By number.
        numbers: Of the reruns of each, from 0.
        purpose: What for.
        why: A sentence for who watches.
    """

    trials: tuple[int, ...]
    numbers: tuple[int, ...]
    purpose: Purpose
    why: str


@dataclass(frozen=True)
class Rerun:
    """A finished rerun.

    Args:
        trial: Whose.
        number: Counts the trial's reruns from 0; the training seed follows from it.
        purpose: What for.
        repeat: The training.
        timing: The only part that is not reproducible.
    """

    trial: int
    number: int
    purpose: Purpose
    repeat: RepeatResult
    timing: Timing

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; non-finite numbers become null."""
        return {
            "schema": SCHEMA,
            "trial": self.trial,
            "number": self.number,
            "purpose": str(self.purpose),
            **self.repeat.to_json(),
            "timing": self.timing.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rerun:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: It is not a rerun's JSON.
        """
        trial, number = data["trial"], data["number"]
        if type(trial) is not int or type(number) is not int or min(trial, number) < 0:
            raise ValueError("not a rerun: trial or number are not what they should be")
        repeat = RepeatResult.from_json(data)
        if (repeat.status is Status.DONE) != (repeat.objective is not None):
            raise ValueError(f"a rerun that is {repeat.status} cannot have the objective {repeat.objective}")
        return cls(trial, number, Purpose(data["purpose"]), repeat, Timing.from_json(data["timing"]))


def rerun_of(trial: int, number: int, seed: int, purpose: Purpose, result: TrialResult) -> Rerun:
    """A rerun, by what an objective says of a trial that had its seed alone."""
    # a task that went down, or was ended by the clock, has no repeat
    lost = RepeatResult(seed, result.status, None, error=result.error)
    return Rerun(trial, number, purpose, result.repeats[0] if result.repeats else lost, result.timing)


def objectives_of(repeats: Iterable[RepeatResult]) -> dict[int, float]:
    """The objectives, by training seed, of the trainings that ended well."""
    return {repeat.seed: repeat.objective for repeat in repeats if repeat.objective is not None}


def trainings_of(result: TrialResult, reruns: Iterable[Rerun] = ()) -> dict[int, float]:
    """A trial's objectives by training seed, of its repeats and of its reruns that ended well.

    What :mod:`hpt_cli.noise` works on.
    """
    own = (rerun.repeat for rerun in reruns if rerun.trial == result.number)
    return objectives_of((*result.repeats, *own))
