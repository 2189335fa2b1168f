"""The whole training against PyTorch: the same first weights, the same batches, in float64.

Skips itself where PyTorch is not installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpt_cli.network import NetworkSettings, Population, TrainingData
from hpt_cli.network.engine import initial_state
from hpt_cli.network.layout import named, weight_shapes
from hpt_cli.network.losses import n_outputs, resolve_loss
from hpt_cli.network.schedules import learning_rate

torch = pytest.importorskip("torch")

ACTIVATIONS = {
    "relu": torch.nn.ReLU(),
    "leaky_relu": torch.nn.LeakyReLU(0.01),
    "tanh": torch.nn.Tanh(),
    "sigmoid": torch.nn.Sigmoid(),
    "elu": torch.nn.ELU(),
    "gelu": torch.nn.GELU(approximate="tanh"),
}


def torch_network(settings: NetworkSettings, weights: dict[str, Any], n_inputs: int) -> Any:
    """A torch network in float64 that starts from our weights."""
    layers: list[Any] = []
    sizes = (n_inputs, *settings.widths)
    for number, width in enumerate(settings.widths, 1):
        linear = torch.nn.Linear(sizes[number - 1], width, bias=not settings.batch_norm)
        layers.append(linear)
        linear.weight.data = torch.tensor(weights[f"layer{number}.W"].T.copy())
        if settings.batch_norm:
            layers.append(
                torch.nn.BatchNorm1d(
                    width,
                    eps=settings.batch_norm_epsilon,
                    momentum=1 - settings.batch_norm_momentum,
                    affine=settings.batch_norm_affine,
                )
            )
            layers[-1].running_var.zero_()  # an average that starts at 0, as ours before its correction
        else:
            linear.bias.data = torch.tensor(weights[f"layer{number}.b"])
        layers.append(ACTIVATIONS[settings.activation])
    output = torch.nn.Linear(sizes[-1], weights["output.W"].shape[1])
    output.weight.data = torch.tensor(weights["output.W"].T.copy())
    layers.append(output)
    output.bias.data = torch.tensor(weights["output.b"])
    return torch.nn.Sequential(*layers).double()


def torch_optimizer(settings: NetworkSettings, network: Any) -> Any:
    """The optimizer of that name; L2 and decay act on matrices alone."""
    matrices = [p for p in network.parameters() if p.ndim == 2]
    rows = [p for p in network.parameters() if p.ndim == 1]
    s = settings
    decay = s.weight_decay if s.optimizer == "adamw" else s.l2
    groups = [{"params": matrices, "weight_decay": decay}, {"params": rows, "weight_decay": 0.0}]
    if s.optimizer == "sgd":
        return torch.optim.SGD(
            groups, lr=s.learning_rate, momentum=s.momentum, nesterov=s.nesterov and s.momentum > 0
        )
    if s.optimizer == "rmsprop":
        return torch.optim.RMSprop(groups, lr=s.learning_rate, alpha=s.rho, eps=s.epsilon)
    kind = torch.optim.Adam if s.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=s.learning_rate, betas=(s.beta1, s.beta2), eps=s.epsilon)


def torch_loss(name: str, outputs: Any, y: Any, class_weights: Any) -> Any:
    """The mean over the rows, each weighed by its class."""
    if name == "mse":
        return torch.nn.functional.mse_loss(outputs[:, 0], y)
    if name == "binary_cross_entropy":
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            outputs[:, 0], y.double(), reduction="none"
        )
    else:
        losses = torch.nn.functional.cross_entropy(outputs, y, reduction="none")
    return (losses * class_weights[y]).mean()


def train_in_torch(settings: NetworkSettings, seed: int, data: TrainingData) -> Any:
    """The network that torch trains, step by step in the same order of rows."""
    loss_name = resolve_loss(settings.loss, data.task, data.n_classes)
    D, M = data.x_train.shape[1], n_outputs(loss_name, data.n_classes)
    weights = named(weight_shapes(settings, D, M), initial_state(settings, seed, data)["weights"])
    network = torch_network(settings, weights, D)
    optimizer = torch_optimizer(settings, network)
    x, y = torch.tensor(data.x_train.astype(np.float64)), torch.tensor(data.y_train)
    y = y.double() if data.task == "regression" else y
    class_weights = torch.ones(max(data.n_classes, 1), dtype=torch.float64)
    if settings.class_weight == "balanced":
        class_weights = len(y) / (data.n_classes * torch.bincount(y).double())
    N = len(x)
    for epoch in range(settings.epochs):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(settings, epoch)
        order = np.random.default_rng(np.random.SeedSequence([seed, 2, epoch])).permutation(N)
        for start in range(0, N, settings.batch_size):
            rows = order[start : start + settings.batch_size]
            if settings.batch_norm and len(rows) == 1:
                continue
            optimizer.zero_grad()
            torch_loss(loss_name, network(x[rows]), y[rows], class_weights).backward()
            optimizer.step()
    return network


CASES: list[dict[str, Any]] = [
    *({"activation": name, "hidden_layers": 2} for name in ACTIVATIONS),
    *({"activation": name, "hidden_layers": 2, "batch_norm": True} for name in ACTIVATIONS),
    {"hidden_layers": 0},
    {"batch_norm": True, "batch_norm.affine": False, "batch_norm.epsilon": 1e-3, "batch_norm.momentum": 0.7},
    {"optimizer": "sgd", "learning_rate": 0.1},
    {"optimizer": "sgd", "learning_rate": 0.1, "l2": 0.01},
    {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "l2": 0.01},
    {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "l2": 0.01},
    {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.8, "batch_norm": True},
    {"optimizer": "rmsprop", "rho": 0.95, "epsilon": 1e-6, "l2": 0.01},
    {"optimizer": "adam", "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4, "l2": 0.01},
    {"optimizer": "adamw", "weight_decay": 0.1},
    {"optimizer": "adamw", "weight_decay": 0.1, "batch_norm": True, "hidden_units": [7, 5, 6]},
    {"schedule.kind": "step", "schedule.every": 2, "schedule.factor": 0.5, "schedule.warmup_epochs": 1},
    {"schedule.kind": "cosine", "schedule.final": 0.1, "optimizer": "adamw"},
    {"class_weight": "balanced"},
    {"batch_size": 5, "batch_norm": True},
    {"batch_size": 1, "epochs": 1},
    {"batch_size": 64, "batch_norm": True},
]


KINDS = ("multiclass", "binary", "two_outputs", "regression")
# class weights need classes
PAIRS = [
    (flat, kind) for flat in CASES for kind in KINDS if not (kind == "regression" and "class_weight" in flat)
]


@pytest.mark.parametrize(("flat", "kind"), PAIRS, ids=str)
def test_training_ends_at_the_weights_of_pytorch(flat: dict[str, Any], kind: str, request: Any) -> None:
    data = request.getfixturevalue("binary" if kind == "two_outputs" else kind)
    loss = "cross_entropy" if kind == "two_outputs" else "auto"
    settings = NetworkSettings.from_flat(
        {"epochs": 4, "batch_size": 8, "hidden_units": 6, "learning_rate": 0.01, "loss": loss} | flat
    )
    population = Population([settings], [3], data, metric="validation_loss", dtype=np.float64)
    population.run()
    network = train_in_torch(settings, 3, data)
    ours = population.weights(0)
    steps_an_epoch = len(data.x_train) // settings.batch_size + (len(data.x_train) % settings.batch_size > 1)
    kept = settings.batch_norm_momentum ** (settings.epochs * steps_an_epoch)
    theirs: dict[str, Any] = {}
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    norms = [layer for layer in network if isinstance(layer, torch.nn.BatchNorm1d)]
    for number, layer in enumerate(linear, 1):
        name = f"layer{number}" if number < len(linear) else "output"
        theirs[f"{name}.W"] = layer.weight.T
        if layer.bias is not None:
            theirs[f"{name}.b"] = layer.bias
    for number, norm in enumerate(norms, 1):
        if norm.affine:
            theirs |= {f"layer{number}.gamma": norm.weight, f"layer{number}.beta": norm.bias}
        theirs[f"layer{number}.running_mean"] = norm.running_mean / (1 - kept)
        theirs[f"layer{number}.running_variance"] = norm.running_var / (1 - kept)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name].detach().numpy(), rtol=1e-7, atol=1e-9, err_msg=name)

    for norm in norms:  # inference, with the corrected averages
        norm.running_mean /= 1 - kept
        norm.running_var /= 1 - kept
    network.eval()
    outputs = network(torch.tensor(data.x_validation.astype(np.float64)))
    y = torch.tensor(data.y_validation)
    y = y.double() if data.task == "regression" else y
    name = resolve_loss(settings.loss, data.task, data.n_classes)
    loss = torch_loss(name, outputs, y, torch.ones(3, dtype=torch.float64))
    assert population.outcome(0).metrics["validation_loss"] == pytest.approx(loss.item(), rel=1e-7)
