import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from hpt_cli.data import DataSettings, load_dataset
from hpt_cli.network import NetworkSettings, Population, predict
from hpt_cli.noise import wilson
from hpt_cli.scoring import score

SETTINGS = NetworkSettings.from_flat({"epochs": 2, "hidden_units": 4, "learning_rate": 0.05})


def trained(source, metric, seeds=(1, 2, 3)):
    """A built-in set and some networks trained on it."""
    dataset = load_dataset(DataSettings(source), folder=Path(), seed=0)
    population = Population([SETTINGS] * len(seeds), list(seeds), dataset.training_data(), metric=metric)
    population.run()
    models = []
    for place in range(len(seeds)):
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **population.weights(place))
        models.append(file.getvalue())
    return dataset, models


def scored(dataset, models, metric, seed=(0, 5)):
    return score(dataset, SETTINGS, models, metric=metric, seed=seed)


def test_the_objectives_metric_and_the_accuracy_get_an_interval_and_the_others_none():
    found = scored(*trained("iris", "validation_loss"), "validation_loss")
    assert {name for name, metric in found.items() if metric.low is not None} == {
        "test_loss",
        "test_accuracy",
    }
    accuracy = found["test_accuracy"]
    assert (accuracy.low, accuracy.high) == wilson(accuracy.mean * 30, 30)
    assert accuracy.mean == pytest.approx(np.mean(accuracy.values))
    assert accuracy.spread == pytest.approx(np.std(accuracy.values, ddof=1))
    assert accuracy.method == "Wilson, 30 rows"
    assert found["test_loss"].low < found["test_loss"].mean < found["test_loss"].high


def test_the_bootstrap_is_about_as_wide_as_the_rows_vary():
    dataset, models = trained("diabetes", "validation_rmse", seeds=(1,))
    found = scored(dataset, models, "validation_loss")["test_loss"]
    half = (found.high - found.low) / 2
    # a row's loss is a multiple of its squared residual: of one model the mean's standard error is known
    with np.load(io.BytesIO(models[0])) as weights:
        residual = predict(SETTINGS, dict(weights), dataset.x_test)[:, 0] - dataset.y_test
    losses = residual.astype(np.float64) ** 2 * (found.mean / np.mean(residual.astype(np.float64) ** 2))
    error = np.std(losses) / np.sqrt(len(losses))
    assert half == pytest.approx(1.96 * error, rel=0.15)  # 1000 resamples: 5 %, and a skew


def test_the_same_seed_gives_the_same_interval_and_one_model_has_no_spread():
    dataset, models = trained("iris", "validation_loss", seeds=(1,))
    once, again = (scored(dataset, models, "validation_loss") for _ in range(2))
    assert once == again
    assert once["test_loss"].spread is None
    assert scored(dataset, models, "validation_loss", seed=(1, 5)) != once


def test_where_classes_are_missing_in_many_resamples_there_is_no_interval():
    dataset, models = trained("iris", "validation_auc")
    few = [int(np.flatnonzero(dataset.y_test == label)[0]) for label in range(3)]
    tiny = dataclasses.replace(dataset, x_test=dataset.x_test[few], y_test=dataset.y_test[few])
    assert scored(tiny, models, "validation_auc")["test_auc"].low is None
    assert scored(dataset, models, "validation_auc")["test_auc"].low is not None


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433)]
)
def test_wilsons_interval_agrees_with_published_values(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-4)
