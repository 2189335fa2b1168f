"""How gradients change the weights: one flat vector each of weights, gradients and moments, a few calls a
step.

Gradients come as sums over a batch of n rows.  The 1 / n of the mean is taken into the step size (and into
Adam's and RMSProp's epsilon), which is exact and saves a pass.  Numbers that differ between the trials of a
population (learning rate, momentum, L2, ...) are vectors beside the weights; those that are equal are single
numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from hpt_cli.network.arrays import Array, constant
from hpt_cli.network.layout import Layout
from hpt_cli.network.settings import NetworkSettings


class Optimizer(ABC):
    r"""Changes ``weights`` by ``grads`` in place; L2 adds :math:`n \lambda W` to the gradient sums of
    matrices.

    Args:
        settings: The trials', of one optimizer kind (:func:`optimizer_kind`).
        layout: Where the trials' numbers lie.
        rows: n of a full batch.
        weights: (size of the layout,).
        grads: The same shape; overwritten by a step.
        moments: The same shape, one for each of :attr:`moment_names`; starts at 0.
    """

    moment_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        settings: Sequence[NetworkSettings],
        layout: Layout,
        rows: int,
        weights: Array,
        grads: Array,
        moments: Sequence[Array],
    ) -> None:
        self.settings, self.layout, self.rows = settings, layout, rows
        self.weights, self.grads, self.moments = weights, grads, moments
        self.spare = np.empty_like(weights)
        matrices = layout.matrices
        self._W, self._dW, self._spare_W = weights[matrices], grads[matrices], self.spare[matrices]
        self._l2 = self.part(self.spread([rows * s.l2 for s in settings]))
        self._has_l2 = any(s.l2 for s in settings)
        self._rescale = constant(1, weights.dtype)

    def spread(self, values: Sequence[float]) -> Array:
        """One number a trial as an operand for the vectors."""
        return self.layout.spread(values, self.weights.dtype)

    def part(self, operand: Array) -> Array:
        """The part of an operand of :meth:`spread` that meets the matrices."""
        return operand[self.layout.matrices] if operand.ndim else operand

    @abstractmethod
    def begin_epoch(self, rates: Sequence[float], t: Array) -> None:
        """Take each trial's learning rate; the epoch's steps have the numbers ``t`` (from 1)."""

    @abstractmethod
    def update(self) -> None:
        """Change the weights by the gradients, L2 included."""

    def step(self, rows: int) -> None:
        """One step with the gradient sums over ``rows`` rows, which may be fewer than a full batch's."""
        if rows != self.rows:  # the last batch: its mean counts as much as another's
            np.multiply(self.grads, constant(self.rows / rows, self.grads.dtype), self.grads)
        if self._has_l2:
            np.multiply(self._W, self._l2, self._spare_W)
            np.add(self._dW, self._spare_W, self._dW)
        self.update()


class SGD(Optimizer):
    r"""Plain gradient descent: :math:`\theta \leftarrow \theta - \alpha g`."""

    def begin_epoch(self, rates: Sequence[float], t: Array) -> None:  # noqa: ARG002
        """Take each trial's learning rate."""
        self._rate = self.spread([rate / self.rows for rate in rates])

    def update(self) -> None:
        """One step."""
        np.multiply(self.grads, self._rate, self.grads)
        np.subtract(self.weights, self.grads, self.weights)


class Momentum(SGD):
    r"""Momentum: :math:`v \leftarrow \mu v + g`, :math:`\theta \leftarrow \theta - \alpha v`.

    Source:
        Sutskever, Martens, Dahl and Hinton (2013), https://proceedings.mlr.press/v28/sutskever13.html; as in
        PyTorch the learning rate multiplies the velocity and is not part of it.
    """

    moment_names = ("velocity",)

    def begin_epoch(self, rates: Sequence[float], t: Array) -> None:
        """Take each trial's learning rate."""
        super().begin_epoch(rates, t)
        self._momentum = self.spread([s.momentum for s in self.settings])

    def update(self) -> None:
        """One step."""
        (velocity,) = self.moments
        np.multiply(velocity, self._momentum, velocity)
        np.add(velocity, self.grads, velocity)
        np.multiply(velocity, self._rate, self.grads)
        np.subtract(self.weights, self.grads, self.weights)


class Nesterov(Momentum):
    r"""Momentum that looks ahead: :math:`v \leftarrow \mu v + g`, :math:`\theta \leftarrow \theta - \alpha (g
    + \mu v)`.

    Source:
        As :class:`Momentum`, in the form that takes the gradient at the current weights.
    """

    def update(self) -> None:
        """One step."""
        (velocity,) = self.moments
        np.multiply(velocity, self._momentum, velocity)
        np.add(velocity, self.grads, velocity)
        np.multiply(velocity, self._momentum, self.spare)
        np.add(self.grads, self.spare, self.grads)
        np.multiply(self.grads, self._rate, self.grads)
        np.subtract(self.weights, self.grads, self.weights)


class RMSProp(Optimizer):
    r"""Divides by the root of a running mean square: :math:`v \leftarrow \rho v + (1 - \rho) g^2`,
    :math:`\theta \leftarrow \theta - \alpha \, g / (\sqrt{v} + \epsilon)`.

    Kept is :math:`v' = n^2 v / (1 - \rho)`, of gradient sums, which saves a pass.

    Source:
        Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5 (2012).
    """

    moment_names = ("mean_square",)

    def begin_epoch(self, rates: Sequence[float], t: Array) -> None:  # noqa: ARG002
        """Take each trial's learning rate."""
        self._rate = self.spread(rates)
        self._rho = self.spread([s.rho for s in self.settings])
        self._root = self.spread([(1 - s.rho) ** 0.5 for s in self.settings])
        self._epsilon = self.spread([s.epsilon * self.rows for s in self.settings])

    def update(self) -> None:
        """One step."""
        (square,), g, spare = self.moments, self.grads, self.spare
        np.multiply(square, self._rho, square)
        np.multiply(g, g, spare)
        np.add(square, spare, square)
        np.sqrt(square, spare)
        np.multiply(spare, self._root, spare)
        np.add(spare, self._epsilon, spare)
        np.divide(g, spare, spare)
        np.multiply(spare, self._rate, spare)
        np.subtract(self.weights, spare, self.weights)


class Adam(Optimizer):
    r"""Adam: moments :math:`m, v` of the gradient and its square, both corrected for their start at 0.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
        \theta \leftarrow \theta - \alpha \,
            \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Kept are :math:`m' = n m / (1 - \beta_1)` and :math:`v' = n^2 v / (1 - \beta_2)`, of gradient sums.  With
    :math:`c_1 = (1 - \beta_1) / (1 - \beta_1^t)` and :math:`c_2 = (1 - \beta_2) / (1 - \beta_2^t)` the step
    is :math:`\alpha \, m' / (\sqrt{v'} \sqrt{c_2} / c_1 + n \epsilon / c_1)`.

    Source:
        Kingma and Ba, "Adam" (2015), algorithm 1, https://arxiv.org/abs/1412.6980
    """

    moment_names = ("first_moment", "second_moment")

    def begin_epoch(self, rates: Sequence[float], t: Array) -> None:
        """Take each trial's learning rate, and prepare the corrections of the epoch's steps."""
        self._rate = self.spread(rates)
        self._beta1 = self.spread([s.beta1 for s in self.settings])
        self._beta2 = self.spread([s.beta2 for s in self.settings])
        c1 = np.array([(1 - s.beta1) / (1 - s.beta1**t) for s in self.settings])  # (K, steps)
        c2 = np.array([(1 - s.beta2) / (1 - s.beta2**t) for s in self.settings])
        epsilon = np.array([[s.epsilon * self.rows] for s in self.settings])
        self._root_scales = self._spread_steps(np.sqrt(c2) / c1)
        self._epsilons = self._spread_steps(epsilon / c1)

    def _spread_steps(self, values: Array) -> Iterator[Array]:
        """For each step the operand of :meth:`spread`, from numbers (K, steps)."""
        if (values == values[0]).all():
            row = values[0].astype(self.weights.dtype)
            return (row[step, ...] for step in range(len(row)))
        return (self.spread(list(step)) for step in values.T)

    def update(self) -> None:
        """One step."""
        (first, second), g, spare = self.moments, self.grads, self.spare
        np.multiply(first, self._beta1, first)
        np.add(first, g, first)
        np.multiply(second, self._beta2, second)
        np.multiply(g, g, spare)
        np.add(second, spare, second)
        np.sqrt(second, spare)
        np.multiply(spare, next(self._root_scales), spare)
        np.add(spare, next(self._epsilons), spare)
        np.divide(first, spare, spare)
        np.multiply(spare, self._rate, spare)
        np.subtract(self.weights, spare, self.weights)


class AdamW(Adam):
    r"""Adam with decoupled decay: each step first takes :math:`W \leftarrow (1 - \alpha \lambda) W`, matrices
    only.

    Source:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019),
        https://arxiv.org/abs/1711.05101
    """

    def begin_epoch(self, rates: Sequence[float], t: Array) -> None:
        """Take each trial's learning rate, and prepare the corrections of the epoch's steps."""
        super().begin_epoch(rates, t)
        kept = [1 - rate * s.weight_decay for rate, s in zip(rates, self.settings, strict=True)]
        self._kept = self.part(self.spread(kept))

    def update(self) -> None:
        """One step."""
        np.multiply(self._W, self._kept, self._W)
        super().update()


_KINDS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}


def optimizer_kind(settings: NetworkSettings) -> str:
    """What tells apart optimizers that make different calls: SGD without momentum keeps no velocity."""
    if settings.optimizer != "sgd" or settings.momentum == 0:
        return settings.optimizer
    return "nesterov" if settings.nesterov else "momentum"


def optimizer_class(settings: NetworkSettings) -> type[Optimizer]:
    """The optimizer of these settings."""
    return _KINDS[optimizer_kind(settings)]
