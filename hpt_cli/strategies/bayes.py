"""Bayesian search: a model of the objective chooses where to look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.strategies.base import LearningStrategy
from hpt_cli.strategies.candidates import candidates, nearby
from hpt_cli.strategies.draws import Seen, distinct
from hpt_cli.strategies.encoding import Encoder
from hpt_cli.strategies.sobol import sobol_places

if TYPE_CHECKING:
    from hpt_cli.space import Params
    from hpt_cli.trial import TrialResult

Array = np.ndarray

LEAST_START = 8
"""Points of the start design, or two more than there are dimensions, whichever is more."""
CENTERS = 5
"""How many of the best points, and then of the most promising ones, are looked around."""
CLOSER = (0.05, 0.01)
"""Distances of the second look, around the most promising candidates."""
ROWS = 200
"""The model sees at most so many results: half are the best, the others the latest of the rest."""


class BayesSearch(LearningStrategy):
    """Fits a Gaussian process to the results and tries the point with the greatest expected improvement.

    The first ``max(8, dimensions + 2)`` points (fewer by the trials of earlier rounds in the space) are a
    scrambled Sobol sequence; it goes on until half as many trials have an objective.  Then the model chooses
    among legal, new points all over the space and around the best.  Objectives count by their rank.  A trial
    that did not end well counts as the worst that did.  Results of earlier rounds are part of the evidence,
    wherever they lie.

    Source:
        Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", Journal
        of Global Optimization 13 (1998), https://doi.org/10.1023/A:1008306431147
    """

    name = "bayes"

    def _propose(
        self, number: int, usable: Sequence[TrialResult], pending: Sequence[Params]
    ) -> tuple[Params, str] | None:
        results = [*self._history, *usable]
        taken = Seen(results)
        for params in pending:
            taken.add(params)
        n_start = max(LEAST_START, len(self._space.names) + 2)
        n_before = sum(result.params in self._space for result in self._history)
        encode = Encoder(self._space)
        known = [result for result in results if encode.fits(result.params)]
        n_done = sum(_ended_well(result) for result in known)
        if number + n_before < n_start or n_done < n_start // 2:
            start = self._start(taken)
            return None if start is None else (start, "start")
        chosen = self._model(encode, known, pending, taken, self._rng(number + 1))
        return None if chosen is None else (chosen, "model")

    def _start(self, taken: Seen) -> Params | None:
        """The next point of the start design: the first that was not tried."""
        places = sobol_places(len(self._space.names), self._rng(0))
        return next(distinct(self._space, places, taken, self._rng(0)), None)

    def _model(
        self,
        encode: Encoder,
        known: Sequence[TrialResult],
        pending: Sequence[Params],
        taken: Seen,
        rng: np.random.Generator,
    ) -> Params | None:
        """The most promising candidate, or ``None`` when the space is exhausted."""
        targets = self._targets(known)
        best_first = np.argsort(targets, kind="stable")
        best = (known[i].params for i in best_first)
        centers = list(islice((params for params in best if params in self._space), CENTERS))
        first_look = candidates(self._space, centers, taken, rng)
        if len(first_look) < 2:
            return next(iter(first_look), None)

        from hpt_cli.strategies.surrogate import Surrogate, warped  # scikit-learn takes a second to load

        rows = _selected(best_first)
        model = Surrogate(
            encode([known[i].params for i in rows]),
            warped(targets[rows]),
            seed=int(rng.integers(2**31)),
        )
        if pending:
            model.believe(encode(pending))
        gain = model.expected_improvement(encode(first_look))
        promising = [first_look[i] for i in np.argsort(-gain, kind="stable")[:CENTERS]]
        second_look: list[Params] = [*promising, *nearby(self._space, promising, CLOSER, taken, rng).values()]
        return second_look[int(np.argmax(model.expected_improvement(encode(second_look))))]

    def _targets(self, results: Sequence[TrialResult]) -> Array:
        """What to minimize, (N,); at least one of ``results`` ended well."""
        sign = -1.0 if self._goal == "maximize" else 1.0
        values = [
            sign * r.objective if _ended_well(r) and r.objective is not None else np.nan for r in results
        ]
        targets = np.array(values)
        return np.where(np.isnan(targets), np.nanmax(targets), targets)


def _ended_well(result: TrialResult) -> bool:
    return result.objective is not None and math.isfinite(result.objective)


def _selected(best_first: Array) -> Array:
    """The indices of at most :data:`ROWS` results, ascending."""
    best = best_first[: ROWS // 2]
    others = np.setdiff1d(best_first, best)  # ascending: the latest stand last
    return np.sort(np.concatenate([best, others[-(ROWS - len(best)) :]]))
