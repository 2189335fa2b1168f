"""What follows each hidden layer's sum, element by element.

Each function maps ``z`` to ``a`` in place and leaves the slope da/dz in ``slope``: the way back is then one
multiplication, whatever the activation.  ``spare`` is working room of the same shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hpt_cli.network.arrays import Array, constant

Activation = Callable[[Array, Array, Array], None]
"""``activation(z, slope, spare)``: three contiguous arrays of one shape."""


def make_activation(name: str, dtype: npt.DTypeLike) -> Activation:
    """The activation of that name for arrays of ``dtype``."""
    return _MAKERS[name](dtype)


def _relu(dtype: npt.DTypeLike) -> Activation:
    zero = constant(0, dtype)

    def relu(z: Array, slope: Array, _spare: Array) -> None:
        # A float mask and a product: faster than np.maximum or np.where, and a NaN stays one.
        np.greater(z, zero, slope)
        np.multiply(z, slope, z)

    return relu


LEAK = 0.01
"""Slope of the leaky ReLU below 0.  Maas, Hannun and Ng (2013)."""


def _leaky_relu(dtype: npt.DTypeLike) -> Activation:
    zero, leak, rest = constant(0, dtype), constant(LEAK, dtype), constant(1 - LEAK, dtype)

    def leaky_relu(z: Array, slope: Array, _spare: Array) -> None:
        np.greater(z, zero, slope)
        np.multiply(slope, rest, slope)
        np.add(slope, leak, slope)
        np.multiply(z, slope, z)

    return leaky_relu


def _tanh(dtype: npt.DTypeLike) -> Activation:
    one = constant(1, dtype)

    def tanh(z: Array, slope: Array, _spare: Array) -> None:
        np.tanh(z, z)
        np.multiply(z, z, slope)
        np.subtract(one, slope, slope)

    return tanh


def _sigmoid(dtype: npt.DTypeLike) -> Activation:
    one = constant(1, dtype)

    def sigmoid(z: Array, slope: Array, _spare: Array) -> None:
        np.negative(z, z)
        np.exp(z, z)  # infinite below -88 in float32, and 1 / inf is the 0 it should be
        np.add(z, one, z)
        np.divide(one, z, z)
        np.subtract(one, z, slope)
        np.multiply(slope, z, slope)

    return sigmoid


def _elu(dtype: npt.DTypeLike) -> Activation:
    r"""z above 0, exp(z) - 1 below: the slope exp(min(z, 0)) is also what the value is made of."""
    zero, one = constant(0, dtype), constant(1, dtype)

    def elu(z: Array, slope: Array, spare: Array) -> None:
        np.minimum(z, zero, out=slope)
        np.exp(slope, slope)
        np.maximum(z, zero, out=z)
        np.subtract(slope, one, spare)
        np.add(z, spare, z)

    return elu


def _gelu(dtype: npt.DTypeLike) -> Activation:
    r"""GELU in its tanh form: NumPy has no erf.

    .. math:: a = z \, s, \quad s = (1 + \tanh(c (z + 0.044715 z^3))) / 2, \quad c = \sqrt{2 / \pi}

    With :math:`u = 2 c z (1 + 3 \cdot 0.044715 z^2)` the slope is :math:`s \, (1 + u (1 - s))`.

    Source:
        Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016), https://arxiv.org/abs/1606.08415
    """
    c = math.sqrt(2 / math.pi)
    linear, cubic = constant(c, dtype), constant(0.044715 * c, dtype)
    one, two, three, half = (constant(value, dtype) for value in (1, 2, 3, 0.5))

    def gelu(z: Array, slope: Array, spare: Array) -> None:
        np.multiply(z, z, spare)
        np.multiply(spare, cubic, spare)  # 0.044715 c z^2
        np.add(spare, linear, slope)
        np.multiply(slope, z, slope)
        np.tanh(slope, slope)
        np.add(slope, one, slope)
        np.multiply(slope, half, slope)  # s
        np.multiply(spare, three, spare)
        np.add(spare, linear, spare)
        np.multiply(spare, z, spare)
        np.multiply(spare, two, spare)  # u
        np.multiply(z, slope, z)  # a
        np.subtract(one, slope, slope)  # 1 - s
        np.multiply(spare, slope, spare)
        np.add(spare, one, spare)  # 1 + u (1 - s)
        np.subtract(one, slope, slope)  # s again
        np.multiply(slope, spare, slope)

    return gelu


_MAKERS: dict[str, Callable[[npt.DTypeLike], Activation]] = {
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "elu": _elu,
    "gelu": _gelu,
}
