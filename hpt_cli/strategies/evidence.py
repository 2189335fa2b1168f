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


class Evidence:
    """Results in order, as rows.  Only those with a place in the space are rows; all count as taken.

    Args:
        encode: Finds the places.
        maximize: Whether a high objective is better; ``values`` are negated then.
        history: Results of earlier rounds; they come first, and ``n`` does not count them.
    """

    def __init__(self, encode: Encoder, *, maximize: bool, history: Sequence[TrialResult] = ()) -> None:
        self._encode, self._sign = encode, -1.0 if maximize else 1.0
        self._ends: list[int] = []  # how many rows there are after each result
        self._n_rows = 0
        self._of_rows: list[TrialResult] = []
        self._places = np.empty((16, encode.n_dimensions))
        self._values = np.empty(16)
        self._digests: dict[int, int] = {}  # of each point, by which result it was first taken
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

        NaN where a trial did not end well; infinity where it was pruned, which is known to be poor.
        """
        end = self._ends[n - 1] if n else self._n_history_rows
        return self._places[:end], self._values[:end]

    def taken(self, point: int, n: int) -> bool:
        """Whether one of the history and the first ``n`` results has the point of that digest."""
        return self._digests.get(point, n) < n
