"""Trainings that run together, from the first epoch to the last one's judgment.

Trials that share :func:`group_key` are trained in one :class:`~hpt_cli.network.engine.Engine`.  A trial alone
is a population of one: the same operations on the same numbers in the same order, so neither grouping nor
order nor the moment at which others leave changes a bit of its result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hpt_cli.network.architecture import Convolution, FrontLayer
from hpt_cli.network.arrays import Array
from hpt_cli.network.engine import Arrays, Engine, TrainingData, initial_state
from hpt_cli.network.losses import resolve_loss
from hpt_cli.network.metric_names import metric_goal, metric_kinds, split_name
from hpt_cli.network.metrics import evaluate
from hpt_cli.network.model import join_models
from hpt_cli.network.optimizers import optimizer_kind
from hpt_cli.network.settings import NetworkSettings

HUGE_LOSS = 1e6
"""A validation loss above it counts as diverged.  Chance is log C for classes, 1 for standardized targets."""

State = dict[str, Any]
"""A running trial as plain arrays and numbers: all that is needed to go on elsewhere with the same bits."""


def group_key(settings: NetworkSettings) -> tuple[object, ...]:
    """What trainings must share to run in one population: whatever decides which calls a step makes.

    The front is equal but for dropout's rate.  Widths, rates, momentum, decay, dropout's rate, schedules,
    epochs, patience and seeds may differ.
    """
    return (
        tuple(_without_rate(layer) for layer in settings.front),
        tuple((layer.activation, layer.batch_norm, layer.dropout > 0) for layer in settings.dense),
        settings.batch_size,
        settings.normalizes and settings.batch_norm_affine,
        settings.loss,
        settings.class_weight,
        optimizer_kind(settings),
        settings.l2 > 0,
    )


def _without_rate(layer: FrontLayer) -> FrontLayer:
    """The layer with nothing of dropout but whether there is any."""
    return replace(layer, dropout=float(layer.dropout > 0)) if isinstance(layer, Convolution) else layer


@dataclass(frozen=True)
class TrainingOutcome:
    """What came of one training.

    Args:
        status: ``done``, ``diverged`` or ``pruned``.
        metrics: Every metric of the task by full name, of the final weights; empty unless done.
        history: By metric, one value an epoch.  ``training_loss`` is the mean over the rows as the epoch's
        steps saw
            them; the others are of the weights at the epoch's end.
        error: Why it diverged, in words.
        epochs: How many were run.
        best_epoch: The epoch (from 1) whose weights were restored; ``None`` without patience.
        seconds_share: The training's share of its population's time.
    """

    status: str
    metrics: dict[str, float]
    history: dict[str, tuple[float, ...]]
    error: str | None
    epochs: int
    best_epoch: int | None
    seconds_share: float


@dataclass
class _Trial:
    """The life of one training."""

    settings: NetworkSettings
    seed: int
    epochs: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int = 0
    best_value: float = math.nan
    best_model: Arrays = field(default_factory=dict)
    seconds: float = 0.0
    model: Arrays = field(default_factory=dict)
    outcome: TrainingOutcome | None = None

    def ended(self, status: str, metrics: dict[str, float], error: str | None) -> TrainingOutcome:
        """The outcome of a training that ends as it stands."""
        return TrainingOutcome(
            status=status,
            metrics=metrics,
            history={name: tuple(curve) for name, curve in self.history.items()},
            error=error,
            epochs=self.epochs,
            best_epoch=self.best_epoch if self.settings.patience and status == "done" else None,
            seconds_share=self.seconds,
        )


class Population:
    """Trains K networks together.

    Args:
        settings: Each trial's; all of one :func:`group_key`.
        seeds: Each trial's training seed, at least 0.
        data: The same for all.
        metric: The full name of the metric that patience watches.
        states: Where to go on, from :meth:`state`, all after the same number of epochs; left out, the start.
        dtype: float32, or float64 for exact checks.

    Raises:
        ValueError: The settings differ in their group key, or do not fit the data; the states are of
        different
            epochs; there is no such metric.
    """

    def __init__(
        self,
        settings: Sequence[NetworkSettings],
        seeds: Sequence[int],
        data: TrainingData,
        *,
        metric: str,
        states: Sequence[State] | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        if len({group_key(s) for s in settings}) != 1:
            raise ValueError("population: the settings must share their group key")
        self._data, self._metric, self._dtype = data, metric, np.dtype(dtype)
        self._loss = resolve_loss(settings[0].loss, data.task, data.n_classes)
        check_metric(metric, data)
        self._trials = [_Trial(s, seed) for s, seed in zip(settings, seeds, strict=True)]
        self._active = list(range(len(self._trials)))
        if states is None:
            arrays = [initial_state(s, seed, data) for s, seed in zip(settings, seeds, strict=True)]
        else:
            arrays = [_restore(trial, state) for trial, state in zip(self._trials, states, strict=True)]
        epochs = {trial.epochs for trial in self._trials}
        if len(epochs) != 1:
            raise ValueError(f"population: the states are of different epochs: {sorted(epochs)}")
        self._engine = Engine(settings, seeds, data, arrays, epochs.pop(), self._dtype)

    def run(self, until: int | None = None) -> None:
        """Train to the end of epoch ``until`` (counted from 1), or until every trial has ended."""
        with np.errstate(all="ignore"):  # a diverging trial overflows; it is found at the epoch's end
            while self._active and (until is None or self._engine.epochs < until):
                started = time.perf_counter()
                losses = self._engine.run_epoch()
                ended = self._judge_epoch(losses)
                self._share_time(time.perf_counter() - started)
                if ended:
                    self._leave(ended)

    def running(self, trial: int) -> bool:
        """Whether the trial has epochs to go."""
        return self._trials[trial].outcome is None

    def so_far(self, trial: int) -> TrainingOutcome:
        """How far a running trial has come, as the outcome of one that was pruned now.

        Raises:
            ValueError: It has ended.
        """
        if not self.running(trial):
            raise ValueError(f"population: trial {trial} has ended")
        return self._trials[trial].ended("pruned", {}, None)

    def drop(self, trials: Sequence[int]) -> None:
        """Train these running trials no further; they end as pruned, the others go on in a smaller engine."""
        for trial in trials:
            life = self._trials[trial]
            life.model, life.outcome = self.weights(trial), self.so_far(trial)
        self._compact([place for place, number in enumerate(self._active) if number not in trials])

    def outcome(self, trial: int) -> TrainingOutcome:
        """What came of a trial that has ended.

        Raises:
            ValueError: It has not.
        """
        outcome = self._trials[trial].outcome
        if outcome is None:
            raise ValueError(f"population: trial {trial} has not ended")
        return outcome

    def weights(self, trial: int) -> Arrays:
        """The network as named arrays (:mod:`hpt_cli.network.model`): the final one, or as it stands."""
        if not self.running(trial):
            return self._trials[trial].model
        return self._engine.model(self._active.index(trial))

    def state(self, trial: int) -> State:
        """A copy of where a running trial stands, for another population to go on.

        Raises:
            ValueError: The trial has ended.
        """
        if not self.running(trial):
            raise ValueError(f"population: trial {trial} has ended")
        life = self._trials[trial]
        state: State = {"epochs": life.epochs, "seconds": life.seconds}
        state |= {"best_epoch": life.best_epoch, "best_value": life.best_value}
        state |= {f"history/{name}": np.array(curve) for name, curve in life.history.items()}
        state |= {f"best/{name}": array.copy() for name, array in life.best_model.items()}
        return state | self._engine.state(self._active.index(trial))

    def _judge_epoch(self, losses: Array) -> dict[int, str | None]:
        """Write the histories; returns the places in the engine of trials that ended, and what went wrong."""
        curves = {"training_loss": losses} | self._evaluate_epoch()
        ended: dict[int, str | None] = {}
        for place, number in enumerate(self._active):
            trial = self._trials[number]
            trial.epochs = self._engine.epochs
            for name, values in curves.items():
                trial.history.setdefault(name, []).append(float(values[place]))
            trouble = _trouble(trial, float(losses[place]), self._metric)
            if trouble:
                ended[place] = trouble
                continue
            if trial.settings.patience:
                self._watch(trial, place)
            waited = trial.epochs - trial.best_epoch
            if trial.epochs >= trial.settings.epochs or (
                trial.settings.patience and waited >= trial.settings.patience
            ):
                ended[place] = None
        return ended

    def _evaluate_epoch(self) -> dict[str, Array]:
        data, inference = self._data, self._engine.infer()
        part, judged = split_name(self._metric)
        shown = ("loss", "rmse" if data.task == "regression" else "accuracy")
        kinds = tuple(dict.fromkeys(shown + ((judged,) if part == "validation" else ())))
        values = self._evaluated("validation", kinds, inference.outputs(data.x_validation))
        if part == "training":
            values |= self._evaluated("training", (judged,), inference.outputs(data.x_train))
        return values

    def _evaluated(self, part: str, kinds: tuple[str, ...], outputs: Array) -> dict[str, Array]:
        y = np.asarray(self._data.y_validation if part == "validation" else self._data.y_train)
        values = evaluate(kinds, outputs, y, loss=self._loss, target_std=self._data.target_std)
        return {f"{part}_{kind}": value for kind, value in values.items()}

    def _watch(self, trial: _Trial, place: int) -> None:
        """Remember the trial's weights if the metric is better than ever."""
        value = trial.history[self._metric][-1]
        better = (
            value < trial.best_value if metric_goal(self._metric) == "minimize" else value > trial.best_value
        )
        if better or not trial.best_epoch:
            trial.best_epoch, trial.best_value = trial.epochs, value
            trial.best_model = self._engine.model(place)

    def _share_time(self, seconds: float) -> None:
        """Split an epoch's time in proportion to the trials' weights."""
        sizes = [sum(math.prod(shape) for shape in shapes.values()) for shapes in self._engine.layout.trials]
        for number, size in zip(self._active, sizes, strict=True):
            self._trials[number].seconds += seconds * size / sum(sizes)

    def _leave(self, ended: Mapping[int, str | None]) -> None:
        """Finish the trials at these places of the engine; the others go on in a smaller one."""
        started = time.perf_counter()
        done = [place for place, trouble in ended.items() if trouble is None]
        for place in ended:
            trial = self._trials[self._active[place]]
            restored = trial.settings.patience and place in done
            trial.model = trial.best_model if restored else self._engine.model(place)
        metrics = self._final_metrics([self._trials[self._active[place]] for place in done])
        share = (time.perf_counter() - started) / len(ended)
        for place, trouble in ended.items():
            trial = self._trials[self._active[place]]
            trial.seconds += share
            if trouble is None:
                trial.outcome = trial.ended("done", metrics[done.index(place)], None)
            else:
                trial.outcome = trial.ended("diverged", {}, trouble)
        self._compact([place for place in range(len(self._active)) if place not in ended])

    def _compact(self, staying: Sequence[int]) -> None:
        """Go on with the trials at these places of the engine alone."""
        states = [self._engine.state(place) for place in staying]
        self._active = [self._active[place] for place in staying]
        if self._active:
            trials = [self._trials[number] for number in self._active]
            self._engine = Engine(
                [trial.settings for trial in trials],
                [trial.seed for trial in trials],
                self._data,
                states,
                self._engine.epochs,
                self._dtype,
            )

    def _final_metrics(self, trials: Sequence[_Trial]) -> list[dict[str, float]]:
        if not trials:
            return []
        inference = join_models([trial.settings for trial in trials], [trial.model for trial in trials])
        kinds = metric_kinds(self._data.task)
        values = self._evaluated("validation", kinds, inference.outputs(self._data.x_validation))
        values |= self._evaluated("training", kinds, inference.outputs(self._data.x_train))
        return [{name: float(value[k]) for name, value in values.items()} for k in range(len(trials))]


def check_metric(metric: str, data: TrainingData) -> None:
    """Refuse a metric that the data cannot be judged by.

    Raises:
        ValueError: There is no such metric, it is not defined for the task, or a class has no rows to rank.
    """
    part, kind = split_name(metric)
    if kind not in metric_kinds(data.task):
        defined = ", ".join(metric_kinds(data.task))
        raise ValueError(f"metric: {metric} is not defined for {data.task}; defined are {defined}")
    y = data.y_validation if part == "validation" else data.y_train
    if kind == "auc" and len(np.unique(y)) < data.n_classes:
        missing = sorted(set(range(data.n_classes)) - {int(c) for c in np.unique(y)})
        raise ValueError(
            f"metric: {metric} needs every class, and the {part} part has no row of class {missing[0]}"
        )
    if kind == "r2" and len(y) < 2:
        raise ValueError(f"metric: {metric} needs at least 2 rows, and the {part} part has {len(y)}")


def _trouble(trial: _Trial, loss: float, metric: str) -> str | None:
    """Why the trial has diverged at this epoch, or ``None``."""
    validation = trial.history["validation_loss"][-1]
    judged = trial.history[metric][-1]
    named = [("loss", loss), ("validation loss", validation), (metric.replace("_", " "), judged)]
    for name, value in named:
        if not math.isfinite(value):
            found = "nan" if math.isnan(value) else "infinite"
            return f"{name} became {found} at epoch {trial.epochs}"
    if validation > HUGE_LOSS:
        return f"validation loss grew to {validation:.3g} at epoch {trial.epochs}"
    return None


def _restore(trial: _Trial, state: Mapping[str, Any]) -> Arrays:
    """Give a trial its past back; returns the arrays that the engine goes on with."""
    trial.epochs, trial.seconds = int(state["epochs"]), float(state["seconds"])
    trial.best_epoch, trial.best_value = int(state["best_epoch"]), float(state["best_value"])
    arrays: Arrays = {}
    for name, value in state.items():
        group, _, rest = name.partition("/")
        if group == "history":
            trial.history[rest] = [float(number) for number in value]
        elif group == "best":
            trial.best_model[rest] = value
        elif isinstance(value, np.ndarray):
            arrays[name] = value
    return arrays
