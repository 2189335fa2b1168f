"""What bayes search asks of a model, and the model made of Gaussian processes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hpt_cli.strategies.acquisition import log_expected_improvement, log_success
from hpt_cli.strategies.gaussian_process import Hyperparameters, Kernel, Posterior, Prior, fit, order
from hpt_cli.strategies.warps import clipped, selected, standardized

if TYPE_CHECKING:
    from hpt_cli.strategies.encoding import Encoder
    from hpt_cli.strategies.evidence import Evidence

Array = np.ndarray

OBJECTIVE = Prior(
    length=(math.log(0.25), 1.0), choice_length=(math.log(0.7), 1.0), variance=(0.0, 1.0), noise=(-8.0, 3.0)
)
"""Of the warped and standardized objective: smooth, hardly noisy, but open to being told otherwise."""
SUCCESS = Prior(
    length=(math.log(0.5), 0.5),
    choice_length=(math.log(0.7), 0.5),
    variance=(0.0, 0.5),
    noise=(math.log(0.1), 0.5),
)
"""Of success, 1 or -1: a step, to which a free fit answers with length scales near 0 and learns nothing."""
DOUBT = math.log(2.0)
"""How much shorter the logarithms of length scales are for a doubtful belief."""
PLATEAU, RISE, MOST_ASKED = 2, 0.5, 3.0
"""So many equally good results may be chance; each further one raises the improvement that must be expected.

In standard deviations of the targets, up to the last.  Without it, a search on a plateau (accuracy on a few
hundred rows has them) goes on measuring it, since a tiny improvement there seems likelier than a large one
elsewhere: 50 trials in one cell of a table, in one case.
"""
LITTLE_NOISE = 0.03
"""Variance of the noise, in variances of the targets, up to which a plateau is taken for one."""
ROWS = 400
"""The posterior sees at most so many results: half are the best, the others the latest of the rest."""
FIT_ROWS = 150
"""The same for a fit of the hyperparameters, whose price is some dozen posteriors."""
EVERY = 32
"""From twice as many results on, hyperparameters are fitted at every second result, then every fourth, ..."""
FIRST_ANCHOR, ANCHOR_GROWTH = 8, 1.5
"""Numbers of results at which a fit is thorough; every other fit starts from the last thorough one."""
THOROUGH, QUICK = 40, 8
"""Steps of L-BFGS of the two kinds of fit."""
ORDER = 3.0
"""How much greater the log likelihood of results must be than that of nothing but noise: odds of 20 to 1."""
JUDGED = 12
"""Fewer results than these say nothing of order."""
MOSTLY_NOISE = math.log(0.5)
"""The noise with which a second fit starts where the first one found no order."""


class Belief(Protocol):
    """What is believed after some results."""

    @property
    def strides(self) -> Array:
        """How far a step in each dimension goes, relative to the others, (D,)."""

    def means(self) -> Array:
        """What is believed of each row of the evidence, (N,), NaN where nothing is; less is better."""

    def believe(self, places: Array) -> None:
        """Take what is expected at pending places (N, D) for true, so that they are not proposed again."""

    def promise(self, places: Array) -> Array:
        """How much is to be gained at places (N, D), on a scale that only orders them, (N,)."""

    @property
    def orderly(self) -> bool:
        """Whether results are much likelier under the model than as nothing but noise, or too few to say."""


class Model(Protocol):
    """Beliefs from evidence: a pure function of it and of the number of results."""

    def after(self, n: int, *, doubtful: bool = False) -> Belief:
        """What is believed after the first ``n`` results of the round, at least two of which ended well.

        Args:
            n: How many results.
            doubtful: Whether to take the objective for less regular than it seems.
        """

    def revise(self, n: int) -> None:
        """Forget what rests on result ``n`` of the round or on later ones: it was told anew."""


@dataclass(frozen=True)
class Fit:
    """What a fit found: the hyperparameters of the two processes, and whether there is any order."""

    objective: Hyperparameters
    success: Hyperparameters
    orderly: bool = True


class ProcessModel:
    """Gaussian processes: one of the warped objective and, once a trial has failed, one of success.

    Hyperparameters are fitted after fixed numbers of results, on those results alone, and each fit starts
    from that after an earlier fixed number; so a belief does not depend on which suggestions were asked for
    in this process, and a resumed search repeats about log(n) fits, not n.

    Args:
        encode: Turns places into features.
        evidence: The results, which may grow.
    """

    def __init__(self, encode: Encoder, evidence: Evidence) -> None:
        self._encode, self._evidence = encode, evidence
        self._kernel = Kernel(encode.groups, encode.is_choice)
        self._fits: dict[int, Fit] = {}

    def revise(self, n: int) -> None:
        """As in :class:`Model`."""
        self._fits = {m: fit for m, fit in self._fits.items() if m <= n}

    def after(self, n: int, *, doubtful: bool = False) -> ProcessBelief:
        """As in :class:`Model`."""
        n_rows = len(self._evidence.rows(n)[1])
        period = max(1, 2 ** (int(math.log2(max(n_rows, 1) / EVERY)))) if n_rows > EVERY else 1
        fit = self._fit(n - n % period)
        if doubtful:
            shorter = replace(fit.objective, lengths=fit.objective.lengths - DOUBT)
            fit = replace(fit, objective=shorter)
        return ProcessBelief(
            self._kernel, fit, self._encode, *self._evidence.rows(n), self._evidence.doubts(n)
        )

    def _fit(self, n: int) -> Fit:
        """The fit after ``n`` results, from that at the last anchor before."""
        if n in self._fits:
            return self._fits[n]
        anchors = [0]
        while (anchor := int(FIRST_ANCHOR * ANCHOR_GROWTH ** (len(anchors) - 1))) <= n:
            anchors.append(anchor)
        is_anchor = n == anchors[-1]
        if is_anchor:
            anchors.pop()
        if anchors:
            start = self._fit(anchors[-1])
        else:
            start = Fit(OBJECTIVE.center(self._kernel), SUCCESS.center(self._kernel))
        made = self._fitted(n, start, THOROUGH if is_anchor else QUICK)
        # what is not an anchor is not needed once later numbers are asked for
        self._fits = {m: kept for m, kept in self._fits.items() if m in anchors}
        self._fits[n] = made
        return made

    def _fitted(self, n: int, start: Fit, steps: int) -> Fit:
        places, values = self._evidence.rows(n)
        good = np.flatnonzero(~np.isnan(values))
        if np.isfinite(values).sum() < 2:
            return start
        units = clipped(values[good])
        rows = selected(units, FIT_ROWS)
        X, units = self._encode.features(places[good[rows]]), units[rows]
        doubts = self._evidence.doubts(n)
        of_rows = 0.0 if doubts is None else doubts[good[rows]]
        y = standardized(units)

        def fitted(first: Hyperparameters) -> tuple[Hyperparameters, float]:
            found = fit(self._kernel, OBJECTIVE, X, y, first, steps=steps, doubts=of_rows)
            return found, order(self._kernel, found, X, y, doubts=of_rows)

        objective, found = fitted(start.objective)
        if found < ORDER and len(rows) >= JUDGED:
            noisy = replace(OBJECTIVE.center(self._kernel), noise=MOSTLY_NOISE)
            objective, found = max((objective, found), fitted(noisy), key=lambda each: each[1])
        success = start.success
        if len(good) < len(values):
            labels = np.where(np.isnan(values), -1.0, 1.0)
            recent = slice(-FIT_ROWS, None)
            X = self._encode.features(places[recent])
            success = fit(self._kernel, SUCCESS, X, labels[recent], start.success, steps=steps)
        return Fit(objective, success, found > ORDER or len(rows) < JUDGED)


class ProcessBelief:
    """What the processes believe after some results."""

    def __init__(
        self,
        kernel: Kernel,
        fit: Fit,
        encode: Encoder,
        places: Array,
        values: Array,
        doubts: Array | None = None,
    ) -> None:
        self._encode = encode
        self.orderly = fit.orderly
        """As in :class:`Belief`."""
        good = np.flatnonzero(~np.isnan(values))
        units = clipped(values[good])
        rows = selected(units, ROWS)
        self._n, self._rows = len(values), good[rows]
        X = encode.features(places[self._rows])
        noise = 0.0 if doubts is None else doubts[self._rows]
        targets = standardized(units[rows])
        self._objective = Posterior(kernel, fit.objective, X, targets, doubts=noise)
        self._smoothed = self._objective.smoothed()
        self._best = float(self._smoothed.min())
        n_level = int((values[good] == values[good].min()).sum())
        exact = math.exp(fit.objective.noise) < LITTLE_NOISE  # else equal values are luck, not a plateau
        self._asked = min(MOST_ASKED, RISE * max(0, n_level - PLATEAU)) if exact else 0.0
        self._success: Posterior | None = None
        if len(good) < len(values):
            self._shun(encode.features(places[np.isnan(values)][-ROWS // 2 :]))
            labels = np.where(np.isnan(values), -1.0, 1.0)[-ROWS:]
            self._success = Posterior(kernel, fit.success, encode.features(places[-ROWS:]), labels)
        lengths = np.exp(fit.objective.lengths)
        self._strides = np.ones(encode.n_dimensions)
        present = np.unique(encode.groups)
        typical = math.exp(float(np.log(lengths[present]).mean())) if len(present) else 1.0
        self._strides[present] = np.clip(lengths[present] / typical, 0.25, 4.0)

    @property
    def strides(self) -> Array:
        """As in :class:`Belief`."""
        return self._strides

    def means(self) -> Array:
        """As in :class:`Belief`."""
        means = np.full(self._n, math.nan)
        means[self._rows] = self._smoothed
        return means

    def _shun(self, X: Array) -> None:
        """Expect at points ``X`` (N, F) that failed what the model does, but no improvement.

        Nothing was measured there, so the hyperparameters know nothing of it; but as long as the place
        looked unknown, improvement would be expected.
        """
        mean, _ = self._objective.predict(X)
        self._objective = self._objective.with_rows(X, np.maximum(mean, self._best))

    def believe(self, places: Array) -> None:
        """As in :class:`Belief`.

        Source:
            "Kriging believer" in Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to parallelize
            optimization" (2010), https://doi.org/10.1007/978-3-642-10701-6_6
        """
        X = self._encode.features(places)
        mean, _ = self._objective.predict(X)
        self._objective = self._objective.with_rows(X, mean)
        self._best = min(self._best, float(mean.min()))

    def promise(self, places: Array) -> Array:
        """The logarithm of the expected improvement times the chance that the trial ends well."""
        X = self._encode.features(places)
        gain = log_expected_improvement(*self._objective.predict(X), self._best - self._asked)
        if self._success is not None:
            gain += log_success(*self._success.predict(X))
        return gain
