"""What training minimizes: the mean over the rows of one of these.

A loss works on outputs-first arrays (M, K, n) and replaces the network's outputs by the gradient of the
batch's *sum* of losses; the 1 / n of the mean is in the optimizer's step size.  The value of the loss is not
needed for a step, so a step only keeps what it is made of (``kept``), and :meth:`Loss.losses` finishes a
whole epoch at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from hpt_cli.network.arrays import Array, constant, repeater, row_adder

Target = tuple[Array, ...]


class Loss(ABC):
    """A loss bound to the outputs of one step.

    Args:
        z: Outputs (M, K, n), contiguous.
    """

    n_kept: ClassVar[int]
    """Numbers to keep for each row, until the epoch's end."""

    def __init__(self, z: Array) -> None:
        self.z = z
        self.flat = z.reshape(len(z), -1)  # (M, K n)

    @abstractmethod
    def targets(self, y: Array) -> list[Target]:
        """What each step's :meth:`backward` wants, from the steps' targets ``y`` (S, K, n)."""

    @abstractmethod
    def backward(self, target: Target, kept: Array) -> None:
        """Turn the outputs in ``z`` into dL/dz; keep ``kept`` (n_kept, K n)."""

    @staticmethod
    @abstractmethod
    def losses(kept: Array) -> Array:
        """Each row's loss (...) from what was kept (n_kept, ...), which is overwritten."""

    @staticmethod
    @abstractmethod
    def evaluate(z: Array, y: Array) -> Array:
        """Each row's loss (K, N) of outputs ``z`` (M, K, N) for targets ``y`` (N,)."""


class CrossEntropy(Loss):
    r"""Softmax and cross-entropy: :math:`L = \log \sum_c e^{z_c} - z_y`, :math:`dL/dz = softmax(z) -
    onehot(y)`.

    The largest output is taken off first, so that no exponential overflows; the loss is never the logarithm
    of a probability, which may round to 0.
    """

    n_kept = 2  # the sum of exponentials, and the output of the right class

    def __init__(self, z: Array) -> None:
        super().__init__(z)
        self._top = np.empty(self.flat.shape[1], z.dtype)
        self._repeat = repeater(np.empty_like(self.flat))
        self._sum_classes = row_adder(self.flat.shape[1])

    def targets(self, y: Array) -> list[Target]:
        """For each step the one-hot rows (C, K n), and the flat places of the right outputs (K n,)."""
        steps = y.reshape(len(y), -1)  # (S, K n)
        classes = np.arange(len(self.z), dtype=y.dtype)[:, None]
        one_hot = np.empty((len(y), *self.flat.shape), self.z.dtype)
        np.equal(steps[:, None], classes, one_hot)
        places = steps * steps.shape[1] + np.arange(steps.shape[1])
        return list(zip(one_hot, places, strict=True))

    def backward(self, target: Target, kept: Array) -> None:
        """Turn the outputs into softmax minus one-hot."""
        one_hot, places = target
        z, top, sums = self.flat, self._top, kept[0]
        np.maximum.reduce(z, 0, None, top)  # type: ignore[call-overload]
        np.subtract(z, self._repeat(top), z)
        z.take(places, None, kept[1], "clip")
        np.exp(z, z)
        self._sum_classes(z, sums)
        np.divide(z, self._repeat(sums), z)
        np.subtract(z, one_hot, z)

    @staticmethod
    def losses(kept: Array) -> Array:
        """The log-sum-exp minus the right output, both relative to the largest output."""
        sums, right = kept
        losses: Array = np.log(sums, sums)
        losses -= right
        return losses

    @staticmethod
    def evaluate(z: Array, y: Array) -> Array:
        """Each row's loss (K, N)."""
        n_classes, K, N = z.shape
        shifted = z.reshape(n_classes, -1) - np.maximum.reduce(z, 0).reshape(-1)
        places = np.tile(y, K) * (K * N) + np.arange(K * N)
        kept = np.empty((2, K * N), z.dtype)
        shifted.take(places, None, kept[1], "clip")
        row_adder(K * N)(np.exp(shifted, shifted), kept[0])
        return CrossEntropy.losses(kept).reshape(K, N)


class BinaryCrossEntropy(Loss):
    r"""Cross-entropy of one output, the logit of class 1: with s = -1 for class 1 and +1 for class 0,
    :math:`L = \log(1 + e^{s z})`, :math:`dL/dz = s / (1 + e^{-s z})`.
    """

    n_kept = 1  # s z

    def __init__(self, z: Array) -> None:
        super().__init__(z)
        self._one = constant(1, z.dtype)

    def targets(self, y: Array) -> list[Target]:
        """For each step the signs s (K n,)."""
        return [(sign,) for sign in _signs(y, self.z.dtype).reshape(len(y), -1)]

    def backward(self, target: Target, kept: Array) -> None:
        """Turn the logits into their gradient."""
        (sign,) = target
        z, margin, one = self.flat[0], kept[0], self._one
        np.multiply(z, sign, margin)
        np.negative(margin, z)
        np.exp(z, z)  # may be infinite: the gradient is then the 0 it should be
        np.add(z, one, z)
        np.divide(sign, z, z)

    @staticmethod
    def losses(kept: Array) -> Array:
        """log(1 + e^m) as max(m, 0) + log(1 + e^-|m|), which cannot overflow."""
        (margin,) = kept
        losses: Array = np.maximum(margin, constant(0, margin.dtype))
        losses += np.log1p(np.exp(-np.abs(margin)))
        return losses

    @staticmethod
    def evaluate(z: Array, y: Array) -> Array:
        """Each row's loss (K, N)."""
        return BinaryCrossEntropy.losses(z * _signs(y, z.dtype))


def _signs(y: Array, dtype: np.dtype[np.generic]) -> Array:
    return np.asarray(1 - 2 * y, dtype)


class MeanSquaredError(Loss):
    """Squared error of one output: L = (z - y)^2, dL/dz = 2 (z - y)."""

    n_kept = 1  # z - y

    def __init__(self, z: Array) -> None:
        super().__init__(z)
        self._two = constant(2, z.dtype)

    def targets(self, y: Array) -> list[Target]:
        """For each step the targets (K n,)."""
        return [(step,) for step in np.asarray(y, self.z.dtype).reshape(len(y), -1)]

    def backward(self, target: Target, kept: Array) -> None:
        """Turn the outputs into their gradient."""
        z, residual = self.flat[0], kept[0]
        np.subtract(z, target[0], residual)
        np.multiply(residual, self._two, z)

    @staticmethod
    def losses(kept: Array) -> Array:
        """The squares of what was kept."""
        (residual,) = kept
        losses: Array = residual * residual
        return losses

    @staticmethod
    def evaluate(z: Array, y: Array) -> Array:
        """Each row's loss (K, N)."""
        return MeanSquaredError.losses(z - y.astype(z.dtype))


LOSSES_BY_NAME: dict[str, type[Loss]] = {
    "cross_entropy": CrossEntropy,
    "binary_cross_entropy": BinaryCrossEntropy,
    "mse": MeanSquaredError,
}


def resolve_loss(name: str, task: str, n_classes: int) -> str:
    """The loss that ``auto`` means for this data, or ``name`` if it fits the data.

    Raises:
        ValueError: The loss does not fit: the message begins with ``loss``.
    """
    fitting: tuple[str, ...]
    if task == "regression":
        fitting = ("mse",)
    elif n_classes == 2:
        fitting = ("binary_cross_entropy", "cross_entropy")
    else:
        fitting = ("cross_entropy",)
    if name == "auto":
        return fitting[0]
    if name not in fitting:
        data = "regression" if task == "regression" else f"classification with {n_classes} classes"
        raise ValueError(f"loss: {name} does not fit {data}; write {' or '.join(fitting)}, or auto")
    return name


def n_outputs(loss: str, n_classes: int) -> int:
    """M, the outputs that a resolved loss works on."""
    return n_classes if loss == "cross_entropy" else 1
