"""What to do and what came of it: the two things that cross between loop, workers and store.

Both are plain frozen values.  The JSON form of a result is the trial's file; ``timing`` is the only part of
it that does not follow from config and seed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from hpt_cli.space import Params, Value

SCHEMA = 1
"""Version of the trial file's form; a reader refuses a newer one."""


class Status(StrEnum):
    """How a trial, or one repeat of it, ended."""

    DONE = "done"
    PRUNED = "pruned"
    FAILED = "failed"
    DIVERGED = "diverged"
    TIMEOUT = "timeout"

    @property
    def said(self) -> str:
        """How a trial ended, as the end of a sentence."""
        return {Status.TIMEOUT: "timed out", Status.PRUNED: "was pruned"}.get(self, str(self))


@dataclass(frozen=True, slots=True)
class Origin:
    """Who chose the params.

    Args:
        strategy: ``grid``, ``random``, ``sobol`` or ``bayes``.
        kind: ``start`` (a draw made before the model has enough to go on), ``model`` (the model's choice),
            ``spread`` (a draw like those of the start, where the model found no order), ``enqueued`` (the
            config's), ``probe`` (outside the round's space, to check it) or ``plan`` (the strategy uses no
            results).
    """

    strategy: str
    kind: str = "plan"


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """One choice of params to be evaluated.

    Args:
        number: Counts through the whole study, from 0.
        round: Which round asked for it, from 0.
        params: The choice; inactive dimensions are absent.
        seeds: The training seed of each repeat.
        origin: Who chose.
    """

    number: int
    round: int
    params: Params
    seeds: tuple[int, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class RepeatResult:
    """One training of a trial.

    Args:
        seed: The training seed.
        status: How this training ended.
        objective: The metric the trial is judged by; ``None`` unless ``status`` is done.
        metrics: Every metric at the end (or at the best epoch, with patience), by name.
        history: By metric, one value an epoch.
        error: Why it failed or diverged, in words.
        epochs: How many were run: the length of the longest curve, also where the curves were left behind;
            ``None`` where there were none.
    """

    seed: int
    status: Status
    objective: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    error: str | None = None
    epochs: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.epochs is None and self.history:
            object.__setattr__(self, "epochs", max(map(len, self.history.values())))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; non-finite numbers become null."""
        return {
            "seed": self.seed,
            "status": str(self.status),
            "objective": finite(self.objective),
            "metrics": {name: finite(value) for name, value in self.metrics.items()},
            "history": {name: [finite(v) for v in curve] for name, curve in self.history.items()},
            "error": self.error,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RepeatResult:
        """The inverse of :meth:`to_json`; a null in a curve or a metric comes back as NaN.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: It is not a repeat's JSON.
        """
        return cls(
            seed=int(data["seed"]),
            status=_status(data["status"]),
            objective=None if data["objective"] is None else float(data["objective"]),
            metrics={name: _number(value) for name, value in data["metrics"].items()},
            history={
                name: tuple(map(_number if None in curve else float, curve))
                for name, curve in data["history"].items()
            },
            error=data["error"],
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """When and how long; the only part of a result that is not reproducible.

    Args:
        started: Seconds since the epoch.
        finished: Seconds since the epoch.
        seconds: The trial's share of the time its task took.
    """

    started: float
    finished: float
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"started": self.started, "finished": self.finished, "seconds": self.seconds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Timing:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not a timing's JSON.
        """
        return cls(float(data["started"]), float(data["finished"]), float(data["seconds"]))


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A finished trial: what the loop stores and the strategy is told.

    ``objective`` is the mean over the repeats, or ``None`` when one of them did not end well: its status is
    then the trial's.
    """

    number: int
    round: int
    params: Params
    status: Status
    objective: float | None
    repeats: tuple[RepeatResult, ...]
    error: str | None
    origin: Origin
    timing: Timing

    @property
    def reason(self) -> str:
        """Why it did not end well, in one line; the rest of ``error`` is what its log says."""
        return (self.error or "no reason given").partition("\n")[0]

    @classmethod
    def from_repeats(cls, spec: TrialSpec, repeats: Sequence[RepeatResult], timing: Timing) -> TrialResult:
        """Judge a trial by its repeats, of which there is at least one.

        One that diverged or failed decides, whatever others were pruned for that reason.
        """
        not_done = [repeat for repeat in repeats if repeat.status is not Status.DONE]
        bad = min(not_done, key=lambda repeat: repeat.status is Status.PRUNED, default=None)
        objectives = [repeat.objective for repeat in repeats if repeat.objective is not None]
        return cls(
            number=spec.number,
            round=spec.round,
            params=spec.params,
            status=bad.status if bad else Status.DONE,
            # fsum is exact, so that the mean does not depend on the order of the repeats
            objective=None if bad else math.fsum(objectives) / len(objectives),
            repeats=tuple(repeats),
            error=bad.error if bad else None,
            origin=spec.origin,
            timing=timing,
        )

    @classmethod
    def failure(cls, spec: TrialSpec, status: Status, error: str, timing: Timing) -> TrialResult:
        """A trial that never came to its repeats: it raised, or its worker died or ran out of time."""
        return cls(spec.number, spec.round, spec.params, status, None, (), error, spec.origin, timing)

    def slim(self, *, curve: str | None = None) -> TrialResult:
        """The trial without metrics and curves: what the search decides by, in about a kilobyte.

        Equal names, and origins, are one object for all trials.

        Args:
            curve: The metric whose curve is kept: pruned trials are compared by it.
        """
        return TrialResult(
            number=self.number,
            round=self.round,
            params={sys.intern(name): _shared(value) for name, value in self.params.items()},
            status=self.status,
            objective=self.objective,
            repeats=tuple(
                RepeatResult(
                    repeat.seed,
                    repeat.status,
                    repeat.objective,
                    _NOTHING,
                    {curve: repeat.history[curve]} if curve and curve in repeat.history else _NOTHING,
                    repeat.error,
                    repeat.epochs,
                )
                for repeat in self.repeats
            ),
            error=self.error,
            origin=_origin(self.origin.strategy, self.origin.kind),
            timing=self.timing,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; non-finite numbers become null."""
        return {
            "schema": SCHEMA,
            "number": self.number,
            "round": self.round,
            "status": str(self.status),
            "params": dict(self.params),
            "objective": finite(self.objective),
            "repeats": [repeat.to_json() for repeat in self.repeats],
            "error": self.error,
            "origin": {"strategy": self.origin.strategy, "kind": self.origin.kind},
            "timing": self.timing.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrialResult:
        """The inverse of :meth:`to_json`; a null in a curve or a metric comes back as NaN.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: It is not a trial's JSON.
        """
        number, objective = data["number"], data["objective"]
        if type(number) is not int or number < 0 or not isinstance(data["params"], dict):
            raise ValueError("not a trial: number or params are not what they should be")
        if not _VALUE_TYPES.issuperset(map(type, data["params"].values())):
            raise ValueError("not a trial: a param is neither a number nor text nor true or false")
        status = _status(data["status"])
        if (status is Status.DONE) != (objective is not None):
            raise ValueError(f"a trial that is {status} cannot have the objective {objective}")
        return cls(
            number=number,
            round=int(data["round"]),
            params=dict(data["params"]),
            status=status,
            objective=None if objective is None else float(objective),
            repeats=tuple(map(RepeatResult.from_json, data["repeats"])),
            error=data["error"],
            origin=_origin(str(data["origin"]["strategy"]), str(data["origin"]["kind"])),
            timing=Timing.from_json(data["timing"]),
        )


@dataclass(frozen=True, slots=True)
class Leg:
    """How far a trial is to be trained now.

    Args:
        spec: The trial.
        until: The epoch (from 1) at whose end it pauses; ``None`` for its end.
        limits: Epochs, ascending, and what the trial is worth there at least; worse, it ends as pruned.
    """

    spec: TrialSpec
    until: int | None = None
    limits: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Paused:
    """A trial at the end of a leg, with epochs to go.

    Args:
        spec: The trial.
        epoch: How many epochs are behind it.
        value: What it is worth by now: what it is judged by, as a mean over the repeats.
        repeats: Each repeat as it would be recorded if the trial was pruned now.
        timing: Of all legs so far.
    """

    spec: TrialSpec
    epoch: int
    value: float
    repeats: tuple[RepeatResult, ...]
    timing: Timing

    def pruned(self, why: str) -> TrialResult:
        """The trial's result if it ends here, because of ``why``."""
        spec = self.spec
        return TrialResult(
            spec.number,
            spec.round,
            spec.params,
            Status.PRUNED,
            None,
            self.repeats,
            why,
            spec.origin,
            self.timing,
        )


_NOTHING: Mapping[str, Any] = {}  # one for all trials; a MappingProxyType would not pickle


_VALUE_TYPES = {bool, int, float, str}

_status = lru_cache(maxsize=64)(Status)  # an enumeration's own look-up takes several times as long


@lru_cache(maxsize=64)
def _origin(strategy: str, kind: str) -> Origin:
    return Origin(strategy, kind)


def _shared(value: Value) -> Value:
    return sys.intern(value) if type(value) is str else value


def epochs_run(result: TrialResult) -> int:
    """The most epochs of any repeat; 0 where there is no curve."""
    return max((repeat.epochs or 0 for repeat in result.repeats), default=0)


def finite(value: float | None) -> float | None:
    """``value`` as a plain float, or ``None`` where JSON has no number for it."""
    return None if value is None or not math.isfinite(value) else float(value)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
