"""Rungs and brackets: where trials are judged, and against whom.  Nothing here knows a result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METHODS: tuple[str, ...] = ("none", "successive_halving", "hyperband", "median")
"""The names of all ways to prune."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "reduction": ("successive_halving", "hyperband"),
    "first_rung": METHODS[1:],
    "bracket": ("successive_halving",),
    "every": ("median",),
    "least": ("median",),
}
"""By the name of each setting, the methods in which it has an effect."""
FIRST_SHARE = 9
"""Left out, the first rung is the epochs divided by it: two rungs by thirds."""


@dataclass(frozen=True)
class PruneSettings:
    """How trials are ended early.

    Args:
        method: One of :data:`METHODS`.
        reduction: Of so many trials at a rung one goes on, at least 2.
        first_rung: The epoch of the first rung; ``None`` for a ninth of the epochs.
        bracket: Trials that are judged together by successive halving; ``None`` for so many that one of
            them is trained to its end.
        every: Epochs between two looks of the median rule.
        least: So many earlier trials must have come to an epoch for their median to count.
    """

    method: str = "none"
    reduction: int = 3
    first_rung: int | None = None
    bracket: int | None = None
    every: int = 1
    least: int = 5

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types: the method, and what has an effect in it."""
        keys = [key for key, methods in KEYS.items() if self.method in methods]
        return {"method": self.method, **{key: getattr(self, key) for key in keys}}


@dataclass(frozen=True)
class Bracket:
    """Trials with neighboring numbers that are judged against each other.

    Args:
        first: The first one's number within its round.
        size: How many there are, unless the round ends before.
        rungs: The epochs at whose ends they are judged, ascending; none trains all to the end.
    """

    first: int
    size: int
    rungs: tuple[int, ...]

    @property
    def numbers(self) -> range:
        """The trials' numbers within the round."""
        return range(self.first, self.first + self.size)


def rungs_of(settings: PruneSettings, epochs: int) -> tuple[int, ...]:
    """The epochs at which trials are judged, ascending, all before the last.

    Those of brackets grow from the first rung to ``epochs`` by one factor, as near to ``reduction`` as whole
    rungs allow, so that the last rung is never right before the end.
    """
    first = settings.first_rung or max(1, round(epochs / FIRST_SHARE))
    if settings.method == "none" or first >= epochs:
        return ()
    if settings.method == "median":
        return tuple(range(first, epochs, settings.every))
    count = max(1, round(math.log(epochs / first) / math.log(settings.reduction)))
    spaced = {round(first * (epochs / first) ** (k / count)) for k in range(count)}
    return tuple(sorted(spaced))


class Brackets:
    """The brackets of a round, one after another.

    Successive halving has brackets of one kind.  Hyperband has one kind for each number of rungs, from all to
    none, in turn, each with about the same epochs in all: it hedges against rungs that judge too early.

    Args:
        settings: How trials are ended early.
        epochs: The most that a trial is trained.

    Source:
        Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization"
        (2016), https://arxiv.org/abs/1502.07943; Li et al., "Hyperband" (2018),
        https://arxiv.org/abs/1603.06560.  Brackets of few trials in a row, instead of one large one, let a
        model learn in between.
    """

    def __init__(self, settings: PruneSettings, epochs: int) -> None:
        rungs = rungs_of(settings, epochs)
        eta, count = settings.reduction, len(rungs)
        if settings.method == "successive_halving":
            self._kinds = [(settings.bracket or eta**count, rungs)]
        elif settings.method == "hyperband":
            self._kinds = [
                (-(-(count + 1) * eta**s // (s + 1)), rungs[count - s :]) for s in range(count, -1, -1)
            ]
        else:
            self._kinds = [(1, ())]
        self._cycle = sum(size for size, _ in self._kinds)

    def of(self, number: int) -> Bracket:
        """The bracket of a trial's number within the round, whole even where the round ends in it."""
        first = number - number % self._cycle
        for size, rungs in self._kinds:
            if number < first + size:
                return Bracket(first, size, rungs)
            first += size
        raise AssertionError("a cycle holds all its numbers")


def kept(entrants: int, settings: PruneSettings) -> int:
    """How many of the trials that come to a rung go on."""
    return max(1, entrants // settings.reduction)


def epochs_planned(settings: PruneSettings, epochs: int, trials: int) -> int | None:
    """Epochs that ``trials`` trials of ``epochs`` each take; ``None`` where it depends on the results.

    As if none ended by itself.
    """
    if settings.method == "none":
        return epochs * trials
    if settings.method == "median":
        return None
    brackets, spent, number = Brackets(settings, epochs), 0, 0
    while number < trials:
        bracket = brackets.of(number)
        left, before = min(bracket.size, trials - number), 0
        for rung in bracket.rungs:
            spent += left * (rung - before)
            left, before = kept(left, settings), rung
        spent += left * (epochs - before)
        number += bracket.size
    return spent
