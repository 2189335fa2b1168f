"""The front of a population's networks: convolutions and poolings, for one number of rows.

The trials' fronts are equal but for the rate of their dropout, so every array has the trials as its first
axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hpt_cli.network.activations import make_activation
from hpt_cli.network.architecture import Convolution, FrontLayer, ImageShape, Pooling
from hpt_cli.network.arrays import Array
from hpt_cli.network.batch_norm import BatchNorm, BatchNormInference
from hpt_cli.network.convolution import AveragePool, Convolve, MaxPool, Pad, ReadImages
from hpt_cli.network.layers import Activate, Dropout, Layer
from hpt_cli.network.layout import Layout, front_names

_GROWING = ("relu", "leaky_relu", "tanh", "sigmoid", "elu")
"""Activations that never fall: the greatest number of a window is the same before and after."""


class Memory:
    """Arrays by name, in memory that stacks for different numbers of rows have in common."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self._flat: dict[str, Array] = {}

    def array(self, name: str, shape: tuple[int, ...]) -> Array:
        """An array of that shape, contiguous; what it holds is whatever was there."""
        size = int(np.prod(shape))
        if name not in self._flat or len(self._flat[name]) < size:
            self._flat[name] = np.empty(size, self.dtype)
        return self._flat[name][:size].reshape(shape)


@dataclass(frozen=True)
class Training:
    """What a front needs to be trained.

    Args:
        grads: Gradients, (size of the layout,).
        epsilon: Of batch norm: a number a trial (K,).
        dropout: The dropout of the layer of that name, for (a, slope, spare), each (K, numbers of a trial);
            ``None`` for a layer without.
    """

    grads: Array
    epsilon: Array
    dropout: Callable[[str, Array, Array, Array], Dropout | None]


class Front:
    """The bound layers of a front, without or (``training``) with their way back.

    Attributes:
        reader: Takes the rows of the next batch.
        layers: In order, the reader first.
        features: What comes out, by trial and features first (K, D, n); on the way back its gradient is
            expected there.
        norms: The batch norms of a training, by layer.

    Args:
        layers: The same for all trials.
        shapes: The image before the front, and after each of its layers.
        layout: Where the weights lie.
        weights: (size of the layout,).
        memory: Where working arrays are taken from.
        rows: n.
        runs: Runs of trials whose rows come as one array; of one slice for one image for all trials.
        scales: For inference: batch norm's scale and shift (2, K M), by layer.
        training: ``None`` for inference.
    """

    def __init__(
        self,
        layers: Sequence[FrontLayer],
        shapes: Sequence[ImageShape],
        *,
        layout: Layout,
        weights: Array,
        memory: Memory,
        rows: int,
        runs: Sequence[slice],
        scales: Mapping[str, Array],
        training: Training | None,
    ) -> None:
        self._layout, self._weights, self._memory, self._training = layout, weights, memory, training
        self._rows, self._trials = rows, len(layout.trials)
        self.norms: dict[str, BatchNorm] = {}
        x = self._images("input", shapes[0], runs[-1].stop)
        self.reader = ReadImages(x, runs)
        self.layers: list[Layer] = [self.reader]
        waiting: Convolution | None = None  # a convolution whose activation is still to come
        wanted = False  # whether anyone asks for the gradient by x
        for index, (name, layer) in enumerate(zip(front_names(layers), layers, strict=True)):
            if isinstance(layer, Convolution):
                x = self._convolve(name, layer, x, (shapes[index], shapes[index + 1]), scales, wanted=wanted)
                wanted = True
                after = layers[index + 1] if index + 1 < len(layers) else None
                if self._pools_first(layer, after):
                    waiting = layer
                else:
                    self._activate(name, layer, x)
            else:
                x = self._pool(name, layer, x, shapes[index + 1])
                if waiting:
                    self._activate(name, waiting, x)
                    waiting = None
        self.features = x.reshape(len(x), -1, rows)

    @staticmethod
    def _pools_first(layer: Convolution, after: FrontLayer | None) -> bool:
        """Whether to take the greatest of each window before the activation: the same, for fewer numbers."""
        pools = isinstance(after, Pooling) and after.kind == "max" and after.stride >= after.size
        return pools and layer.activation in _GROWING and not layer.dropout

    def _images(self, name: str, shape: ImageShape, trials: int) -> Array:
        height, width, channels = shape
        return self._memory.array(name, (trials, channels, height, width, self._rows))

    def _convolve(
        self,
        name: str,
        layer: Convolution,
        x: Array,
        shapes: tuple[ImageShape, ImageShape],
        scales: Mapping[str, Array],
        *,
        wanted: bool,
    ) -> Array:
        """Borders, convolution and batch norm; returns what comes out."""
        before, after = shapes
        z = self._images(f"{name}.z", after, self._trials)
        (top, bottom), (left, right) = (layer.pad(side) for side in before[:2])
        wanted = wanted and self._training is not None
        dx: Array | None = x if wanted else None
        if top + bottom + left + right:
            height, width = before[0] + top + bottom, before[1] + left + right
            shape = (*x.shape[:2], height, width, self._rows)
            inside = (..., slice(top, top + before[0]), slice(left, left + before[1]), slice(None))
            padded = np.zeros(shape, x.dtype)  # of its own: the borders must stay 0
            dx = self._memory.array(f"{name}.padded gradient", shape) if wanted else None
            self.layers.append(Pad(x, padded[inside], None if dx is None else dx[inside]))
            x = padded
        (W,) = self._layout.blocks(self._weights, f"{name}.W", [slice(0, self._trials)])
        bias = f"{name}.b" in self._layout.names
        b = self._layout.row(self._weights, f"{name}.b") if bias else None
        convolve = Convolve(x, z, W, b, layer.stride, training=self._training is not None)
        self.layers.append(convolve)
        y = self._normalize(name, z, scales) if layer.batch_norm else z
        if self._training:
            (dW,) = self._layout.blocks(self._training.grads, f"{name}.W", [slice(0, self._trials)])
            db = self._layout.row(self._training.grads, f"{name}.b") if bias else None
            convolve.bind_gradients(y, dW, db, dx)
        return y

    def _normalize(self, name: str, z: Array, scales: Mapping[str, Array]) -> Array:
        """Batch norm over rows, height and width; a training keeps the sums for the way back."""
        channels = z.shape[0] * z.shape[1]
        flat = z.reshape(channels, -1)
        if self._training is None:
            self.layers.append(BatchNormInference(flat, *scales[name], channels=True))
            return z
        y = self._memory.array(f"{name}.y", z.shape)
        spare = self._memory.array("spare", flat.shape)
        learned: list[Array] = []
        if f"{name}.gamma" in self._layout.names:
            vectors = (self._weights, self._training.grads)
            learned = [self._layout.row(v, f"{name}.{row}") for v in vectors for row in ("gamma", "beta")]
        epsilon = np.repeat(self._training.epsilon, z.shape[1])
        norm = BatchNorm(flat, y.reshape(flat.shape), spare, epsilon, *learned, channels=True)
        self.norms[name] = norm
        self.layers.append(norm)
        return y

    def _pool(self, name: str, layer: Pooling, x: Array, after: ImageShape) -> Array:
        y = self._images(f"{name}.y", after, len(x))
        if layer.kind == "max":
            training = self._training is not None
            self.layers.append(MaxPool(x, y, layer.size, layer.stride, training=training))
        else:
            self.layers.append(AveragePool(x, y, layer.size, layer.stride))
        return y

    def _activate(self, name: str, layer: Convolution, a: Array) -> None:
        """The activation in place, and dropout."""
        flat = a.reshape(len(a), -1)
        slope = self._memory.array(f"{name}.slope" if self._training else "slope", flat.shape)
        spare = self._memory.array("spare", flat.shape)
        activation = make_activation(layer.activation, a.dtype)
        self.layers.append(Activate(activation, flat, slope, spare))
        if self._training and (dropout := self._training.dropout(name, flat, slope, spare)):
            self.layers.append(dropout)
