"""The picture of where the best lie, and the words beside it."""

import pytest

from hpt_cli.rounds import Evidence, Move
from hpt_cli.space import Choice, Float, Int
from hpt_cli.views.rounds import moved, picture


def move(old, new, places, action="narrow"):
    return Move("x", action, old, new, "so", Evidence(30, len(places), len(places), 0.01, 1.0, "", places))


def test_the_picture_is_the_old_range_with_the_new_one_in_brackets():
    narrowed = move(Float(0, 1), Float(0.25, 0.75), (0.45, 0.46, 0.55, 0.9))
    assert picture(narrowed, ascii_=False) == "···[  █▄  ]·▄·"
    assert picture(narrowed, ascii_=True) == "...[  #:  ].:."


@pytest.mark.parametrize(
    ("new", "shown"),
    [
        (Float(0, 1), "[█           ]"),
        (Float(-0.3, 0.5), "[█     ]······"),
        (Float(0.5, 1.4), "█·····[      ]"),
    ],
)
def test_an_end_that_stays_or_moves_outward_is_the_end_of_the_picture(new, shown):
    assert picture(move(Float(0, 1), new, (0.01,)), ascii_=False) == shown


def test_the_least_of_a_few_values_lies_inside_when_its_end_stays():
    assert picture(move(Int(2, 35, "log"), Int(2, 21, "log"), (0.07,)), ascii_=False).startswith("[█")


def test_of_choices_it_counts():
    of_choice = move(Choice(("sgd", "adam")), Choice(("adam",)), (1.0, 1.0, 0.0), "freeze")
    assert picture(of_choice, ascii_=False) == "sgd 1, adam 2"
    assert moved(of_choice) == "frozen from sgd | adam to adam"


def test_without_evidence_there_is_no_picture():
    assert picture(Move("x", "hold", Float(0, 1), Float(0, 1), "so"), ascii_=False) == ""
