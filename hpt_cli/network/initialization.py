"""The weights that training starts from."""

from __future__ import annotations

import math

import numpy as np

from hpt_cli.network.architecture import Convolution, ImageShape
from hpt_cli.network.arrays import Array
from hpt_cli.network.layout import front_names, weight_shapes
from hpt_cli.network.settings import NetworkSettings

WEIGHTS, SHUFFLE, DROPOUT = 1, 2, 3
"""What a training's seed is used for: ``SeedSequence([seed, purpose, ...])``."""

_XAVIER = ("tanh", "sigmoid", "none")


def initial_weights(
    settings: NetworkSettings, n_inputs: int, n_outputs: int, seed: int, image: ImageShape | None = None
) -> Array:
    r"""Weights (size of the trial's layout,) in float64: matrices normal, gamma 1, biases and beta 0.

    The standard deviation is :math:`\sqrt{2 / D}` (He) or :math:`\sqrt{2 / (D + M)}` (Xavier) for a matrix
    (D, M), or 1 (``normal``), times ``initial_scale``.  ``auto`` follows the activation; no activation
    follows the last matrix, so it takes Xavier there.  Of a convolution, D and M are the numbers that one
    output is made of and that one input goes into.

    Source:
        He, Zhang, Ren and Sun (2015), https://arxiv.org/abs/1502.01852; Glorot and Bengio (2010),
        https://proceedings.mlr.press/v9/glorot10a.html (its variance, drawn from a normal distribution)
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, WEIGHTS]))
    tensors = []
    for name, shape in weight_shapes(settings, n_inputs, n_outputs, image).items():
        if name.endswith(".W"):
            tensors.append(rng.standard_normal(shape) * _deviation(settings, name, shape))
        else:
            tensors.append(np.full(shape, 1.0 if name.endswith(".gamma") else 0.0))
    return np.concatenate([tensor.ravel() for tensor in tensors])


def _deviation(settings: NetworkSettings, name: str, shape: tuple[int, ...]) -> float:
    kind = settings.initialization
    if kind == "auto":
        kind = "xavier" if _activation(settings, name) in _XAVIER else "he"
    if len(shape) == 4:
        channels_out, channels_in, kernel, _ = shape
        fan_in, fan_out = channels_in * kernel**2, channels_out * kernel**2
    else:
        fan_in, fan_out = shape
    spread = {"he": math.sqrt(2 / fan_in), "xavier": math.sqrt(2 / (fan_in + fan_out)), "normal": 1.0}[kind]
    return spread * settings.initial_scale


def _activation(settings: NetworkSettings, name: str) -> str:
    """What follows the matrix of that name; ``none`` after the last."""
    own = dict(zip(front_names(settings.front), settings.front, strict=True))
    layer = name.removesuffix(".W")
    if layer in own:
        front = own[layer]
        return front.activation if isinstance(front, Convolution) else "none"
    return "none" if layer == "output" else settings.dense[int(layer.removeprefix("layer")) - 1].activation
