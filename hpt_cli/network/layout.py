"""Where each trial's tensors lie in one flat vector.

All weights of a population are one vector, its gradients a second, each moment of the optimizer another: an
optimizer is then a handful of calls whatever the number of layers and trials.  Tensor follows tensor, and
within a tensor trial follows trial, so that

- one tensor of neighboring trials with equal shapes is a stacked array (trials, rows, columns),
- the biases of all trials are one row, added to all trials' columns at once,
- with matrices listed first, what L2 and weight decay act on is one slice.

A trial's own numbers, one tensor after another, are the vector of the layout it would have alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hpt_cli.network.architecture import Convolution, FrontLayer, ImageShape, front_shapes
from hpt_cli.network.arrays import Array, Blocks
from hpt_cli.network.settings import NetworkSettings

Shape = tuple[int, ...]


def weight_shapes(
    settings: NetworkSettings, n_inputs: int, n_outputs: int, image: ImageShape | None = None
) -> dict[str, Shape]:
    """Names and shapes of what training changes: first every matrix, then every row.

    A convolution's ``W`` is (channels out, channels in, kernel, kernel), a dense layer's (D, M).

    Raises:
        ValueError: The settings have a front, and it does not fit ``image``.
    """
    matrices: dict[str, Shape] = {}
    rows: dict[str, Shape] = {}
    shapes = front_shapes(settings.front, image)
    for name, layer, (_, _, channels) in zip(
        front_names(settings.front), settings.front, shapes, strict=False
    ):
        if isinstance(layer, Convolution):
            matrices[f"{name}.W"] = (layer.channels, channels, layer.kernel, layer.kernel)
            _add_rows(rows, name, layer.channels, settings, batch_norm=layer.batch_norm)
    width = math.prod(shapes[-1]) if shapes else n_inputs
    for number, dense in enumerate(settings.dense, 1):
        matrices[f"layer{number}.W"] = (width, dense.units)
        _add_rows(rows, f"layer{number}", dense.units, settings, batch_norm=dense.batch_norm)
        width = dense.units
    return {**matrices, "output.W": (width, n_outputs), **rows, "output.b": (n_outputs,)}


def _add_rows(
    rows: dict[str, Shape], name: str, width: int, settings: NetworkSettings, *, batch_norm: bool
) -> None:
    if not batch_norm:
        rows[f"{name}.b"] = (width,)
    elif settings.batch_norm_affine:  # batch norm takes the mean off, and any bias with it: beta stands in
        rows[f"{name}.gamma"] = (width,)
        rows[f"{name}.beta"] = (width,)


def front_names(front: Sequence[FrontLayer]) -> list[str]:
    """``conv1``, ``conv2``, ... and ``pool1``, ...: each kind counted from 1."""
    names: list[str] = []
    for layer in front:
        kind = "conv" if isinstance(layer, Convolution) else "pool"
        names.append(f"{kind}{1 + sum(name.startswith(kind) for name in names)}")
    return names


def running_shapes(settings: NetworkSettings) -> dict[str, Shape]:
    """Names and shapes of one running statistic of batch norm, for each layer that has it."""
    shapes: dict[str, Shape] = {}
    for name, layer in zip(front_names(settings.front), settings.front, strict=True):
        if isinstance(layer, Convolution) and layer.batch_norm:
            shapes[name] = (layer.channels,)
    for number, dense in enumerate(settings.dense, 1):
        if dense.batch_norm:
            shapes[f"layer{number}"] = (dense.units,)
    return shapes


class Layout:
    """The places of K trials' tensors in one vector.

    Args:
        trials: For each trial its tensors' shapes by name; the names are the same for all.
    """

    def __init__(self, trials: Sequence[Mapping[str, Shape]]) -> None:
        self.trials = [dict(shapes) for shapes in trials]
        self.names = tuple(trials[0])
        sizes = [[int(np.prod(shapes[name])) for shapes in trials] for name in self.names]
        self._sizes = np.array(sizes, np.intp).reshape(len(self.names), len(trials))  # (tensors, K)
        edges = np.concatenate([[0], np.cumsum(self._sizes.ravel())])
        self._starts = edges[:-1].reshape(self._sizes.shape)
        self.size = int(edges[-1])

    def row(self, vector: Array, name: str) -> Array:
        """The view of tensor ``name`` of all trials, one trial after another."""
        index = self.names.index(name)
        start = int(self._starts[index, 0])
        return vector[start : start + int(self._sizes[index].sum())]

    def blocks(self, vector: Array, name: str, runs: Sequence[slice]) -> Blocks:
        """For each run of trials with equal shapes the view (trials, *shape) of tensor ``name``."""
        index = self.names.index(name)
        blocks = []
        for run in runs:
            start, size = int(self._starts[index, run.start]), int(self._sizes[index, run].sum())
            shape = self.trials[run.start][name]
            blocks.append(vector[start : start + size].reshape(run.stop - run.start, *shape))
        return blocks

    @property
    def matrices(self) -> slice:
        """Where the matrices lie."""
        rows = [index for index, name in enumerate(self.names) if not name.endswith(".W")]
        return slice(0, int(self._starts[rows[0], 0]))

    def take(self, vector: Array, trial: int) -> Array:
        """A copy of one trial's numbers, in the order of its own layout."""
        return np.concatenate([vector[place] for place in self._places(trial)] or [vector[:0]])

    def put(self, vector: Array, trial: int, values: Array) -> None:
        """Write one trial's numbers, as :meth:`take` gives them."""
        start = 0
        for place in self._places(trial):
            size = place.stop - place.start
            vector[place] = values[start : start + size]
            start += size

    def _places(self, trial: int) -> list[slice]:
        starts, sizes = self._starts[:, trial], self._sizes[:, trial]
        return [slice(int(start), int(start + size)) for start, size in zip(starts, sizes, strict=True)]

    def spread(self, values: Sequence[float], dtype: npt.DTypeLike) -> Array:
        """One number a trial as an operand for the vector: 0-dimensional if all are equal, else (size,).

        Either way each element meets the same number, rounded the same way.
        """
        if all(value == values[0] for value in values):
            return np.array(values[0], dtype)
        return np.repeat(np.tile(np.array(values, dtype), len(self.names)), self._sizes.ravel())


def named(shapes: Mapping[str, Shape], values: Array) -> dict[str, Array]:
    """One trial's numbers as arrays by name."""
    arrays, start = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        arrays[name] = values[start : start + size].reshape(shape)
        start += size
    return arrays


def spread_columns(values: Sequence[float], widths: Sequence[int], dtype: npt.DTypeLike) -> Array:
    """One number a trial as an operand for rows (W,) of the trials' columns side by side."""
    if all(value == values[0] for value in values):
        return np.array(values[0], dtype)
    return np.repeat(np.array(values, dtype), widths)
