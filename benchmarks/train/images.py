"""Convolutional networks beside PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.report import interleaved
from benchmarks.train.timing import timed, timed_training
from hpt_cli.network import TrainingData


@dataclass(frozen=True)
class Image:
    """One convolutional network on square gray images."""

    name: str
    side: int
    rows: int
    channels: tuple[int, ...]
    kernel: int
    dense: tuple[int, ...]
    batch: int
    batch_norm: bool = False


IMAGES = (
    Image("conv 8x8, 8-16, 3x3", 8, 1024, (8, 16), 3, (32,), 32),
    Image("conv 8x8, 16-32 BN", 8, 1024, (16, 32), 3, (64,), 64, True),
    Image("LeNet 28x28", 28, 512, (6, 16), 5, (120, 84), 64),
    Image("LeNet 28x28 BN", 28, 512, (6, 16), 5, (120, 84), 64, True),
    Image("conv 28x28, 16-32 BN", 28, 256, (16, 32), 3, (64,), 64, True),
)
"""Each convolution keeps the image's size and is followed by max pooling of 2."""


def images_of(image: Image) -> tuple[np.ndarray, np.ndarray]:
    """Random images (N, side^2) float32 with ten classes (N,)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(image.rows, image.side**2)).astype(np.float32)
    return x, (x @ rng.normal(size=(image.side**2, 10))).argmax(axis=1)


def ours(image: Image) -> Callable[[], float]:
    """One trial."""
    x, y = images_of(image)
    shape = (image.side, image.side, 1)
    data = TrainingData("classification", 10, x, y, x[:64], y[:64], image_shape=shape)
    layers: list[dict[str, Any]] = []
    for channels in image.channels:
        layers += [{"conv": channels, "kernel": image.kernel}, {"pool": "max", "size": 2}]
    layers += [{"dense": units} for units in image.dense]
    flat = {"layers": layers, "batch_norm": image.batch_norm, "optimizer": "adam"}
    return timed_training(flat, data, batch=image.batch)


def torch_loop(image: Image, *, fused: bool) -> Callable[[], float]:
    """The same network in PyTorch, on slices of one shuffled copy."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y = (torch.from_numpy(array) for array in images_of(image))
    x = x.reshape(-1, 1, image.side, image.side)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise((1, *image.channels)):
        layers.append(nn.Conv2d(before, after, image.kernel, padding="same", bias=not image.batch_norm))
        if image.batch_norm:
            layers.append(nn.BatchNorm2d(after))
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
    left = image.side // 2 ** len(image.channels)
    layers.append(nn.Flatten())
    for before, after in itertools.pairwise((image.channels[-1] * left**2, *image.dense)):
        layers.append(nn.Linear(before, after, bias=not image.batch_norm))
        if image.batch_norm:
            layers.append(nn.BatchNorm1d(after))
        layers.append(nn.ReLU())
    layers.append(nn.Linear(image.dense[-1], 10))
    model = nn.Sequential(*layers)
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)

    def epoch() -> None:
        order = torch.randperm(len(x))
        shuffled, labels = x[order], y[order]
        for start in range(0, len(x), image.batch):
            optimizer.zero_grad()
            loss = loss_of(model(shuffled[start : start + image.batch]), labels[start : start + image.batch])
            loss.backward()
            optimizer.step()

    return timed(epoch, image.rows // image.batch)


def measure_images(images: Sequence[Image], rounds: int) -> list[dict[str, Any]]:
    """The table of convolutional networks, printed row by row."""
    if not images:
        return []
    print(f"\n{'':24}{'B':>4}{'solo us':>11}{'eager us':>11}{'solo/eager':>11}{'solo/fused':>11}")
    rows = []
    for image in images:
        runs = {
            "solo": ours(image),
            "eager": torch_loop(image, fused=False),
            "fused": torch_loop(image, fused=True),
        }
        row = interleaved(runs, rounds)
        rows.append({"name": image.name, "class": "images", "batch": image.batch, **row})
        solo, eager, fused = row["solo"], row["eager"], row["fused"]
        ratios = f"{solo / eager:>11.2f}{solo / fused:>11.2f}"
        print(f"{image.name:24}{image.batch:>4}{solo:>11.0f}{eager:>11.0f}{ratios}", flush=True)
    return rows
