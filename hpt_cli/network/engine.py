"""The numbers of K trials that are trained together: one epoch, one evaluation.

Who trains, for how long, and who leaves is decided in :mod:`hpt_cli.network.population`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hpt_cli.network.architecture import ImageShape
from hpt_cli.network.arrays import Array, row_sums
from hpt_cli.network.batch_norm import RunningStatistics
from hpt_cli.network.batches import Batches, balanced_weights, steps_of_epoch
from hpt_cli.network.initialization import DROPOUT, initial_weights
from hpt_cli.network.layout import Layout, named, running_shapes
from hpt_cli.network.losses import LOSSES_BY_NAME, n_outputs, resolve_loss
from hpt_cli.network.network import Buffers, Inference, Shape, TrainingStack
from hpt_cli.network.optimizers import optimizer_class
from hpt_cli.network.schedules import learning_rate
from hpt_cli.network.settings import NetworkSettings


@dataclass(frozen=True)
class TrainingData:
    """What a training sees; arrays may be memory maps.

    Args:
        task: ``classification`` or ``regression``.
        n_classes: C; 0 for regression.
        x_train: Rows (N, D), float32.
        y_train: Classes (N,) from 0, int64; or standardized targets (N,), float32.
        x_validation: As ``x_train``.
        y_validation: As ``y_train``.
        target_mean: What standardizing took off, in the target's own units.
        target_std: What it divided by; rmse and mae are reported in the target's own units.
        image_shape: Height, width and channels that a row's D numbers are, in this order; ``None`` if they
            are no image.
    """

    task: str
    n_classes: int
    x_train: Array
    y_train: Array
    x_validation: Array
    y_validation: Array
    target_mean: float = 0.0
    target_std: float = 1.0
    image_shape: ImageShape | None = None


Arrays = dict[str, Array]


def initial_state(settings: NetworkSettings, seed: int, data: TrainingData) -> Arrays:
    """The changing numbers of one trial at the start, each a flat float64 array.

    They are ``weights``, the optimizer's moments by name, and with batch norm the uncorrected
    ``running_mean`` and ``running_variance``.
    """
    loss = resolve_loss(settings.loss, data.task, data.n_classes)
    M = n_outputs(loss, data.n_classes)
    weights = initial_weights(settings, data.x_train.shape[1], M, seed, data.image_shape)
    state = {"weights": weights}
    for name in optimizer_class(settings).moment_names:
        state[name] = np.zeros_like(weights)
    if settings.normalizes:
        features = sum(width for (width,) in running_shapes(settings).values())
        state["running_mean"], state["running_variance"] = np.zeros((2, features))
    return state


class Engine:
    """Trains K trials that share what :func:`hpt_cli.network.population.group_key` names.

    Args:
        settings: Each trial's.
        seeds: Each trial's.
        data: The same for all.
        states: Where each trial stands, as :func:`initial_state` and :meth:`state` give it.
        epochs: How many epochs they have behind them.
        dtype: Of all numbers but the running statistics, which are float64.
    """

    def __init__(
        self,
        settings: Sequence[NetworkSettings],
        seeds: Sequence[int],
        data: TrainingData,
        states: Sequence[Mapping[str, Array]],
        epochs: int,
        dtype: np.dtype[np.generic],
    ) -> None:
        self.settings, self.seeds, self.data, self.epochs = tuple(settings), tuple(seeds), data, epochs
        self._dtype = dtype
        first = self.settings[0]
        self.loss = resolve_loss(first.loss, data.task, data.n_classes)
        M = n_outputs(self.loss, data.n_classes)
        self.shape = Shape(self.settings, data.x_train.shape[1], M, data.image_shape)
        self.layout = self.shape.layout()
        self._vectors = {
            name: self._gathered(self.layout, states, name, dtype)
            for name in ("weights", *optimizer_class(first).moment_names)
        }
        self.weights = self._vectors["weights"]
        self._steps = steps_of_epoch(len(data.x_train), first.batch_size, batch_norm=first.normalizes)
        self._averages: Arrays = {}
        self._statistics: dict[str, RunningStatistics] = {}
        if first.normalizes:
            self._bind_running_statistics(states)
        self._bind_training()
        self._inference = Inference(self.shape, self.layout, self.weights)

    @staticmethod
    def _gathered(
        layout: Layout, states: Sequence[Mapping[str, Array]], name: str, dtype: npt.DTypeLike
    ) -> Array:
        vector = np.empty(layout.size, dtype)
        for trial, state in enumerate(states):
            layout.put(vector, trial, state[name])
        return vector

    def _bind_running_statistics(self, states: Sequence[Mapping[str, Array]]) -> None:
        self._running = Layout([running_shapes(s) for s in self.settings])
        for name in ("running_mean", "running_variance"):
            self._averages[name] = self._gathered(self._running, states, name, np.float64)
        momentum = [s.batch_norm_momentum for s in self.settings]
        pixels = self.shape.pixels()
        for name, widths in self.shape.norms.items():
            mean, variance = (self._running.row(vector, name) for vector in self._averages.values())
            counts = [rows * pixels[name] for rows in self._steps]
            self._statistics[name] = RunningStatistics(mean, variance, momentum, widths, counts)

    def _bind_training(self) -> None:
        first, data, dtype, rows = self.settings[0], self.data, self._dtype, self._steps[0]
        K, loss_class = len(self.settings), LOSSES_BY_NAME[self.loss]
        grads = np.zeros_like(self.weights)
        moments = [vector for name, vector in self._vectors.items() if name != "weights"]
        self._optimizer = optimizer_class(first)(
            self.settings, self.layout, rows, self.weights, grads, moments
        )
        class_weights = None
        if first.class_weight == "balanced" and data.task == "classification":
            class_weights = np.asarray(balanced_weights(data.y_train, data.n_classes), dtype)
        buffers = Buffers(self.shape, rows, dtype, training=True)
        self._stacks = {
            n: TrainingStack(self.shape, self.layout, buffers, n, self.weights, grads)
            for n in set(self._steps)
        }
        self._losses = {n: loss_class(stack.outputs) for n, stack in self._stacks.items()}
        self._batches = Batches(
            np.asarray(data.x_train),
            np.asarray(data.y_train),
            self._steps,
            self.seeds,
            self.shape.runs,
            self._losses,
            class_weights,
            dtype,
        )
        # What each step keeps for the epoch's loss and for the running statistics.
        self._kept = [np.empty((loss_class.n_kept, K * n), dtype) for n in self._steps]
        self._step_statistics = {
            name: np.empty((2, len(self._steps), len(statistics.mean)), dtype)
            for name, statistics in self._statistics.items()
        }

    def run_epoch(self) -> Array:
        """Train one epoch; returns each trial's mean loss (K,) over the rows, as its steps saw them."""
        rates = [learning_rate(s, self.epochs) for s in self.settings]
        steps_before = self.epochs * len(self._steps)
        self._optimizer.begin_epoch(rates, steps_before + np.arange(1, len(self._steps) + 1))
        rngs = []
        if self.settings[0].drops:
            rngs = [
                np.random.default_rng(np.random.SeedSequence([s, DROPOUT, self.epochs])) for s in self.seeds
            ]
        step = self._optimizer.step
        for number, (batch, kept) in enumerate(
            zip(self._batches.epoch(self.epochs), self._kept, strict=True)
        ):
            stack, loss = self._stacks[batch.rows], self._losses[batch.rows]
            for name, (means, variances) in self._step_statistics.items():
                stack.norms[name].keep(means[number], variances[number])
            if stack.draws:
                stack.draws.draw(rngs)
            stack.read(batch.x, batch.x_transposed)
            stack.forward()
            loss.backward(batch.target, kept)
            if batch.weight is not None:
                np.multiply(loss.flat, batch.weight, loss.flat)
            stack.backward()
            step(batch.rows)
        self.epochs += 1
        for name, statistics in self._statistics.items():
            statistics.fold(*self._step_statistics[name])
        return self._epoch_losses()

    def _epoch_losses(self) -> Array:
        K, loss_class = len(self.settings), LOSSES_BY_NAME[self.loss]
        by_trial = [kept.reshape(len(kept), K, -1) for kept in self._kept]
        rows = np.concatenate(by_trial, axis=2)  # (kept, K, rows of the epoch)
        losses: Array = row_sums(loss_class.losses(rows)) / rows.shape[2]
        return losses

    def infer(self) -> Inference:
        """The networks as they stand after at least one epoch, for as long as they are not trained on."""
        self._inference.normalize_by([s.corrected(self.epochs) for s in self._statistics.values()])
        return self._inference

    def model(self, trial: int) -> Arrays:
        """A copy of what inference needs of one trial: see :mod:`hpt_cli.network.model`."""
        settings = self.settings[trial]
        arrays = named(self.layout.trials[trial], self.layout.take(self.weights, trial))
        for name, statistics in self._statistics.items():
            widths = self.shape.norms[name]
            columns = slice(sum(widths[:trial]), sum(widths[: trial + 1]))
            mean, variance = statistics.corrected(self.epochs)
            arrays[f"{name}.running_mean"] = mean[columns].copy()
            arrays[f"{name}.running_variance"] = variance[columns].copy()
        if settings.front:
            arrays["image_shape"] = np.array(self.shape.image)
        return arrays

    def state(self, trial: int) -> Arrays:
        """A copy of where one trial stands."""
        state = {name: self.layout.take(vector, trial) for name, vector in self._vectors.items()}
        for name, vector in self._averages.items():
            state[name] = self._running.take(vector, trial)
        return state
