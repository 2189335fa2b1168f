"""Batch norm, after the sum and before the activation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hpt_cli.network.arrays import Array, constant, repeater, row_adder
from hpt_cli.network.layers import Layer


class BatchNorm(Layer):
    r"""Normalizes each feature over the batch, then scales and shifts it.

    .. math:: y = \gamma \, (z - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta

    Mean and variance are the batch's; what inference uses instead is kept by :class:`RunningStatistics`.
    Trials lie side by side, so a row holds every trial's features, and each statistic is a row too.

    The way back follows from z moving the mean and the variance as well (the paper's six equations, taken
    together).  With the centered :math:`c = z - \mu` and :math:`r = 1 / \sqrt{\sigma^2 + \epsilon}`:

    .. math::
        d\beta = \sum dy, \quad d\gamma = r \sum dy \, c, \quad
        dz = \gamma r \, (dy - d\beta / n - c \, r \, d\gamma / n)

    Args:
        z: The layer's sums (n, W); :meth:`forward` leaves them centered, for the way back.
        y: Where the result (n, W) goes; :meth:`backward` finds dL/dy there and leaves dL/dz.
        spare: Working room (n, W).
        epsilon: Added to the variance, in squared units of z: (W,) or one for all.
        gamma: Scale (W,), starts at 1; ``None`` fixes it at 1.
        beta: Shift (W,), starts at 0; ``None`` fixes it at 0.
        grad_gamma: Where the gradient's sum over the batch goes.
        grad_beta: Where the gradient's sum over the batch goes.
        channels: z is (W, n): a feature is a row, as the channels of images are, and n counts rows of the
            batch times pixels.

    Raises:
        ValueError: A batch of one row: its variance is 0, it would teach nothing.

    Source:
        Ioffe and Szegedy, "Batch Normalization" (2015), algorithms 1 and 2, https://arxiv.org/abs/1502.03167
    """

    def __init__(
        self,
        z: Array,
        y: Array,
        spare: Array,
        epsilon: Array,
        gamma: Array | None = None,
        beta: Array | None = None,
        grad_gamma: Array | None = None,
        grad_beta: Array | None = None,
        *,
        channels: bool = False,
    ) -> None:
        n, width = z.shape[::-1] if channels else z.shape
        if n < 2:
            raise ValueError(f"batch norm needs at least 2 rows to train on, got {n}")
        self.z, self.y, self.spare = z, y, spare
        self._channels = channels
        self.epsilon = self._beside(epsilon) if epsilon.ndim else epsilon
        self.gamma = None if gamma is None else self._beside(gamma)
        self.beta = None if beta is None else self._beside(beta)
        self._rstd, self._scale, self._row, self._dgamma, self._dbeta = (
            self._beside(own) for own in np.empty((5, width), z.dtype)
        )
        if gamma is None:
            self._scale = self._rstd
        if grad_gamma is not None and grad_beta is not None:
            self._dgamma, self._dbeta = self._beside(grad_gamma), self._beside(grad_beta)
        self._one, self._share = constant(1, z.dtype), constant(1 / n, z.dtype)
        self._sum_rows = _sum_pixels if channels else row_adder(width)
        self._repeat = repeater(spare)
        self._repeat_scale = repeater(np.empty_like(z))  # its own: the way back needs it again
        self._repeated_scale = self._scale
        self.keep(*np.empty((2, width), z.dtype))

    def _beside(self, row: Array) -> Array:
        """A view of (W,) that meets z number by number."""
        return row[:, None] if self._channels else row

    def keep(self, mean: Array, variance: Array) -> None:
        """Leave the next batch's statistics in these, each (W,)."""
        self.mean, self.variance = self._beside(mean), self._beside(variance)

    def forward(self) -> None:
        """Map z to y; the batch's statistics go where :meth:`keep` said."""
        z, y, spare, mean, variance, rstd = self.z, self.y, self.spare, self.mean, self.variance, self._rstd
        self._sum_rows(z, mean)
        np.multiply(mean, self._share, mean)
        np.subtract(z, self._repeat(mean), z)  # centered: c
        np.multiply(z, z, spare)
        self._sum_rows(spare, variance)  # from c, never E[z^2] - mean^2, which cancels
        np.multiply(variance, self._share, variance)
        np.add(variance, self.epsilon, rstd)
        np.sqrt(rstd, rstd)
        np.divide(self._one, rstd, rstd)
        if self.gamma is not None:
            np.multiply(self.gamma, rstd, self._scale)
        self._repeated_scale = scale = self._repeat_scale(self._scale)
        np.multiply(z, scale, y)
        if self.beta is not None:
            np.add(y, self._repeat(self.beta), y)

    def backward(self) -> None:
        """Turn dL/dy in ``y`` into dL/dz; set the gradients of gamma and beta."""
        c, dy, spare, row, dgamma, dbeta = self.z, self.y, self.spare, self._row, self._dgamma, self._dbeta
        self._sum_rows(dy, dbeta)
        np.multiply(dy, c, spare)
        self._sum_rows(spare, dgamma)
        np.multiply(dgamma, self._rstd, dgamma)
        np.multiply(dgamma, self._rstd, row)
        np.multiply(row, self._share, row)
        np.multiply(c, self._repeat(row), spare)
        np.subtract(dy, spare, dy)
        np.multiply(dbeta, self._share, row)
        np.subtract(dy, self._repeat(row), dy)
        np.multiply(dy, self._repeated_scale, dy)


def _sum_pixels(x: Array, out: Array) -> None:
    np.add.reduce(x, 1, None, out, True)  # type: ignore[call-overload]


class RunningStatistics:
    r"""Mean and variance for inference: averages over the steps, the latest weighing most.

    Each step keeps a share :math:`\rho` of the old average: :math:`r \leftarrow \rho r + (1 - \rho) s`.  A
    whole epoch of S steps is folded in at once, :math:`r \leftarrow \rho^S r + \sum_s (1 - \rho) \rho^{S - 1
    - s} s`. The average starts at 0, so after t steps its weights add up to :math:`1 - \rho^t`; dividing by
    that, as Adam does with its moments, makes it right from the first step.  (Started at mean 0 and variance
    1 and left alone, a network that trains well evaluates at chance for its first hundreds of steps.)

    The variance kept is the unbiased one, n / (n - 1) times the batch's (algorithm 2 of the paper).

    Args:
        mean: The uncorrected average of means, float64 (W,); changed in place.
        variance: The uncorrected average of unbiased variances, float64 (W,); changed in place.
        momentum: Each trial's share kept.
        widths: Each trial's columns, W in all.
        rows: Numbers that each step's statistics are of: rows, times pixels of an image.
    """

    def __init__(
        self,
        mean: Array,
        variance: Array,
        momentum: Sequence[float],
        widths: Sequence[int],
        rows: Sequence[int],
    ) -> None:
        self.mean, self.variance = mean, variance
        self._momentum, self._widths, self._steps = momentum, widths, len(rows)
        exponents = np.arange(len(rows), -1, -1)
        by_momentum = {rho: rho**exponents for rho in set(momentum)}
        powers = np.stack([by_momentum[rho] for rho in momentum], axis=1)  # (S + 1, K)
        self._kept = np.repeat(powers[0], widths)  # (W,)
        weights = powers[1:] * (1 - np.array(momentum))
        if all(rho == momentum[0] for rho in momentum):
            self._weights = weights[:, :1]
        else:
            self._weights = np.repeat(weights, widths, axis=1)  # (S, W)
        sizes = np.array(rows, np.float64)[:, None]
        self._unbiased = self._weights * (sizes / (sizes - 1))
        self._sum_rows = row_adder(len(mean))
        self._sum = np.empty_like(mean)

    def fold(self, means: Array, variances: Array) -> None:
        """Take in an epoch: the batches' means and (biased) variances (S, W)."""
        for average, steps, weights in (
            (self.mean, means, self._weights),
            (self.variance, variances, self._unbiased),
        ):
            self._sum_rows(steps * weights, self._sum)
            average *= self._kept
            average += self._sum

    def corrected(self, epochs: int) -> tuple[Array, Array]:
        """Mean and variance (W,) for inference after ``epochs`` folded epochs, at least 1."""
        total = np.repeat([1 - rho ** (self._steps * epochs) for rho in self._momentum], self._widths)
        return self.mean / total, self.variance / total


class BatchNormInference(Layer):
    """Batch norm with given statistics, so that a row's output does not depend on the rows beside it.

    Args:
        z: Sums (n, W), replaced by the result.
        scale: gamma / sqrt(variance + epsilon), (W,).
        shift: beta - mean * scale, (W,).
        channels: z is (W, n): see :class:`BatchNorm`.
    """

    def __init__(self, z: Array, scale: Array, shift: Array, *, channels: bool = False) -> None:
        self.z = z
        self.scale, self.shift = (scale[:, None], shift[:, None]) if channels else (scale, shift)

    def forward(self) -> None:
        """Map z to y in place."""
        np.multiply(self.z, self.scale, self.z)
        np.add(self.z, self.shift, self.z)
