from __future__ import annotations

import pytest

from hpt_cli.config.messages import did_you_mean, nearest, number_hint, plain_number, safe, shown


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1/10", "write 0.1"),
        ("1/0", ""),
        ("2**8", "write 256"),
        ("10^-4", "write 0.0001"),
        ("9**999999999", ""),
        ("1,024", "write 1024"),
        ("1 000 000", "write 1000000"),
        ("0,5", "write 0.5"),
        ("20%", "write 0.2"),
        ("64k", "write 64000"),
        ("1e-4", "write 1e-4 without quotes"),
        ("-16 -32", "a list needs a blank after each dash"),
        ("1-3", "a range is {low: 1, high: 3}"),
        ("1e-4..1", "a range is {low: 1e-4, high: 1}"),
        ("1 to 3", "a range is {low: 1, high: 3}"),
        ("16 32 64", "a list is [16, 32, 64]"),
        ("16, 32, 64", "a list is [16, 32, 64]"),
        ("many", ""),
        ("nan", "write a number"),
        ("-.inf", "write a number"),
        ("１２", ""),
        ("1.2.3", ""),
    ],
)
def test_the_number_that_was_meant(text, hint):
    assert number_hint(text) == hint


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e-4, "0.0001"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (1.0, "1"),
        (1e-12, "1e-12"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e6, "1000000"),
        (1e300, "1e+300"),
        (7, "7"),
    ],
)
def test_numbers_are_shown_as_a_person_writes_them(number, text):
    assert plain_number(number) == text
    assert float(text) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "nothing"),
        ("", "an empty text"),
        ("relu", "'relu'"),
        ([], "an empty list"),
        ({"a": 1}, "a mapping"),
    ],
)
def test_values_are_shown_in_the_words_of_yaml(value, text):
    assert shown(value) == text


def test_text_is_escaped_and_cut():
    assert safe("a\x1b[0m\u200bb\u202e") == "a\\x1b[0m\\u200bb\\u202e"
    assert len(safe("x" * 10_000)) == 60
    assert len(safe("\x00" * 10_000)) == 60
    assert safe("grün 数") == "grün 数"


def test_the_nearest_word():
    known = ["learning_rate", "batch_size", "trials", "low"]
    assert nearest("learningRate", known) == "learning_rate"
    assert nearest("Batch-Size", known) == "batch_size"
    assert nearest("lr", known) == "learning_rate"
    assert nearest("tri\u200bals", known) == "trials"
    assert nearest("min", known) == "low"
    assert nearest("zebra", known) is None
    assert did_you_mean("zebra", ["a", "b"]) == "allowed: a, b"
