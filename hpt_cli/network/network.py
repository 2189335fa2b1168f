"""A population's layers, stacked, for one number of rows: the way forward and the way back.

Buffers are made once for the largest number of rows; fewer rows (the last batch) use the first part of the
same memory.  On the way back the gradient by a layer's activations lies where the activations were: the layer
above has used them for the last time just before.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpt_cli.network.activations import make_activation
from hpt_cli.network.arrays import Array, Blocks, column_blocks, find_runs, transposed
from hpt_cli.network.batch_norm import BatchNorm, BatchNormInference
from hpt_cli.network.layers import Activate, Dense, Dropout, Layer, Output, Product
from hpt_cli.network.layout import Layout, spread_columns, weight_shapes
from hpt_cli.network.settings import NetworkSettings


@dataclass(frozen=True)
class Shape:
    """What K networks that are trained together look like.

    Args:
        settings: Each trial's.
        n_inputs: D.
        n_outputs: M.
    """

    settings: tuple[NetworkSettings, ...]
    n_inputs: int
    n_outputs: int

    @property
    def depth(self) -> int:
        """Number of hidden layers, the same for all."""
        return len(self.settings[0].widths)

    @property
    def normalizes(self) -> bool:
        """Whether there is a batch norm at all."""
        return self.settings[0].batch_norm and self.depth > 0

    def widths(self, layer: int) -> list[int]:
        """Each trial's columns in hidden layer ``layer`` (from 0)."""
        return [s.widths[layer] for s in self.settings]

    def columns(self, layer: int) -> list[slice]:
        """Each trial's place among the columns of hidden layer ``layer``."""
        edges = [0, *itertools.accumulate(self.widths(layer))]
        return [slice(start, stop) for start, stop in itertools.pairwise(edges)]

    @property
    def runs(self) -> list[slice]:
        """Neighboring trials with equal widths."""
        return find_runs([s.widths for s in self.settings])

    def layout(self) -> Layout:
        """Where the weights lie."""
        return Layout([weight_shapes(s, self.n_inputs, self.n_outputs) for s in self.settings])


class Buffers:
    """Working memory of a stack of layers.

    Args:
        shape: The population's.
        rows: The most rows of one pass.
        training: Make room for what the way back needs.
    """

    def __init__(self, shape: Shape, rows: int, dtype: np.dtype[np.generic], *, training: bool) -> None:
        widths = [sum(shape.widths(layer)) for layer in range(shape.depth)]
        self._widths = widths
        self._a = [np.empty(rows * width, dtype) for width in widths]
        self._z = self._a
        if training and shape.settings[0].batch_norm:
            self._z = [np.empty(rows * width, dtype) for width in widths]
        widest = max(widths, default=0) * rows
        self._spare = np.empty(widest, dtype)
        slopes = widths if training else [max(widths, default=0)]
        self._slopes = [np.empty(rows * width, dtype) for width in slopes]
        self._outputs = np.empty(rows * shape.n_outputs * len(shape.settings), dtype)
        self._output_shape = (shape.n_outputs, len(shape.settings))

    def _view(self, memory: Array, layer: int, rows: int) -> Array:
        return memory[: rows * self._widths[layer]].reshape(rows, self._widths[layer])

    def a(self, layer: int, rows: int) -> Array:
        """Activations (rows, W), later their gradient."""
        return self._view(self._a[layer], layer, rows)

    def z(self, layer: int, rows: int) -> Array:
        """Sums (rows, W): the place of the activations too, unless batch norm keeps them."""
        return self._view(self._z[layer], layer, rows)

    def slope(self, layer: int, rows: int) -> Array:
        """The activation's slope (rows, W); inference shares one, as no one reads it."""
        return self._view(self._slopes[min(layer, len(self._slopes) - 1)], layer, rows)

    def spare(self, layer: int, rows: int) -> Array:
        """Working room (rows, W) within one call of one layer."""
        return self._view(self._spare, layer, rows)

    def outputs(self, rows: int) -> Array:
        """The network's outputs (M, K, rows)."""
        n_outputs, K = self._output_shape
        return self._outputs[: rows * n_outputs * K].reshape(n_outputs, K, rows)


class TrainingStack:
    """The layers of a population for batches of ``rows`` rows.

    Args:
        weights: (size of the layout,).
        grads: The same shape; :meth:`backward` sets every number of it.
    """

    def __init__(
        self, shape: Shape, layout: Layout, buffers: Buffers, rows: int, weights: Array, grads: Array
    ) -> None:
        self.rows = rows
        self.batch_norms: list[BatchNorm] = []
        self.draws = _Draws(shape, rows) if shape.settings[0].dropout else None
        activation = make_activation(shape.settings[0].activation, weights.dtype)
        runs = shape.runs
        layers: list[Layer] = []
        x: Blocks = []
        for layer in range(shape.depth):
            name, widths = f"layer{layer + 1}", shape.widths(layer)
            a, z = buffers.a(layer, rows), buffers.z(layer, rows)
            a_blocks = column_blocks(a, widths, runs)
            W, dW = layout.blocks(weights, f"{name}.W", runs), layout.blocks(grads, f"{name}.W", runs)
            bias = f"{name}.b" in layout.names
            dense = Dense(
                z, column_blocks(z, widths, runs), W, layout.row(weights, f"{name}.b") if bias else None
            )
            dense.bind_gradients(
                a, a_blocks, dW, layout.row(grads, f"{name}.b") if bias else None, x if layer else None
            )
            dense.read(x, transposed(x))
            layers.append(dense)
            slope, spare = buffers.slope(layer, rows), buffers.spare(layer, rows)
            if shape.settings[0].batch_norm:
                layers.append(self._batch_norm(shape, layout, layer, (z, a, spare), weights, grads))
            layers.append(Activate(activation, a, slope, spare))
            if self.draws:
                layers.append(self.draws.layer(layer, a, slope, spare))
            x = a_blocks
        self.outputs = buffers.outputs(rows)
        W, dW = layout.blocks(weights, "output.W", runs), layout.blocks(grads, "output.W", runs)
        b, db = (layout.row(v, "output.b").reshape(-1, shape.n_outputs) for v in (weights, grads))
        output = Output(self.outputs, runs, W, b)
        output.bind_gradients(dW, db, x if shape.depth else None)
        output.read(x, transposed(x))
        layers.append(output)
        self._first = next(layer for layer in layers if isinstance(layer, Product))
        self._forward = [layer.forward for layer in layers]
        self._backward = [layer.backward for layer in reversed(layers) if not isinstance(layer, Dropout)]

    def _batch_norm(
        self,
        shape: Shape,
        layout: Layout,
        layer: int,
        arrays: tuple[Array, Array, Array],
        weights: Array,
        grads: Array,
    ) -> BatchNorm:
        epsilon = spread_columns(
            [s.batch_norm_epsilon for s in shape.settings], shape.widths(layer), weights.dtype
        )
        learned = []
        if shape.settings[0].batch_norm_affine:
            names = [f"layer{layer + 1}.gamma", f"layer{layer + 1}.beta"]
            learned = [layout.row(vector, name) for vector in (weights, grads) for name in names]
        batch_norm = BatchNorm(*arrays, epsilon, *learned)
        self.batch_norms.append(batch_norm)
        return batch_norm

    def read(self, x: Sequence[Array], x_transposed: Sequence[Array]) -> None:
        """Take the next input: see :meth:`hpt_cli.network.layers.Product.read`."""
        self._first.read(x, x_transposed)

    def forward(self) -> None:
        """Compute :attr:`outputs` (M, K, n)."""
        for forward in self._forward:
            forward()

    def backward(self) -> None:
        """Set the gradients from the loss's gradient in :attr:`outputs`."""
        for backward in self._backward:
            backward()


class _Draws:
    """Dropout's uniform numbers for one step: each trial draws its own, layer after layer."""

    def __init__(self, shape: Shape, rows: int) -> None:
        self._shape, self._rows = shape, rows
        sizes = [rows * sum(s.widths) for s in shape.settings]
        edges = np.concatenate([[0], np.cumsum(sizes)])
        self._numbers = np.empty(int(edges[-1]), np.float32)
        self._edges = edges
        self._by_trial = [self._numbers[a:b] for a, b in itertools.pairwise(edges)]

    def draw(self, rngs: Sequence[np.random.Generator]) -> None:
        """Draw for the next step."""
        for rng, numbers in zip(rngs, self._by_trial, strict=True):
            rng.random(None, np.float32, numbers)

    def layer(self, layer: int, a: Array, slope: Array, spare: Array) -> Dropout:
        """The layer bound to its share of the numbers."""
        draws, rates = [], []
        settings, widths, runs = self._shape.settings, self._shape.widths(layer), self._shape.runs
        for run in runs:
            own = settings[run.start].widths
            numbers = self._numbers[self._edges[run.start] : self._edges[run.stop]].reshape(
                run.stop - run.start, -1
            )
            start, stop = self._rows * sum(own[:layer]), self._rows * sum(own[: layer + 1])
            draws.append(numbers[:, start:stop].reshape(run.stop - run.start, self._rows, own[layer]))
            rates.append(np.array([s.dropout for s in settings[run]], np.float32)[:, None, None])
        scale = spread_columns([1 / (1 - s.dropout) for s in settings], widths, a.dtype)
        return Dropout(a, slope, spare, column_blocks(spare, widths, runs), draws, rates, scale)


INFERENCE_ROWS = 256
"""Rows of one pass, the same for all: products round differently for other numbers of rows."""


class Inference:
    """The way forward of a trained population.

    Args:
        weights: (size of the layout,); what they hold when :meth:`outputs` is called counts.
    """

    def __init__(self, shape: Shape, layout: Layout, weights: Array) -> None:
        self._shape, self._layout, self._weights = shape, layout, weights
        self._buffers = Buffers(shape, INFERENCE_ROWS, weights.dtype, training=False)
        self._stacks: dict[int, tuple[Product, list[Layer], Array]] = {}
        widths = [sum(shape.widths(layer)) for layer in range(shape.depth)] if shape.normalizes else []
        self._scales = [np.empty((2, width), weights.dtype) for width in widths]

    def normalize_by(self, statistics: Sequence[tuple[Array, Array]]) -> None:
        """Take each hidden layer's mean and variance (W,), float64, for batch norm."""
        dtype = self._weights.dtype
        for layer, ((mean, variance), scales) in enumerate(zip(statistics, self._scales, strict=True)):
            epsilon = spread_columns(
                [s.batch_norm_epsilon for s in self._shape.settings], self._shape.widths(layer), dtype
            )
            gain = 1 / np.sqrt(variance + epsilon)
            shift = np.zeros_like(gain)
            if f"layer{layer + 1}.gamma" in self._layout.names:
                gain *= self._layout.row(self._weights, f"layer{layer + 1}.gamma")
                shift += self._layout.row(self._weights, f"layer{layer + 1}.beta")
            scales[0], scales[1] = gain, shift - mean * gain

    def outputs(self, x: Array) -> Array:
        """Outputs (M, K, N) for rows ``x`` (N, D)."""
        shape, N = self._shape, len(x)
        outputs = np.empty((shape.n_outputs, len(shape.settings), N), self._weights.dtype)
        for start in range(0, N, INFERENCE_ROWS):
            part = np.asarray(x[start : start + INFERENCE_ROWS], self._weights.dtype, "C")[None]
            rows = part.shape[1]
            if rows not in self._stacks:
                self._stacks[rows] = self._stack(rows)
            first, layers, result = self._stacks[rows]
            inputs = [part] * len(shape.runs)
            first.read(inputs, transposed(inputs))
            for layer in layers:
                layer.forward()
            outputs[:, :, start : start + rows] = result
        return outputs

    def _stack(self, rows: int) -> tuple[Product, list[Layer], Array]:
        shape, layout, weights, buffers = self._shape, self._layout, self._weights, self._buffers
        activation = make_activation(shape.settings[0].activation, weights.dtype)
        runs = shape.runs
        layers: list[Layer] = []
        x: Blocks = []
        for layer in range(shape.depth):
            name, a = f"layer{layer + 1}", buffers.a(layer, rows)
            bias = layout.row(weights, f"{name}.b") if f"{name}.b" in layout.names else None
            blocks = column_blocks(a, shape.widths(layer), runs)
            dense = Dense(a, blocks, layout.blocks(weights, f"{name}.W", runs), bias)
            dense.read(x, transposed(x))
            layers.append(dense)
            if shape.normalizes:
                layers.append(BatchNormInference(a, *self._scales[layer]))
            layers.append(Activate(activation, a, buffers.slope(layer, rows), buffers.spare(layer, rows)))
            x = blocks
        result = buffers.outputs(rows)
        b = layout.row(weights, "output.b").reshape(-1, shape.n_outputs)
        output = Output(result, runs, layout.blocks(weights, "output.W", runs), b)
        output.read(x, transposed(x))
        layers.append(output)
        first = next(layer for layer in layers if isinstance(layer, Product))
        return first, layers, result
