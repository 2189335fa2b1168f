"""Which task labels set, and how they are mapped."""

import numpy as np
import pytest

from hpt_cli.data.columns import number_text
from hpt_cli.data.labels import infer_task
from hpt_cli.data.raw import Category, Numbers


def numbers(values):
    return Numbers("y", np.asarray(values, dtype=float))


N = np.arange(2000)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (N % 2, "classification"),
        (N % 2 * 2.0 - 1, "classification"),
        (N % 2 * 0.5, "classification"),
        (N % 20, "classification"),
        (N[:15] % 5, "classification"),
        (N[:14] % 5, "regression"),  # fewer than three rows a value
        (N % 26, "classification"),  # letters: 76 rows each
        (np.where(N < 5, 90, N % 60), "regression"),  # ages: one value is rare
        (N % 101, "regression"),
        (N % 7 / 2, "regression"),
        (N / 7, "regression"),
        (N, "regression"),
    ],
)
def test_the_task_is_inferred_from_numbers(values, task):
    assert infer_task(numbers(values))[0] == task


def test_texts_are_classes_however_many():
    target = Category("y", N % 200, tuple(f"{n:03}" for n in range(200)))
    assert infer_task(target)[0] == "classification"


def labelled(labels):
    return "p,y\n" + "".join(f"{n * n % 17},{label}\n" for n, label in enumerate(labels))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, 2, 3, 4, 5, 7], ("1", "2", "3", "4", "5", "7")),
        (["-1.0", "1.0"], ("-1", "1")),
        (["10", "9", "100"], ("9", "10", "100")),
        (["b", "a", "B"], ("B", "a", "b")),
        (["<=50K", ">50K."], ("<=50K", ">50K.")),
        (["yes", " no "], ("no", "yes")),
        (["True", "False"], ("False", "True")),
        (["1", "2", "unknown"], ("1", "2", "unknown")),
        (["0.5", "1.5"], ("0.5", "1.5")),
        (["[/b]", "naïve ☃"], ("[/b]", "naïve ☃")),
    ],
    ids=str,
)
def test_labels_become_0_to_k_and_keep_their_names(labels, classes, write, load):
    write("t.csv", labelled(labels * 12))
    dataset = load("t.csv", "y")
    assert dataset.task == "classification"
    assert dataset.classes == classes
    assert dataset.n_classes == len(classes)
    assert set(dataset.y_train) == set(range(len(classes)))


def test_a_class_is_named_as_a_person_writes_it():
    assert [number_text(value) for value in (3.0, -1.0, 0.1, 1e20)] == ["3", "-1", "0.1", "1e+20"]


def test_the_inferred_task_is_said_and_a_given_one_is_taken(write, load):
    write("t.csv", labelled([1, 2, 3] * 12))
    inferred, given = load("t.csv", "y"), load("t.csv", "y", task="regression")
    assert inferred.task == "classification"
    assert any(note.startswith("Taken for classification") for note in inferred.notes)
    assert given.task == "regression"
    assert given.classes == ()
    assert not any(note.startswith("Taken for") for note in given.notes)


def test_measured_numbers_can_be_classes_if_that_is_asked_for(write, load):
    write("t.csv", labelled([n % 7 / 2 for n in range(70)]))
    assert load("t.csv", "y").task == "regression"
    assert load("t.csv", "y", task="classification").n_classes == 7


def test_a_lopsided_set_is_noted(write, load):
    write("t.csv", labelled(["rare"] * 6 + ["common"] * 94))
    assert any("94% of the rows are 'common'" in note for note in load("t.csv", "y").notes)


def test_classes_of_too_few_rows_are_named_and_counted(write, load):
    write("t.csv", labelled(["unique", "pair", "pair"] + ["common", "other"] * 40))
    (note,) = [note for note in load("t.csv", "y").notes if note.startswith("Too few rows")]
    assert note.endswith("(training, validation, test): 'pair' (2), 'unique' (1).")
