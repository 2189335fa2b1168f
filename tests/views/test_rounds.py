"""The picture of where the best lie, and the words beside it."""

import pytest

from hpt_cli.rounds import Cost, Evidence, Move
from hpt_cli.space import Choice, Float, Int
from hpt_cli.views.rounds import moved, picture, plain_round, show_round


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


def test_what_a_round_will_take_stands_above_its_moves_with_a_warning_where_it_is_dear(make_plan, terminal):
    of = move(Float(0, 1), Float(0, 4), (0.9, 1.0), "widen")
    plan = make_plan(40, number=1, moves=[of])
    cost = Cost((100.0, 240.0), 2, 5.0, 6.2, "x goes from 0..1 to 0..4", "to stop that: hpt refine --hold x")
    said = [
        "time: about 2 to 4 minutes with 2 workers",
        "note: a trial of this round takes about 6 times as long as one of the round before, because x goes "
        "from 0..1 to 0..4; to stop that: hpt refine --hold x",
    ]
    lines = plain_round(plan, cost)
    assert lines[1:3] == said
    console, written = terminal(width=200)
    show_round(console, plan, cost)
    text = written()
    assert all(line in text for line in said)
    assert text.index(said[1]) < text.index("dimension")
    assert not any("time:" in line for line in plain_round(plan))


def test_without_evidence_there_is_no_picture():
    assert picture(Move("x", "hold", Float(0, 1), Float(0, 1), "so"), ascii_=False) == ""
