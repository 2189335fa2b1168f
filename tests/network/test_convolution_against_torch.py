"""Whole trainings of image networks against PyTorch: the same first weights and batches, in float64.

Skips itself where PyTorch is not installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpt_cli.network import NetworkSettings, Population, TrainingData
from hpt_cli.network.architecture import Convolution, Pooling, front_shapes
from hpt_cli.network.engine import initial_state
from hpt_cli.network.layout import front_names, named, weight_shapes

torch = pytest.importorskip("torch")

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "gelu": lambda: torch.nn.GELU("tanh")}
IMAGE = (9, 8, 2)


@pytest.fixture(scope="module")
def images() -> TrainingData:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, *IMAGE)).astype(np.float32)
    y = (x[:, 2:5, 1:6].mean(axis=(1, 2)).argmax(axis=1) + (x[:, 6, 6, 0] > 0.5)).astype(np.int64)
    x = x.reshape(len(x), -1)
    return TrainingData("classification", 3, x[:37], y[:37], x[37:], y[37:], image_shape=IMAGE)


def torch_network(settings: NetworkSettings, weights: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A torch network in float64 that starts from our weights, and its layers by our names."""
    layers: list[Any] = []
    by_name: dict[str, Any] = {}

    def add(name: str, layer: Any, norm: Any, own: Any) -> None:
        layer.weight.data = torch.tensor(
            weights[f"{name}.W"] if layer.weight.ndim == 4 else weights[f"{name}.W"].T
        )
        by_name[name] = [layer]
        layers.append(layer)
        if own.batch_norm:
            by_name[name].append(norm)
            norm.running_var.zero_()
            layers.append(norm)
        else:
            layer.bias.data = torch.tensor(weights[f"{name}.b"])
        layers.append(ACTIVATIONS[own.activation]())

    rate = 1 - settings.batch_norm_momentum
    shapes = front_shapes(settings.front, IMAGE)
    for name, layer, shape in zip(front_names(settings.front), settings.front, shapes, strict=False):
        if isinstance(layer, Pooling):
            kind = torch.nn.MaxPool2d if layer.kind == "max" else torch.nn.AvgPool2d
            layers.append(kind(layer.size, layer.stride))
            continue
        assert isinstance(layer, Convolution)
        (top, bottom), (left, right) = layer.pad(shape[0]), layer.pad(shape[1])
        layers.append(torch.nn.ZeroPad2d((left, right, top, bottom)))
        bias = not layer.batch_norm
        convolution = torch.nn.Conv2d(shape[2], layer.channels, layer.kernel, layer.stride, bias=bias)
        norm = torch.nn.BatchNorm2d(layer.channels, eps=settings.batch_norm_epsilon, momentum=rate)
        add(name, convolution, norm, layer)
    layers.append(torch.nn.Flatten())
    width = int(np.prod(shapes[-1]))
    for number, dense in enumerate(settings.dense, 1):
        linear = torch.nn.Linear(width, dense.units, bias=not dense.batch_norm)
        norm = torch.nn.BatchNorm1d(dense.units, eps=settings.batch_norm_epsilon, momentum=rate)
        add(f"layer{number}", linear, norm, dense)
        width = dense.units
    output = torch.nn.Linear(width, 3)
    output.weight.data = torch.tensor(weights["output.W"].T)
    output.bias.data = torch.tensor(weights["output.b"])
    layers.append(output)
    by_name["output"] = [output]
    return torch.nn.Sequential(*layers).double(), by_name


def train_in_torch(network: Any, settings: NetworkSettings, seed: int, data: TrainingData) -> None:
    matrices = [p for p in network.parameters() if p.ndim > 1]
    rows = [p for p in network.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": settings.l2}, {"params": rows, "weight_decay": 0.0}]
    if settings.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, lr=settings.learning_rate, momentum=settings.momentum)
    else:
        optimizer = torch.optim.Adam(groups, lr=settings.learning_rate, eps=settings.epsilon)
    x, y = as_torch(data.x_train), torch.tensor(data.y_train)
    for epoch in range(settings.epochs):
        order = np.random.default_rng(np.random.SeedSequence([seed, 2, epoch])).permutation(len(x))
        for start in range(0, len(x), settings.batch_size):
            batch = order[start : start + settings.batch_size]
            if settings.normalizes and len(batch) == 1:
                continue
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()


def as_torch(x: Any) -> Any:
    """Rows of pixels as images, channels first."""
    return torch.tensor(x.reshape(-1, *IMAGE).transpose(0, 3, 1, 2).astype(np.float64))


LENET = [
    {"conv": 4, "kernel": 5},
    {"pool": "max"},
    {"conv": 6, "kernel": 3, "padding": "valid"},
    {"dense": 7},
]
CASES: list[dict[str, Any]] = [
    {"layers": LENET},
    {"layers": LENET, "batch_norm": True},
    {"layers": LENET, "batch_norm": True, "optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9},
    {"layers": LENET, "l2": 0.01, "activation": "gelu"},
    {"layers": [{"conv": 3, "kernel": 3, "stride": 2}, {"conv": 4, "kernel": 2, "stride": 2}]},
    {"layers": [{"conv": 3, "kernel": 4}, {"pool": "average", "size": 3}, {"dense": 5}], "batch_norm": True},
    {
        "layers": [{"conv": 3}, {"pool": "max", "size": 3, "stride": 2}, {"flatten": True}],
        "activation": "tanh",
    },
    {"layers": [{"pool": "average"}, {"conv": 3}, {"pool": "max"}, {"dense": 4}, {"dense": 5}]},
    {
        "layers": [
            {"conv": 4, "padding": "valid", "batch_norm": True, "activation": "tanh"},
            {"pool": "max"},
            {"conv": 5, "kernel": 1},
            {"dense": 6, "batch_norm": True},
            {"dense": 5, "activation": "gelu"},
        ]
    },
]


@pytest.mark.parametrize("batch_size", [8, 12])  # the last batch has 5 rows, or a single one
@pytest.mark.parametrize("flat", CASES, ids=str)
def test_training_images_ends_at_the_weights_of_pytorch(
    flat: dict[str, Any], batch_size: int, images: TrainingData
) -> None:
    settings = NetworkSettings.from_flat({"epochs": 3, "batch_size": batch_size} | flat)
    population = Population([settings], [3], images, metric="validation_loss", dtype=np.float64)
    population.run()
    shapes = weight_shapes(settings, 9 * 8 * 2, 3, IMAGE)
    network, by_name = torch_network(settings, named(shapes, initial_state(settings, 3, images)["weights"]))
    train_in_torch(network, settings, 3, images)

    ours, theirs = population.weights(0), {"image_shape": torch.tensor(IMAGE)}
    steps = 37 // batch_size + (37 % batch_size > 1)
    kept = settings.batch_norm_momentum ** (settings.epochs * steps)
    for name, (layer, *norms) in by_name.items():
        theirs[f"{name}.W"] = layer.weight if layer.weight.ndim == 4 else layer.weight.T
        if layer.bias is not None:
            theirs[f"{name}.b"] = layer.bias
        for norm in norms:
            norm.running_mean /= 1 - kept
            norm.running_var /= 1 - kept
            theirs |= {f"{name}.gamma": norm.weight, f"{name}.beta": norm.bias}
            theirs |= {
                f"{name}.running_mean": norm.running_mean,
                f"{name}.running_variance": norm.running_var,
            }
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name].detach().numpy(), rtol=1e-7, atol=1e-9, err_msg=name)
    network.eval()
    y = torch.tensor(images.y_validation)
    loss = torch.nn.functional.cross_entropy(network(as_torch(images.x_validation)), y)
    assert population.outcome(0).metrics["validation_loss"] == pytest.approx(loss.item(), rel=1e-7)
