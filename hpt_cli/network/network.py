"""A population's layers, stacked, for one number of rows: the way forward and the way back.

Buffers are made once for the largest number of rows; fewer rows (the last batch) use the first part of the
same memory.  On the way back the gradient by a layer's activations lies where the activations were: the layer
above has used them for the last time just before.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpt_cli.network.activations import make_activation
from hpt_cli.network.architecture import Convolution, FrontLayer, ImageShape, front_shapes
from hpt_cli.network.arrays import Array, Blocks, column_blocks, find_runs, transposed
from hpt_cli.network.batch_norm import BatchNorm, BatchNormInference
from hpt_cli.network.convolution import ReadImages
from hpt_cli.network.front import Front, Memory, Training
from hpt_cli.network.layers import Activate, Dense, Dropout, Layer, Output, Product
from hpt_cli.network.layout import Layout, front_names, running_shapes, spread_columns, weight_shapes
from hpt_cli.network.settings import NetworkSettings


@dataclass(frozen=True)
class Shape:
    """What K networks that are trained together look like.

    Args:
        settings: Each trial's.
        n_inputs: D.
        n_outputs: M.
        image: Height, width and channels that a row's numbers are, in this order; ``None`` if they are none.
    """

    settings: tuple[NetworkSettings, ...]
    n_inputs: int
    n_outputs: int
    image: ImageShape | None = None

    @property
    def depth(self) -> int:
        """Number of dense hidden layers, the same for all."""
        return len(self.settings[0].dense)

    @property
    def front(self) -> tuple[FrontLayer, ...]:
        """The convolutions and poolings, the same for all but for the rate of their dropout."""
        return self.settings[0].front

    @property
    def norms(self) -> dict[str, list[int]]:
        """By the name of each layer with batch norm, each trial's number of features there."""
        running = [running_shapes(s) for s in self.settings]
        return {name: [shapes[name][0] for shapes in running] for name in running[0]}

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
        shapes = [weight_shapes(s, self.n_inputs, self.n_outputs, self.image) for s in self.settings]
        return Layout(shapes)

    def pixels(self) -> dict[str, int]:
        """By the name of each layer with batch norm, how many numbers of a row each feature has there."""
        images = dict(zip(front_names(self.front), front_shapes(self.front, self.image)[1:], strict=True))
        return {name: images[name][0] * images[name][1] if name in images else 1 for name in self.norms}


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
        if training:
            norms = [layer.batch_norm for layer in shape.settings[0].dense]
            self._z = [
                np.empty(rows * width, dtype) if norm else a
                for width, norm, a in zip(widths, norms, self._a, strict=True)
            ]
        widest = max(widths, default=0) * rows
        self._spare = np.empty(widest, dtype)
        slopes = widths if training else [max(widths, default=0)]
        self._slopes = [np.empty(rows * width, dtype) for width in slopes]
        self._outputs = np.empty(rows * shape.n_outputs * len(shape.settings), dtype)
        self._output_shape = (shape.n_outputs, len(shape.settings))
        self.front = Memory(dtype)

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
        self.norms: dict[str, BatchNorm] = {}
        self.draws = _Draws(shape, rows) if shape.settings[0].drops else None
        runs = shape.runs
        layers: list[Layer] = []
        x: Blocks = []
        front = self._front(shape, layout, buffers, weights, grads) if shape.front else None
        if front:
            layers += front.layers
            x = [front.features.transpose(0, 2, 1)[run] for run in runs]
        for layer, own in enumerate(shape.settings[0].dense):
            name, widths = f"layer{layer + 1}", shape.widths(layer)
            a, z = buffers.a(layer, rows), buffers.z(layer, rows)
            a_blocks = column_blocks(a, widths, runs)
            W, dW = layout.blocks(weights, f"{name}.W", runs), layout.blocks(grads, f"{name}.W", runs)
            bias = f"{name}.b" in layout.names
            dense = Dense(
                z, column_blocks(z, widths, runs), W, layout.row(weights, f"{name}.b") if bias else None
            )
            dense.bind_gradients(a, a_blocks, dW, layout.row(grads, f"{name}.b") if bias else None, x or None)
            dense.read(x, transposed(x))
            layers.append(dense)
            slope, spare = buffers.slope(layer, rows), buffers.spare(layer, rows)
            if own.batch_norm:
                layers.append(self._batch_norm(shape, layout, layer, (z, a, spare), weights, grads))
            layers.append(Activate(make_activation(own.activation, weights.dtype), a, slope, spare))
            if own.dropout and self.draws:
                layers.append(self.draws.layer(layer, a, slope, spare))
            x = a_blocks
        self.outputs = buffers.outputs(rows)
        W, dW = layout.blocks(weights, "output.W", runs), layout.blocks(grads, "output.W", runs)
        b, db = (layout.row(v, "output.b").reshape(-1, shape.n_outputs) for v in (weights, grads))
        output = Output(self.outputs, runs, W, b)
        output.bind_gradients(dW, db, x or None)
        output.read(x, transposed(x))
        layers.append(output)
        self._first = front.reader if front else next(layer for layer in layers if isinstance(layer, Product))
        self._forward = [layer.forward for layer in layers]
        self._backward = [layer.backward for layer in reversed(layers) if not isinstance(layer, Dropout)]

    def _front(self, shape: Shape, layout: Layout, buffers: Buffers, weights: Array, grads: Array) -> Front:
        epsilon = np.array([s.batch_norm_epsilon for s in shape.settings], weights.dtype)
        front = Front(
            shape.front,
            front_shapes(shape.front, shape.image),
            layout=layout,
            weights=weights,
            memory=buffers.front,
            rows=self.rows,
            runs=shape.runs,
            scales={},
            training=Training(grads, epsilon, self.draws.front_layer if self.draws else _no_dropout),
        )
        self.norms |= front.norms
        return front

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
        self.norms[f"layer{layer + 1}"] = batch_norm
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


def _no_dropout(_name: str, _a: Array, _slope: Array, _spare: Array) -> None:
    """No layer of the front has any."""


class _Draws:
    """Dropout's uniform numbers for one step: each trial draws its own, layer after layer."""

    def __init__(self, shape: Shape, rows: int) -> None:
        self._shape, self._rows = shape, rows
        images = front_shapes(shape.front, shape.image)[1:]
        self._front: dict[str, int] = {}
        for name, layer, image in zip(front_names(shape.front), shape.front, images, strict=True):
            if isinstance(layer, Convolution) and layer.dropout:
                self._front[name] = rows * math.prod(image)
        sizes = [sum(self._sizes(s)) for s in shape.settings]
        edges = np.concatenate([[0], np.cumsum(sizes)])
        self._numbers = np.empty(int(edges[-1]), np.float32)
        self._edges = edges
        self._by_trial = [self._numbers[a:b] for a, b in itertools.pairwise(edges)]

    def _sizes(self, settings: NetworkSettings) -> list[int]:
        """How many numbers each layer of a trial takes."""
        dense = [self._rows * layer.units if layer.dropout else 0 for layer in settings.dense]
        return [*self._front.values(), *dense]

    def draw(self, rngs: Sequence[np.random.Generator]) -> None:
        """Draw for the next step."""
        for rng, numbers in zip(rngs, self._by_trial, strict=True):
            rng.random(None, np.float32, numbers)

    def _blocks(self, place: int) -> Blocks:
        """The numbers of one layer, in the order of :meth:`_sizes`: by run, (trials, numbers of a trial)."""
        blocks = []
        for run in self._shape.runs:
            numbers = self._numbers[self._edges[run.start] : self._edges[run.stop]].reshape(
                run.stop - run.start, -1
            )
            sizes = self._sizes(self._shape.settings[run.start])
            blocks.append(numbers[:, sum(sizes[:place]) : sum(sizes[: place + 1])])
        return blocks

    def layer(self, layer: int, a: Array, slope: Array, spare: Array) -> Dropout:
        """A dense layer's dropout, bound to its share of the numbers."""
        runs, widths = self._shape.runs, self._shape.widths(layer)
        p = [s.dense[layer].dropout for s in self._shape.settings]
        draws = [
            block.reshape(len(block), self._rows, widths[run.start])
            for block, run in zip(self._blocks(len(self._front) + layer), runs, strict=True)
        ]
        rates = [np.array(p[run], np.float32)[:, None, None] for run in runs]
        scale = spread_columns([1 / (1 - rate) for rate in p], widths, a.dtype)
        return Dropout(a, slope, spare, column_blocks(spare, widths, runs), draws, rates, scale)

    def front_layer(self, name: str, a: Array, slope: Array, spare: Array) -> Dropout | None:
        """The dropout of a layer of the front, for (K, numbers of a trial); ``None`` if it has none."""
        if name not in self._front:
            return None
        runs, place = self._shape.runs, front_names(self._shape.front).index(name)
        layers = [s.front[place] for s in self._shape.settings]
        p = np.array([layer.dropout for layer in layers if isinstance(layer, Convolution)])[:, None]
        masks, rates = [spare[run] for run in runs], [p[run].astype(np.float32) for run in runs]
        draws = self._blocks(list(self._front).index(name))
        return Dropout(a, slope, spare, masks, draws, rates, (1 / (1 - p)).astype(a.dtype))


INFERENCE_ROWS = 256
"""Rows of one pass, the same for all: products round differently for other numbers of rows."""
INFERENCE_IMAGES = 64
"""The same for images, whose layers have more numbers."""


class Inference:
    """The way forward of a trained population.

    Args:
        weights: (size of the layout,); what they hold when :meth:`outputs` is called counts.
    """

    def __init__(self, shape: Shape, layout: Layout, weights: Array) -> None:
        self._shape, self._layout, self._weights = shape, layout, weights
        self._rows = INFERENCE_IMAGES if shape.front else INFERENCE_ROWS
        self._buffers = Buffers(shape, self._rows, weights.dtype, training=False)
        self._stacks: dict[int, tuple[Product | ReadImages, list[Layer], Array]] = {}
        self._scales = {
            name: np.empty((2, sum(widths)), weights.dtype) for name, widths in shape.norms.items()
        }

    def normalize_by(self, statistics: Sequence[tuple[Array, Array]]) -> None:
        """Take the mean and variance (W,), float64, of each layer with batch norm."""
        dtype, norms = self._weights.dtype, self._shape.norms
        for (name, scales), (mean, variance) in zip(self._scales.items(), statistics, strict=True):
            epsilon = spread_columns([s.batch_norm_epsilon for s in self._shape.settings], norms[name], dtype)
            gain = 1 / np.sqrt(variance + epsilon)
            shift = np.zeros_like(gain)
            if f"{name}.gamma" in self._layout.names:
                gain *= self._layout.row(self._weights, f"{name}.gamma")
                shift += self._layout.row(self._weights, f"{name}.beta")
            scales[0], scales[1] = gain, shift - mean * gain

    def outputs(self, x: Array) -> Array:
        """Outputs (M, K, N) for rows ``x`` (N, D)."""
        shape, N = self._shape, len(x)
        outputs = np.empty((shape.n_outputs, len(shape.settings), N), self._weights.dtype)
        for start in range(0, N, self._rows):
            part = np.asarray(x[start : start + self._rows], self._weights.dtype, "C")[None]
            rows = part.shape[1]
            if rows not in self._stacks:
                self._stacks[rows] = self._stack(rows)
            first, layers, result = self._stacks[rows]
            inputs = [part] if shape.front else [part] * len(shape.runs)
            first.read(inputs, transposed(inputs))
            for layer in layers:
                layer.forward()
            outputs[:, :, start : start + rows] = result
        return outputs

    def _stack(self, rows: int) -> tuple[Product | ReadImages, list[Layer], Array]:
        shape, layout, weights, buffers = self._shape, self._layout, self._weights, self._buffers
        runs = shape.runs
        layers: list[Layer] = []
        x: Blocks = []
        front = self._front(rows) if shape.front else None
        if front:
            layers += front.layers
            features = front.features.transpose(0, 2, 1)  # (1, n, D) if there was no convolution
            x = [features[run] if len(features) > 1 else features for run in runs]
        for layer, own in enumerate(shape.settings[0].dense):
            name, a = f"layer{layer + 1}", buffers.a(layer, rows)
            bias = layout.row(weights, f"{name}.b") if f"{name}.b" in layout.names else None
            blocks = column_blocks(a, shape.widths(layer), runs)
            dense = Dense(a, blocks, layout.blocks(weights, f"{name}.W", runs), bias)
            dense.read(x, transposed(x))
            layers.append(dense)
            if own.batch_norm:
                layers.append(BatchNormInference(a, *self._scales[name]))
            activation = make_activation(own.activation, weights.dtype)
            layers.append(Activate(activation, a, buffers.slope(layer, rows), buffers.spare(layer, rows)))
            x = blocks
        result = buffers.outputs(rows)
        b = layout.row(weights, "output.b").reshape(-1, shape.n_outputs)
        output = Output(result, runs, layout.blocks(weights, "output.W", runs), b)
        output.read(x, transposed(x))
        layers.append(output)
        first = front.reader if front else next(layer for layer in layers if isinstance(layer, Product))
        return first, layers, result

    def _front(self, rows: int) -> Front:
        return Front(
            self._shape.front,
            front_shapes(self._shape.front, self._shape.image),
            layout=self._layout,
            weights=self._weights,
            memory=self._buffers.front,
            rows=rows,
            runs=[slice(0, 1)],
            scales=self._scales,
            training=None,
        )
