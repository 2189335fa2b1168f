"""Convolution and pooling: worked by hand, against finite differences, and whole trainings of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hpt_cli.network import NetworkSettings, Population, TrainingData, convolution, group, predict, train
from hpt_cli.network.arrays import transposed
from hpt_cli.network.convolution import AveragePool, Convolve, MaxPool, Pad
from hpt_cli.network.losses import LOSSES_BY_NAME
from hpt_cli.network.network import Buffers, Shape, TrainingStack

IMAGE = np.arange(1.0, 10.0).reshape(3, 3)  # 1 2 3 / 4 5 6 / 7 8 9
KERNEL = np.array([[1.0, 2.0], [0.0, -1.0]])


def as_images(image: Any) -> Any:
    """One trial, one channel, one row of a batch."""
    return np.array(image, float)[None, None, :, :, None]


def convolve(image: Any, kernel: Any, stride: int, side: int, bias: float = 0.0) -> tuple[Any, Any, Any]:
    """The bound layer, z, and (dW, db, dx), which its way back fills."""
    x, z = as_images(image), np.empty((1, 1, side, side, 1))
    W, b = np.array(kernel, float)[None, None, None], np.array([bias])
    layer = Convolve(x, z, W, b, stride, training=True)
    gradients = np.empty_like(W), np.empty(1), np.empty_like(x)
    layer.bind_gradients(z, *gradients)
    return layer, z, gradients


class TestConvolve:
    def test_without_borders(self) -> None:
        # The window of 1 2 4 5: 1 * 1 + 2 * 2 - 5 = 0, and so on; the bias adds 10.
        layer, z, (dW, db, dx) = convolve(IMAGE, KERNEL, 1, 2, bias=10)
        layer.forward()
        np.testing.assert_array_equal(z[0, 0, :, :, 0], [[10, 12], [16, 18]])
        z[0, 0, :, :, 0] = [[1, 0], [0, 2]]  # dz: the first window once, the last twice
        layer.backward()
        np.testing.assert_array_equal(dW[0, 0, 0], [[1 + 2 * 5, 2 + 2 * 6], [4 + 2 * 8, 5 + 2 * 9]])
        np.testing.assert_array_equal(db, [3])
        np.testing.assert_array_equal(dx[0, 0, :, :, 0], [[1, 2, 0], [0, -1 + 2, 4], [0, 0, -2]])

    def test_with_stride_two(self) -> None:
        image = np.arange(25.0).reshape(5, 5)
        layer, z, (dW, _, dx) = convolve(image, KERNEL, 2, 2)
        layer.forward()
        # Corners at 0, 2, 10 and 12: a + 2 (a + 1) - (a + 6) = 2 a - 4.
        np.testing.assert_array_equal(z[0, 0, :, :, 0], [[-4, 0], [16, 20]])
        z[0, 0, :, :, 0] = [[1, 0], [0, 1]]
        layer.backward()
        np.testing.assert_array_equal(dW[0, 0, 0], [[12, 14], [22, 24]])
        expected = np.zeros((5, 5))
        expected[:2, :2] += KERNEL
        expected[2:4, 2:4] += KERNEL
        np.testing.assert_array_equal(dx[0, 0, :, :, 0], expected)

    def test_between_borders_of_zeros(self) -> None:
        # "same" with a kernel of 2: nothing before, a row and a column of zeros after.
        settings = NetworkSettings.from_flat({"layers": [{"conv": 1, "kernel": 2}]})
        (layer,) = settings.front
        assert layer.pad(3) == (0, 1)  # type: ignore[union-attr]
        padded = np.zeros((1, 1, 4, 4, 1))
        gradient = np.full_like(padded, np.nan)
        images = as_images(IMAGE)
        z = np.empty((1, 1, 3, 3, 1))
        pad = Pad(images, padded[:, :, :3, :3], gradient[:, :, :3, :3])
        convolution = Convolve(padded, z, KERNEL[None, None, None], None, 1, training=True)
        dW = np.empty((1, 1, 1, 2, 2))
        convolution.bind_gradients(z, dW, None, gradient)
        pad.forward()
        convolution.forward()
        np.testing.assert_array_equal(z[0, 0, :, :, 0], [[0, 2, 3], [6, 8, 6], [23, 26, 9]])
        z.fill(0)
        z[0, 0, 2, 2] = 1  # the window of 9 and three zeros
        convolution.backward()
        pad.backward()
        np.testing.assert_array_equal(dW[0, 0, 0], [[9, 0], [0, 0]])
        np.testing.assert_array_equal(images[0, 0, :, :, 0], [[0, 0, 0], [0, 0, 0], [0, 0, 1]])

    def test_sums_over_the_channels(self) -> None:
        x = np.stack([IMAGE, 10 * IMAGE])[None, ..., None]
        W = np.zeros((1, 2, 2, 1, 1))
        W[0, 0] = 1  # the first output adds the channels, the second takes the second alone
        W[0, 1, 1] = 1
        z = np.empty((1, 2, 3, 3, 1))
        Convolve(x, z, W, None, 1, training=False).forward()
        np.testing.assert_array_equal(z[0, :, :, :, 0], [11 * IMAGE, 10 * IMAGE])

    @pytest.mark.parametrize(("size", "stride", "expected"), [(5, 1, (1, 1)), (5, 2, (1, 1)), (6, 2, (0, 1))])
    def test_same_gives_as_many_windows_as_strides_fit(
        self, size: int, stride: int, expected: tuple[int, int]
    ) -> None:
        (layer,) = NetworkSettings.from_flat({"layers": [{"conv": 4, "stride": stride}]}).front
        assert layer.pad(size) == expected  # type: ignore[union-attr]
        assert layer.shape((size, size, 1)) == (-(-size // stride), -(-size // stride), 4)


class TestPooling:
    def pool(self, kind: str, image: Any, size: int, stride: int, dy: Any) -> tuple[Any, Any]:
        x, y = as_images(image), np.empty_like(as_images(dy))
        pool = (
            MaxPool(x, y, size, stride, training=True) if kind == "max" else AveragePool(x, y, size, stride)
        )
        pool.forward()
        found = y[0, 0, :, :, 0].copy()
        y[0, 0, :, :, 0] = dy
        pool.backward()
        return found, x[0, 0, :, :, 0]

    def test_the_greatest_of_each_window_gets_the_gradient(self) -> None:
        image = [[1, 5, 0, 0], [2, 3, 0, -1], [-1, -2, 7, 7], [-3, -4, 7, 7]]
        y, dx = self.pool("max", image, 2, 2, [[1, 2], [3, 4]])
        np.testing.assert_array_equal(y, [[5, 0], [-1, 7]])
        # Of equal ones, the first.
        np.testing.assert_array_equal(dx, [[0, 1, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]])

    def test_the_mean_gives_every_pixel_its_share(self) -> None:
        y, dx = self.pool("average", [[1, 2, 9], [3, 6, 9], [9, 9, 9]], 2, 2, [[8]])
        np.testing.assert_array_equal(y, [[3]])
        np.testing.assert_array_equal(dx, [[2, 2, 0], [2, 2, 0], [0, 0, 0]])  # the rest fills no window

    def test_windows_may_overlap(self) -> None:
        y, dx = self.pool("max", IMAGE, 2, 1, [[1, 1], [1, 1]])
        np.testing.assert_array_equal(y, [[5, 6], [8, 9]])
        np.testing.assert_array_equal(dx, [[0, 0, 0], [0, 1, 1], [0, 1, 1]])
        image = [[9, 1, 1], [1, 8, 1], [1, 1, 1]]
        y, dx = self.pool("max", image, 2, 1, [[1, 2], [4, 8]])
        np.testing.assert_array_equal(dx, [[1, 0, 0], [0, 14, 0], [0, 0, 0]])
        y, dx = self.pool("average", IMAGE, 2, 1, [[4, 4], [4, 4]])
        np.testing.assert_array_equal(y, [[3, 4], [6, 7]])
        np.testing.assert_array_equal(dx, [[1, 2, 1], [2, 4, 2], [1, 2, 1]])

    def test_windows_may_leave_pixels_between_them(self) -> None:
        _, dx = self.pool("max", IMAGE, 1, 2, [[1, 2], [3, 4]])
        np.testing.assert_array_equal(dx, [[1, 0, 2], [0, 0, 0], [3, 0, 4]])

    def test_a_nan_is_seen(self) -> None:
        y, _ = self.pool("max", [[1, np.nan], [2, 3]], 2, 2, [[1]])
        assert np.isnan(y[0, 0])


def test_batch_norm_takes_rows_height_and_width_together() -> None:
    # Two images of 1 x 2 pixels: a kernel of 1 pixel and weight 1 leaves them; 1, 3, 5 and 7 have mean 4 and
    # variance 5.
    settings = NetworkSettings.from_flat(
        {"layers": [{"conv": 1, "kernel": 1, "activation": "tanh"}], "batch_norm": True, "initial_scale": 1}
    )
    shape = Shape((settings,), 2, 1, (1, 2, 1))
    layout = shape.layout()
    weights = np.ones(layout.size)
    stack = TrainingStack(
        shape, layout, Buffers(shape, 2, weights.dtype, training=True), 2, weights, 0 * weights
    )
    x = np.array([[[1.0, 3.0], [5.0, 7.0]]])
    stack.read([x], transposed([x]))
    stack.forward()
    norm = stack.norms["conv1"]
    np.testing.assert_allclose([norm.mean[0, 0], norm.variance[0, 0]], [4, 5])
    a = np.tanh((x[0] - 4) / np.sqrt(5 + 1e-5) + 1)  # gamma and beta are 1
    np.testing.assert_allclose(stack.outputs[0, 0], a.sum(axis=1) + 1)


def numeric_gradient(function: Callable[[], float], x: Any, step: float = 1e-6) -> Any:
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + step
        above = function()
        x[index] = kept - step
        gradient[index] = (above - function()) / (2 * step)
        x[index] = kept
    return gradient


FRONTS: dict[str, list[dict[str, Any]]] = {
    "one": [{"conv": 2, "kernel": 3}],
    "valid": [{"conv": 2, "kernel": 2, "padding": "valid"}, {"dense": 3}],
    "stride": [{"conv": 2, "kernel": 3, "stride": 2}, {"flatten": True}, {"dense": 3}],
    "deep": [
        {"conv": 2},
        {"conv": 3, "kernel": 2, "stride": 2, "padding": "valid"},
        {"conv": 1},
        {"dense": 2},
    ],
    "max": [{"conv": 2}, {"pool": "max"}, {"conv": 2, "kernel": 2}, {"pool": "max", "size": 2, "stride": 1}],
    "average": [{"conv": 2}, {"pool": "average"}, {"conv": 2, "kernel": 1}, {"pool": "average", "stride": 1}],
    "pool first": [{"pool": "average", "size": 2, "stride": 1}, {"conv": 2, "kernel": 3}, {"pool": "max"}],
    "overrides": [
        {"conv": 2, "batch_norm": True, "activation": "sigmoid"},
        {"pool": "max", "size": 3},
        {"dense": 3, "batch_norm": False, "activation": "elu"},
        {"dense": 2, "batch_norm": True},
    ],
}


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("block_bytes", [1 << 18, 1])  # one block that is kept; a block a row, unfolded again
@pytest.mark.parametrize(
    "flat",
    [
        {"activation": "tanh"},
        {"activation": "gelu"},
        {"activation": "sigmoid", "batch_norm": True},
        {"activation": "tanh", "batch_norm": True, "batch_norm.affine": False},
        {"activation": "tanh", "dropout": 0.4},
    ],
    ids=str,
)
def test_every_weight_of_images_gets_its_derivative(
    name: str, flat: dict[str, Any], block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolution, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(convolution, "KEPT_BYTES", block_bytes)
    layers = FRONTS[name]
    n, image, K, M = 3, (5, 4, 2), 2, 3
    settings = tuple(NetworkSettings.from_flat({"layers": layers} | flat) for _ in range(K))
    rng = np.random.default_rng(4)
    shape = Shape(settings, 40, M, image)
    layout = shape.layout()
    weights = rng.normal(size=layout.size)
    grads = np.full_like(weights, np.nan)  # each number must be set
    stack = TrainingStack(shape, layout, Buffers(shape, n, weights.dtype, training=True), n, weights, grads)
    if stack.draws:
        stack.draws.draw([np.random.default_rng(k) for k in range(K)])
    x = rng.normal(size=(K, n, 40))
    loss = LOSSES_BY_NAME["cross_entropy"](stack.outputs)
    (target,) = loss.targets(rng.integers(0, M, (1, K, n)))
    blocks = [x[run] for run in shape.runs]

    def total() -> float:
        stack.read(blocks, transposed(blocks))
        stack.forward()
        kept = np.empty((loss.n_kept, K * n))
        loss.backward(target, kept)
        return float(loss.losses(kept).sum())

    total()
    stack.backward()
    np.testing.assert_allclose(grads, numeric_gradient(total, weights), atol=2e-6)


def make_images(rows: int = 29, image: tuple[int, int, int] = (6, 5, 2), seed: int = 0) -> TrainingData:
    """Three classes: a bright row, a bright column, or neither, somewhere."""
    rng = np.random.default_rng(seed)
    x = 0.3 * rng.normal(size=(rows + 21, *image))
    y = np.arange(len(x)) % 3
    for picture, kind in zip(x, y, strict=True):
        if kind == 0:
            picture[rng.integers(image[0])] += 1
        elif kind == 1:
            picture[:, rng.integers(image[1])] += 1
    flat = x.reshape(len(x), -1).astype(np.float32)
    return TrainingData("classification", 3, flat[:rows], y[:rows], flat[rows:], y[rows:], image_shape=image)


@pytest.fixture(scope="module")
def images() -> TrainingData:
    return make_images()


def bits(population: Population, trial: int) -> tuple[Any, ...]:
    outcome = population.outcome(trial)
    weights = {
        name: np.where(np.isnan(array), np.nan, array).tobytes()
        for name, array in population.weights(trial).items()
    }
    return outcome.status, repr(outcome.metrics), repr(outcome.history), weights


def alone(settings: NetworkSettings, seed: int, data: TrainingData) -> tuple[Any, ...]:
    population = Population([settings], [seed], data, metric="validation_loss")
    population.run()
    return bits(population, 0)


@st.composite
def populations(draw: st.DrawFn) -> list[NetworkSettings]:
    """Trainings of one front; the rest may differ."""
    entries: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        entries.append(
            {
                "conv": draw(st.sampled_from([1, 2, 5])),
                "kernel": draw(st.sampled_from([1, 2, 3])),
                "stride": draw(st.sampled_from([1, 2])),
            }
        )
        if draw(st.booleans()):
            entries.append({"pool": draw(st.sampled_from(["max", "average"])), "size": 1, "stride": 1})
    if draw(st.booleans()):
        entries.insert(
            draw(st.integers(0, 1)), {"pool": draw(st.sampled_from(["max", "average"])), "stride": 1}
        )
    shared = {
        "batch_size": draw(st.sampled_from([2, 7, 14, 29])),
        "activation": draw(st.sampled_from(["relu", "tanh", "gelu"])),
        "batch_norm": draw(st.booleans()),
        "optimizer": draw(st.sampled_from(["sgd", "adam"])),
        "epochs": 2,
    }
    depth, drops = draw(st.integers(0, 2)), draw(st.booleans())
    members = []
    for _ in range(draw(st.integers(2, 5))):
        dense = [{"dense": draw(st.sampled_from([1, 3, 4]))} for _ in range(depth)]
        own = {"learning_rate": draw(st.sampled_from([0.3, 0.01])), "layers": entries + dense}
        own["dropout"] = draw(st.sampled_from([0.2, 0.5])) if drops else 0.0
        own["patience"] = draw(st.sampled_from([None, 1]))
        members.append(NetworkSettings.from_flat(shared | own))
    return members


@hypothesis_settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(settings=populations(), data=st.data())
def test_a_group_of_image_networks_gives_the_bits_of_each_alone(
    settings: list[NetworkSettings], data: st.DataObject, images: TrainingData
) -> None:
    seeds = [data.draw(st.integers(0, 2)) for _ in settings]
    population = Population(settings, seeds, images, metric="validation_loss")
    population.run()
    for place, (one, seed) in enumerate(zip(settings, seeds, strict=True)):
        assert bits(population, place) == alone(one, seed, images)


NET: dict[str, Any] = {
    "layers": [{"conv": 4}, {"pool": "max"}, {"conv": 6, "kernel": 2, "padding": "valid"}, {"dense": 8}],
    "batch_norm": True,
    "dropout": 0.1,
    "batch_size": 8,
    "epochs": 5,
}


def test_states_of_image_networks_go_on_with_the_same_bits(images: TrainingData) -> None:
    one = NetworkSettings.from_flat(NET)
    population = Population([one, one], [1, 2], images, metric="validation_loss")
    population.run(until=2)
    resumed = Population([one], [2], images, metric="validation_loss", states=[population.state(1)])
    resumed.run()
    assert bits(resumed, 0) == alone(one, 2, images)


def test_a_saved_image_network_infers_the_bits_of_the_training(images: TrainingData, tmp_path: Any) -> None:
    one = NetworkSettings.from_flat(NET)
    population = Population([one, one], [4, 5], images, metric="validation_accuracy")
    population.run()
    np.savez(tmp_path / "model.npz", **population.weights(1))
    with np.load(tmp_path / "model.npz", allow_pickle=False) as model:
        assert model["conv2.W"].shape == (6, 4, 2, 2)
        outputs = predict(one, model, images.x_validation)
    accuracy = (outputs.argmax(axis=1) == images.y_validation).mean()
    assert accuracy == population.outcome(1).metrics["validation_accuracy"]
    assert outputs.tobytes() == predict(one, population.weights(1), images.x_validation).tobytes()


def test_a_convolution_finds_what_may_be_anywhere() -> None:
    data = make_images(rows=300, seed=1)
    flat = NET | {"epochs": 15, "learning_rate": 0.02, "dropout": 0.0}
    (outcome,) = train([NetworkSettings.from_flat(flat)], [0], data, metric="validation_accuracy")
    assert outcome.metrics["validation_accuracy"] >= 0.9


def test_networks_of_one_front_share_a_group(images: TrainingData) -> None:
    many = [NetworkSettings.from_flat(NET | {"learning_rate": rate}) for rate in (0.1, 0.01, 0.001)]
    other = NetworkSettings.from_flat(NET | {"layers": [{"conv": 5}, {"dense": 8}]})
    plain = NetworkSettings.from_flat({"batch_norm": True, "dropout": 0.1, "batch_size": 8})
    assert sorted(group([*many, other, plain], images)) == [[0, 1, 2], [3], [4]]


def test_image_networks_of_half_a_megabyte_still_share_a_group() -> None:
    data = make_images(rows=300, image=(8, 8, 1))
    layers = [{"conv": 8}, {"pool": "max"}, {"conv": 16}, {"pool": "max"}, {"dense": 16}]
    small = NetworkSettings.from_flat({"layers": layers, "batch_size": 32})
    large = NetworkSettings.from_flat({"layers": layers, "batch_size": 128})
    assert sorted(group([small, large, small, large], data)) == [[0, 2], [1], [3]]


def test_open_widths_must_be_given() -> None:
    layers = [{"conv": None, "kernel": 2}, {"dense": None}]
    one = NetworkSettings.from_flat({"layers": layers, "conv_1": 3, "dense_1": 5})
    assert (one.front[0].channels, one.widths) == (3, (5,))  # type: ignore[union-attr]
    with pytest.raises(ValueError, match=r"layers\[1\].dense: must be a whole number"):
        NetworkSettings.from_flat({"layers": layers, "conv_1": 3})
    with pytest.raises(ValueError, match="conv_1: the network has no such hyperparameter"):
        NetworkSettings.from_flat({"conv_1": 3})


def test_images_are_needed(images: TrainingData, multiclass: TrainingData) -> None:
    one = NetworkSettings.from_flat(NET)
    with pytest.raises(ValueError, match="layers: conv and pool need images"):
        train([one], [0], multiclass, metric="validation_loss")
    small = NetworkSettings.from_flat({"layers": [{"pool": "max", "size": 7}]})
    with pytest.raises(ValueError, match="does not fit into an image of 6 x 5 pixels"):
        train([small], [0], images, metric="validation_loss")
