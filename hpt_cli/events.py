"""What the loop tells whoever watches it: one call ``observe(event)`` for each, in order, from one thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hpt_cli.evidence import NOTHING_ELSE, Evidence
from hpt_cli.rerun import Rerun, WantedReruns
from hpt_cli.rounds import Cost, RoundPlan
from hpt_cli.trial import TrialResult, TrialSpec


@dataclass(frozen=True)
class StudyStarted:
    """The loop begins, or goes on.

    Args:
        name: The study's.
        finished: What was finished before.
        planned: Trials of all rounds that are planned so far.
        workers: How many trials can train at the same time.
        evidence: What is known beside the finished trials.
    """

    name: str
    finished: tuple[TrialResult, ...]
    planned: int
    workers: int
    evidence: Evidence = NOTHING_ELSE


@dataclass(frozen=True)
class RoundStarted:
    """A round's plan is written, or taken up again; its trials follow.

    Args:
        plan: The round's.
        finished: How many of its trials are finished.
        cost: What the others are expected to take, where that can be told.
    """

    plan: RoundPlan
    finished: int
    cost: Cost | None = None


@dataclass(frozen=True)
class TrialStarted:
    """A trial was handed to a worker."""

    spec: TrialSpec


@dataclass(frozen=True)
class TrialFinished:
    """A trial's file is published."""

    result: TrialResult


@dataclass(frozen=True)
class RoundFinished:
    """A round has all its trials; ``exhausted`` when the space held fewer than were asked for."""

    plan: RoundPlan
    exhausted: bool


@dataclass(frozen=True)
class RerunsStarted:
    """Finished trials are trained again, for evidence.

    Args:
        wanted: Which, and why.
        finished: How many of these trainings are there already.
        trials: Those that are trained again.
    """

    wanted: WantedReruns
    finished: int
    trials: tuple[TrialResult, ...] = ()


@dataclass(frozen=True)
class RerunFinished:
    """A rerun's file is published."""

    rerun: Rerun


@dataclass(frozen=True)
class Notice:
    """Something a person should know: a sentence."""

    text: str


@dataclass(frozen=True)
class StudyFinished:
    """Nothing is left to do."""

    name: str
    trials: int


Event = (
    StudyStarted
    | RoundStarted
    | TrialStarted
    | TrialFinished
    | RoundFinished
    | RerunsStarted
    | RerunFinished
    | Notice
    | StudyFinished
)
Observer = Callable[[Event], None]
