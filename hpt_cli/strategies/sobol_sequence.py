"""Scrambled Sobol points: SciPy's, without the half second that importing ``scipy.stats`` takes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Protocol

import numpy as np

BITS = 30
"""Of a coordinate: the sequence has 2^30 points."""
TABLE = Path("stats", "_sobol_direction_numbers.npz")
"""Where SciPy keeps what the sequence is made of."""

Array = np.ndarray


class Points(Protocol):
    """Points of the unit cube, one after the other."""

    def random(self, n: int) -> Array:
        """The next ``n`` points, (n, D), at least 0 and below 1."""


def sobol_sequence(n_dimensions: int, rng: np.random.Generator, *, skip: int = 0) -> Points:
    """A scrambled Sobol sequence in the unit cube.

    Args:
        n_dimensions: Of the cube, from 1 to 21201.
        rng: A generator spawned from it scrambles.
        skip: How many of the first points are left out.

    Raises:
        ValueError: If there are more dimensions than that.
    """
    scipy = importlib.util.find_spec("scipy")
    assert scipy is not None
    assert scipy.origin is not None
    table = Path(scipy.origin).parent / TABLE
    if table.exists():
        return SobolSequence(n_dimensions, rng, table, skip=skip)
    # A SciPy that keeps its table elsewhere has the same points, half a second later.
    from scipy.stats import qmc

    theirs = qmc.Sobol(n_dimensions, seed=rng)
    if skip:
        theirs.fast_forward(skip)
    sequence: Points = theirs
    return sequence


class SobolSequence:
    """A Sobol sequence, scrambled by matrices and a shift: the bits of ``scipy.stats.qmc.Sobol``.

    Args:
        n_dimensions: Of the cube.
        rng: A generator spawned from it scrambles.
        table: SciPy's file of primitive polynomials and first direction numbers.
        skip: How many of the first points are left out.

    Source:
        Sobol, "On the distribution of points in a cube and the approximate evaluation of integrals", USSR
        Computational Mathematics and Mathematical Physics 7 (1967); direction numbers of Joe and Kuo,
        "Constructing Sobol sequences with better two-dimensional projections", SIAM Journal on Scientific
        Computing 30 (2008); scrambled after Matousek, "On the L2-discrepancy for anchored boxes", Journal of
        Complexity 14 (1998).
    """

    def __init__(self, n_dimensions: int, rng: np.random.Generator, table: Path, *, skip: int = 0) -> None:
        (rng,) = rng.spawn(1)
        shifts = rng.integers(0, 2, size=(n_dimensions, BITS), dtype=np.uint32)
        self._shift = shifts @ (1 << np.arange(BITS, dtype=np.uint32))
        mixing = np.tril(rng.integers(0, 2, size=(n_dimensions, BITS, BITS), dtype=np.uint32))
        mixing[:, np.arange(BITS), np.arange(BITS)] = 1
        self._directions = _scrambled(_directions(n_dimensions, table), mixing)
        self._next = skip

    def random(self, n: int) -> Array:
        """The next ``n`` points, (n, D), at least 0 and below 1."""
        indices = np.arange(self._next, self._next + n, dtype=np.uint32)
        self._next += n
        gray = indices ^ (indices >> 1)
        points = np.tile(self._shift, (n, 1))
        for bit in range(int(gray.max(initial=0)).bit_length()):
            points ^= (gray >> bit & 1)[:, np.newaxis] * self._directions[:, bit]
        return points * 0.5**BITS


def _directions(n_dimensions: int, table: Path) -> Array:
    """Direction numbers (D, BITS): the bits of a coordinate that each bit of an index turns over."""
    with np.load(table) as loaded:
        polynomials, starts = loaded["poly"], loaded["vinit"]
    if n_dimensions > len(polynomials):
        raise ValueError(f"a Sobol sequence has at most {len(polynomials)} dimensions, not {n_dimensions}")
    rows = zip(polynomials[1:n_dimensions].tolist(), starts[1:n_dimensions].tolist(), strict=True)
    whole = np.ones((n_dimensions, BITS), dtype=np.uint32)  # the first dimension's numbers stay ones
    for numbers, (polynomial, start) in zip(whole[1:], rows, strict=True):
        degree = polynomial.bit_length() - 1
        numbers[:degree] = start[:degree]
        for j in range(degree, BITS):
            number = int(numbers[j - degree])
            for back in range(1, degree + 1):
                if polynomial >> (degree - back) & 1:
                    number ^= int(numbers[j - back]) << back
            numbers[j] = number
    return whole << np.arange(BITS - 1, -1, -1, dtype=np.uint32)


def _scrambled(directions: Array, mixing: Array) -> Array:
    """The bits of each direction number, the highest first, times the matrix of its dimension modulo 2."""
    weights = np.arange(BITS - 1, -1, -1, dtype=np.uint32)
    bits = directions[:, np.newaxis, :] >> weights[:, np.newaxis] & 1
    mixed = (mixing @ bits & 1) << weights[:, np.newaxis]
    return np.asarray(mixed.sum(axis=1, dtype=np.uint32))
