"""``python -m benchmarks.train``: microseconds a training step, and ratios, one core.

Columns: the matrix products of a step and nothing else (bound); ours, one trial at a time (solo) and sixteen
in a population (per trial); PyTorch eager with its default and its fused optimizer; scikit-learn's MLP, which
knows no batch norm.  Then convolutional networks beside PyTorch, and what each setting costs beside the plain
network.  All are warmed up, take turns, and share one core with one thread.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse
import itertools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.report import interleaved, keep
from benchmarks.train.images import IMAGES, measure_images
from benchmarks.train.settings import measure_settings
from benchmarks.train.timing import timed, timed_training
from hpt_cli.network import TrainingData

K = 16
VALIDATION_ROWS = 64  # ours judges after each epoch; the peers do not


@dataclass(frozen=True)
class Shape:
    """One network on one kind of data."""

    name: str
    size: str
    features: int
    rows: int
    widths: tuple[int, ...]
    batch: int
    optimizer: str
    batch_norm: bool = False
    momentum: float = 0.0
    classes: int = 10


SHAPES = (
    Shape("digits 16", "tiny", 64, 1078, (16,), 16, "sgd"),
    Shape("digits 32", "tiny", 64, 1078, (32,), 32, "adam"),
    Shape("digits 32 BN", "tiny", 64, 1078, (32,), 32, "adam", True),
    Shape("tabular 4x32 BN", "tiny", 20, 4096, (32, 32, 32, 32), 64, "adam", True, classes=2),
    Shape("digits 64 BN", "small", 64, 1078, (64,), 32, "adam", True),
    Shape("digits 64-64 BN", "small", 64, 1078, (64, 64), 64, "sgd", True, 0.9),
    Shape("tabular 64-32 BN", "small", 20, 4096, (64, 32), 64, "adam", True, classes=2),
    Shape("digits 128-64 BN", "medium", 64, 1078, (128, 64), 128, "adam", True),
    Shape("digits 256-128", "medium", 64, 1078, (256, 128), 256, "adam"),
    Shape("tabular 256-256 BN", "medium", 20, 4096, (256, 256), 128, "adam", True, classes=2),
    Shape("images 128-64 BN", "large", 784, 4096, (128, 64), 64, "sgd", True, 0.9),
    Shape("images 256-128 BN", "large", 784, 4096, (256, 128), 128, "adam", True),
    Shape("images 512-256", "large", 784, 4096, (512, 256), 256, "adam"),
)


def data_of(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Random rows (N, D) float32 with classes (N,) that a network can learn."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(shape.rows, shape.features)).astype(np.float32)
    y = (x @ rng.normal(size=(shape.features, shape.classes))).argmax(axis=1)
    return x, y


def steps_of(shape: Shape) -> int:
    """Steps of an epoch, the last batch (where it is not of one row) among them."""
    return -(-shape.rows // shape.batch)


def bound(shape: Shape) -> Callable[[], float]:
    """The products of a step: forward, and both ways back but for the first layer's input."""
    rng = np.random.default_rng(0)
    sizes = (shape.features, *shape.widths, 1 if shape.classes == 2 else shape.classes)
    a = [rng.normal(size=(shape.batch, size)).astype(np.float32) for size in sizes]
    W = [rng.normal(size=pair).astype(np.float32) for pair in itertools.pairwise(sizes)]
    out = [np.empty_like(array) for array in a]
    grads = [np.empty_like(array) for array in W]

    def epoch() -> None:
        for _ in range(steps_of(shape)):
            for layer, weights in enumerate(W):
                np.matmul(a[layer], weights, out[layer + 1])
            for layer in range(len(W) - 1, -1, -1):
                np.matmul(a[layer].T, out[layer + 1], grads[layer])
                if layer:
                    np.matmul(out[layer + 1], W[layer].T, out[layer])

    with np.errstate(all="ignore"):
        return timed(epoch, steps_of(shape))


def ours(shape: Shape, trials: int) -> Callable[[], float]:
    """Per trial, of ``trials`` together."""
    x, y = data_of(shape)
    data = TrainingData(
        task="classification",
        n_classes=shape.classes,
        x_train=x,
        y_train=y,
        x_validation=x[:VALIDATION_ROWS],
        y_validation=y[:VALIDATION_ROWS],
    )
    flat = {
        "hidden_units": list(shape.widths),
        "batch_norm": shape.batch_norm,
        "optimizer": shape.optimizer,
        "momentum": shape.momentum,
    }
    return timed_training(flat, data, batch=shape.batch, trials=trials)


def torch_loop(shape: Shape, *, fused: bool) -> Callable[[], float]:
    """A plain loop over slices of one shuffled copy: quicker than a DataLoader."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y = (torch.from_numpy(array) for array in data_of(shape))
    layers: list[nn.Module] = []
    for wide, narrow in itertools.pairwise((shape.features, *shape.widths)):
        layers.append(nn.Linear(wide, narrow, bias=not shape.batch_norm))
        if shape.batch_norm:
            layers.append(nn.BatchNorm1d(narrow))
        layers.append(nn.ReLU())
    binary = shape.classes == 2
    layers.append(nn.Linear(shape.widths[-1], 1 if binary else shape.classes))
    model = nn.Sequential(*layers)
    loss_of: nn.Module = nn.BCEWithLogitsLoss() if binary else nn.CrossEntropyLoss()
    optimizer: torch.optim.Optimizer
    if shape.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=shape.momentum, fused=fused)

    def epoch() -> None:
        order = torch.randperm(len(x))
        shuffled, labels = x[order], y[order]
        for start in range(0, len(x), shape.batch):
            rows, wanted = shuffled[start : start + shape.batch], labels[start : start + shape.batch]
            optimizer.zero_grad()
            outputs = model(rows)
            loss = loss_of(outputs[:, 0], wanted.float()) if binary else loss_of(outputs, wanted)
            loss.backward()
            optimizer.step()

    return timed(epoch, steps_of(shape))


def sklearn_mlp(shape: Shape) -> Callable[[], float]:
    """MLPClassifier's own fit, its setting up included in a share that many epochs make small."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    epochs = 10
    x, y = data_of(shape)
    model = MLPClassifier(
        shape.widths,
        solver=shape.optimizer,
        batch_size=shape.batch,
        max_iter=epochs,
        n_iter_no_change=epochs,
        tol=0.0,
        alpha=0.0,
        learning_rate_init=1e-3,
        momentum=shape.momentum,
        nesterovs_momentum=False,
        random_state=0,
    )

    def measure() -> float:
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
        return (time.perf_counter() - started) / epochs / steps_of(shape) * 1e6

    return measure


def measure_shape(shape: Shape, rounds: int) -> dict[str, Any]:
    """All columns of one row."""
    runs = {
        "bound": bound(shape),
        "solo": ours(shape, 1),
        "population": ours(shape, K),
        "eager": torch_loop(shape, fused=False),
        "fused": torch_loop(shape, fused=True),
    }
    if not shape.batch_norm:
        runs["sklearn"] = sklearn_mlp(shape)
    return {"name": shape.name, "class": shape.size, "batch": shape.batch, **interleaved(runs, rounds)}


def measure_dense(rounds: int, only: str) -> list[dict[str, Any]]:
    """The table of fully connected networks, printed row by row."""
    titles = (
        "bound us",
        "solo us",
        "K=16 us",
        "solo/bound",
        "K/bound",
        "solo/eager",
        "solo/fused",
        "K/eager",
        "solo/K",
    )
    shapes = [shape for shape in SHAPES if only in shape.name]
    if shapes:
        print(f"{'':20}{'B':>4} " + "".join(f"{title:>11}" for title in (*titles, "solo/sklearn")))
    rows = []
    for shape in shapes:
        row = measure_shape(shape, rounds)
        rows.append(row)
        solo, many = row["solo"], row["population"]
        cells = [f"{row['bound']:.1f}", f"{solo:.1f}", f"{many:.1f}"]
        ratios = [solo / row["bound"], many / row["bound"], solo / row["eager"], solo / row["fused"]]
        ratios += [many / row["eager"], solo / many]
        cells += [f"{ratio:.2f}" for ratio in ratios]
        cells.append(f"{solo / row['sklearn']:.2f}" if "sklearn" in row else "-")
        print(f"{shape.name:20}{shape.batch:>4} " + "".join(f"{cell:>11}" for cell in cells), flush=True)
    return rows


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="networks whose name holds this text")
    options = parser.parse_args()
    rows = measure_dense(options.rounds, options.only)
    rows += measure_images([i for i in IMAGES if options.only in i.name], options.rounds)
    if not options.only:
        rows += measure_settings(options.rounds)
    print(f"kept in {keep('train', rows)}")


if __name__ == "__main__":
    main()
