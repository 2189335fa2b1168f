"""The batches of an epoch: each trial's own order of the rows, gathered a few steps at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hpt_cli.network.arrays import Array, transposed
from hpt_cli.network.initialization import SHUFFLE
from hpt_cli.network.losses import Loss, Target

CHUNK_BYTES = 1 << 20
"""About what is gathered at once: fewer calls, and it still lies in a cache when the steps read it."""


class Batch(NamedTuple):
    """One step's rows.

    Args:
        rows: n of the batch.
        x: By run of trials, (trials, n, D), or (1, n, D) if all trials have the same order.
        x_transposed: Their transposed views.
        target: What the loss wants.
        weight: Each row's class weight (K n,), or ``None``.
    """

    rows: int
    x: list[Array]
    x_transposed: list[Array]
    target: Target
    weight: Array | None


def steps_of_epoch(n_rows: int, batch_size: int, *, batch_norm: bool) -> list[int]:
    """Rows of each step of an epoch.  Under batch norm a last batch of one row is dropped: it has no
    variance.

    Raises:
        ValueError: A single training row under batch norm.
    """
    size = min(batch_size, n_rows)
    steps = [size] * (n_rows // size)
    if rest := n_rows % size:
        steps.append(rest)
    if batch_norm and steps[-1] == 1:
        steps.pop()
    if not steps:
        raise ValueError("batch_norm: the training part has a single row, and batch norm needs at least 2")
    return steps


class Batches:
    """Gathers the batches of K trials.

    Args:
        x: Training rows (N, D); may be a memory map.
        y: Targets (N,).
        steps: Rows of each step: see :func:`steps_of_epoch`.
        seeds: Each trial's; trials of one seed see the rows in the same order.
        runs: The runs of trials with equal widths.
        losses: The bound loss for each number of rows: makes the targets.
        class_weights: A weight a class (C,), or ``None``.
        dtype: Of what is gathered.
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        steps: Sequence[int],
        seeds: Sequence[int],
        runs: Sequence[slice],
        losses: Mapping[int, Loss],
        class_weights: Array | None,
        dtype: np.dtype[np.generic],
    ) -> None:
        self._x, self._y, self._steps, self._seeds, self._runs = x, y, steps, seeds, runs
        self._losses, self._class_weights, self._dtype = losses, class_weights, dtype
        self._orders = len(seeds) if len(set(seeds)) > 1 else 1
        self._size = steps[0]
        self._full = sum(rows == self._size for rows in steps)
        step_bytes = self._orders * self._size * x.shape[1] * dtype.itemsize
        self._chunk = max(1, min(self._full, CHUNK_BYTES // step_bytes))
        self._memory = np.empty((self._chunk, self._orders, self._size, x.shape[1]), dtype)
        self._views = self._views_of(self._memory)
        self._last_memory = np.empty((len(steps) - self._full, self._orders, steps[-1], x.shape[1]), dtype)
        self._last_views = self._views_of(self._last_memory)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The epoch's batches; each is valid until the next is taken."""
        orders = self._shuffled(epoch)
        for start in range(0, self._full, self._chunk):
            stop = min(start + self._chunk, self._full)
            rows = orders[:, start * self._size : stop * self._size]
            order = rows.reshape(self._orders, stop - start, self._size).transpose(1, 0, 2)
            yield from self._gathered(order, self._memory[: stop - start], self._views)
        if self._full < len(self._steps):
            start = self._full * self._size
            order = orders[None, :, start : start + self._steps[-1]]
            yield from self._gathered(order, self._last_memory, self._last_views)

    def _shuffled(self, epoch: int) -> Array:
        """Each trial's order of the rows (orders, N), made of nothing but its seed and the epoch."""
        orders = {}
        for seed in self._seeds[: self._orders]:
            if seed not in orders:
                rng = np.random.default_rng(np.random.SeedSequence([seed, SHUFFLE, epoch]))
                orders[seed] = rng.permutation(len(self._x))
        return np.stack([orders[seed] for seed in self._seeds[: self._orders]])

    def _views_of(self, memory: Array) -> list[tuple[list[Array], list[Array]]]:
        views = []
        for step in memory:
            x = [step[run] if self._orders > 1 else step for run in self._runs]
            views.append((x, transposed(x)))
        return views

    def _gathered(
        self, order: Array, memory: Array, views: list[tuple[list[Array], list[Array]]]
    ) -> Iterator[Batch]:
        """The batches of the rows ``order`` (steps, orders, n), copied to ``memory``."""
        if self._x.dtype == self._dtype:
            self._x.take(order, 0, memory, "clip")  # without "clip" NumPy gathers into a copy first
        else:
            memory[...] = self._x.take(order, 0)
        steps, _, rows = order.shape
        y = np.broadcast_to(self._y.take(order), (steps, len(self._seeds), rows))
        targets = self._losses[rows].targets(y)
        weights: Sequence[Array | None] = [None] * steps
        if self._class_weights is not None:
            weights = list(self._class_weights.take(y).reshape(steps, -1))
        for (x, x_transposed), target, weight in zip(views, targets, weights, strict=False):
            yield Batch(rows, x, x_transposed, target, weight)


def balanced_weights(y: Array, n_classes: int) -> Array:
    """Weights (C,) in inverse proportion to the classes' rows, with mean 1 over the rows: N / (C count)."""
    counts = np.bincount(y, minlength=n_classes)
    present = int(np.count_nonzero(counts))
    return len(y) / (present * np.maximum(counts, 1))
