"""A leaderboard's rows: each trial's place among the others, worked out when it is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile
from typing import overload

from hpt_cli.confirmation import Confirmation
from hpt_cli.evidence import NOTHING_ELSE, Evidence
from hpt_cli.noise import UNLIMITED, Interval, Noise, Trainings, interval, mean_of, sample_spread
from hpt_cli.rerun import objectives_of
from hpt_cli.trial import RepeatResult, Status, TrialResult


@dataclass(frozen=True)
class Row:
    """One trial's place among the others.

    Args:
        rank: From 1; trials with the same mean share it, and the next rank is skipped.  ``None`` for a trial
            that is not done.
        result: The trial.
        counted: The trainings that it is judged by, see :class:`hpt_cli.evidence.Evidence`; ``None`` for its
            repeats.
        noise: What the repeats of all trials tell.
        level: Whether it cannot be told from the best.
        confirmed: Whether it is the confirmed one.
        found: Where a confirmation found its mean to lie.
        limits: Between which values the objective lies.

    What follows from the result is worked out when it is asked for: of 100,000 rows few are shown.
    """

    rank: int | None
    result: TrialResult
    counted: tuple[RepeatResult, ...] | None = None
    noise: Noise | None = None
    level: bool = False
    confirmed: bool = False
    found: Interval | None = None
    limits: tuple[float, float] = UNLIMITED

    @property
    def trainings(self) -> int:
        """How many trainings it is judged by."""
        return len(self._objectives)

    @cached_property
    def mean(self) -> float | None:
        """Of the objective over these trainings; ``None`` for a trial that is not done."""
        if self.result.objective is None or not self._objectives:
            return self.result.objective
        return mean_of(self._objectives)

    @cached_property
    def spread(self) -> float | None:
        """Sample standard deviation of the objective over them; ``None`` with fewer than two."""
        return sample_spread(list(self._objectives.values())) if len(self._objectives) > 1 else None

    @cached_property
    def interval(self) -> Interval | None:
        """Where the mean over all training seeds lies; ``None`` where that is not known."""
        found = self.found
        if found is None and self._objectives:
            found = interval(self._objectives, self.noise)
        return None if found is None else found.within(self.limits)

    @cached_property
    def epochs(self) -> int | None:
        """Epochs run, the most of any repeat; ``None`` where no repeat has a curve."""
        return max(
            (repeat.epochs for repeat in self.result.repeats if repeat.epochs is not None), default=None
        )

    @cached_property
    def metrics(self) -> Mapping[str, float]:
        """Each metric's mean over these trainings."""
        return mean_metrics(self.result.repeats if self.counted is None else self.counted)

    @property
    def standing(self) -> str:
        """``confirmed``, ``best``, ``contender`` or nothing."""
        if self.confirmed:
            return "confirmed"
        return "best" if self.rank == 1 else "contender" if self.level else ""

    @cached_property
    def _objectives(self) -> Trainings:
        """By seed; empty for a trial that is not done."""
        if self.result.objective is None:
            return {}
        return objectives_of(self.result.repeats if self.counted is None else self.counted)


@dataclass(frozen=True)
class Rows(Sequence[Row]):
    """The rows of a leaderboard; each is made when it is asked for, because of 100,000 few are.

    Args:
        results: The trials in the order of their rows, those that are done first.
        ranks: Of the trials that are done.
        evidence: What is known beside them.
        noise: What the repeats of all trials tell.
        level: The numbers of the trials that cannot be told from the best, which is one of them.
        confirmed: The confirmed trial.
        limits: Between which values the objective lies.
    """

    results: Sequence[TrialResult]
    ranks: Sequence[int]
    evidence: Evidence = NOTHING_ELSE
    noise: Noise | None = None
    level: AbstractSet[int] = frozenset()
    confirmed: int | None = None
    limits: tuple[float, float] = UNLIMITED
    _made: dict[int, Row] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(place, slice):
            return tuple(self._row(at) for at in range(*place.indices(len(self))))
        return self._row(range(len(self))[place])  # from the end, or an IndexError

    def of(self, number: int) -> Row:
        """The row of a trial.

        Raises:
            KeyError: It has none.
        """
        for place, result in enumerate(self.results):
            if result.number == number:
                return self._row(place)
        raise KeyError(number)

    def _row(self, place: int) -> Row:
        row = self._made.get(place)
        if row is None:
            result = self.results[place]
            number = result.number
            knows = self.evidence.knows(number)
            row = self._made[place] = Row(
                rank=self.ranks[place] if place < len(self.ranks) else None,
                result=result,
                counted=tuple(self.evidence.repeats(result)) if knows else None,
                noise=self.noise,
                level=number in self.level,
                confirmed=number == self.confirmed,
                found=self.evidence.interval_of(number) if knows else None,
                limits=self.limits,
            )
        return row


def ranks_of(means: Iterable[float], first: int = 1) -> list[int]:
    """The ranks, from ``first``, of means in their order, the best before the others.

    Equal ones share a rank and the next is skipped; a mean's rounding error makes no difference.
    """
    ranks: list[int] = []
    before, rank = math.nan, first
    for place, mean in enumerate(means, start=first):
        if not math.isclose(mean, before, rel_tol=1e-12):
            rank = place
        ranks.append(rank)
        before = mean
    return ranks


@dataclass(frozen=True)
class Edge:
    """The best trial's value lies at an end of what was searched.

    Args:
        name: The dimension.
        value: The best trial's.
        end: ``lower`` or ``upper``.
        low: Of the widest range that any round searched.
        high: Likewise.
    """

    name: str
    value: float
    end: str
    low: float
    high: float


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """A study's finished trials, best first.

    Args:
        goal: ``minimize`` or ``maximize``.
        rows: The done ones by mean, ties by number, a confirmation's candidates before the others and the
            confirmed one first; then the others by status and number.
        params: The names that are worth a column, in the space's order: they could vary, and did.
        edges: Where the range should be widened.
        counts: Finished trials by status, those with none left out.
        names: Of all the space's params, in its order.
        noise: What repeats tell; ``None`` where no trial was trained twice.  Of a large study the best trials
            tell it, and are those that its ``repeated`` counts, see :attr:`repeated`.
        confirmation: The last one that chose a trial.
        level: The trials that cannot be told from the best, without it.
        all_level: Whether these are all; with thousands of them the search for more ends.
    """

    goal: str
    rows: Rows
    params: tuple[str, ...]
    edges: tuple[Edge, ...]
    counts: Mapping[Status, int]
    names: tuple[str, ...] = ()
    noise: Noise | None = None
    confirmation: Confirmation | None = None
    level: tuple[Row, ...] = ()
    all_level: bool = True

    def __repr__(self) -> str:
        best = "none done" if self.best is None else f"best {self.best.result.number}: {self.best.mean}"
        return f"<Leaderboard of {len(self.rows)} trials, {best}>"

    @property
    def done(self) -> int:
        """How many trials are done: so many rows come first."""
        return len(self.rows.ranks)

    @property
    def repeated(self) -> int:
        """How many trials were trained more than once and ended well."""
        done = self.rows.results[: self.done]
        return sum(len(self.rows.evidence.trainings(result)) > 1 for result in done)

    @property
    def done_since(self) -> int:
        """How many trials have been done since the confirmation."""
        return 0 if self.confirmation is None else self.done - self.confirmation.plan.done

    @property
    def best(self) -> Row | None:
        """The first row, if its trial is done."""
        return self.rows[0] if self.done else None

    @property
    def ties(self) -> tuple[Row, ...]:
        """The rows that share the first rank with the best."""
        return tuple(takewhile(lambda row: row.rank == 1, islice(self.rows, 1, None)))

    @property
    def all_params(self) -> tuple[str, ...]:
        """Every param that a trial has, in the space's order."""
        found = dict.fromkeys(name for result in self.rows.results for name in result.params)
        return tuple(dict.fromkeys([*(name for name in self.names if name in found), *found]))

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that a trial has, in the order of the trials' own."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.metrics))


def mean_metrics(repeats: Iterable[RepeatResult]) -> dict[str, float]:
    """Each metric's mean over the repeats that have it."""
    values: dict[str, list[float]] = {}
    for repeat in repeats:
        for name, value in repeat.metrics.items():
            values.setdefault(name, []).append(value)
    return {name: math.fsum(found) / len(found) for name, found in values.items()}
