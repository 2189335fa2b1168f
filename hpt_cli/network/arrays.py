"""The few array idioms that the rest of the network is written in.

Shapes use N or n (rows), D (features in), M (outputs), C (classes), K (trials of a population) and W (the
widths of all trials' layers, side by side).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Blocks = list[Array]
"""For each run of trials with equal widths (:func:`find_runs`) an array (trials, rows, columns)."""


def constant(value: float, dtype: npt.DTypeLike) -> Array:
    """``value`` as a 0-dimensional array: in a ufunc call half as expensive as a NumPy scalar or a float."""
    return np.array(value, dtype)


def find_runs(widths: Sequence[object]) -> list[slice]:
    """Slices of neighboring trials with equal widths: their matrix products can share one call."""
    runs, start = [], 0
    for stop in range(1, len(widths) + 1):
        if stop == len(widths) or widths[stop] != widths[start]:
            runs.append(slice(start, stop))
            start = stop
    return runs


def column_blocks(side_by_side: Array, widths: Sequence[int], runs: Sequence[slice]) -> Blocks:
    """Views (trials of the run, n, width) of an array (n, W) that holds the trials' columns side by side."""
    edges = np.concatenate([[0], np.cumsum(widths)])
    blocks = []
    for run in runs:
        columns = side_by_side[:, edges[run.start] : edges[run.stop]]
        split = columns.reshape(len(columns), run.stop - run.start, widths[run.start])  # splitting is a view
        blocks.append(split.transpose(1, 0, 2))
    return blocks


def transposed(blocks: Sequence[Array]) -> Blocks:
    """Views with each trial's matrix transposed."""
    return [block.transpose(0, 2, 1) for block in blocks]


Multiply = Callable[[Array, Array, Array], object]
"""``multiply(a, b, out)``: matrix products, trial by trial."""


def multipliers(outs: Sequence[Array], inner: Sequence[int]) -> list[Multiply]:
    """For each run, whose results (trials, m, n) go to ``outs``, a product over k = ``inner`` numbers."""
    return [multiplier(out.shape, k, out.dtype) for out, k in zip(outs, inner, strict=True)]


def multiplier(shape: tuple[int, ...], k: int, dtype: npt.DTypeLike) -> Multiply:
    """The product (..., m, n), of that ``shape``, of (..., m, k) and (..., k, n).

    Its bits depend on the numbers alone.  ``np.matmul`` makes one BLAS call a matrix, and what comes out does
    not depend on where the operands lie in memory; except for a single row or column, which BLAS multiplies
    in another way (OpenBLAS 0.3.31: with other bits at another place in 10 % of the cases tried).  A second
    row or column of zeros avoids that.
    """
    *stack, m, n = shape
    if m > 1 and n > 1:
        return np.matmul
    a_padded = np.zeros((*stack, 2, k), dtype) if m == 1 else None
    b_padded = np.zeros((*stack, k, 2), dtype) if n == 1 else None
    out_padded = np.empty((*stack, max(m, 2), max(n, 2)), dtype)
    result = out_padded[..., :m, :n]

    def multiply(a: Array, b: Array, out: Array) -> None:
        if a_padded is not None:
            a_padded[..., :1, :] = a
            a = a_padded
        if b_padded is not None:
            b_padded[..., :1] = b
            b = b_padded
        np.matmul(a, b, out_padded)
        out[...] = result

    return multiply


def row_adder(columns: int) -> Callable[[Array, Array], None]:
    """A function ``add(x, out)`` that sums the rows of ``x`` (n, columns) into ``out`` (columns,).

    The order of the additions must not depend on how many trials lie side by side.  NumPy adds whole rows
    one after another, except that it sums a single column pairwise; ``accumulate`` keeps to the order there.
    """
    return _add_rows if columns > 1 else _add_single_column


def _add_rows(x: Array, out: Array) -> None:
    np.add.reduce(x, 0, None, out)  # type: ignore[call-overload]


def _add_single_column(x: Array, out: Array) -> None:
    out[0] = np.add.accumulate(x[:, 0])[-1]


REPEATED_NUMBERS = 1 << 14
"""Up to so many numbers, a row meets a matrix faster as a repeated copy: NumPy's broadcast costs a share of a
microsecond and 20 to 40 ns for each row, a copy a third of that.  Larger copies cost more than they save."""


def repeater(room: Array) -> Callable[[Array], Array]:
    """A function that makes of a row what meets an array of the shape of ``room`` number by number.

    What it returns is the row repeated, in ``room``, or the row itself where NumPy's broadcast is faster: the
    same numbers either way.
    """

    def repeated(row: Array) -> Array:
        room[...] = row
        return room

    return repeated if room.size <= REPEATED_NUMBERS else _itself


def _itself(row: Array) -> Array:
    return row


def row_sums(x: Array) -> Array:
    """Sums (K,) of ``x`` (K, N) over N in float64, in an order that does not depend on K."""
    sums: Array = np.add.reduce(np.ascontiguousarray(x, np.float64), axis=1)
    return sums
