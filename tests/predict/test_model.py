"""A saved model in Python: with this package, and without it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hpt_cli import load_model
from hpt_cli.data import open_training_data
from hpt_cli.errors import DataError, InputError
from hpt_cli.network import NetworkSettings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def frame(loans_study):
    """The table as pandas reads it by itself, texts and all."""
    return pd.read_csv(loans_study[1], sep=";", dtype=str, keep_default_na=False)


@pytest.fixture
def model(loans_study):
    return load_model(loans_study[0] / "loans")


def sorted_rows(x):
    return x[np.lexsort(x.T)]


def test_rows_are_prepared_as_they_were_for_training(loans_study, model, frame):
    dataset = loans_study[2]
    parts = np.concatenate([dataset.x_train, dataset.x_validation, dataset.x_test])
    assert_array_equal(sorted_rows(model.prepare(frame)), sorted_rows(parts))


def test_labels_are_the_datas_own_words(model, frame):
    predicted = model.predict(frame)
    assert set(predicted) == {"no", "yes"}
    assert np.mean(predicted == frame["repaid"]) > 0.9  # what it says follows from the columns


def test_probabilities_are_the_labels_with_their_doubt(model, frame):
    shares = model.predict_probabilities(frame)
    assert_allclose(shares.sum(axis=1), 1)
    assert_array_equal(np.array(model.classes)[shares.argmax(axis=1)], model.predict(frame))


def test_the_order_of_columns_does_not_matter_and_others_are_passed_over(model, frame):
    mixed = frame[frame.columns[::-1]].assign(more=1)
    assert_array_equal(model.predict_probabilities(mixed), model.predict_probabilities(frame))


def test_the_order_of_rows_is_kept(model, frame):
    turned = model.predict_probabilities(frame[::-1])
    assert_allclose(turned[::-1], model.predict_probabilities(frame), rtol=1e-5)


def test_an_unknown_level_counts_as_none(model, frame):
    strange = frame.assign(district="Insel")
    width = [len(own.levels) for own in model.recipe.levels]
    assert (model.prepare(strange)[:, -sum(width) :] == 0).all()
    assert len(model.predict(strange)) == len(frame)


def test_numbers_may_come_as_numbers(model, frame):
    texts = frame["income"].str.removesuffix(" €").str.replace(".", "").str.replace(",", ".")
    assert_array_equal(model.prepare(frame.assign(income=texts.astype(float))), model.prepare(frame))


def test_a_missing_column_is_named_with_those_that_are_there(model, frame):
    with pytest.raises(DataError, match="lacks 'age', 'district', which the model was trained on"):
        model.predict(frame.drop(columns=["age", "district"]))


def test_a_cell_of_another_kind_is_named_with_its_row(model, frame):
    frame.loc[7, "income"] = "a lot"
    with pytest.raises(DataError, match=r"row 7 \(from 0\): column 'income': 'a lot' is not a number"):
        model.predict(frame)


def test_a_regression_speaks_in_its_own_units(prices_study):
    runs, path, _ = prices_study
    model = load_model(runs / "prices" / "best")
    frame = pd.read_csv(path)
    error = model.predict(frame) - frame["price"]
    assert model.task == "regression"
    assert np.sqrt(np.mean(error**2)) < 0.2 * frame["price"].std()
    with pytest.raises(ValueError, match="no probabilities"):
        model.predict_probabilities(frame)


def test_images_are_taken_as_they_are(images_study):
    runs, path, _ = images_study
    model = load_model(runs / "images")
    with np.load(path) as arrays:
        x, y = arrays["X"], arrays["y"]
    assert np.mean(model.predict(x) == y.astype(str)) > 0.95
    assert_array_equal(model.predict(x), model.predict(x.reshape(len(x), -1)))
    with pytest.raises(DataError, match="has 30 numbers a row; the model was trained on 36"):
        model.predict(x[:, 1:])


def test_what_it_says_of_the_validation_rows_is_what_was_measured(loans_study, model):
    runs, _, dataset = loans_study
    data = open_training_data(runs.parent / "data")
    measured = json.loads((runs.parent / "metrics.json").read_text())["validation_accuracy"]
    labels = model.labels(model.outputs(data.x_validation))
    assert np.mean(labels == np.array(dataset.classes)[data.y_validation]) == measured


def test_nothing_of_it_is_a_pickle_or_holds_a_test_row(loans_study):
    best = loans_study[0] / "loans" / "best"
    assert sorted(path.name for path in best.iterdir()) == [
        "model.json",
        "model.npz",
        "params.yaml",
        "trial.json",
    ]
    with np.load(best / "model.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind == "f" for name in arrays.files)
    about = json.loads((best / "model.json").read_text())
    NetworkSettings.from_flat(about["network"])
    assert len((best / "model.json").read_text()) < 8000  # so no rows


@pytest.mark.parametrize("damage", ["{", "[]", '{"schema": 1}', '{"schema": 99}'])
def test_a_damaged_model_is_an_error_of_ours(loans_study, tmp_path, damage):
    shutil.copytree(loans_study[0] / "loans" / "best", tmp_path / "best")
    (tmp_path / "best" / "model.json").write_text(damage)
    with pytest.raises(DataError, match=r"model\.json|damaged"):
        load_model(tmp_path)


def test_damaged_weights_are_an_error_of_ours(loans_study, tmp_path):
    shutil.copytree(loans_study[0] / "loans" / "best", tmp_path / "best")
    (tmp_path / "best" / "model.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DataError, match="damaged"):
        load_model(tmp_path / "best")


def test_no_model_is_an_error_of_ours(tmp_path):
    with pytest.raises(InputError, match="holds no model"):
        load_model(tmp_path)


def test_the_lines_of_the_page_give_the_same_without_this_package(prices_study, tmp_path):
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"<!-- without hpt -->\n```python\n(.*?)```", page, re.DOTALL)
    runs, path, _ = prices_study
    rows = pd.read_csv(path)[["area", "rooms"]].to_numpy()
    np.save(tmp_path / "rows.npy", rows)
    code = code.replace("runs/houses/best", str(runs / "prices" / "best"))
    script = (
        "import sys; sys.modules['hpt_cli'] = None\n"
        f"import numpy as np\nrows = np.load({str(tmp_path / 'rows.npy')!r})\n{code}\n"
        f"np.save({str(tmp_path / 'out.npy')!r}, prices)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    expected = load_model(runs / "prices").predict(rows)
    assert_allclose(np.load(tmp_path / "out.npy"), expected, rtol=1e-4)
