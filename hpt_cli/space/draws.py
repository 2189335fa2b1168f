"""What a space looks like to independent draws: where they fall, what is refused, what comes twice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpt_cli.space.dimensions import Choice, Dimension, Float, Int, decade_counts
from hpt_cli.space.search_space import Params, SearchSpace, key
from hpt_cli.space.values import Value

if TYPE_CHECKING:
    import numpy as np

BINS = 20
"""Bars of a range's histogram; where there are fewer values each has its own."""
BEST_SHARE = 0.05
"""The part of a space that :func:`chance_of_best` wants to hit."""
_DECADES_TO_WARN = 3  # a linear scale over fewer of them is often meant
_REDRAWS = 20  # times the draws asked for: after so many, the constraints leave fewer


@dataclass(frozen=True)
class Histogram:
    """How draws fall on one dimension.

    Args:
        active: In how many draws the dimension is there.
        bins: Of a range, (low, high, count), equally wide on its scale; empty where ``values`` are few.
        values: Of a choice, or a range of at most ``BINS`` values, each value's count, in their order.
        decades: As :func:`~hpt_cli.space.dimensions.decade_counts`; empty where there is less than two.
        top_heavy: The scale is linear over at least three decades, so that nine in ten draws are in the top
            one.
    """

    active: int
    bins: tuple[tuple[float, float, int], ...] = ()
    values: tuple[tuple[Value, int], ...] = ()
    decades: tuple[tuple[float, float, int], ...] = ()
    top_heavy: bool = False


@dataclass(frozen=True)
class Survey:
    """What random draws tell of a space.

    Args:
        legal: Draws that the constraints allow; the histograms are of these.
        refused: Draws that they refuse.
        refused_by: For each constraint, how many draws it refuses, alone or with others.
        repeated: Of a finite space: how many of as many independent draws as there are trials would be points
            that were drawn before; ``None`` for other spaces.
        dimensions: By name.
    """

    legal: int
    refused: int
    refused_by: Mapping[str, int]
    repeated: int | None
    dimensions: Mapping[str, Histogram]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "legal": self.legal,
            "refused": self.refused,
            "refused_by": dict(self.refused_by),
            "repeated": self.repeated,
            "dimensions": {
                name: {
                    "active": histogram.active,
                    "bins": [{"low": a, "high": b, "count": count} for a, b, count in histogram.bins],
                    "values": [{"value": value, "count": count} for value, count in histogram.values],
                    "top_heavy": histogram.top_heavy,
                }
                for name, histogram in self.dimensions.items()
            },
        }


def survey(space: SearchSpace, rng: np.random.Generator, *, draws: int, trials: int) -> Survey:
    """Draw from a space and count.

    Args:
        space: Where from.
        rng: Of the draws.
        draws: How many legal ones to look at; fewer where the constraints refuse 19 in 20.
        trials: How many draws to look for repeated points in.
    """
    legal: list[tuple[list[float], Params]] = []
    refused_by = Counter(dict.fromkeys(space.constraints, 0))
    tries = 0
    while len(legal) < draws and tries < _REDRAWS * draws:
        unit = rng.random(len(space.names)).tolist()
        params = space.from_unit(unit)
        tries += 1
        against = space.refusing(params)
        refused_by.update(against)
        if not against:
            legal.append((unit, params))
    repeated = None
    if space.size is not None:
        first = legal[:trials]
        repeated = len(first) - len({key(params) for _, params in first})
    return Survey(
        legal=len(legal),
        refused=tries - len(legal),
        refused_by=dict(refused_by),
        repeated=repeated,
        dimensions={
            name: _histogram(dimension, [(u[place], p[name]) for u, p in legal if name in p])
            for place, (name, dimension) in enumerate(space.dimensions.items())
        },
    )


def chance_of_best(trials: int, size: int | None = None) -> float:
    """How likely it is that one of ``trials`` random trials lies in the best 5 % of a space.

    Args:
        trials: Independent draws; in a finite space, different points.
        size: How many points the space has, or ``None`` for infinitely many.

    Source:
        Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13 (2012), section 2.1,
        https://www.jmlr.org/papers/v13/bergstra12a.html
    """
    if size is None:
        return 1 - (1 - BEST_SHARE) ** trials
    good = max(round(BEST_SHARE * size), 1)
    missed = 1.0  # none of the good points among the different ones that are drawn
    for drawn in range(min(trials, size)):
        missed *= max(size - good - drawn, 0) / (size - drawn)
    return 1 - missed


def trials_for(chance: float, size: int | None = None) -> int:
    """The least number of random trials with this ``chance``, in (0, 1), of one in the best 5 %: 59 for 0.95.

    Args:
        chance: To reach.
        size: As :func:`chance_of_best`.
    """
    enough = math.ceil(math.log(1 - chance) / math.log(1 - BEST_SHARE))
    if size is None:
        return enough
    return next((n for n in range(1, enough) if chance_of_best(n, size) >= chance), min(enough, size))


def _histogram(dimension: Dimension, drawn: Sequence[tuple[float, Value]]) -> Histogram:
    """Of places on the unit interval and the values there."""
    few = dimension.size is not None and dimension.size <= BINS
    values: tuple[tuple[Value, int], ...] = ()
    if isinstance(dimension, Choice) or few:
        counts = Counter(key({"": value}) for _, value in drawn)  # for Python, 1 is True
        values = tuple((value, counts[key({"": value})]) for value in dimension.values())
    if isinstance(dimension, Choice):
        return Histogram(len(drawn), values=values)
    decades = decade_counts(dimension, [float(value) for _, value in drawn])
    return Histogram(
        len(drawn),
        bins=() if few else _bins(dimension, [place for place, _ in drawn]),
        values=values,
        decades=tuple(decades) if len(decades) > 1 else (),
        top_heavy=_is_top_heavy(dimension),
    )


def _bins(dimension: Float | Int, places: Sequence[float]) -> tuple[tuple[float, float, int], ...]:
    """Counts in parts of the unit interval: equally wide on the scale, and not uneven by rounding to ints."""
    counts = Counter(min(int(place * BINS), BINS - 1) for place in places)
    edges = [float(dimension.from_unit(index / BINS)) for index in range(BINS + 1)]
    return tuple((edges[index], edges[index + 1], counts[index]) for index in range(BINS))


def _is_top_heavy(dimension: Float | Int) -> bool:
    return (
        dimension.scale == "linear"
        and dimension.low > 0
        and dimension.high / dimension.low >= 10**_DECADES_TO_WARN
    )
