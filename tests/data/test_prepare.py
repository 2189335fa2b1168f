"""Built-in sets, the split, and what is learnt from the training part alone."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hpt_cli.data import BUILTIN, DataSettings, SplitSettings
from hpt_cli.errors import DataError

SIZES = {
    "digits": (1797, 64, 10),
    "wine": (178, 13, 3),
    "breast_cancer": (569, 30, 2),
    "iris": (150, 4, 3),
    "diabetes": (442, 10, 0),
}


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_set_is_whole_and_split_60_20_20(name, load):
    n, width, n_classes = SIZES[name]
    dataset = load(name)
    parts = (dataset.x_train, dataset.x_validation, dataset.x_test)
    assert sum(len(part) for part in parts) == n
    assert_allclose([len(part) / n for part in parts], [0.6, 0.2, 0.2], atol=0.01)
    assert all(part.shape[1] == width and part.dtype == np.float32 for part in parts)
    assert dataset.n_classes == len(dataset.classes) == n_classes
    assert dataset.task == ("classification" if n_classes else "regression")
    assert dataset.y_train.dtype == (np.int64 if n_classes else np.float32)
    assert len(dataset.feature_names) == len(dataset.mean) == len(dataset.std) == width


@pytest.mark.parametrize("target", [None, "label", "target", -1])
def test_a_built_in_set_knows_its_target(target, load):
    assert load("iris", target).hash == load("iris").hash


class TestScale:
    def test_standard_is_fitted_on_the_training_part_alone(self, load):
        dataset = load("wine")
        assert_allclose(dataset.x_train.mean(axis=0), 0, atol=1e-6)
        assert_allclose(dataset.x_train.std(axis=0), 1, atol=1e-6)
        # 36 rows: a mean of 36 standard normal draws is off by 0.17 at one standard deviation; 13 columns.
        assert np.abs(dataset.x_validation.mean(axis=0)).max() > 0.05

    def test_other_parts_do_not_move_it(self, write, load):
        def text(y):
            return "p,y\n" + "".join(f"{n + y(n)},{n % 2}\n" for n in range(50))

        write("t.csv", text(lambda n: 0))
        plain = load("t.csv", "y")
        kept = {round(float(v)) for v in plain.x_train[:, 0] * plain.std + plain.mean}
        write("t.csv", text(lambda n: 0 if n in kept else 1000))
        moved = load("t.csv", "y")
        assert_array_equal(moved.x_train, plain.x_train)
        assert_array_equal(moved.mean, plain.mean)
        assert moved.x_validation.min() > 10

    def test_minmax_puts_the_training_part_into_0_to_1(self, load):
        dataset = load("wine", scale="minmax")
        assert_allclose(dataset.x_train.min(axis=0), 0, atol=1e-6)
        assert_allclose(dataset.x_train.max(axis=0), 1, atol=1e-6)

    def test_none_leaves_numbers_as_they_are_and_warns_of_large_ones(self, load):
        dataset = load("wine", scale="none")
        assert dataset.x_train.max() > 1000
        assert any("Not scaled" in note for note in dataset.notes)

    @pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
    def test_mean_and_std_undo_it(self, scale, load):
        raw, scaled = load("breast_cancer", scale="none"), load("breast_cancer", scale=scale)
        back = scaled.x_test * scaled.std + scaled.mean
        assert_allclose(back, raw.x_test, rtol=1e-4, atol=1e-4 * raw.x_test.max(axis=0).max())

    @pytest.mark.parametrize("scale", ["standard", "minmax"])
    def test_a_constant_column_survives_centered(self, scale, load):
        dataset = load("digits", scale=scale)
        constant = np.flatnonzero(np.ptp(dataset.x_train, axis=0) == 0)
        assert len(constant) >= 3
        assert (dataset.x_train[:, constant] == 0).all()
        assert (dataset.std[constant] == 1).all()
        assert any(note.startswith("The same number in every training row") for note in dataset.notes)

    def test_features_that_are_all_constant_are_noted(self, write, load):
        write("t.csv", "p,q,y\n" + "0.1,7,a\n0.1,7,b\n" * 10)
        dataset = load("t.csv", "y")
        assert (np.abs(dataset.x_train) < 1e-6).all()
        assert any("Every feature is constant" in note for note in dataset.notes)

    def test_one_huge_column_is_scaled_like_any_other(self, write, load):
        write("t.csv", "p,q,y\n" + "".join(f"{n}e30,{n},{n % 2}\n" for n in range(30)))
        dataset = load("t.csv", "y")
        assert_allclose(dataset.x_train[:, 0], dataset.x_train[:, 1], rtol=1e-5)

    def test_numbers_too_far_apart_are_an_error_with_the_column(self, write, load):
        cells = {n: "3e38" if n == 0 else f"{n}e-100" for n in range(40)}
        write("t.csv", "p,y\n" + "".join(f"{cells[n]},{n % 2}\n" for n in range(40)))
        wrong = 0
        for seed in range(10):  # the large one is in training in some splits
            try:
                assert np.isfinite(load("t.csv", "y", seed=seed).x_validation).all()
            except DataError as error:
                assert "column 'p'" in str(error)  # noqa: PT017 - some seeds pass
                wrong += 1
        assert wrong > 0


class TestRegression:
    def test_targets_are_standardized_on_the_training_part(self, load):
        dataset = load("diabetes")
        assert_allclose(dataset.y_train.mean(), 0, atol=1e-6)
        assert_allclose(dataset.y_train.std(), 1, atol=1e-6)
        assert abs(dataset.y_validation.mean()) > 1e-4
        own = dataset.y_train * dataset.target_std + dataset.target_mean
        assert_allclose(own, own.round(), atol=1e-4)  # the set's targets are whole numbers
        assert (own.min(), own.max()) == pytest.approx((25, 346), abs=30)

    def test_a_target_of_few_values_that_training_lacks_is_refused(self, write, load):
        write("t.csv", "p,y\n" + "".join(f"{n},{float(n == 5)}\n" for n in range(8)))
        messages = []
        for seed in range(10):
            try:
                load("t.csv", "y", task="regression", seed=seed)
            except DataError as error:
                messages.append(str(error))
        assert messages
        assert all("the same in every training row" in message for message in messages)


class TestSplit:
    def test_every_part_has_its_share_of_every_class(self, load):
        dataset = load("breast_cancer")
        shares = [np.mean(y) for y in (dataset.y_train, dataset.y_validation, dataset.y_test)]
        assert_allclose(shares, 357 / 569, atol=0.01)

    def test_without_stratify_shares_are_left_to_chance(self, load):
        dataset = load("breast_cancer", split=SplitSettings(stratify=False))
        shares = [np.mean(y) for y in (dataset.y_train, dataset.y_validation, dataset.y_test)]
        assert np.ptp(shares) > 0.01

    def test_no_row_is_in_two_parts(self, write, load, table):
        write("t.csv", table())
        dataset = load("t.csv", "y", scale="none")
        rows = np.concatenate([dataset.x_train, dataset.x_validation, dataset.x_test])[:, 0]
        assert len(set(rows.tolist())) == 30

    def test_the_same_seed_draws_the_same_rows(self, load):
        assert_array_equal(load("iris", seed=3).x_train, load("iris", seed=3).x_train)
        assert not np.array_equal(load("iris", seed=3).x_train, load("iris", seed=4).x_train)

    def test_a_seed_of_its_own_does_not_follow_the_studys(self, load):
        fixed = SplitSettings(seed=11)
        assert_array_equal(
            load("iris", seed=3, split=fixed).x_train, load("iris", seed=4, split=fixed).x_train
        )
        assert_array_equal(load("iris", seed=3, split=fixed).x_train, load("iris", seed=11).x_train)

    def test_the_test_part_does_not_depend_on_the_size_of_validation(self, load):
        small = load("iris", split=SplitSettings(validation=0.1), scale="none")
        assert_array_equal(small.x_test, load("iris", scale="none").x_test)

    def test_there_may_be_no_test_part(self, load):
        dataset = load("iris", split=SplitSettings(validation=0.3, test=0))
        assert (len(dataset.x_train), len(dataset.x_validation)) == (105, 45)
        assert dataset.x_test.shape == (0, 4)
        assert dataset.y_test.shape == (0,)

    @pytest.mark.parametrize("rows", [1, 2, 3, 4])
    def test_a_class_too_small_to_share_out_is_no_obstacle(self, rows, write, load):
        labels = ["a", "b"] * 30 + ["tiny"] * rows
        write("t.csv", "p,y\n" + "".join(f"{n},{label}\n" for n, label in enumerate(labels)))
        for seed in range(10):
            dataset = load("t.csv", "y", seed=seed)
            every = np.concatenate([dataset.y_train, dataset.y_validation, dataset.y_test])
            assert sorted(np.bincount(every)) == sorted([rows, 30, 30])
            # the others are shared out all the same: 36 of their 60 rows, at most one off for each class
            assert_allclose(np.bincount(dataset.y_train)[:2], 18, atol=1.1)
            assert any("'tiny" in note for note in dataset.notes) or rows >= 3

    def test_fewer_places_than_classes_are_drawn_without_regard_to_them(self, write, load):
        write("t.csv", "p,y\n" + "".join(f"{n},{'abcdefghij'[n % 10]}\n" for n in range(30)))
        dataset = load("t.csv", "y")
        assert any("without regard to classes" in note for note in dataset.notes)

    def test_a_class_without_a_training_row_is_noted(self, write, load):
        write("t.csv", "p,y\n" + "".join(f"{n},{'abc'[n % 2 if n else 2]}\n" for n in range(31)))
        notes = [load("t.csv", "y", seed=seed).notes for seed in range(10)]
        unseen = ["No training row, so never predicted: 'c'." in own for own in notes]
        assert 0 < sum(unseen) < 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"validation": 0},
        {"validation": 1},
        {"test": -0.1},
        {"validation": 0.5, "test": 0.5},
        {"validation": float("nan")},
        {"seed": -1},
    ],
    ids=str,
)
def test_a_split_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError):
        SplitSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"task": "ranking"}, {"scale": "robust"}], ids=str)
def test_settings_that_do_not_exist_are_refused(wrong):
    with pytest.raises(ValueError, match="must be one of"):
        DataSettings("digits", **wrong)


def test_importing_the_package_brings_in_nothing_heavy():
    heavy = "{'pandas', 'sklearn', 'scipy', 'pyarrow'}"
    code = f"import sys, hpt_cli.data; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
