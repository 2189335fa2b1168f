"""What a point is worth before it is tried."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

Array = np.ndarray

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    r"""The logarithm of how much below ``best`` normal beliefs are expected to be, (N,).

    .. math:: \log \sigma \, h(z), \quad h(z) = \phi(z) + z \, \Phi(z), \quad z = (best - \mu) / \sigma

    Source:
        Ament et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization" (2023),
        https://arxiv.org/abs/2310.20708, equation 9: far from the best, h underflows and its logarithm not.
    """
    z = (best - mean) / deviation
    near = np.maximum(z, -1.0)
    direct = np.log(np.exp(-0.5 * near * near - _HALF_LOG_2PI) + near * ndtr(near))
    far = np.minimum(z, -1.0)
    # h(z) = phi(z) (1 - |z| Phi(-|z|) / phi(z)); the ratio is that of Mills
    mills = -far * math.sqrt(0.5 * math.pi) * erfcx(-far / math.sqrt(2.0))
    tail = np.where(far < -1e4, -2.0 * np.log(-far), np.log1p(-np.minimum(mills, 1.0 - 1e-12)))
    logarithm: Array = np.where(z > -1.0, direct, -0.5 * far * far - _HALF_LOG_2PI + tail) + np.log(deviation)
    return logarithm


def log_success(mean: Array, deviation: Array) -> Array:
    """The logarithm of the chance that a belief about 1 (ended well) or -1 (did not) is above 0, (N,)."""
    return np.asarray(log_ndtr(mean / deviation))
