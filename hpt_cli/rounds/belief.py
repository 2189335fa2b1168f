"""Where the optimum may be: a Gaussian process of the results, and the optima of what it holds possible.

The process takes the noise as it was measured.  Functions are drawn from it, each as likely as the results
make it, and the best place of each is one place where the optimum may be.  Many results that agree leave few
such places; noise, few results, or a dimension that does not matter leave them all over the range.

Source:
    Hennig and Schuler, "Entropy Search for Information-Efficient Global Optimization", Journal of Machine
    Learning Research 13 (2012), https://www.jmlr.org/papers/v13/hennig12a.html: the belief about the place of
    the optimum, drawn at points (there to choose the next trial, here to choose the next range).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hpt_cli.noise import Noise
from hpt_cli.rounds.moves import Judged
from hpt_cli.rounds.ranges import place_of
from hpt_cli.space import Choice, Params, SearchSpace
from hpt_cli.strategies.encoding import Encoder
from hpt_cli.strategies.gaussian_process import Kernel, Objective, Posterior, Prior, fit
from hpt_cli.strategies.sobol_sequence import sobol_sequence
from hpt_cli.strategies.surrogate import OBJECTIVE
from hpt_cli.strategies.warps import clipped, standardized

Array = np.ndarray

DRAWS = 200
"""Functions that are drawn."""
SPREAD = 128
"""Places all over the space at which they are drawn; those of the trials and around the best come on top."""
NEAR, CENTERS, DISTANCES = 12, 5, (0.25, 0.1, 0.04)
"""So many places around each of the best trials at each distance, in ranges."""
LENGTH = math.log(0.25) + 0.8
"""Logarithm of a usual length scale, in ranges, of one dimension.  Longer than that of ``bayes``, which looks
for the next dip: here the question is which half is the better one."""
STEPS = 15
"""Of L-BFGS."""
WITHOUT = math.log(100.0)
"""Logarithm of a length scale along which nothing changes."""
LEAST_DEVIATION, LEAST_LOG_NOISE, MOST_LOG_NOISE = 0.1, math.log(1e-6), -0.05
"""Bounds of what is believed of the noise: its logarithm's deviation, and its mean beside a variance of 1."""
ROWS = 400
"""The process sees at most so many trials: the best half of them, and the latest of the others."""


class Belief:
    """What the results say of a space.

    Args:
        space: The space to judge.
        widest: The space of all rounds, which may have more choices.
        trials: All rounds', at least two with different values.
        noise: As measured; ``None`` leaves it to the process.
        rng: For all draws.
    """

    def __init__(
        self,
        space: SearchSpace,
        widest: SearchSpace,
        trials: Sequence[Judged],
        noise: Noise | None,
        rng: np.random.Generator,
    ) -> None:
        self._space, self._rng = space, rng
        frame = space.replace(
            {n: dimension for n, dimension in widest.dimensions.items() if isinstance(dimension, Choice)}
        )
        self._encode = Encoder(frame)
        self._levels = [
            (column, np.array([frame.dimensions[name].to_unit(value) for value in dimension.choices]))
            for column, (name, dimension) in enumerate(space.dimensions.items())
            if isinstance(dimension, Choice)
        ]
        trials = _selected(trials)
        self._numbers = [trial.number for trial in trials]
        self._values = [trial.value for trial in trials]
        self._places = self._encode.places([trial.params for trial in trials])
        worst = max(value for value in self._values if value is not None)
        values = np.array([worst if value is None else value for value in self._values])
        units = clipped(values)
        self._share = 1.0 / np.array([trial.trainings for trial in trials])
        self._y = standardized(units)
        self._kernel = Kernel(self._encode.groups, self._encode.is_choice)
        prior = _prior(noise, values, float(units.std()))
        X = self._encode.features(self._places)
        start = prior.center(self._kernel)
        self._found = fit(self._kernel, prior, X, self._y, start, steps=STEPS, share=self._share)
        self._posterior = Posterior(self._kernel, self._found, X, self._y, self._share)
        self._unit = _per_unit(values) * float(units.std())
        inside = np.array([trial.params in space for trial in trials])
        self._candidates = self._places_to_look(inside)

    @property
    def noise(self) -> float:
        """Standard deviation of a training, in the objective's units, as the process has it."""
        return math.exp(self._found.noise / 2) * self._unit

    def p_values(self) -> list[float]:
        """For each dimension, how likely its evidence is if the objective does not change along it.

        A likelihood ratio test: the process as it was found against the same one with an endless length scale
        in the dimension.  The latter lies at the border of the former, so that half of the chi-squared
        distribution counts.  Calibrated in ``docs/refine.md``.

        Source:
            Self and Liang, "Asymptotic Properties of Maximum Likelihood Estimators and Likelihood Ratio Tests
            under Nonstandard Conditions", JASA 82 (1987), https://doi.org/10.1080/01621459.1987.10478472
        """
        flat = Prior((0.0, 1e9), (0.0, 1e9), (0.0, 1e9), (0.0, 1e9))
        posterior = self._posterior
        objective = Objective(self._kernel, flat, posterior.X, posterior.y, self._share)
        vector = self._found.vector()
        objective(vector)
        with_all = objective.misfit
        found = []
        for index in range(self._kernel.n_groups):
            without = vector.copy()
            without[index] = WITHOUT
            objective(without)
            gain = objective.misfit - with_all
            found.append(0.5 * math.erfc(math.sqrt(gain)) if gain > 0 else 1.0)
        return found

    def optima(self) -> Array:
        """Places (DRAWS, D) where the optimum may be; NaN where a dimension is inactive.

        In the space's ranges, beyond 0 and 1 where a trial outside is among the best; a choice stands at its
        place in the widest space.
        """
        features = self._encode.features(self._candidates)
        drawn = self._posterior.draws(features, DRAWS, self._rng)
        return np.asarray(self._candidates[drawn.argmin(axis=0)])

    def ranked(self) -> list[int]:
        """The numbers of the trials that ended well, what is believed best first."""
        smoothed = self._posterior.smoothed()
        order = np.argsort(smoothed, kind="stable").tolist()
        return [self._numbers[row] for row in order if self._values[row] is not None]

    def spread(self, space: SearchSpace) -> float:
        """Standard deviation of what is expected all over a space, in the objective's units."""
        units = sobol_sequence(len(space.names), self._rng).random(SPREAD)
        columns = []
        for column, (name, dimension) in enumerate(space.dimensions.items()):
            old = self._space.dimensions[name]
            if isinstance(dimension, Choice) or isinstance(old, Choice):
                levels = np.array(self._encode.places([{name: v} for v in dimension.values()])[:, column])
                columns.append(levels[(units[:, column] * len(levels)).astype(int)])
            else:
                low, high = place_of(old, dimension.low), place_of(old, dimension.high)
                columns.append(low + (high - low) * units[:, column])
        legal = self._encode.legal(np.column_stack(columns))
        legal = legal[self._encode.allowed(legal)]
        if len(legal) < 2:
            return 0.0
        mean, _ = self._posterior.predict(self._encode.features(legal))
        return float(mean.std()) * self._unit

    def anywhere(self, count: int) -> list[list[float]]:
        """Draws from the unit cube, ``count`` of them."""
        units: list[list[float]] = self._rng.random((count, self._encode.n_dimensions)).tolist()
        return units

    def promising(self, points: Sequence[Params], count: int, apart: float) -> list[Params]:
        """Those of ``points`` where the most may be gained, any two at least ``apart`` in some dimension."""
        places = self._encode.places(points)
        mean, deviation = self._posterior.predict(self._encode.features(places))
        chosen: list[int] = []
        for index in np.argsort(mean - 2.0 * deviation, kind="stable").tolist():
            away = [np.nanmax(np.abs(places[index] - places[other]), initial=0.0) for other in chosen]
            if all(distance >= apart for distance in away):
                chosen.append(index)
            if len(chosen) == count:
                break
        return [points[index] for index in chosen]

    def _places_to_look(self, inside: Array) -> Array:
        """Where the drawn functions are looked at: the space, the trials, and around the best of them."""
        rng, n_dimensions = self._rng, self._encode.n_dimensions
        spread = self._in_frame(sobol_sequence(n_dimensions, rng).random(SPREAD))
        good = np.array([value is not None for value in self._values])
        smoothed = np.where(good & inside, self._posterior.smoothed(), np.inf)
        best = np.argsort(smoothed, kind="stable")[: min(CENTERS, int((good & inside).sum()))]
        looked = [spread]
        for distance in DISTANCES if len(best) else ():
            start = np.repeat(self._places[best], NEAR, axis=0)
            anywhere = self._in_frame(rng.random(start.shape))
            start = np.where(np.isnan(start), anywhere, start)
            moves = rng.random(start.shape) < rng.random((len(start), 1))
            moves[np.arange(len(start)), rng.integers(n_dimensions, size=len(start))] = True
            stepped = start + np.maximum(distance, 1.0 / self._encode.sizes) * rng.standard_normal(
                start.shape
            )
            stepped = np.where(self._encode.is_choice, anywhere, np.clip(stepped, 0.0, 1.0))
            looked.append(np.where(moves, stepped, start))
        legal = self._encode.legal(np.vstack(looked))
        return np.vstack([legal[self._encode.allowed(legal)], self._places[good]])

    def _in_frame(self, units: Array) -> Array:
        """Places of the space's unit cube (N, D) in that of the frame, whose choices may be more."""
        places = units.copy()
        for column, levels in self._levels:
            index = np.minimum((units[:, column] * len(levels)).astype(int), len(levels) - 1)
            places[:, column] = levels[index]
        return places


def _selected(trials: Sequence[Judged]) -> list[Judged]:
    if len(trials) <= ROWS:
        return list(trials)
    ranked = sorted(
        trials, key=lambda t: (t.value is None, t.value if t.value is not None else 0.0, t.number)
    )
    best = {trial.number for trial in ranked[: ROWS // 2]}
    latest = [trial.number for trial in trials if trial.number not in best][-(ROWS - len(best)) :]
    kept = best | set(latest)
    return [trial for trial in trials if trial.number in kept]


def _per_unit(values: Array) -> float:
    """How much of the objective one unit of :func:`clipped` is."""
    ascent = values - values.min()
    return float(np.median(ascent)) or float(ascent.mean()) or 1.0


def _prior(noise: Noise | None, values: Array, deviation: float) -> Prior:
    """What is believed beforehand: the noise as measured, as surely as it was measured."""
    of_noise = OBJECTIVE.noise
    if noise is not None:
        doubt = max(LEAST_DEVIATION, math.sqrt(2.0 / noise.paired_freedom))
        measured = (noise.paired / (_per_unit(values) * (deviation or 1.0))) ** 2
        mean = math.log(measured) if measured > 0 else LEAST_LOG_NOISE
        of_noise = (min(max(mean, LEAST_LOG_NOISE), MOST_LOG_NOISE), doubt)
    return Prior((LENGTH, 1.0), OBJECTIVE.choice_length, OBJECTIVE.variance, of_noise)
