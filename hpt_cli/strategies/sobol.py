"""Sobol search: random search without its clumps and gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hpt_cli.strategies.base import PlannedStrategy
from hpt_cli.strategies.draws import Seen, distinct

if TYPE_CHECKING:
    from hpt_cli.space import Params

_BLOCK = 64  # a power of two, as the sequence's balance wants its first draw to be


class SobolSearch(PlannedStrategy):
    """A scrambled Sobol sequence: as random as random search point by point, and evenly spread together.

    Points that the constraints refuse, or that a finite space has given before, are skipped.

    Source:
        Sobol, "On the distribution of points in a cube and the approximate evaluation of integrals", USSR
        Computational Mathematics and Mathematical Physics 7 (1967); scrambled after Matousek, "On the
        L2-discrepancy for anchored boxes", Journal of Complexity 14 (1998), as SciPy does it.
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
    from scipy.stats import qmc

    sequence = qmc.Sobol(n_dimensions, scramble=True, seed=rng)
    if skip:
        sequence.fast_forward(skip)
    while True:
        yield from sequence.random(_BLOCK).tolist()
