"""What is proposed for data of every size, and that it reads back."""

from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from hpt_cli.config import load_config
from hpt_cli.data import BUILTIN
from hpt_cli.proposal import data_draft, study_name
from hpt_cli.proposal.settings import SECONDS, propose
from hpt_cli.proposal.text import scalar


def dataset(rows, features, shares=(0.5, 0.5)):
    """As far as a proposal looks at one: three fifths of the rows train, one fifth validates."""
    training = rows * 3 // 5
    labels = np.repeat(np.arange(len(shares)), np.round(np.array(shares) * training).astype(int))
    x = np.broadcast_to(np.float32(0), (len(labels), features))
    regression = not shares
    return SimpleNamespace(
        task="regression" if regression else "classification",
        n_classes=len(shares),
        x_train=np.broadcast_to(np.float32(0), (training, features)) if regression else x,
        y_train=labels,
        y_validation=np.zeros(rows // 5),
    )


@pytest.mark.parametrize("features", [4, 100, 784])
@pytest.mark.parametrize("rows", [30, 150, 2000, 20_000, 70_000, 1_000_000])
def test_a_first_study_takes_about_a_minute(rows, features):
    proposal = propose(dataset(rows, features))
    assert 12 <= proposal.trials <= 40
    assert proposal.units[0] * 8 == proposal.units[1]
    if rows * features <= 1_000_000 * 100:  # beyond, three epochs of a small network take longer
        assert proposal.seconds <= 1.25 * SECONDS


def test_small_sets_get_epochs_and_large_ones_batches():
    small, large = propose(dataset(150, 4)), propose(dataset(200_000, 20))
    assert (small.epochs, large.epochs) == (100, 5)
    assert small.batch_size == 16 < large.batch_size


@pytest.mark.parametrize("rows", [10, 20, 40, 53, 54])
def test_a_batch_of_a_tiny_set_is_less_than_its_rows(rows):
    assert propose(dataset(rows, 4)).batch_size < rows * 3 // 5


def test_few_rows_are_trained_on_three_times_and_judged_by_the_loss():
    few, many = propose(dataset(500, 10)), propose(dataset(5000, 10))
    assert (few.repeats, few.metric) == (3, "validation_loss")
    assert (many.repeats, many.metric) == (1, "validation_accuracy")


def test_a_class_of_most_rows_turns_accuracy_into_balanced_accuracy():
    skewed = propose(dataset(5000, 10, (0.9, 0.1)))
    assert skewed.metric == "validation_balanced_accuracy"
    assert skewed.skew == pytest.approx(0.9)
    assert propose(dataset(5000, 10, (0.6, 0.4))).skew is None


def test_regression_is_judged_in_the_labels_own_units():
    assert propose(dataset(5000, 10, ())).metric == "validation_rmse"


@pytest.mark.parametrize("source", BUILTIN)
def test_every_built_in_set_has_a_config_that_reads_back(source, tmp_path):
    draft = data_draft(source, tmp_path / f"{source}.yaml", target=None, written_by=f"hpt init {source}")
    draft.path.write_text(draft.text)
    config = load_config(draft.path)
    assert config.resolved() == draft.config.resolved()
    assert (config.name, config.data.source) == (source, source)
    assert draft.text.startswith("# yaml-language-server: $schema=hpt.schema.json\n")
    assert max(map(len, draft.text.splitlines())) <= 110


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("data/My people (2).csv.gz", "My-people-2"),
        ("a.b.parquet", "a.b"),
        ("train-images-idx3-ubyte.gz", "train-images"),
        ("Häuser 2024.csv", "Hauser-2024"),
        ("数据.csv", "study"),
        ("x" * 90 + ".csv", "x" * 64),
    ],
)
def test_a_study_is_called_as_its_file(file, name):
    assert study_name(file) == name


@pytest.mark.parametrize(
    "value",
    [
        "income",
        "on",
        "No",
        "1e3",
        "007",
        "a: b",
        "ä # ö",
        'say "x"',
        "\x1b[2J",
        "",
        "../a b.csv",
        "null",
        "-1",
    ],
)
def test_texts_are_quoted_where_yaml_would_take_them_for_something_else(value):
    assert yaml.safe_load(f"[{scalar(value)}, {scalar([value])}]") == [value, [value]]


def test_numbers_lists_and_mappings_read_back():
    value = {"a": [1, 2.5, True], "b c": {"on": None}}
    assert yaml.safe_load(scalar(value)) == value


def test_cells_that_seem_to_be_missing_are_said_to_be_in_the_config(tmp_path):
    rows = [
        f"{'.' if n % 9 == 0 else n / 2},{-99 if n % 10 == 3 else n % 7},{n * n % 5 // 2}" for n in range(60)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]))
    draft = data_draft(str(tmp_path / "t.csv"), tmp_path / "t.yaml", target="y", written_by="hpt init t.csv")
    assert yaml.safe_load(draft.text)["data"]["na_values"] == [".", "-99"]
    assert any("'a' (7 of 60), 'b' (6 of 60)" in note for note in draft.notes)


def test_rows_without_a_label_are_said_to_be_left_out(tmp_path):
    rows = [f"{n % 11},{n * n % 7},{'NA' if n % 9 == 0 else n % 2}" for n in range(90)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]))
    draft = data_draft(str(tmp_path / "t.csv"), tmp_path / "t.yaml", target="y", written_by="hpt init t.csv")
    assert yaml.safe_load(draft.text)["data"]["unlabeled"] == "drop"
    assert "Rows without a label, left out: 10 of 90." in draft.notes


def test_odd_labels_are_noted_and_said_in_the_config(tmp_path):
    rows = [f"{n % 11},{n * n % 7},{'unknown' if n % 30 == 9 else 'ab'[n % 2]}" for n in range(90)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]))
    draft = data_draft(str(tmp_path / "t.csv"), tmp_path / "t.yaml", target="y", written_by="hpt init t.csv")
    said = "Label 'y', kept as a class: 'unknown' (3 rows). If nothing is known there: "
    assert draft.notes[0] == said + 'na_values: ["unknown"], unlabeled: drop.'
    assert f"  # {said}" in draft.text
