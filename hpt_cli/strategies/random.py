"""Random search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hpt_cli.strategies.base import PlannedStrategy
from hpt_cli.strategies.draws import Seen, distinct

if TYPE_CHECKING:
    from hpt_cli.space import Params

_BLOCK = 16  # rows a call of the generator: its overhead is that of a row's values


class RandomSearch(PlannedStrategy):
    """Independent draws, uniform on the scales: the baseline for every other strategy.

    What was drawn before is drawn again, so that a finite space is walked in a random order, and ends.

    Source:
        Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13 (2012),
        https://www.jmlr.org/papers/v13/bergstra12a.html
    """

    name = "random"

    def _plan(self) -> Iterator[Params]:
        return distinct(self._space, self._places(), Seen(self._history), self._rng(1))

    def _places(self) -> Iterator[Sequence[float]]:
        rng, n_dimensions = self._rng(0), len(self._space.names)
        while True:
            yield from rng.random((_BLOCK, n_dimensions)).tolist()
