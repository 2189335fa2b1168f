"""Sobol search: random search without its clumps and gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.strategies.base import PlannedStrategy
from hpt_cli.strategies.draws import Seen, distinct
from hpt_cli.strategies.sobol_sequence import sobol_sequence

if TYPE_CHECKING:
    from hpt_cli.space import Params

_BLOCK = 64  # points that are made at once


class SobolSearch(PlannedStrategy):
    """A scrambled Sobol sequence: as random as random search point by point, and evenly spread together.

    Points that the constraints refuse, or that a finite space has given before, are skipped.

    Source:
        See :class:`~hpt_cli.strategies.sobol_sequence.SobolSequence`.
    """

    name = "sobol"

    def _plan(self) -> Iterator[Params]:
        places = sobol_places(len(self._space.names), self._rng(0))
        return distinct(self._space, places, Seen(self._history), self._rng(1))


def sobol_places(n_dimensions: int, rng: np.random.Generator, *, skip: int = 0) -> Iterator[Sequence[float]]:
    """A scrambled Sobol sequence in the unit cube, without an end for all purposes (it has 2^30 points).

    Args:
        n_dimensions: Of the cube.
        rng: Scrambles.
        skip: How many of its first places are left out.
    """
    if n_dimensions == 0:
        while True:
            yield []
    sequence = sobol_sequence(n_dimensions, rng, skip=skip)
    while True:
        yield from sequence.random(_BLOCK).tolist()
