import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from hpt_cli.data import DataSettings, load_dataset
from hpt_cli.network import NetworkSettings, Population, predict
from hpt_cli.noise import wilson
from hpt_cli.scoring import of_groups, score

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


class TestGroups:
    def grouped(self, size, metric="validation_loss"):
        dataset, models = trained("iris", metric)
        groups = np.arange(len(dataset.y_test)) // size
        return dataclasses.replace(dataset, test_groups=groups), dataset, models

    def test_whole_groups_are_drawn_again(self):
        by_groups, by_rows, models = self.grouped(5)
        ours, theirs = (scored(data, models, "validation_loss") for data in (by_groups, by_rows))
        for name in ("test_loss", "test_accuracy"):
            assert ours[name].method == "6 groups, 30 rows"
            assert ours[name].mean == theirs[name].mean
            assert ours[name].low < ours[name].mean < ours[name].high
        assert ours["test_f1_macro"].low is None

    def test_from_a_single_group_nothing_follows_and_that_is_said(self):
        dataset, _, models = self.grouped(30)
        found = scored(dataset, models, "validation_loss")["test_loss"]
        assert (found.low, found.high) == (None, None)
        assert found.method == "no interval: the test rows are a single group"

    def test_where_rows_were_split_by_time_the_interval_says_what_it_takes_for_granted(self):
        dataset, models = trained("iris", "validation_loss")
        found = scored(dataclasses.replace(dataset, by_time=True), models, "validation_loss")
        assert found["test_accuracy"].method == "Wilson, 30 rows, if later rows are like them"

    @pytest.mark.parametrize(("groups", "share"), [(10, 0.8), (30, 0.9)])
    def test_the_interval_of_groups_that_are_alike_within_covers_and_that_of_rows_does_not(
        self, groups, share
    ):
        rng, studies, alike = np.random.default_rng(5), 500, 0.3
        held = by_rows = 0
        for _ in range(studies):
            sizes = rng.integers(4, 17, groups)
            chances = rng.beta(share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike, groups)
            hits, n = rng.binomial(sizes, chances), int(sizes.sum())
            drawn = rng.integers(0, groups, (200, groups))
            error = np.std(hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
            low, high = of_groups("accuracy", hits.sum() / n, float(error), groups, n)
            held += low <= share <= high
            low, high = wilson(hits.sum(), n)
            by_rows += low <= share <= high
        # 4 standard deviations of a share of 500 (0.01)
        assert held / studies == pytest.approx(0.95, abs=0.04)
        assert by_rows / studies < 0.8

    def test_groups_that_are_all_right_count_as_one_row_each(self):
        low, high = of_groups("accuracy", 1.0, 0.0, 10, 300)
        assert high == 1
        assert low < wilson(10, 10)[0]

    def test_no_end_is_impossible(self):
        low, high = of_groups("loss", 0.1, 0.2, 5, 50)
        assert (low, high > 0.1) == (0, True)
        assert of_groups("r2", 0.9, 0.2, 5, 50)[1] == 1


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433)]
)
def test_wilsons_interval_agrees_with_published_values(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-4)
