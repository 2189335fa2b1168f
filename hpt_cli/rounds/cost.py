"""How long a round will take, by what the trials before it took.

The logarithm of a trial's seconds is a linear function of its params: of the logarithm of what is above 0, so
that a coefficient is the power by which a dimension counts, and of the place in the range of all else.  It is
fitted robustly, because the first trial of a worker takes its start along, and evaluated over the new space.
What it says decides nothing: seconds are not reproducible.

Source:
    Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35 (1964),
    https://doi.org/10.1214/aoms/1177703732: the weights of the residuals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpt_cli.rounds.plan import Move, RoundPlan
from hpt_cli.rounds.ranges import place_of
from hpt_cli.rounds.words import range_of, shown
from hpt_cli.space import Choice, Float, Int, Params, SearchSpace, Value, same
from hpt_cli.trial import TrialResult

if TYPE_CHECKING:
    import numpy as np

FEWEST = 3
"""Of fewer trials nothing is said."""
LATEST = 1000
"""Of more trials, so many are looked at."""
DEARER = 3.0
"""How many times as long a trial must take as one of the round before for a warning."""
POINTS = 256
"""Of the new space, over which the seconds are expected."""
LEARNING = ("bayes",)
"""Strategies that look where the best are."""
DRAWS = 400
"""Of what the fit leaves open."""
QUANTILES = 0.1, 0.9
"""Ends of the range that is told."""
PACE = 0.2
"""Logarithm by which a machine is quicker or slower from one round to the next, one standard deviation."""
OUTER = 0.4
"""Share of a range that a model is expected to look at where the best crowd at its end."""
POWER, CHOICE = 0.7, 1.0
"""Standard deviations of what is believed beforehand: of a power, and of a choice's logarithm."""
SHARED = 0.3
"""Repeats train as one population: n of them take at least n to this power of the time of one."""


@dataclass(frozen=True)
class Cost:
    """What a round is expected to take.

    Args:
        seconds: Likely least and most, until it is finished.
        workers: How many trials are trained at the same time.
        trial: Seconds of a trial, on average.
        times: How many times as long as a trial of the round before; ``None`` where there is none.
        driver: What makes it so much dearer, in words; empty if it is not, or nothing in particular does.
        remedy: What stops that, in words; may be empty.
    """

    seconds: tuple[float, float]
    workers: int
    trial: float
    times: float | None = None
    driver: str = ""
    remedy: str = ""

    @property
    def is_dearer(self) -> bool:
        """Whether that deserves a warning."""
        return self.times is not None and self.times >= DEARER

    def sentence(self) -> str:
        """``about 2 to 4 minutes with 2 workers``."""
        workers = f"{self.workers} worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{span(*self.seconds)} with {workers}"

    def warning(self) -> str:
        """What makes it dearer and how to stop that; empty if it is not."""
        if self.times is None or not self.is_dearer:
            return ""
        times = f"{self.times:.0f}" if self.times < 10 else f"{float(f'{self.times:.1g}'):.0f}"
        said = f"a trial of this round takes about {times} times as long as one of the round before"
        if self.driver:
            said += f", because {self.driver}"
        return f"{said}; {self.remedy}" if self.remedy else said

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "seconds": list(self.seconds),
            "workers": self.workers,
            "seconds_per_trial": self.trial,
            "times_the_round_before": self.times,
            "warning": self.warning(),
        }


def expected_cost(
    plan: RoundPlan,
    results: Sequence[TrialResult],
    *,
    workers: int,
    powers: Mapping[str, float] | None = None,
    before: int | None = None,
) -> Cost | None:
    """What a round will take; ``None`` where too little is known.

    Args:
        plan: The round.
        results: All trials that are finished; those of the round itself are taken off its number.
        workers: How many trials are trained at the same time.
        powers: By which power of a dimension a training's time grows, as far as that is known beforehand.
        before: Repeats of a trial of the round before; ``None`` for as many as in this one.
    """
    timed = [result for result in results if result.timing.seconds > 0][-LATEST:]
    left = plan.trials - sum(plan.first <= result.number < plan.first + plan.trials for result in results)
    if len(timed) < FEWEST or left <= 0:
        return None
    import numpy as np

    rng = np.random.default_rng(0)  # the same plan is told the same
    model = _Model(plan.space, timed, powers or {})
    try:
        places = [_points(plan.space)]
    except ValueError:  # the constraints leave next to nothing
        return None
    if plan.strategy in LEARNING and (good := _good_points(plan)):
        places.append(good)
    last_round = max(result.round for result in timed)
    last = [result for result in timed if result.round == last_round]
    of_rounds = [model.trials(points, left, rng) for points in places]
    more = plan.repeats / (before or plan.repeats)
    shares = sorted((more, more**SHARED))
    abreast = min(workers, left)
    turns = (left + (abreast - 1) / 2) / abreast  # at the end some workers have nothing to do
    low = min(float(np.quantile(of_one, QUANTILES[0])) for of_one in of_rounds) * shares[0] * turns
    high = max(float(np.quantile(of_one, QUANTILES[1])) for of_one in of_rounds) * shares[1] * turns
    trial = math.prod(model.mean(points) for points in places) ** (1 / len(places)) * math.prod(shares) ** 0.5
    if last_round >= plan.number:
        return Cost((low, high), workers, trial)
    times = trial / (math.fsum(result.timing.seconds for result in last) / len(last))
    cost = Cost((low, high), workers, trial, times)
    if not cost.is_dearer:
        return cost
    return Cost((low, high), workers, trial, times, *_blamed(plan, model))


def _blamed(plan: RoundPlan, model: _Model) -> tuple[str, str]:
    """The move without which a trial would be the cheapest, and how to stop it; empty if none counts."""
    base, most, blamed = model.mean(_points(plan.space)), 1.3, None
    for move in plan.moves:
        if move.new == move.old:
            continue
        try:
            without = plan.space.replace({move.name: move.old})
        except ValueError:  # a constraint or a condition needs the new one
            continue
        times = base / model.mean(_points(without))
        if times > most:
            most, blamed = times, move
    return ("", "") if blamed is None else _words(blamed)


def _words(move: Move) -> tuple[str, str]:
    driver = f"{move.name} goes from {range_of(move.old)} to {range_of(move.new)}"
    old, new = move.old, move.new
    if isinstance(old, Choice) or isinstance(new, Choice):
        return driver, ""
    ends = []
    if new.low < old.low:
        ends.append(f"hard_low: {shown(old.low)}")
    if new.high > old.high:
        ends.append(f"hard_high: {shown(old.high)}")
    if not ends:
        return driver, ""
    limits = ", ".join(ends)
    return driver, f"to stop that: hpt refine --hold {move.name}; in a config: {limits}"


def _points(space: SearchSpace) -> list[Params]:
    """Points all over a space.

    Raises:
        ValueError: The constraints leave next to nothing.
    """
    import numpy as np

    rng = np.random.default_rng(1)
    return [space.sample(rng) for _ in range(POINTS)]


def _good_points(plan: RoundPlan) -> list[Params]:
    """Points where the best were, and beyond an end at which they crowd: there a model will look."""
    import numpy as np

    rng = np.random.default_rng(2)
    units = rng.random((POINTS, len(plan.space.names)))
    for move in plan.moves:
        if move.evidence is None or not move.evidence.places:
            continue
        column = plan.space.names.index(move.name)
        places = rng.choice(np.array(move.evidence.places), POINTS)
        old, new = move.old, move.new
        if isinstance(old, Choice) or isinstance(new, Choice):
            if isinstance(old, Choice) and isinstance(new, Choice):
                chosen = [old.choices[int(place)] for place in places]
                units[:, column] = [
                    new.to_unit(of) if of in new else unit
                    for of, unit in zip(chosen, units[:, column], strict=True)
                ]
            continue
        if move.evidence.edge:
            part = OUTER * units[:, column]
            units[:, column] = part if move.evidence.edge == "low" else 1 - part
            continue
        low, high = place_of(new, old.low), place_of(new, old.high)
        units[:, column] = np.clip(low + (high - low) * places, 0.0, 1.0)
    points = [plan.space.from_unit(unit) for unit in units.tolist()]
    return [point for point in points if plan.space.allows(point)]


class _Model:
    """The logarithm of seconds as a linear function of params, fitted to trials.

    Args:
        space: Whose params count.
        trials: At least one; the last round's give the level.
        powers: As for :func:`expected_cost`.
    """

    def __init__(
        self, space: SearchSpace, trials: Sequence[TrialResult], powers: Mapping[str, float]
    ) -> None:
        import numpy as np

        self._dimensions = space.dimensions
        self._levels = {
            name: _levels(dimension, [result.params.get(name) for result in trials])
            for name, dimension in space.dimensions.items()
            if isinstance(dimension, Choice)
        }
        y = np.log([result.timing.seconds for result in trials])
        X = self._features([result.params for result in trials])
        self._middle = X[:, 1:].mean(axis=0)
        X[:, 1:] -= self._middle
        believed, deviations = self._beliefs(powers)
        precision = 1 / deviations**2
        coefficients, scale = believed.copy(), 1.0
        coefficients[0] = float(np.median(y))
        for _ in range(20):
            rest = y - X @ coefficients
            scale = max(1.4826 * float(np.median(np.abs(rest))), 0.05)
            weights = np.minimum(1.0, 1.345 * scale / np.maximum(np.abs(rest), 1e-12)) / scale**2
            inverse = np.linalg.inv((X.T * weights) @ X + np.diag(precision))
            coefficients = inverse @ ((X.T * weights) @ y + precision * believed)
        self._coefficients, self._inverse = coefficients, inverse
        last = np.array([result.round for result in trials]) == max(result.round for result in trials)
        # the fit is of the middle, and what is to be told is a sum
        self._level = float(np.exp(y[last]).sum() / np.exp(X[last] @ coefficients).sum())

    def mean(self, points: Sequence[Params]) -> float:
        """Seconds of a trial, on average over points."""
        import numpy as np

        return float(np.exp(self._centered(points) @ self._coefficients).mean()) * self._level

    def trials(self, points: Sequence[Params], count: int, rng: np.random.Generator) -> np.ndarray:
        """Mean seconds of ``count`` trials at some of the points, by coefficients that may be, (DRAWS,)."""
        import numpy as np

        drawn = rng.multivariate_normal(self._coefficients, self._inverse, DRAWS, method="cholesky")
        seconds = np.exp(drawn @ self._centered(points).T) * self._level  # (DRAWS, N)
        chosen = rng.integers(len(points), size=(DRAWS, min(count, POINTS)))
        mean = seconds[np.arange(DRAWS)[:, None], chosen].mean(axis=1)
        return np.asarray(mean * np.exp(PACE * rng.standard_normal(DRAWS)))

    def _centered(self, points: Sequence[Params]) -> np.ndarray:
        X = self._features(points)
        X[:, 1:] -= self._middle
        return X

    def _features(self, points: Sequence[Params]) -> np.ndarray:
        """One, and what each dimension counts by, (N, F); of an inactive one the middle of its range."""
        import numpy as np

        columns = [np.ones(len(points))]
        for name, dimension in self._dimensions.items():
            values = [point.get(name) for point in points]
            if isinstance(dimension, Choice):
                columns += [
                    np.array([of is not None and same(of, level) for of in values], float)
                    for level in self._levels[name]
                ]
                continue
            middle = (_counted(dimension, dimension.low) + _counted(dimension, dimension.high)) / 2
            columns.append(np.array([middle if of is None else _counted(dimension, of) for of in values]))
        return np.column_stack(columns)

    def _beliefs(self, powers: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each coefficient before any trial, both (F,)."""
        import numpy as np

        means, deviations = [0.0], [10.0]
        for name, dimension in self._dimensions.items():
            count = len(self._levels[name]) if isinstance(dimension, Choice) else 1
            means += [powers.get(name, 0.0)] * count
            deviations += [CHOICE if isinstance(dimension, Choice) else POWER] * count
        return np.array(means), np.array(deviations)


def _levels(dimension: Choice, values: Sequence[Value | None]) -> list[Value]:
    """The choices, and those of earlier rounds."""
    levels = list(dimension.choices)
    for value in values:
        if value is not None and not any(same(value, level) for level in levels):
            levels.append(value)
    return levels


def _counted(dimension: Float | Int, value: Value) -> float:
    """What a value counts by: its logarithm, or its place where there is none."""
    number = float(value)
    if dimension.scale == "log1m" or dimension.low <= 0 or number <= 0:
        return place_of(dimension, number)
    return math.log(number)


_STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60)


def span(low: float, high: float) -> str:
    """``about 2 to 4 minutes``: a span of seconds in numbers that promise no more than they can."""
    if high < 5:
        return "a few seconds"
    (least, unit), (most, last) = _rounded(low), _rounded(high)
    if (least, unit) == (most, last):
        return f"about {_counted_in(most, last)}"
    first = str(least) if unit == last else _counted_in(least, unit)
    return f"about {first} to {_counted_in(most, last)}"


def _rounded(seconds: float) -> tuple[int, str]:
    for size, unit in ((1, "second"), (60, "minute"), (3600, "hour")):
        if seconds < 55 * size and (unit != "hour" or seconds < 36 * size):
            return min(_STEPS, key=lambda step: abs(math.log(max(seconds, 1.0) / size / step))), unit
    return max(round(seconds / 86400), 1), "day"


def _counted_in(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
