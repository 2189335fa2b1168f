"""A first look at a table: what each column is taken for."""

import random

import pandas as pd
import pytest

from hpt_cli.data.look import look_at
from hpt_cli.errors import DataError


def people(n=120):
    """A table with a column of every kind; the label is ``buys``."""
    draw = random.Random(0)
    rows = ["id;note;age;income;city;joined;member;version;code;zone;buys"]
    for row in range(n):
        buys = draw.choice(["yes", "no"])
        cells = (
            row + 1,
            f"called on day {row}",
            draw.choice(["?", 20 + row % 50]),
            f"{1 + row % 9}.{100 + row},{row % 90 + 10} €",
            draw.choice(["Bern", "Basel", " NA "]),
            f"{1 + row % 28:02}.03.202{row % 4}",
            draw.choice(["true", "false"]),
            7,
            5 if buys == "yes" else 3,
            row % 5,
            buys,
        )
        rows.append(";".join(map(str, cells)))
    return "\n".join(rows)


@pytest.fixture
def report(write):
    return look_at(write("people.csv", people()), "buys")


@pytest.fixture
def column(report):
    return {column.name: column for column in report.columns}


@pytest.mark.parametrize(
    ("name", "kind", "about"),
    [
        ("id", "id", "1 to 120"),
        ("note", "text", "120 texts: 'called on day 0', 'called on day 1'"),
        ("age", "number", "20 to 69"),
        ("income", "number", "1100.1 to 9216.36 €"),
        ("city", "category", "2 levels: "),
        ("joined", "date", "2020-03-01 to 2023-03-28"),
        ("member", "number", "true or false"),
        ("version", "constant", "'7' in every row"),
        ("buys", "category", "2 levels: "),
    ],
)
def test_each_column_is_taken_for_what_it_is(name, kind, about, column):
    assert column[name].kind == kind
    assert column[name].about.startswith(about)


def test_the_table_as_a_whole_is_described(report):
    assert (report.rows, report.separator, report.decimal, report.header) == (120, ";", ",", True)
    assert (report.task, report.target) == ("classification", "buys")
    assert sum(report.classes.values()) == 120
    assert report.duplicates == 0


def test_missing_cells_and_levels_are_counted(column):
    assert 0.3 < column["age"].missing < 0.7
    assert 0.2 < column["city"].missing < 0.5
    assert sorted(column["city"].levels) == ["Basel", "Bern"]
    assert column["zone"].coded
    assert not column["age"].coded


def test_a_column_that_says_the_label_in_other_words_is_a_leak(report, column):
    assert column["code"].leaks
    assert "says the same as the label 'buys'" in column["code"].warnings[0]
    assert [c.name for c in report.columns if c.leaks] == ["code"]
    assert report.drop == ("id", "note", "version", "code")


def test_a_column_that_determines_the_label_is_a_leak(write):
    rows = "".join(f"{n % 4},{n % 7},{'ab'[n % 4 // 2]}\n" for n in range(60))
    (p, q, _) = look_at(write("t.csv", "p,q,y\n" + rows), "y").columns
    assert "determines the label" in p.warnings[0]
    assert not q.leaks


def test_a_number_that_is_the_label_in_other_units_is_a_leak(write):
    rows = "".join(f"{n * n % 17},{n * 1.5},{n * 3 + 1}\n" for n in range(60))
    (p, q, _) = look_at(write("t.csv", "p,q,y\n" + rows), "y").columns
    assert q.leaks
    assert not p.leaks


def test_a_line_of_names_that_is_not_there_is_noticed(write):
    report = look_at(write("t.csv", "5.1,3.5,setosa\n4.9,3.0,virginica\n" * 9), -1)
    assert not report.header
    assert [column.name for column in report.columns] == ["0", "1", "2"]
    assert report.rows == 18


def test_a_column_with_many_odd_cells_is_broken_and_the_others_are_told(write):
    rows = "".join(f"{'abc' if n % 9 == 3 else n / 7},{n % 5 + 0.5},{n % 2}\n" for n in range(60))
    (p, q, _) = look_at(write("t.csv", "p,q,y\n" + rows), "y").columns
    assert (p.kind, q.kind) == ("broken", "number")
    assert "'abc'" in p.warnings[0]
    assert ":5:" in p.warnings[0]


def test_a_few_odd_cells_are_mistakes_told_at_once_with_the_way_around_them(write):
    days = [f"2024-02-{n + 1:02}" for n in range(29)] + ["1.3.2024"]
    rows = [f"{'9O' if n in (3, 7) else n / 7},{day},{n % 5},{n % 2}" for n, day in enumerate(days)]
    path = write("t.csv", "\n".join(["p,day,q,y", *rows]))
    with pytest.raises(DataError) as caught:
        look_at(path, "y")
    first, second, last = str(caught.value).splitlines()
    assert first.startswith(f"{path}:5: column 'p': '9O' is not a number")
    assert first.endswith("(2 such cells)")
    assert second.startswith(f"{path}:31: column 'day': '1.3.2024' is not a date (year-month-day)")
    assert last == "    or leave it out with: --drop p --drop day"
    report = look_at(path, "y", drop=("p", "day"))
    assert [column.kind for column in report.columns] == ["unwanted", "unwanted", "number", "number"]
    assert report.drop == ("p", "day")
    with pytest.raises(DataError, match="no column 'dey' for --drop; did you mean 'day'"):
        look_at(path, "y", drop=("dey",))


def test_without_a_target_no_task_is_told(write):
    report = look_at(write("people.csv", people()))
    assert (report.target, report.task) == ("", "")
    assert not any(column.leaks for column in report.columns)


def test_a_target_that_is_not_there_is_an_error(write):
    with pytest.raises(DataError, match="did you mean 'buys'"):
        look_at(write("people.csv", people()), "buy")


def test_row_numbers_without_a_name_need_no_dropping(write):
    report = look_at(write("t.csv", ",a,y\n" + "".join(f"{n},{n * n % 7},{n % 2}\n" for n in range(40))), "y")
    assert report.columns[0].kind == "id"
    assert report.drop == ()


def test_one_value_that_some_rows_have_is_a_mark_and_no_constant(write):
    rows = [f"{row % 7},{'call' if row % 50 == 0 else ''},{row % 2}" for row in range(100)]
    report = look_at(write("notes.csv", "\n".join(["x,note,y", *rows])), "y")
    note = report.columns[1]
    assert (note.kind, note.about, note.missing) == ("category", "'call' in every row that has a value", 0.98)
    assert not note.warnings
    assert report.drop == ()


def test_where_the_first_line_holds_data_a_name_is_answered_with_the_numbers(write):
    rows = "\n".join(f"{row},{row / 7},{row % 2}" for row in range(20))
    said = "the first line holds data and no names, so the columns are '0' to '2'"
    with pytest.raises(DataError, match=said):
        look_at(write("bare.csv", rows), "target")


def gaps(**more):
    """40 rows: ``p`` has points where nothing is known, ``q`` a -99; ``more`` are columns by their cell."""
    cells = {
        "p": lambda n: "." if n % 8 == 0 else n / 2,
        "q": lambda n: -99 if n % 10 == 3 else n % 7 + 90,
        **more,
        "y": lambda n: ("no", "yes")[n % 3 // 2],
    }
    rows = [",".join(str(cell(n)) for cell in cells.values()) for n in range(40)]
    return "\n".join([",".join(cells), *rows])


def test_points_and_nines_among_numbers_are_proposed_as_missing_cells(write):
    report = look_at(write("t.csv", gaps()), "y")
    assert report.na_values == (".", "-99")
    p, q, _ = report.columns
    assert (p.kind, p.about, p.missing) == ("number", "0.5 to 19.5", 0.125)
    assert (q.kind, q.about, round(q.missing, 6)) == ("number", "90 to 96", 0.1)
    assert q.warnings == ("'-99' stands for a missing number, it seems: far from all others",)


@pytest.mark.parametrize(
    ("cell", "na_values"),
    [
        (lambda n: -99 if n == 5 else n, (".", "-99")),  # once: but once among others all the same
        (lambda n: n - 110, (".",)),  # -99 is one of its numbers
        (lambda n: 999 if n % 9 == 0 else n, (".", "-99", "999")),
        (lambda n: 999 if n % 9 == 0 else n * 20, (".", "-99")),  # not far from 780
        (lambda n: (-9, 1, 2)[n % 3], (".", "-99")),  # codes
    ],
)
def test_nines_are_numbers_where_they_are_not_far_from_the_others(cell, na_values, write):
    assert set(look_at(write("t.csv", gaps(r=cell)), "y").na_values) == set(na_values)


def test_a_label_that_says_unknown_keeps_its_word(write):
    text = gaps(r=lambda n: "unknown" if n % 4 else n).replace("yes", "unknown")
    report = look_at(write("t.csv", text), "y")
    assert "unknown" not in report.na_values
    assert report.classes == {"no": 27, "unknown": 13}


DASHES = "'-' (2 rows)"


@pytest.mark.parametrize(
    ("feature", "label", "na_values", "said"),
    [
        (lambda n: n / 2, lambda n: n / 3, ("-", "."), f"taken for missing: {DASHES}."),  # measured
        (lambda n: n / 2, lambda n: n % 2, ("-", "."), f"taken for missing: {DASHES}."),  # numbers
        (lambda n: n / 2, lambda n: "ab"[n % 2], (".",), f"kept as a class: {DASHES}."),  # needed nowhere
        (
            lambda n: "-" if n % 9 == 2 else n / 2,
            lambda n: "ab"[n % 2],
            ("-", "."),
            f"taken for missing: {DASHES}.",
        ),
    ],
)
def test_odd_texts_of_a_label_leave_its_features_as_they_are(feature, label, na_values, said, write):
    lines = [
        f"{'.' if n % 8 == 0 else n / 2},{feature(n)},{'-' if n in (7, 31) else label(n)}" for n in range(60)
    ]
    report = look_at(write("t.csv", "\n".join(["p,r,y", *lines])), "y")
    assert report.na_values == na_values
    assert [column.kind for column in report.features] == ["number", "number"]
    (note,) = report.label_notes
    assert note.startswith(f"Label 'y', {said}")
    assert ('If nothing is known there: na_values: ["-"], unlabeled: drop.' in note) == ("kept" in said)


def test_a_frequent_class_keeps_its_word_and_costs_the_column_that_needs_it(write):
    lines = [f"{'unknown' if n % 30 == 4 else n / 2},{n},{('a', 'b', 'unknown')[n % 3]}" for n in range(60)]
    report = look_at(write("t.csv", "\n".join(["p,r,y", *lines])), "y")
    assert report.classes == {"a": 20, "b": 20, "unknown": 20}
    assert report.columns[0].kind == "broken"
    assert "write data.na_values: [unknown]" in report.columns[0].warnings[0]


def test_lists_in_parquet_are_columns_that_cannot_be_read(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"p": [[n, 1] for n in range(30)], "q": [n % 7 for n in range(30)], "y": [0, 1] * 15}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    report = look_at(tmp_path / "t.parquet", "y")
    assert [column.kind for column in report.columns] == ["broken", "number", "number"]
    assert report.duplicates == 16
