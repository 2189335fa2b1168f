"""Metrics against scikit-learn's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from hpt_cli.network import METRICS, metric_goal, metrics_for
from hpt_cli.network.metrics import evaluate

KINDS = ("loss", "accuracy", "balanced_accuracy", "f1_macro", "auc")


def softmax(logits: Any) -> Any:
    p = np.exp(logits - logits.max(axis=0))
    return p / p.sum(axis=0)


def expected(logits: Any, y: Any) -> dict[str, float]:
    """What scikit-learn says of logits (M, N)."""
    from sklearn import metrics as sk

    M = len(logits)
    if M == 1:
        p = 1 / (1 + np.exp(-logits[0]))
        predicted, score, proba = (logits[0] > 0).astype(int), p, np.stack([1 - p, p])
    else:
        proba = softmax(logits.astype(np.float64))
        predicted, score = logits.argmax(axis=0), proba[1] if M == 2 else proba.T
    labels = np.arange(max(M, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about absent classes
        return {
            "loss": sk.log_loss(y, proba.T, labels=labels),
            "accuracy": sk.accuracy_score(y, predicted),
            "balanced_accuracy": sk.balanced_accuracy_score(y, predicted),
            "f1_macro": sk.f1_score(y, predicted, average="macro", zero_division=0),
            "auc": sk.roc_auc_score(y, score, multi_class="ovr", labels=labels if M > 2 else None),
        }


@pytest.mark.parametrize("M", [1, 2, 3, 10])
@pytest.mark.parametrize("seed", range(5))
def test_classification_agrees_with_scikit_learn(M: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    C, N = max(M, 2), 200
    y = rng.integers(0, C, N)
    outputs = rng.normal(size=(M, 3, N)).round(1)  # rounded, so that scores tie
    values = evaluate(KINDS, outputs, y, loss="binary_cross_entropy" if M == 1 else "cross_entropy")
    for k in range(3):
        for name, value in expected(outputs[:, k], y).items():
            assert values[name][k] == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize("y", [[0, 0, 1, 1, 1], [0, 0, 0, 0, 0], [2, 2, 1, 1, 0]])
def test_absent_and_unpredicted_classes_count_as_in_scikit_learn(y: list[int]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        outputs = rng.normal(size=(4, 1, 5))
        outputs[rng.integers(4)] -= 9  # a class that is never predicted
        values = evaluate(KINDS, outputs, np.array(y), loss="cross_entropy")
        for name, value in expected(outputs[:, 0], np.array(y)).items():
            assert values[name][0] == pytest.approx(value, nan_ok=True), name


def test_equal_outputs_are_the_first_class() -> None:
    values = evaluate(("accuracy",), np.zeros((3, 1, 4)), np.array([0, 0, 1, 2]), loss="cross_entropy")
    assert values["accuracy"][0] == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_regression_agrees_with_scikit_learn_in_the_targets_own_units(seed: int) -> None:
    from sklearn import metrics as sk

    rng = np.random.default_rng(seed)
    y, outputs = rng.normal(size=50), rng.normal(size=(1, 2, 50))
    values = evaluate(("loss", "rmse", "mae", "r2"), outputs, y, loss="mse", target_std=4.0)
    for k in range(2):
        own, found = 4 * y + 7, 4 * outputs[0, k] + 7
        assert values["loss"][k] == pytest.approx(sk.mean_squared_error(y, outputs[0, k]))
        assert values["rmse"][k] == pytest.approx(sk.root_mean_squared_error(own, found))
        assert values["mae"][k] == pytest.approx(sk.mean_absolute_error(own, found))
        assert values["r2"][k] == pytest.approx(sk.r2_score(own, found))


@pytest.mark.parametrize(("output", "r2"), [(2.0, 1.0), (3.0, 0.0)])
def test_r2_of_constant_targets(output: float, r2: float) -> None:
    from sklearn.metrics import r2_score

    y = np.full(4, 2.0)
    assert evaluate(("r2",), np.full((1, 1, 4), output), y, loss="mse")["r2"][0] == r2
    assert r2_score(y, np.full(4, output)) == r2


def test_goals() -> None:
    goals = {name: metric_goal(f"validation_{name}") for name in METRICS}
    assert {name for name, goal in goals.items() if goal == "minimize"} == {"loss", "rmse", "mae"}


@pytest.mark.parametrize(
    "name", ["accuracy", "test_loss", "validation_", "validation_mse", "loss_validation"]
)
def test_unknown_metrics_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match="balanced_accuracy"):
        metric_goal(name)


def test_each_task_has_its_metrics() -> None:
    assert "validation_auc" in metrics_for("classification", 3)
    assert "training_r2" in metrics_for("regression", 0)
    assert not set(metrics_for("regression", 0)) & {"validation_accuracy", "validation_auc"}
