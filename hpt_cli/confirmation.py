"""Who was confirmed, on which seeds, and what came of it: the record under ``confirm/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpt_cli.noise import Interval
from hpt_cli.trial import finite

SCHEMA = 1
"""Version of the record's form; a reader refuses a newer one."""


@dataclass(frozen=True)
class ConfirmPlan:
    """What a confirmation trains; written before its first training, so that it can be gone on with.

    Args:
        trials: The candidates; the first are believed best, see :func:`hpt_cli.rounds.believed_best`.
        choosing: The reruns that each of them gets, by number: one is chosen by these alone.
        judging: The reruns that only the chosen one gets.  They had no part in the choice, so that its mean
            over them is no luckier than any.  The same as ``choosing`` where there is nothing to choose.
        by: ``contenders``, or ``top`` where a number was asked for or the noise was not known.
        contenders: How many trials could not be told from the best; ``None`` where that was not known.
        done: How many trials of the study were done.
        words: How the candidates were found, in a sentence; empty in a record of an earlier version.
    """

    trials: tuple[int, ...]
    choosing: tuple[int, ...]
    judging: tuple[int, ...]
    by: str
    contenders: int | None
    done: int
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "trials": list(self.trials),
            "choosing": list(self.choosing),
            "judging": list(self.judging),
            "by": self.by,
            "contenders": self.contenders,
            "done": self.done,
            "words": self.words,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ConfirmPlan:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not a plan's JSON.
        """
        plan = cls(
            trials=tuple(map(int, data["trials"])),
            choosing=tuple(map(int, data["choosing"])),
            judging=tuple(map(int, data["judging"])),
            by=str(data["by"]),
            contenders=None if data["contenders"] is None else int(data["contenders"]),
            done=int(data["done"]),
            words=str(data.get("words", "")),
        )
        if not (plan.trials and plan.choosing and plan.judging):
            raise ValueError("a confirmation without trials or reruns")
        return plan


@dataclass(frozen=True)
class Candidate:
    """What the fresh seeds say of one candidate.

    Args:
        trial: By number.
        fresh: Its mean over the seeds of the choice, and where it lies; ``None`` if a training did not end
            well, for then the trial is out.
        level: Whether it cannot be told from the chosen one by these seeds.
        error: How a training of it ended, in words.
    """

    trial: int
    fresh: Interval | None
    level: bool
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        fresh = None if self.fresh is None else interval_json(self.fresh)
        return {"trial": self.trial, "fresh": fresh, "level": self.level, "error": self.error}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Candidate:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: It is not a candidate's JSON.
        """
        fresh = None if data["fresh"] is None else _interval(data["fresh"])
        return cls(int(data["trial"]), fresh, bool(data["level"]), data["error"])


@dataclass(frozen=True)
class TestMetric:
    """One metric of the chosen trial on the test rows.

    Args:
        mean: Over the models, one a seed.
        values: Of each model; the first is the one that ``best/`` keeps.
        spread: Standard deviation over the models; ``None`` with one.
        low: Lower end of the 95 % interval for other rows of the same kind; ``None`` where none is given.
        high: Upper end.
        method: How the interval was made, or why there is none.
    """

    mean: float
    values: tuple[float, ...]
    spread: float | None
    low: float | None = None
    high: float | None = None
    method: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; non-finite numbers become null."""
        return {
            "mean": finite(self.mean),
            "values": [finite(value) for value in self.values],
            "spread": finite(self.spread),
            "low": finite(self.low),
            "high": finite(self.high),
            "method": self.method,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TestMetric:
        """The inverse of :meth:`to_json`; a null comes back as NaN where a number must be.

        Raises:
            ValueError, KeyError, TypeError: It is not a metric's JSON.
        """
        low, high = (_optional(data[end]) for end in ("low", "high"))
        values = tuple(_number(value) for value in data["values"])
        return cls(_number(data["mean"]), values, _optional(data["spread"]), low, high, data["method"])


@dataclass(frozen=True)
class ConfirmOutcome:
    """What a confirmation found.

    Args:
        chosen: The confirmed trial; ``None`` if every candidate had a training that did not end well.
        candidates: Best first.
        judged: The chosen one's mean over the seeds that had no part in the choice, and where it lies.
        lost: How many of these trainings did not end well.
        luck: By how much the best of as many equally good trials as cannot be told apart looks better than
            it is, on average over studies; 0 if there was nothing to choose.
        rows: How many test rows there are.
        test: By name, ``test_loss`` and so on; empty without test rows.
        used_before: How many confirmations had looked at the test rows before.
    """

    chosen: int | None
    candidates: tuple[Candidate, ...]
    judged: Interval | None
    lost: int
    luck: float | None
    rows: int
    test: Mapping[str, TestMetric]
    used_before: int

    def candidate(self, trial: int) -> Candidate | None:
        """What is known of one trial; ``None`` if it was no candidate."""
        return next((found for found in self.candidates if found.trial == trial), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; non-finite numbers become null."""
        return {
            "chosen": self.chosen,
            "candidates": [candidate.to_json() for candidate in self.candidates],
            "judged": None if self.judged is None else interval_json(self.judged),
            "lost": self.lost,
            "luck": finite(self.luck),
            "rows": self.rows,
            "test": {name: metric.to_json() for name, metric in self.test.items()},
            "used_before": self.used_before,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ConfirmOutcome:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: It is not an outcome's JSON.
        """
        return cls(
            chosen=None if data["chosen"] is None else int(data["chosen"]),
            candidates=tuple(map(Candidate.from_json, data["candidates"])),
            judged=None if data["judged"] is None else _interval(data["judged"]),
            lost=int(data["lost"]),
            luck=_optional(data["luck"]),
            rows=int(data["rows"]),
            test={name: TestMetric.from_json(metric) for name, metric in data["test"].items()},
            used_before=int(data["used_before"]),
        )


@dataclass(frozen=True)
class Confirmation:
    """One record: the plan, and what came of it; ``None`` as long as it is not finished."""

    number: int
    plan: ConfirmPlan
    outcome: ConfirmOutcome | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "schema": SCHEMA,
            "number": self.number,
            "plan": self.plan.to_json(),
            "outcome": None if self.outcome is None else self.outcome.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Confirmation:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: It is not a record's JSON, or of a newer version.
        """
        if data["schema"] != SCHEMA:
            raise ValueError(f"the record has schema {data['schema']!r}, this version reads {SCHEMA}")
        outcome = None if data["outcome"] is None else ConfirmOutcome.from_json(data["outcome"])
        return cls(int(data["number"]), ConfirmPlan.from_json(data["plan"]), outcome)


def interval_json(interval: Interval) -> dict[str, Any]:
    """An interval as plain JSON types."""
    return {
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "trainings": interval.trainings,
    }


def _interval(data: Mapping[str, Any]) -> Interval:
    mean, low, high = (float(data[name]) for name in ("mean", "low", "high"))
    return Interval(mean, low, high, int(data["trainings"]))


def _optional(value: float | None) -> float | None:
    return None if value is None else float(value)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
