"""Columns that give the label away, and those that only seem to."""

import random

import numpy as np
import pytest

from hpt_cli.data.leaks import leak
from hpt_cli.data.raw import Category, Numbers

N = 90
RANDOM = np.random.default_rng(0)
AMOUNT = Numbers("income", np.round(RANDOM.lognormal(3, 1, N), 1))


def texts(name, cells):
    levels = tuple(sorted(set(cells) - {""}))
    return Category(name, np.array([levels.index(c) if c else -1 for c in cells]), levels)


def bracket(amounts):
    return texts("bracket", ["high" if a > 30 else "middle" if a > 12 else "low" for a in amounts])


BRACKET = bracket(AMOUNT.values)


@pytest.mark.parametrize(
    ("column", "label", "said"),
    [
        (texts("alive", [{"high": "a", "middle": "b", "low": "c"}[BRACKET.levels[c]] for c in BRACKET.codes]),
         BRACKET, "says the same as the label 'bracket'"),
        (Numbers("half", BRACKET.codes // 1 * 2.0 + np.arange(N) % 2), BRACKET, "determines the label"),
        (AMOUNT, BRACKET, "each class of the label 'bracket' has its own range of numbers here"),
        (BRACKET, AMOUNT, "each level has its own range of the label 'income'"),
        (Numbers("log", np.log(AMOUNT.values)), AMOUNT, "rises or falls exactly with the label 'income'"),
        (Numbers("down", -AMOUNT.values // 5), AMOUNT, "rises or falls exactly"),
        (Numbers("poor", (AMOUNT.values < 12) * 1.0), AMOUNT, "rises or falls exactly"),
        (AMOUNT, Numbers("code", np.array([1.0, 2.0, 3.0])[BRACKET.codes]), "each class of the label 'code'"),
    ],
)  # fmt: skip
def test_the_label_is_found_in_other_words_units_and_steps(column, label, said):
    assert leak(column, label).startswith(said)


def test_one_row_that_says_otherwise_is_enough():
    values = AMOUNT.values.copy()
    low, high = np.argmin(values), np.argmax(values)
    values[[low, high]] = values[[high, low]]
    assert leak(Numbers("log", np.log(values)), AMOUNT) == ""
    assert leak(Numbers("income", values), BRACKET) == ""


def test_missing_cells_are_no_evidence():
    values = AMOUNT.values.copy()
    values[:60] = np.nan
    assert "own range" in leak(Numbers("income", values), BRACKET)
    values[6:] = np.nan  # six rows may be in order by chance
    assert leak(Numbers("income", values), BRACKET) == ""


def test_what_chance_does_is_no_leak():
    rare = texts("ill", ["yes" if n in (3, 50) else "no" for n in range(N)])
    wards = texts("ward", [f"w{n % 25}" for n in range(60)] + ["w60", "w61"] * 15)
    assert leak(wards, rare) == ""  # some wards have only the ill, the others none: as it happens
    person = texts("person", [f"p{n // 2}" for n in range(N)])
    assert leak(person, texts("ill", [("yes", "no")[n // 2 % 2] for n in range(N)])) == ""


def test_a_label_that_grows_with_time_is_not_given_away_by_the_date():
    days = Numbers("day", np.arange(N) * 1.0)
    total = Numbers("total", np.cumsum(np.abs(AMOUNT.values)))
    assert leak(days, total, dates=True) == ""
    assert leak(days, total) != ""


def test_random_columns_are_no_leaks():
    draw = random.Random(1)
    for n in (8, 20, 60, 400):
        numbers = Numbers("x", np.array([draw.random() for _ in range(n)]))
        codes = texts("c", [draw.choice("ab") for _ in range(n)])
        label = texts("y", [draw.choice(["no", "yes"]) for _ in range(n)])
        assert leak(numbers, label) == leak(codes, label) == leak(codes, numbers) == ""
