"""What a search knows: the told results as arrays, kept as they come instead of made for every suggestion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.strategies.draws import digest
from hpt_cli.trial import Status

if TYPE_CHECKING:
    from hpt_cli.strategies.encoding import Encoder
    from hpt_cli.trial import TrialResult

Array = np.ndarray

WARM_NOISE = 0.25
"""Results of earlier studies are taken to be off by half a standard deviation of all, in either direction."""


class Evidence:
    """Results in order, as rows.  Only those with a place in the space are rows; all count as taken.

    Args:
        encode: Finds the places.
        maximize: Whether a high objective is better; ``values`` are negated then.
        history: Results of earlier rounds; they come first, and ``n`` does not count them.
        curve: The metric whose curve says what a pruned trial was worth; ``None`` if there is none.
        warm: Results of earlier studies; they come before all, and do not count as taken.
    """

    def __init__(
        self,
        encode: Encoder,
        *,
        maximize: bool,
        history: Sequence[TrialResult] = (),
        curve: str | None = None,
        warm: Sequence[TrialResult] = (),
    ) -> None:
        self._encode, self._sign, self._curve = encode, -1.0 if maximize else 1.0, curve
        self._estimated: tuple[int, Array] | None = None  # the values of so many rows, as last asked for
        self._ends: list[int] = []  # how many rows there are after each result
        self._n_rows = 0
        self._of_rows: list[TrialResult] = []
        self._places = np.empty((16, encode.n_dimensions))
        self._values = np.empty(16)
        self._digests: dict[int, int] = {}  # of each point, by which result it was first taken
        for result in warm:
            self._append(result)
        self.n_warm = self._n_rows
        """How many rows, the first, are of earlier studies."""
        for result in history:
            self._append(result)
            self._digests.setdefault(digest(result.params), -1)
        self._n_history_rows = self._n_rows

    def update(self, results: Sequence[TrialResult]) -> None:
        """Take in ``results``, those of the round so far, in order; of those known no notice is taken."""
        for result in results[len(self._ends) :]:
            self._digests.setdefault(digest(result.params), len(self._ends))
            self._append(result)
            self._ends.append(self._n_rows)

    def forget(self, number: int) -> None:
        """Forget result ``number`` and those after it."""
        if number >= len(self._ends):
            return
        del self._ends[number:]
        self._n_rows = self._ends[-1] if self._ends else self._n_history_rows
        del self._of_rows[self._n_rows :]
        self._estimated = None
        self._digests = {point: n for point, n in self._digests.items() if n < number}

    def _append(self, result: TrialResult) -> None:
        if not self._encode.fits(result.params):
            return
        if self._n_rows == len(self._values):
            self._places = np.concatenate([self._places, np.empty_like(self._places)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._places[self._n_rows] = self._encode.places([result.params])[0]
        self._values[self._n_rows] = self._value(result)
        self._of_rows.append(result)
        self._n_rows += 1

    def _value(self, result: TrialResult) -> float:
        if result.status is Status.PRUNED:
            return math.inf
        if result.objective is None or not math.isfinite(result.objective):
            return math.nan
        return self._sign * result.objective

    def result(self, row: int) -> TrialResult:
        """The result that is in a row."""
        return self._of_rows[row]

    def rows(self, n: int) -> tuple[Array, Array]:
        """Places (N, D) and values (N,) of the first ``n`` results, less is better.

        NaN where a trial did not end well.  A pruned one has the value that it may have come to, see
        :func:`estimated`; infinity, which is known to be poor, where nothing says what that is.
        """
        end = self._ends[n - 1] if n else self._n_history_rows
        values = self._values[:end]
        if self._curve is not None and np.isinf(values).any():
            if self._estimated is None or self._estimated[0] != end:
                self._estimated = end, estimated(values, self._of_rows[:end], self._curve, self._sign)
            values = self._estimated[1]
        return self._places[:end], values

    def doubts(self, n: int) -> Array | None:
        """The variance of noise that is added to each row's own, (N,), in variances of the targets.

        ``None`` without earlier studies.
        """
        if not self.n_warm:
            return None
        doubts = np.zeros(len(self.rows(n)[1]))
        doubts[: self.n_warm] = WARM_NOISE
        return doubts

    def taken(self, point: int, n: int) -> bool:
        """Whether one of the history and the first ``n`` results has the point of that digest."""
        return self._digests.get(point, n) < n


def estimated(values: Array, results: Sequence[TrialResult], metric: str, sign: float) -> Array:
    """Values (N,) in which infinity, of pruned trials, is replaced by what the trials may have come to.

    That is the last value of the curve and what trials that were done had gained, in the middle, from that
    epoch to their end; but no better than half of those that were done, since it lost against such.

    Args:
        values: Less is better.
        results: The trials (N).
        metric: Of the curve.
        sign: -1 where more of the metric is better.
    """
    filled = values.copy()
    finals = values[np.isfinite(values)]
    curves = [sign * _mean_curve(result, metric) for result in results]
    gains: dict[int, float | None] = {}
    for row in np.flatnonzero(np.isinf(values)):
        epoch = len(curves[row])
        if epoch and epoch not in gains:
            found = [
                value - curve[epoch - 1]
                for value, curve in zip(values, curves, strict=True)
                if np.isfinite(value) and len(curve) >= epoch
            ]
            gains[epoch] = float(np.median(found)) if found else None
        gain = gains.get(epoch)
        if gain is not None:
            filled[row] = max(curves[row][-1] + gain, float(np.median(finals)))
    return filled


def _mean_curve(result: TrialResult, metric: str) -> Array:
    """The mean of the repeats' curves, as far as all of them go."""
    curves = [repeat.history.get(metric, ()) for repeat in result.repeats]
    length = min(map(len, curves), default=0)
    if not length:
        return np.zeros(0)
    return np.asarray(np.array([curve[:length] for curve in curves], dtype=float).mean(axis=0))
