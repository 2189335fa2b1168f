"""What a training does from its first epoch to its outcome."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from hpt_cli.network import Population, TrainingData, metrics_for, train


def train_one(settings: Any, data: TrainingData, metric: str = "validation_loss", seed: int = 1) -> Any:
    (outcome,) = train([settings], [seed], data, metric=metric)
    return outcome


@pytest.mark.parametrize("kind", ["multiclass", "binary", "regression"])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_training_learns(kind: str, batch_norm: bool, settings: Any, request: Any) -> None:
    data = request.getfixturevalue(kind)
    outcome = train_one(settings({"epochs": 40, "hidden_units": 16, "batch_norm": batch_norm}), data)
    assert outcome.status == "done"
    assert outcome.epochs == 40
    curve = outcome.history["training_loss"]
    assert curve[-1] < 0.4 * curve[0]
    if kind == "regression":
        assert outcome.metrics["validation_r2"] > 0.6
        assert outcome.metrics["validation_rmse"] == pytest.approx(
            2.5 * math.sqrt(outcome.metrics["validation_loss"]), rel=1e-6
        )
    else:
        assert outcome.metrics["validation_accuracy"] > 0.7


@pytest.mark.parametrize("kind", ["multiclass", "binary", "regression"])
def test_an_outcome_has_every_metric_and_the_history_ends_where_the_metrics_are(
    kind: str, settings: Any, request: Any
) -> None:
    data = request.getfixturevalue(kind)
    names = metrics_for(data.task, data.n_classes)
    for metric in names:
        outcome = train_one(settings({"epochs": 3}), data, metric)
        assert set(outcome.metrics) == set(names)
        assert len(outcome.history[metric]) == 3
        for name, curve in outcome.history.items():
            if name != "training_loss" or metric == "training_loss":
                assert curve[-1] == outcome.metrics[name], name


def test_the_training_loss_is_the_mean_over_the_rows_as_the_steps_saw_them(
    settings: Any, multiclass: TrainingData
) -> None:
    # With a rate near 0 the weights stand still: what the steps saw is what an evaluation sees.
    outcome = train_one(settings({"learning_rate": 1e-12, "optimizer": "sgd", "epochs": 1}), multiclass)
    assert outcome.history["training_loss"][0] == pytest.approx(outcome.metrics["training_loss"], rel=1e-6)


def test_the_same_seed_gives_the_same_training_and_another_seed_another(
    settings: Any, multiclass: TrainingData
) -> None:
    one = settings({"dropout": 0.3})
    assert train_one(one, multiclass, seed=4).metrics == train_one(one, multiclass, seed=4).metrics
    assert train_one(one, multiclass, seed=4).metrics != train_one(one, multiclass, seed=5).metrics


def test_batch_norm_evaluates_as_well_as_it_trains_from_the_first_steps(
    settings: Any, make_data: Any
) -> None:
    data = make_data("classification", 3, rows=160)
    # Averages that start at mean 0 and variance 1, and keep 99 % a step, evaluate at twice the loss here.
    data = dataclasses.replace(data, x_train=5 * data.x_train + 20)
    one = settings({"batch_norm": True, "hidden_units": 32, "batch_norm.momentum": 0.99, "epochs": 5})
    losses = {}
    for metric in ("validation_loss", "training_loss"):
        population = Population([one], [0], data, metric=metric)
        population.run(until=1)  # 20 steps of 8 rows
        losses[metric] = population.state(0)["history/training_loss"][0]
    seen_by_the_steps, evaluated = losses["validation_loss"], losses["training_loss"]
    assert evaluated < seen_by_the_steps


def test_patience_goes_back_to_the_best_epoch(settings: Any, multiclass: TrainingData) -> None:
    one = settings({"epochs": 200, "patience": 4, "hidden_units": 40, "learning_rate": 0.05})
    outcome = train_one(one, multiclass, "validation_loss")
    curve = outcome.history["validation_loss"]
    assert outcome.epochs == len(curve) < 200
    assert outcome.best_epoch == 1 + int(np.argmin(curve)) == outcome.epochs - 4
    assert outcome.metrics["validation_loss"] == min(curve) < curve[-1]


def test_patience_follows_the_metric_of_the_objective(settings: Any, multiclass: TrainingData) -> None:
    one = settings({"epochs": 200, "patience": 4, "hidden_units": 40, "learning_rate": 0.05})
    outcome = train_one(one, multiclass, "validation_accuracy")
    curve = outcome.history["validation_accuracy"]
    assert outcome.best_epoch == 1 + int(np.argmax(curve))
    assert outcome.metrics["validation_accuracy"] == max(curve)


def test_without_patience_the_last_weights_count(settings: Any, multiclass: TrainingData) -> None:
    outcome = train_one(settings({"epochs": 60, "hidden_units": 40, "learning_rate": 0.05}), multiclass)
    assert outcome.best_epoch is None
    assert outcome.metrics["validation_loss"] == outcome.history["validation_loss"][-1]


@pytest.mark.parametrize(
    "flat",
    [
        {"learning_rate": 1e6, "initial_scale": 1000.0},
        {"learning_rate": 1.0, "activation": "elu"},
    ],
    ids=str,
)
def test_a_diverged_training_says_when_and_how(
    flat: dict[str, Any], settings: Any, regression: TrainingData
) -> None:
    outcome = train_one(settings(flat | {"optimizer": "sgd", "epochs": 30}), regression)
    assert outcome.status == "diverged"
    assert outcome.metrics == {}
    assert outcome.error.endswith(f" at epoch {outcome.epochs}")
    assert any(words in outcome.error for words in ("became nan", "became infinite", "grew to"))
    assert len(outcome.history["training_loss"]) == outcome.epochs


def test_class_weights_help_the_rare_class(settings: Any, make_data: Any) -> None:
    data = make_data("classification", 2, rows=400)
    noise = np.random.default_rng(9).normal(size=400)
    y = (data.x_train[:, 0] + noise > 2).astype(np.int64)
    data = dataclasses.replace(data, y_train=y)
    assert 0.05 < y.mean() < 0.1
    plain, balanced = (
        train_one(settings({"epochs": 5, "class_weight": kind}), data).metrics
        for kind in ("none", "balanced")
    )
    assert balanced["training_balanced_accuracy"] > plain["training_balanced_accuracy"] + 0.1


def test_data_may_be_a_memory_map(settings: Any, multiclass: TrainingData, tmp_path: Any) -> None:
    mapped = {}
    for field in ("x_train", "y_train", "x_validation", "y_validation"):
        np.save(tmp_path / f"{field}.npy", getattr(multiclass, field))
        mapped[field] = np.load(tmp_path / f"{field}.npy", mmap_mode="r")
    data = dataclasses.replace(multiclass, **mapped)
    assert train_one(settings({}), data).metrics == train_one(settings({}), multiclass).metrics


def test_a_last_batch_of_one_row_is_dropped_under_batch_norm(settings: Any, make_data: Any) -> None:
    outcome = train_one(
        settings({"batch_norm": True, "batch_size": 6}), make_data("classification", 3, rows=37)
    )
    assert outcome.status == "done"


@pytest.mark.parametrize("metric", ["validation_rmse", "loss", "test_loss"])
def test_a_metric_that_does_not_fit_is_refused(metric: str, settings: Any, multiclass: TrainingData) -> None:
    with pytest.raises(ValueError, match=r"^metric: "):
        train_one(settings({}), multiclass, metric)


def test_auc_of_a_class_without_rows_is_refused_as_objective(settings: Any, multiclass: TrainingData) -> None:
    data = dataclasses.replace(multiclass, y_validation=np.minimum(multiclass.y_validation, 1))
    with pytest.raises(ValueError, match=r"the validation part has no row of class 2"):
        train_one(settings({}), data, "validation_auc")
    outcome = train_one(settings({}), data, "validation_loss")
    assert math.isnan(outcome.metrics["validation_auc"])


def test_shares_of_the_time_follow_the_weights(settings: Any, multiclass: TrainingData) -> None:
    small, large = settings({"hidden_units": 5, "epochs": 5}), settings({"hidden_units": 50, "epochs": 5})
    outcomes = train([small, large], [0, 0], multiclass, metric="validation_loss")
    assert 0 < outcomes[0].seconds_share < outcomes[1].seconds_share
