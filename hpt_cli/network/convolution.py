"""Convolution and pooling of the images of K trials.

Images are (K, C, H, W, n): channels, pixels, and the rows of the batch last.  One place of the kernel then
meets long runs of memory, whole rows of pixels of the whole batch, so that gathering windows, adding them
back and pooling are a few NumPy calls each; and a channel's numbers, which batch norm sums, lie together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided

from hpt_cli.network.arrays import Array, constant, multiplier
from hpt_cli.network.layers import Layer

BLOCK_BYTES = 1 << 18
"""About what one product multiplies by: half of an L2 cache of 512 KB.  On LeNet's layers, blocks made the
products 1.3 to 5 times faster than the whole batch at once."""
KEPT_BYTES = 400_000
"""Up to this size of a block all columns are kept from the way forward for the way back.  Larger ones fall
out of the cache anyway: unfolding them again is faster (by a tenth at 1 MB), in a fraction of the memory."""


class ReadImages(Layer):
    """Brings rows of pixels, (n, H W C), into the form of images.

    Args:
        images: Where they go, (K, C, H, W, n); or (1, C, H, W, n), one for all trials.
        runs: The slices of K whose rows come as one array.
    """

    def __init__(self, images: Array, runs: Sequence[slice]) -> None:
        self._by_row = [images[run].transpose(0, 4, 2, 3, 1) for run in runs]  # (trials, n, H, W, C)
        self._x: Sequence[Array] = ()

    def read(self, x: Sequence[Array], x_transposed: Sequence[Array]) -> None:  # noqa: ARG002
        """Take the next rows: see :meth:`hpt_cli.network.layers.Product.read`."""
        self._x = x

    def forward(self) -> None:
        """Copy the rows that were read."""
        for images, x in zip(self._by_row, self._x, strict=True):
            np.copyto(images, x.reshape(len(x), *images.shape[1:]))

    def backward(self) -> None:
        """Nothing: no one asks for the gradient by the data."""


class Pad(Layer):
    """Copies images between borders of zeros.

    Args:
        images: In (K, C, H, W, n); on the way back out, their gradient.
        inside: The part of the padded images between the borders.
        gradient: The same part of the padded images' gradient; ``None`` if no one asks for it.
    """

    def __init__(self, images: Array, inside: Array, gradient: Array | None) -> None:
        self._images, self._inside, self._gradient = images, inside, gradient

    def forward(self) -> None:
        """Copy the images."""
        np.copyto(self._inside, self._images)

    def backward(self) -> None:
        """Copy the gradient."""
        if self._gradient is not None:
            np.copyto(self._images, self._gradient)


class Convolve(Layer):
    r"""A 2-D convolution (not mirroring the kernel, as all libraries): :math:`z = W u + b`, :math:`u` being
    the windows of the images, unfolded into columns.

    A block of rows of windows is one matrix product.  Back: :math:`dW = \sum dz \, u^T`,
    :math:`db = \sum dz`, and the columns' gradient :math:`W^T dz` is added up where they came from.

    Args:
        x: Images (K, C, H, W, n), borders included; (1, C, H, W, n): one for all trials.
        z: Where the sums go, (K, M, OH, OW, n), contiguous.
        W: Weights (K, M, C, kernel, kernel).
        b: Biases (K M,), or ``None``.
        stride: Pixels between neighboring windows.
        training: There will be a way back.

    Source:
        Chellapilla, Puri and Simard, "High Performance Convolutional Neural Networks for Document Processing"
        (2006), https://inria.hal.science/inria-00112631; the batch as the last axis is cuda-convnet's
        (Krizhevsky, 2012).
    """

    def __init__(self, x: Array, z: Array, W: Array, b: Array | None, stride: int, *, training: bool) -> None:
        K, M, C, kernel, _ = W.shape
        _, _, height, width, n = z.shape
        self._kernel, self._stride, self._width = kernel, stride, width
        size = C * kernel**2
        row_bytes = size * width * n * z.dtype.itemsize
        self._per_block = _rows_per_block(height, row_bytes)
        self._blocks, columns = height // self._per_block, self._per_block * width * n
        kept = self._blocks if training and row_bytes * self._per_block <= KEPT_BYTES else 1
        # What is worked on at once: all blocks, or each on its own.
        self._parts = [slice(start, start + kept) for start in range(0, self._blocks, kept)]
        self._windows = self._unfolded_view(x)
        self._columns = np.empty((len(x), kept, size, columns), z.dtype)
        self._unfolded = self._columns.reshape(len(x), kept, *self._windows.shape[2:])
        self._z_rows = z.reshape(K * M, -1)
        self._z_blocks = z.reshape(K, M, self._blocks, columns).transpose(0, 2, 1, 3)
        self._W = W.reshape(K, 1, M, size)
        self._b = None if b is None else b[:, None]
        self._product = multiplier((K, kept, M, columns), size, z.dtype)

    def _unfolded_view(self, images: Array) -> Array:
        """The windows of images: (K, blocks, C, kernel, kernel, rows of a block, OW, n)."""
        trial, channel, row, column, number = images.strides
        K, C, n = images.shape[0], images.shape[1], images.shape[4]
        down, right = row * self._stride, column * self._stride
        return as_strided(
            images,
            (K, self._blocks, C, self._kernel, self._kernel, self._per_block, self._width, n),
            (trial, down * self._per_block, channel, row, column, down, right, number),
        )

    def bind_gradients(self, dz: Array, dW: Array, db: Array | None, dx: Array | None) -> None:
        """Say where dz is found, and where the weights' gradients go, and dx (borders included) unless no one
        asks for it; each is like its counterpart.
        """
        K, M = dW.shape[:2]
        _, kept, size, columns = self._columns.shape
        self._db, self._dx = db, dx
        self._dz_rows = dz.reshape(self._z_rows.shape)
        self._dz_blocks = dz.reshape(K, M, self._blocks, columns).transpose(0, 2, 1, 3)
        self._dW = dW.reshape(K, M, size).transpose(0, 2, 1)
        self._dW_by_block = np.empty((K, self._blocks, size, M), dW.dtype)
        self._dz_T = self._dz_blocks.transpose(0, 1, 3, 2)
        self._W_T = self._W.transpose(0, 1, 3, 2)
        self._weight_product = multiplier((K, kept, size, M), columns, dW.dtype)
        self._column_product = multiplier(self._columns.shape, M, dW.dtype)
        self._folds: list[list[tuple[Array, Array]]] = []
        if dx is not None:
            targets = self._unfolded_view(dx)
            places = list(np.ndindex(self._kernel, self._kernel))
            for part in self._parts:
                into, columns_of = targets[:, part], self._unfolded
                self._folds.append([(into[:, :, :, i, j], columns_of[:, :, :, i, j]) for i, j in places])

    def forward(self) -> None:
        """Map x to z."""
        for part in self._parts:
            np.copyto(self._unfolded, self._windows[:, part])
            self._product(self._W, self._columns, self._z_blocks[:, part])
        if self._b is not None:
            np.add(self._z_rows, self._b, self._z_rows)

    def backward(self) -> None:
        """Set dW and db, then dx, which may lie where x was."""
        for part in self._parts:
            if len(self._parts) > 1:
                np.copyto(self._unfolded, self._windows[:, part])
            self._weight_product(self._columns, self._dz_T[:, part], self._dW_by_block[:, part])
        np.add.reduce(self._dW_by_block, 1, None, self._dW)  # type: ignore[call-overload]
        if self._db is not None:
            np.add.reduce(self._dz_rows, 1, None, self._db)  # type: ignore[call-overload]
        if self._dx is not None:
            self._dx.fill(0)
            for part, folds in zip(self._parts, self._folds, strict=True):
                self._column_product(self._W_T, self._dz_blocks[:, part], self._columns)
                for target, columns in folds:  # within one place of the kernel no two windows share a pixel
                    np.add(target, columns, target)


def _rows_per_block(height: int, row_bytes: int) -> int:
    """How many rows of windows one product takes: a divisor of ``height``."""
    fitting = [
        rows for rows in range(1, height + 1) if height % rows == 0 and rows * row_bytes <= BLOCK_BYTES
    ]
    return max(fitting, default=1)


class Pool(Layer):
    """What the poolings have in common: one view of the images for each place of the window.

    Args:
        x: Images (K, C, H, W, n); on the way back their gradient goes there.
        y: Where the result (K, C, OH, OW, n) goes; on the way back its gradient is found there.
        size: Height and width of a window.
        stride: Pixels between neighboring windows.
    """

    def __init__(self, x: Array, y: Array, size: int, stride: int) -> None:
        self._x, self._y = x, y
        height, width = y.shape[2:4]
        down, right = (
            [slice(i, i + (count - 1) * stride + 1, stride) for i in range(size)] for count in (height, width)
        )
        self._places = [x[:, :, rows, columns] for rows in down for columns in right]
        self._overlapping = stride < size
        covered = stride == size and (height * size, width * size) == x.shape[2:4]
        self._clears = self._overlapping or not covered
        self._spare = np.empty_like(y)

    def _give(self, place: Array, gradient: Array) -> None:
        """Hand a gradient to the pixels of one place of the window."""
        if self._overlapping:
            np.add(place, gradient, place)
        else:
            np.copyto(place, gradient)


class MaxPool(Pool):
    """The greatest number of each window; on the way back all goes to the first that is the greatest."""

    def __init__(self, x: Array, y: Array, size: int, stride: int, *, training: bool) -> None:
        super().__init__(x, y, size, stride)
        self._greater = [np.empty_like(y) for _ in self._places[1:]] if training else []

    def forward(self) -> None:
        """Map x to y."""
        y, (first, *others) = self._y, self._places
        np.copyto(y, first)
        if not self._greater:
            for place in others:
                np.maximum(y, place, out=y)
        for place, greater in zip(others, self._greater, strict=False):
            np.greater(place, y, greater)
            np.maximum(y, place, out=y)

    def backward(self) -> None:
        """Map dL/dy, which is used up, to dL/dx."""
        y, spare, (first, *others) = self._y, self._spare, self._places
        if self._clears:
            self._x.fill(0)
        for place, greater in zip(reversed(others), reversed(self._greater), strict=True):
            own = spare if self._overlapping else place
            np.multiply(y, greater, own)
            np.subtract(y, own, y)
            if self._overlapping:
                np.add(place, own, place)
        self._give(first, y)


class AveragePool(Pool):
    """The mean number of each window."""

    def __init__(self, x: Array, y: Array, size: int, stride: int) -> None:
        super().__init__(x, y, size, stride)
        self._share = constant(1 / size**2, y.dtype)

    def forward(self) -> None:
        """Map x to y."""
        y, (first, *others) = self._y, self._places
        np.copyto(y, first)
        for place in others:
            np.add(y, place, y)
        np.multiply(y, self._share, y)

    def backward(self) -> None:
        """Map dL/dy, which is used up, to dL/dx."""
        if self._clears:
            self._x.fill(0)
        np.multiply(self._y, self._share, self._y)
        for place in self._places:
            self._give(place, self._y)
