"""Every formula once with numbers that were worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hpt_cli.network import NetworkSettings
from hpt_cli.network.activations import make_activation
from hpt_cli.network.batch_norm import BatchNorm, BatchNormInference, RunningStatistics
from hpt_cli.network.batches import balanced_weights, steps_of_epoch
from hpt_cli.network.initialization import initial_weights
from hpt_cli.network.layers import Dropout
from hpt_cli.network.layout import Layout, named, weight_shapes
from hpt_cli.network.losses import LOSSES_BY_NAME, resolve_loss
from hpt_cli.network.optimizers import optimizer_class
from hpt_cli.network.schedules import learning_rate


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0.0, 0.0, 2.0]),
        ("leaky_relu", [-0.01, 0.0, 2.0]),
        ("tanh", [-0.76159416, 0.0, 0.96402758]),
        ("sigmoid", [0.26894142, 0.5, 0.88079708]),
        ("elu", [-0.63212056, 0.0, 2.0]),
        ("gelu", [-0.15880801, 0.0, 1.95459769]),
    ],
)
def test_activations_at_minus_one_zero_and_two(name: str, expected: list[float]) -> None:
    z = np.array([-1.0, 0.0, 2.0])
    make_activation(name, z.dtype)(z, np.empty(3), np.empty(3))
    np.testing.assert_allclose(z, expected, atol=1e-8)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid", "elu", "gelu"])
def test_activations_let_a_nan_be_seen(name: str) -> None:
    z = np.array([np.nan], np.float32)
    make_activation(name, z.dtype)(z, np.empty_like(z), np.empty_like(z))
    assert np.isnan(z[0])


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "elu"])
def test_activations_saturate_far_out(name: str) -> None:
    z, slope = np.array([-1000.0, 1000.0], np.float32), np.empty(2, np.float32)
    with np.errstate(over="ignore"):
        make_activation(name, z.dtype)(z, slope, np.empty_like(z))
    assert z[0] == {"tanh": -1, "sigmoid": 0, "elu": -1}[name]
    assert z[1] == {"tanh": 1, "sigmoid": 1, "elu": 1000}[name]
    assert slope[0] == 0


class TestBatchNorm:
    """Features (1, 3, 5) and (0, 0, 6), epsilon 0.25: means 3 and 2, variances 8/3 and 8."""

    def make(self) -> tuple[Any, Any, Any]:
        z = np.array([[1.0, 0.0], [3.0, 0.0], [5.0, 6.0]])
        y, grads = np.empty_like(z), np.empty((2, 2))
        gamma, beta = np.array([1.0, 2.0]), np.array([0.0, 10.0])
        return BatchNorm(z, y, np.empty_like(z), np.array(0.25), gamma, beta, *grads), y, grads

    def test_forward(self) -> None:
        layer, y, _ = self.make()
        layer.forward()
        np.testing.assert_allclose(layer.mean, [3, 2])
        np.testing.assert_allclose(layer.variance, [8 / 3, 8])
        a, b = 2 / math.sqrt(35 / 12), 2 * 2 / math.sqrt(33 / 4)
        np.testing.assert_allclose(y, [[-a, 10 - b], [0, 10 - b], [a, 10 + 2 * b]])

    def test_backward(self) -> None:
        # Only the first row has a gradient, 1 for both features: dbeta = 1, dgamma = its normalized z,
        # dz = gamma r (dy - 1/3 - c r^2 c_1 / 3) with c the centered z and r = 1 / sqrt(variance + 0.25).
        layer, y, (dgamma, dbeta) = self.make()
        layer.forward()
        y[...] = [[1, 1], [0, 0], [0, 0]]
        layer.backward()
        r1, r2 = math.sqrt(12 / 35), math.sqrt(4 / 33)
        np.testing.assert_allclose(dbeta, [1, 1])
        np.testing.assert_allclose(dgamma, [-2 * r1, -2 * r2])
        first = [r1 * (2 / 3 - 4 / 3 * 12 / 35), r1 * (-1 / 3), r1 * (-1 / 3 + 4 / 3 * 12 / 35)]
        second = [2 * r2 * (2 / 3 - 4 / 3 * 4 / 33), 2 * r2 * (-1 / 3 - 4 / 3 * 4 / 33)]
        second.append(2 * r2 * (-1 / 3 + 8 / 3 * 4 / 33))
        np.testing.assert_allclose(y, np.array([first, second]).T)

    def test_running_statistics_are_unbiased_and_corrected_for_their_start(self) -> None:
        # Momentum 0.5, two steps of 3 and 2 rows: weights 1/4 and 1/2, which add up to 3/4.
        mean, variance = np.zeros((2, 1))
        running = RunningStatistics(mean, variance, [0.5], [1], [3, 2])
        running.fold(np.array([[4.0], [7.0]]), np.array([[2.0], [5.0]]))
        np.testing.assert_allclose(mean, 4 / 4 + 7 / 2)
        np.testing.assert_allclose(variance, (2 * 3 / 2) / 4 + (5 * 2) / 2)
        np.testing.assert_allclose(running.corrected(1), [[4.5 / 0.75], [5.75 / 0.75]])

    def test_an_epoch_folded_at_once_is_its_steps_one_by_one(self) -> None:
        rng = np.random.default_rng(0)
        means, variances = rng.random((2, 7, 3))
        at_once, one_by_one = np.ones((2, 2, 3))
        RunningStatistics(*at_once, [0.9, 0.5], [1, 2], [4] * 7).fold(means, variances)
        single = RunningStatistics(*one_by_one, [0.9, 0.5], [1, 2], [4])
        for step in range(7):
            single.fold(means[step : step + 1], variances[step : step + 1])
        np.testing.assert_allclose(at_once, one_by_one)

    def test_a_constant_feature_is_normalized_to_beta(self) -> None:
        z = np.full((4, 1), 7.0, np.float32)
        y = np.empty_like(z)
        BatchNorm(z, y, np.empty_like(z), np.array(1e-5, np.float32)).forward()
        np.testing.assert_array_equal(y, 0)

    def test_one_row_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 2 rows"):
            BatchNorm(*np.zeros((3, 1, 2)), np.array(1e-5))

    def test_inference_is_one_scale_and_one_shift(self) -> None:
        z = np.array([[1.0, 2.0]])
        BatchNormInference(z, np.array([2.0, 3.0]), np.array([0.5, -1.0])).forward()
        np.testing.assert_allclose(z, [[2.5, 5.0]])

    def test_variance_survives_a_large_offset(self) -> None:
        # E[z^2] - mean^2 would be off by 29 % here, in float32.
        rng = np.random.default_rng(3)
        z = (1000 + rng.normal(size=(256, 4))).astype(np.float32)
        expected = z.astype(np.float64).var(axis=0)
        layer = BatchNorm(z, np.empty_like(z), np.empty_like(z), np.array(1e-5, np.float32))
        layer.forward()
        np.testing.assert_allclose(layer.variance, expected, rtol=1e-5)


class TestLosses:
    def step(self, name: str, z: list[list[float]], y: list[float]) -> tuple[Any, Any]:
        outputs = np.array(z)[:, None]  # (M, K = 1, n)
        loss = LOSSES_BY_NAME[name](outputs)
        kept = np.empty((loss.n_kept, len(y)))
        (target,) = loss.targets(np.array(y)[None, None])
        loss.backward(target, kept)
        evaluated = LOSSES_BY_NAME[name].evaluate(np.array(z)[:, None], np.array(y))
        np.testing.assert_allclose(loss.losses(kept), evaluated[0])
        return outputs[:, 0], evaluated[0]

    def test_cross_entropy(self) -> None:
        # Logits (0, log 3): probabilities 1/4 and 3/4.
        gradient, losses = self.step("cross_entropy", [[0, 0], [math.log(3), math.log(3)]], [0, 1])
        np.testing.assert_allclose(losses, [math.log(4), math.log(4 / 3)])
        np.testing.assert_allclose(gradient, [[-3 / 4, 1 / 4], [3 / 4, -1 / 4]])

    def test_binary_cross_entropy(self) -> None:
        # Logit log 3: probability 3/4 of class 1.
        gradient, losses = self.step("binary_cross_entropy", [[math.log(3), math.log(3)]], [0, 1])
        np.testing.assert_allclose(losses, [math.log(4), math.log(4 / 3)])
        np.testing.assert_allclose(gradient, [[3 / 4, -1 / 4]])

    def test_mean_squared_error(self) -> None:
        gradient, losses = self.step("mse", [[2.0, -1.0]], [0.5, 1.0])
        np.testing.assert_allclose(losses, [2.25, 4.0])
        np.testing.assert_allclose(gradient, [[3.0, -4.0]])

    @pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
    def test_huge_logits_give_their_own_size_as_loss(self, name: str) -> None:
        z = np.array([[[0.0]], [[1000.0]]], np.float32)[-2 if name == "cross_entropy" else -1 :]
        assert LOSSES_BY_NAME[name].evaluate(z, np.array([0]))[0, 0] == 1000

    @pytest.mark.parametrize(
        ("name", "task", "n_classes", "expected"),
        [
            ("auto", "classification", 2, "binary_cross_entropy"),
            ("auto", "classification", 5, "cross_entropy"),
            ("cross_entropy", "classification", 2, "cross_entropy"),
            ("auto", "regression", 0, "mse"),
        ],
    )
    def test_the_loss_follows_the_data(self, name: str, task: str, n_classes: int, expected: str) -> None:
        assert resolve_loss(name, task, n_classes) == expected

    @pytest.mark.parametrize(
        ("name", "task", "n_classes"),
        [
            ("mse", "classification", 3),
            ("cross_entropy", "regression", 0),
            ("binary_cross_entropy", "classification", 3),
        ],
    )
    def test_a_loss_that_does_not_fit_is_refused(self, name: str, task: str, n_classes: int) -> None:
        with pytest.raises(ValueError, match=f"^loss: {name} does not fit"):
            resolve_loss(name, task, n_classes)


class TestOptimizers:
    """One weight that starts at 1 and mean gradients 0.5 and -0.25, batches of 4 rows, learning rate 0.1."""

    def weights_after(self, **flat: Any) -> list[float]:
        settings = NetworkSettings.from_flat({"learning_rate": 0.1} | flat)
        optimizer_type = optimizer_class(settings)
        layout = Layout([{"output.W": (1, 1), "output.b": (1,)}])
        weights, grads = np.ones(2), np.zeros(2)
        moments = [np.zeros(2) for _ in optimizer_type.moment_names]
        optimizer = optimizer_type([settings], layout, 4, weights, grads, moments)
        optimizer.begin_epoch([0.1], np.array([1, 2]))
        seen = []
        for mean, rows in ((0.5, 4), (-0.25, 2)):  # the second batch is a last one of 2 rows
            grads[:] = mean * rows
            optimizer.step(rows)
            seen.append(float(weights[0]))
        return seen

    def test_sgd(self) -> None:
        assert self.weights_after(optimizer="sgd") == pytest.approx([0.95, 0.975])

    def test_momentum(self) -> None:
        # velocities 0.5 and 0.9 * 0.5 - 0.25 = 0.2
        assert self.weights_after(optimizer="sgd", momentum=0.9) == pytest.approx([0.95, 0.93])

    def test_nesterov(self) -> None:
        # steps 0.5 + 0.9 * 0.5 = 0.95 and -0.25 + 0.9 * 0.2 = -0.07
        expected = [0.905, 0.912]
        assert self.weights_after(optimizer="sgd", momentum=0.9, nesterov=True) == pytest.approx(expected)

    def test_rmsprop(self) -> None:
        # mean squares 0.1 * 0.25 = 0.025 and 0.9 * 0.025 + 0.1 * 0.0625 = 0.02875
        first = 1 - 0.1 * 0.5 / (math.sqrt(0.025) + 0.01)
        second = first + 0.1 * 0.25 / (math.sqrt(0.02875) + 0.01)
        assert self.weights_after(optimizer="rmsprop", rho=0.9, epsilon=0.01) == pytest.approx(
            [first, second]
        )

    def test_adam(self) -> None:
        # m: 0.05 / 0.1 = 0.5, then (0.045 - 0.025) / 0.19; v: 0.25, then (0.9 * 0.025 + 0.00625) / 0.19
        first = 1 - 0.1 * 0.5 / (0.5 + 0.01)
        second = first - 0.1 * (0.02 / 0.19) / (math.sqrt(0.02875 / 0.19) + 0.01)
        found = self.weights_after(optimizer="adam", beta1=0.9, beta2=0.9, epsilon=0.01)
        assert found == pytest.approx([first, second])

    def test_adamw_shrinks_the_weights_first(self) -> None:
        first = 0.98 - 0.1 * 0.5 / (0.5 + 0.01)
        second = 0.98 * first - 0.1 * (0.02 / 0.19) / (math.sqrt(0.02875 / 0.19) + 0.01)
        found = self.weights_after(optimizer="adamw", beta1=0.9, beta2=0.9, epsilon=0.01, weight_decay=0.2)
        assert found == pytest.approx([first, second])

    def test_l2_adds_its_share_of_the_weights_to_the_gradient(self) -> None:
        # gradients 0.5 + 0.2 * 1 = 0.7 and -0.25 + 0.2 * 0.93 = -0.064
        assert self.weights_after(optimizer="sgd", l2=0.2) == pytest.approx([0.93, 0.9364])

    def test_l2_and_decay_leave_biases_alone(self) -> None:
        for name in ("l2", "weight_decay"):
            settings = NetworkSettings.from_flat({"optimizer": "adamw", "weight_decay": 0.0, name: 0.5})
            layout = Layout([{"output.W": (1, 1), "output.b": (1,)}])
            weights = np.ones(2)
            optimizer = optimizer_class(settings)(
                [settings], layout, 4, weights, np.zeros(2), [np.zeros(2), np.zeros(2)]
            )
            optimizer.begin_epoch([0.1], np.array([1]))
            optimizer.step(4)
            assert weights[0] < 1
            assert weights[1] == 1


def test_dropout_drops_below_the_rate_and_scales_the_rest() -> None:
    a, slope = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 0.0, 1.0]])
    mask = np.empty((1, 3))
    draws, rates = np.array([[[0.1, 0.5, 0.9]]]), np.array([[[0.2]]])
    Dropout(a, slope, mask, [mask[None]], [draws], [rates], np.array(1.25)).forward()
    np.testing.assert_allclose(a, [[0, 2.5, 3.75]])
    np.testing.assert_allclose(slope, [[0, 0, 1.25]])


@pytest.mark.parametrize(
    ("flat", "expected"),
    [
        ({}, [1, 1, 1, 1, 1]),
        ({"schedule.kind": "step", "schedule.every": 2, "schedule.factor": 0.5}, [1, 1, 0.5, 0.5, 0.25]),
        ({"schedule.kind": "cosine", "epochs": 4}, [1, 0.85355339, 0.5, 0.14644661]),
        ({"schedule.kind": "cosine", "epochs": 2, "schedule.final": 0.5}, [1, 0.75]),
        ({"schedule.warmup_epochs": 3}, [0.25, 0.5, 0.75, 1, 1]),
        ({"schedule.kind": "step", "schedule.every": 1, "schedule.warmup_epochs": 1}, [0.5, 1, 0.1, 0.01]),
        ({"schedule.kind": "cosine", "epochs": 3, "schedule.warmup_epochs": 1}, [0.5, 1, 0.5]),
        ({"schedule.kind": "cosine", "epochs": 2, "schedule.warmup_epochs": 4}, [0.2, 0.4]),
    ],
    ids=str,
)
def test_schedules(flat: dict[str, Any], expected: list[float]) -> None:
    settings = NetworkSettings.from_flat({"learning_rate": 2.0} | flat)
    rates = [learning_rate(settings, epoch) for epoch in range(len(expected))]
    np.testing.assert_allclose(rates, 2 * np.array(expected))


@pytest.mark.parametrize(
    ("flat", "hidden", "output"),
    [
        ({"activation": "relu"}, math.sqrt(2 / 200), math.sqrt(2 / 400)),
        ({"activation": "tanh"}, math.sqrt(2 / 500), math.sqrt(2 / 400)),
        ({"initialization": "he", "activation": "tanh"}, math.sqrt(2 / 200), math.sqrt(2 / 300)),
        ({"initialization": "xavier", "initial_scale": 3.0}, 3 * math.sqrt(2 / 500), 3 * math.sqrt(2 / 400)),
        ({"initialization": "normal", "initial_scale": 0.1}, 0.1, 0.1),
    ],
    ids=str,
)
def test_the_spread_of_the_first_weights(flat: dict[str, Any], hidden: float, output: float) -> None:
    settings = NetworkSettings.from_flat({"hidden_units": 300} | flat)
    weights = named(weight_shapes(settings, 200, 100), initial_weights(settings, 200, 100, seed=5))
    # 60 000 and 30 000 draws: 1.5 % are 5.2 and 3.7 of the estimate's own deviations, 1 in 5000 by accident
    assert weights["layer1.W"].std() == pytest.approx(hidden, rel=0.015)
    assert weights["output.W"].std() == pytest.approx(output, rel=0.015)
    assert not weights["layer1.b"].any()


def test_gamma_starts_at_one_and_beta_at_zero() -> None:
    settings = NetworkSettings.from_flat({"hidden_units": 3, "batch_norm": True})
    weights = named(weight_shapes(settings, 2, 2), initial_weights(settings, 2, 2, seed=5))
    np.testing.assert_array_equal(weights["layer1.gamma"], 1)
    np.testing.assert_array_equal(weights["layer1.beta"], 0)
    assert "layer1.b" not in weights


@pytest.mark.parametrize(
    ("rows", "batch_size", "batch_norm", "expected"),
    [
        (10, 4, False, [4, 4, 2]),
        (9, 4, False, [4, 4, 1]),
        (9, 4, True, [4, 4]),
        (3, 4, True, [3]),
        (1, 4, False, [1]),
    ],
)
def test_steps_of_an_epoch(rows: int, batch_size: int, batch_norm: bool, expected: list[int]) -> None:
    assert steps_of_epoch(rows, batch_size, batch_norm=batch_norm) == expected


def test_a_single_training_row_under_batch_norm_is_refused() -> None:
    with pytest.raises(ValueError, match="single row"):
        steps_of_epoch(1, 4, batch_norm=True)


def test_balanced_weights_have_mean_one_over_the_rows() -> None:
    y = np.array([0, 0, 0, 1])
    np.testing.assert_allclose(balanced_weights(y, 2), [4 / 6, 2])
    assert balanced_weights(y, 2)[y].mean() == pytest.approx(1)
