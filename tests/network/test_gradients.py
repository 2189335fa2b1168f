"""The way back against finite differences of the way forward, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hpt_cli.network import NetworkSettings
from hpt_cli.network.activations import make_activation
from hpt_cli.network.arrays import transposed
from hpt_cli.network.batch_norm import BatchNorm
from hpt_cli.network.losses import LOSSES_BY_NAME
from hpt_cli.network.network import Buffers, Shape, TrainingStack
from hpt_cli.network.settings import ACTIVATIONS

N, D = 6, 4


def numeric_gradient(function: Callable[[], float], x: Any, step: float = 1e-6) -> Any:
    """Central differences of ``function`` by each number of ``x``, which is changed and put back."""
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = function()
        x[index] = kept - step
        gradient[index] = (above - function()) / (2 * step)
        x[index] = kept
    return gradient


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_the_derivative_of_the_activation(name: str) -> None:
    activation = make_activation(name, np.float64)
    z = np.linspace(-4, 4, 40)  # misses 0, where relu and leaky relu have a corner

    def value_at(points: Any) -> Any:
        a = points.copy()
        activation(a, np.empty_like(a), np.empty_like(a))
        return a

    slope, spare = np.empty((2, 40))
    activation(z.copy(), slope, spare)
    np.testing.assert_allclose(slope, (value_at(z + 1e-6) - value_at(z - 1e-6)) / 2e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "mse"])
def test_the_gradient_of_a_loss_is_its_derivative(name: str) -> None:
    rng = np.random.default_rng(0)
    M, K = (3 if name == "cross_entropy" else 1), 2
    z = 3 * rng.normal(size=(M, K, N))
    y = rng.integers(0, 3 if M == 3 else 2, (1, K, N)) if name != "mse" else rng.normal(size=(1, K, N))

    def step() -> tuple[Any, float]:
        work = z.copy()
        loss = LOSSES_BY_NAME[name](work)
        kept = np.empty((loss.n_kept, K * N))
        (target,) = loss.targets(y)
        loss.backward(target, kept)
        return work, float(loss.losses(kept).sum())

    np.testing.assert_allclose(step()[0], numeric_gradient(lambda: step()[1], z), atol=1e-7)


@pytest.mark.parametrize("affine", [True, False])
def test_the_way_back_through_batch_norm_is_its_derivative(affine: bool) -> None:
    rng = np.random.default_rng(1)
    z, dy = rng.normal(size=(2, N, 3))
    gamma, beta = rng.normal(size=(2, 3))
    epsilon = np.array([1e-5, 0.1, 1.0])

    def run() -> tuple[float, Any, list[Any]]:
        y, grads = np.empty_like(z), [np.empty(3), np.empty(3)]
        learned = [gamma, beta, *grads] if affine else []
        layer = BatchNorm(z.copy(), y, np.empty_like(z), epsilon, *learned)
        layer.forward()
        loss = float((y * dy).sum())
        y[...] = dy  # the gradient comes in where the result was
        layer.backward()
        return loss, y, grads

    _, dz, (dgamma, dbeta) = run()
    np.testing.assert_allclose(dz, numeric_gradient(lambda: run()[0], z), atol=1e-7)
    if affine:
        np.testing.assert_allclose(dgamma, numeric_gradient(lambda: run()[0], gamma), atol=1e-7)
        np.testing.assert_allclose(dbeta, numeric_gradient(lambda: run()[0], beta), atol=1e-7)


@pytest.mark.parametrize("loss_name", ["cross_entropy", "binary_cross_entropy", "mse"])
@pytest.mark.parametrize(
    "flat",
    [
        {"hidden_layers": 0},
        *({"activation": name} for name in ACTIVATIONS),
        {"batch_norm": True, "activation": "tanh"},
        {"batch_norm": True, "batch_norm.affine": False, "activation": "gelu"},
        {"dropout": 0.4, "activation": "tanh"},
        {"dropout": 0.4, "activation": "sigmoid", "batch_norm": True},
    ],
    ids=str,
)
def test_every_weight_of_a_population_gets_its_derivative(flat: dict[str, Any], loss_name: str) -> None:
    widths = [[3, 2], [3, 2], [1, 4]] if flat.get("hidden_layers") != 0 else [[], [], []]
    flat = {name: value for name, value in flat.items() if name != "hidden_layers"}
    settings = tuple(NetworkSettings.from_flat({"hidden_units": own} | flat) for own in widths)
    rng = np.random.default_rng(2)
    M, K = (3 if loss_name == "cross_entropy" else 1), len(settings)
    shape = Shape(settings, D, M)
    layout = shape.layout()
    weights = rng.normal(size=layout.size)
    grads = np.full_like(weights, np.nan)  # each number must be set
    buffers = Buffers(shape, N, weights.dtype, training=True)
    stack = TrainingStack(shape, layout, buffers, N, weights, grads)
    if stack.draws:
        stack.draws.draw([np.random.default_rng(k) for k in range(K)])
    x = rng.normal(size=(K, N, D))
    blocks = [x[run] for run in shape.runs]
    loss = LOSSES_BY_NAME[loss_name](stack.outputs)
    y = rng.integers(0, max(M, 2), (1, K, N)) if loss_name != "mse" else rng.normal(size=(1, K, N))
    (target,) = loss.targets(y)

    def total() -> float:
        stack.read(blocks, transposed(blocks))
        stack.forward()
        kept = np.empty((loss.n_kept, K * N))
        loss.backward(target, kept)
        return float(loss.losses(kept).sum())

    total()
    stack.backward()
    np.testing.assert_allclose(grads, numeric_gradient(total, weights), atol=2e-6)
