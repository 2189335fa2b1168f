"""The layers of a population of networks.

A layer is bound, when it is made, to the arrays it works on: what it reads, what it writes, its weights and
where their gradients go.  A step then allocates nothing and makes no views; each line is one NumPy call for
all trials.  The trials' columns lie side by side, (n, W); only matrix products go trial by trial, and those
of trials with equal widths share a call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from hpt_cli.network.activations import Activation
from hpt_cli.network.arrays import Array, Blocks, multipliers, repeater, row_adder, transposed


class Layer(ABC):
    """One bound step of the way forward, and of the way back.

    ``forward`` may keep what ``backward`` needs in the arrays it was bound to; ``backward`` expects the
    gradient where the layer's result was, and may overwrite everything.  Layers that only infer have no way
    back.
    """

    @abstractmethod
    def forward(self) -> None:
        """Compute the result from what the input array holds now."""

    def backward(self) -> None:
        """Turn the gradient by the result into the gradient by the input; set the weights' gradients."""
        raise NotImplementedError(f"{type(self).__name__} was made for inference")


class Product(Layer):
    """A layer that multiplies by a matrix, and so reads its input trial by trial."""

    _W_T: Blocks
    x: Sequence[Array] = ()
    x_transposed: Sequence[Array] = ()

    def read(self, x: Sequence[Array], x_transposed: Sequence[Array]) -> None:
        """Take the input from ``x``: by run of trials (trials, n, D), or (1, n, D) for all trials of the run.

        Args:
            x_transposed: Its transposed views.
        """
        self.x, self.x_transposed = x, x_transposed

    def _bind_products(self, dz: Blocks, dW: Blocks, dx: Blocks | None) -> None:
        self._dz_blocks, self._dW, self._dx = dz, dW, dx
        self._dW_products = multipliers(dW, [block.shape[1] for block in dz])
        self._dx_products = multipliers(dx or [], [block.shape[2] for block in dz] if dx else [])

    def _weight_gradients(self) -> None:
        for multiply, x_T, dz, dW in zip(
            self._dW_products, self.x_transposed, self._dz_blocks, self._dW, strict=True
        ):
            multiply(x_T, dz, dW)

    def _input_gradients(self) -> None:
        if self._dx is not None:
            for multiply, dz, W_T, dx in zip(
                self._dx_products, self._dz_blocks, self._W_T, self._dx, strict=True
            ):
                multiply(dz, W_T, dx)


class Dense(Product):
    r"""A fully connected layer: :math:`z = x W + b`.

    Back: :math:`dW = x^T dz`, :math:`db = \sum dz`, :math:`dx = dz \, W^T`.  Gradients are sums over the
    batch.

    Args:
        z: Where the sums go, (n, W).
        z_blocks: The same by trial, each (n, M).
        W: Weights by trial, each (D, M).
        b: Biases of all trials (W,), or ``None``.
    """

    def __init__(self, z: Array, z_blocks: Blocks, W: Blocks, b: Array | None) -> None:
        self._z, self._z_blocks, self._W, self._b = z, z_blocks, W, b
        self._W_T = transposed(W)
        self._products = multipliers(z_blocks, [block.shape[1] for block in W])
        self._sum_rows = row_adder(z.shape[1])
        self._repeat = repeater(np.empty_like(z))

    def bind_gradients(
        self, dz: Array, dz_blocks: Blocks, dW: Blocks, db: Array | None, dx: Blocks | None
    ) -> None:
        """Say where dz is found, where the weights' gradients go, and dx unless nothing lies before."""
        self._dz, self._db = dz, db
        self._bind_products(dz_blocks, dW, dx)

    def forward(self) -> None:
        """Map x to z."""
        for multiply, x, W, z in zip(self._products, self.x, self._W, self._z_blocks, strict=True):
            multiply(x, W, z)
        if self._b is not None:
            np.add(self._z, self._repeat(self._b), self._z)

    def backward(self) -> None:
        """Set dW and db, then dx; dx may lie where x was, which is used for the last time here."""
        self._weight_gradients()
        if self._db is not None:
            self._sum_rows(self._dz, self._db)
        self._input_gradients()


class Output(Product):
    r"""The last layer, :math:`z^T = W^T x^T + b`, with outputs first: (M, K, n).

    A softmax goes over the classes, and NumPy goes over the leading axis in whole rows: for 10 classes that
    is four times faster than over the last.

    Args:
        z: Where the outputs go, (M, K, n); ``backward`` finds the loss's gradient there.
        runs: The runs of trials with equal widths.
        W: Weights by trial, each (D, M).
        b: Biases (K, M).
    """

    def __init__(self, z: Array, runs: Sequence[slice], W: Blocks, b: Array) -> None:
        self.z, self._W_T = z, transposed(W)
        by_trial = z.transpose(1, 0, 2)  # (K, M, n)
        self._z_blocks = [by_trial[run] for run in runs]
        self._b = b.T[:, :, None]  # (M, K, 1)
        self._products = multipliers(self._z_blocks, [block.shape[1] for block in W])
        self._repeat = repeater(np.empty_like(z))

    def bind_gradients(self, dW: Blocks, db: Array, dx: Blocks | None) -> None:
        """Say where the gradients go; ``db`` is (K, M)."""
        self._db = db.T
        self._bind_products(transposed(self._z_blocks), dW, dx)

    def forward(self) -> None:
        """Map x to z."""
        for multiply, x_T, W_T, z in zip(
            self._products, self.x_transposed, self._W_T, self._z_blocks, strict=True
        ):
            multiply(W_T, x_T, z)
        np.add(self.z, self._repeat(self._b), self.z)

    def backward(self) -> None:
        """Set dW and db, then dx, from the loss's gradient in z."""
        self._weight_gradients()
        np.add.reduce(self.z, 2, None, self._db)  # type: ignore[call-overload]
        self._input_gradients()


class Activate(Layer):
    """An activation in place; see :mod:`hpt_cli.network.activations`.

    Args:
        a: In z, out a, (n, W); on the way back in dL/da, out dL/dz.
        slope: Room for da/dz, (n, W).
        spare: Working room, (n, W).
    """

    def __init__(self, activation: Activation, a: Array, slope: Array, spare: Array) -> None:
        self._activation, self._a, self.slope, self._spare = activation, a, slope, spare

    def forward(self) -> None:
        """Map z to a."""
        self._activation(self._a, self.slope, self._spare)

    def backward(self) -> None:
        """Map dL/da to dL/dz."""
        np.multiply(self._a, self.slope, self._a)


class Dropout(Layer):
    r"""Inverted dropout: sets outputs to 0 with probability p and divides the others by 1 - p.

    The expected output is then the input, and inference needs no dropout.  The mask goes into the slope of
    the activation before, whose way back serves both.

    Args:
        a: In and out (n, W).
        slope: The activation's slope (n, W).
        mask: Working room (n, W).
        draws: Uniform numbers in [0, 1), by trial each (n, M); drawn anew before each step.
        rates: p, by trial each (trials, 1, 1).
        scale: 1 / (1 - p), (W,) or one for all.

    Source:
        Srivastava et al., "Dropout", JMLR 15 (2014), https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(
        self,
        a: Array,
        slope: Array,
        mask: Array,
        mask_blocks: Blocks,
        draws: Blocks,
        rates: Blocks,
        scale: Array,
    ) -> None:
        self._a, self._slope, self._mask, self._scale = a, slope, mask, scale
        self._mask_blocks, self._draws, self._rates = mask_blocks, draws, rates

    def forward(self) -> None:
        """Drop and scale, in place."""
        for draw, rate, mask in zip(self._draws, self._rates, self._mask_blocks, strict=True):
            np.greater_equal(draw, rate, mask)
        np.multiply(self._mask, self._scale, self._mask)
        np.multiply(self._a, self._mask, self._a)
        np.multiply(self._slope, self._mask, self._slope)

    def backward(self) -> None:
        """Nothing: the activation's slope holds the mask."""
