import io
import math

import pytest

from hpt_cli.space import Choice, Float
from hpt_cli.views.text import (
    aligned,
    bounds,
    clean,
    duration,
    exact,
    folded,
    number,
    plural,
    seconds,
    short,
    value,
)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0.0123456, "0.01235"),
        (0.9889, "0.9889"),
        (0.5, "0.5"),
        (1.0, "1"),
        (0.0, "0"),
        (128, "128"),
        (1234567, "1234567"),
        (1e-4, "1e-4"),
        (3.14159e-4, "3.142e-4"),
        (9.99999e-4, "1e-3"),
        (-2.5e-9, "-2.5e-9"),
        (12345.678, "12346"),
        (1.5e6, "1.5e6"),
        (0.99987, "0.99987"),  # a momentum: what counts is the distance from 1
        (0.999, "0.999"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_numbers_are_shown_as_people_read_them(given, shown):
    assert number(given) == shown


def test_zeros_at_the_end_stay_where_a_column_wants_them():
    assert [number(given, zeros=True) for given in (0.975, 1.0, 0.25e-4)] == ["0.9750", "1.000", "2.500e-5"]


def test_decimal_points_stand_below_each_other():
    cells = ["12.5", "0.25", "3", "1.5e-4", "1e-4", "-"]
    padded = [cell.rjust(9) for cell in aligned(cells)]
    points = [
        min(map(cell.find, [mark for mark in ".e" if mark in cell])) for cell in padded[:2] + padded[3:5]
    ]
    assert points == [4, 4, 4, 4]
    assert padded[2] == "   3     "
    assert [cell.strip() for cell in padded] == cells


def test_values_are_written_as_in_yaml():
    assert [value(of) for of in (True, False, None, "adam", 3, 0.1)] == [
        "true",
        "false",
        "-",
        "adam",
        "3",
        "0.1",
    ]


def test_exact_values_lose_no_digit():
    assert exact(0.1 + 0.2) == "0.30000000000000004"
    assert [exact(of) for of in (None, True, 7, "a\tb")] == ["", "true", "7", r"a\tb"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [red]text[/red] :smile: é 漢", "plain [red]text[/red] :smile: é 漢"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines\r", r"two\nlines\r"),
        ("abc\u202etxt", r"abc\u202etxt"),
        ("\x9b2J", r"\x9b2J"),
        ("\udc80", r"\udc80"),
    ],
)
def test_text_cannot_command_the_terminal(text, shown):
    assert clean(text) == shown


def test_long_text_is_cut_with_dots():
    assert short("a" * 60) == "a" * 60
    assert short("a" * 61) == "a" * 57 + "..."


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3900, "1 h 5 min"),
        (183600, "2 d 3 h"),
    ],
)
def test_durations_have_two_units(given, shown):
    assert duration(given) == shown


def test_seconds_have_three_digits():
    assert [seconds(given) for given in (0.004, 1.234, 9.999, 12.34, 240.4)] == [
        "0.00",
        "1.23",
        "10.0",
        "12.3",
        "240",
    ]


def test_ranges_and_choices():
    assert bounds(Float(1e-4, 1.0, "log")) == "1e-4..1"
    assert bounds(Choice((True, "a\x1b", 2))) == r"true | a\x1b | 2"


def test_one_trial_two_trials():
    assert (plural(1, "trial"), plural(2, "trial")) == ("1 trial", "2 trials")


class TestFolded:
    SENTENCE = "hpt: Split: 432 rows to train on, 144 for validation, 144 for test, which are kept apart."

    def test_a_terminal_gets_lines_that_break_between_words(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "40")
        screen = io.StringIO()
        monkeypatch.setattr(screen, "isatty", lambda: True)
        lines = folded(self.SENTENCE, screen).split("\n")
        assert max(map(len, lines)) <= 40
        assert " ".join(lines) == self.SENTENCE

    def test_a_file_gets_one_line(self):
        assert folded(self.SENTENCE, io.StringIO()) == self.SENTENCE
