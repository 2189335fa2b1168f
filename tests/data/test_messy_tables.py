"""Tables as people have them: what is read, what is left out, and what is said about it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hpt_cli.data import SplitSettings
from hpt_cli.data.look import looks_like_id
from hpt_cli.data.raw import Numbers
from hpt_cli.data.written import find_dates, find_writing
from hpt_cli.errors import DataError


def feature(dataset, name):
    """One feature of all rows before scaling, in the order of the rows' first feature ``a``: 0.5, 1.5, ..."""
    x = np.concatenate([dataset.x_train, dataset.x_validation, dataset.x_test]) * dataset.std + dataset.mean
    order = np.argsort(x[:, dataset.feature_names.index("a")])
    return x[order, dataset.feature_names.index(name)]


def note(dataset, part):
    (found,) = [said for said in dataset.notes if part in said]
    return found


N = np.arange(30)


class TestNumbersWithMoreThanDigits:
    @pytest.mark.parametrize(
        ("cell", "values", "unit"),
        [
            (lambda n: f"${n}.25", N + 0.25, "$"),
            (lambda n: f"-€{n}", -N, "€"),
            (lambda n: f"{n} USD", N, "USD"),
            (lambda n: f"{n / 4} %", N / 4, "%"),
            (lambda n: f"{n / 4}%", N / 4, "%"),
            (lambda n: f"{n * 1000} kg", N * 1000, "kg"),
            (lambda n: "" if n == 3 else f"£{n}", np.where(N == 3, np.nan, N), "£"),
        ],
    )
    def test_one_unit_is_taken_off_and_said(self, cell, values, unit, write, load, table):
        write("t.csv", table(b=cell))
        dataset = load("t.csv", "y")
        known = ~np.isnan(values)
        assert_allclose(feature(dataset, "b")[known], values[known], atol=1e-3 * np.nanmax(np.abs(values)))
        assert f"'b' ({unit})" in note(dataset, "without their unit")

    @pytest.mark.parametrize("mark", [",", " ", "'", "\u202f"])
    def test_thousands_may_be_set_apart(self, mark, write, load, table):
        write("t.csv", table(b=lambda n: f'"{1 + n}{mark}{100 + n}.5"'))
        assert_allclose(feature(load("t.csv", "y"), "b"), 1000 * (1 + N) + 100.5 + N, rtol=1e-5)

    def test_decimal_commas_are_read_in_the_whole_file(self, write, load, table):
        text = table(separator=";", a=lambda n: f"{n},5", b=lambda n: f"{n + 1}.{n + 100}")
        write("t.csv", text)
        dataset = load("t.csv", "y")
        assert_allclose(feature(dataset, "a"), N + 0.5, atol=1e-5)
        assert_allclose(feature(dataset, "b"), 1000 * (N + 1) + 100 + N, rtol=1e-5)
        assert note(dataset, "decimal commas")

    def test_commas_that_could_be_either_are_thousands_and_said(self, write, load, table):
        write("t.csv", table(b=lambda n: f'"{n + 1},{n + 100}"'))
        dataset = load("t.csv", "y")
        assert feature(dataset, "b").min() > 1000
        assert "'b'" in note(dataset, "Commas taken for thousands")

    def test_the_config_settles_it(self, write, load, table):
        write("t.csv", table(separator=";", a=lambda n: f"{n},5", b=lambda n: f"{n + 1},{n + 100}"))
        dataset = load("t.csv", "y", decimal=",")
        assert feature(dataset, "b").max() < 31
        assert not any("thousands" in said for said in dataset.notes)

    def test_a_target_in_money_is_measured(self, write, load, table):
        write("t.csv", table(y=lambda n: f"${n + 1},{n * 7 % 30 + 100}"[:-4] + f".{n:02}"))
        assert load("t.csv", "y").task == "regression"

    @pytest.mark.parametrize("text", ["1st", "4 # odd", "Route 66", "1_000", "0x1F", "１２", "(5)", "5 $ 5"])
    def test_other_texts_are_no_numbers(self, text):
        assert find_writing([text], None) == (None, False)


class TestDates:
    @pytest.mark.parametrize(
        ("cell", "words"),
        [
            (lambda n: f"2021-03-{n % 28 + 1:02}", "year-month-day"),
            (lambda n: f"{n % 28 + 1}.3.2021", "day.month.year"),
            (lambda n: f"3/{n % 28 + 1}/2021", "month/day/year"),
            (lambda n: f"{n % 28 + 1}/3/2021", "day/month/year"),
            (lambda n: f"{n % 28 + 1} March 2021", "day month year"),
            (lambda n: f"{n % 28 + 1}-Mar-2021", "day month year"),
            (lambda n: f'"Mar {n % 28 + 1}, 2021"', "month day, year"),
        ],
    )
    def test_each_way_of_writing_gives_the_same_numbers(self, cell, words, write, load, table):
        write("t.csv", table(b=cell))
        dataset = load("t.csv", "y")
        assert dataset.feature_names == ("a", "b (days)", "b (month)", "b (weekday)")
        first = 18687  # 2021-03-01, a Monday
        assert_allclose(feature(dataset, "b (days)"), first + N % 28, atol=0.01)
        assert_allclose(feature(dataset, "b (month)"), 3)
        assert_allclose(feature(dataset, "b (weekday)"), N % 28 % 7, atol=1e-5)
        assert f"'b' ({words})" in note(dataset, "Dates")

    def test_times_give_the_hour_and_zones_are_taken_off(self, write, load, table):
        write("t.csv", table(b=lambda n: f"2021-03-01T{n % 24:02}:30:00+02:00"))
        dataset = load("t.csv", "y")
        assert_allclose(feature(dataset, "b (hour)"), (N % 24 - 2) % 24, atol=1e-4)

    def test_a_later_file_may_have_other_clocks_than_the_column_was_judged_by(self):
        timed = find_dates(["2023-10-06 14:30", "2023-10-07 00:15"])
        later = [
            "2023-10-06",
            "2023-10-06 06:00:00",
            "2023-10-06 06:00:00.5",
            "2023-10-06T12:00",
            "6.10.2023",
        ]
        assert_array_equal(np.isnan(timed.days(later)), [True, True, True, False, True])
        days = timed.days(later, any_clock=True) - 19636
        assert_allclose(days, [0, 0.25, 0.25 + 0.5 / 86400, 0.5, np.nan], atol=1e-9)
        assert timed.expected == "year-month-day hour:minute"

    def test_a_date_alone_is_no_midnight_where_times_have_a_zone(self):
        zoned = find_dates(["1.3.2021 14:30+02:00"])
        days = zoned.days(["1.3.2021", "1.3.2021 02:00:00+02:00"], any_clock=True)
        assert_allclose(days, [np.nan, 18687], atol=1e-9)
        assert zoned.expected == "day.month.year hour:minute zone"

    def test_a_missing_date_is_a_missing_number(self, write, load, table):
        write("t.csv", table(b=lambda n: "NA" if n % 5 == 0 else f"2021-03-{n % 28 + 1:02}"))
        dataset = load("t.csv", "y")
        assert_array_equal(feature(dataset, "b (days) is missing"), N % 5 == 0)

    def test_parquet_keeps_its_dates(self, tmp_path, load):
        pytest.importorskip("pyarrow")
        import pandas as pd

        frame = pd.DataFrame({"a": N + 0.5, "b": pd.date_range("2020-02-27", periods=30), "y": [1, 2] * 15})
        frame.to_parquet(tmp_path / "t.parquet")
        dataset = load("t.parquet", "y")
        assert_allclose(feature(dataset, "b (days)"), 18319 + N, atol=0.01)
        assert_allclose(feature(dataset, "b (month)"), np.where(N < 3, 2, 3), atol=1e-5)

    @pytest.mark.parametrize("texts", [["2021-13-45"], ["1-2-3"], ["2020"], ["12:30"], ["3/4/2021", "2021"]])
    def test_other_texts_are_no_dates(self, texts):
        assert find_dates(texts) is None


class TestColumns:
    def test_dropped_columns_are_gone_and_features_are_the_only_ones(self, write, load, table):
        write("t.csv", table())
        assert load("t.csv", "y", drop=("b",)).feature_names == ("a",)
        assert load("t.csv", "y", features=("b",)).feature_names == ("b",)
        assert load("t.csv", "y", drop=(-2,)).feature_names == ("a",)

    def test_numbers_that_are_names_become_levels_as_written(self, write, load, table):
        write("t.csv", table(b=lambda n: f"0{n % 3}"))
        dataset = load("t.csv", "y", categorical=("b",))
        assert dataset.feature_names == ("a", "b=00", "b=01", "b=02")

    def test_rare_levels_share_one_feature(self, write, load, table):
        write("t.csv", table(b=lambda n: "xyz"[n % 3] if n % 2 else f"rare{n}"))
        dataset = load("t.csv", "y", max_levels=4, categorical=("b",))
        assert len(dataset.feature_names) == 5
        assert dataset.feature_names[-1] == "b=other"
        assert (dataset.x_validation[:, 1:].sum(axis=1) == 1).all()  # unknown levels are rare ones
        assert "rarest levels of 'b'" in note(dataset, "share one feature")

    def test_free_text_is_left_out_and_said_unless_it_is_named(self, write, load):
        rows = "".join(f"{n},remark {n},{n % 2}\n" for n in range(120))
        write("t.csv", "a,b,y\n" + rows)
        dataset = load("t.csv", "y")
        assert dataset.feature_names == ("a",)
        assert "'b' (120 texts in 120 rows)" in note(dataset, "Left out")
        assert load("t.csv", "y", categorical=("b",)).feature_names[-1] == "b=other"

    @pytest.mark.parametrize(
        ("name", "values", "is_id"),
        [
            ("customer_id", N * 17 + 5, True),
            ("customerId", N * 17 % 31, True),
            ("n", N + 1, True),
            ("n", -N, True),
            ("n", N * 2, False),
            ("paid", N * 17, False),
            ("id", N / 2, False),
            ("id", N % 20, False),
        ],
    )
    def test_identifiers_are_known_by_name_or_by_counting(self, name, values, is_id):
        assert looks_like_id(Numbers(name, values.astype(float))) is is_id

    def test_an_identifier_is_kept_with_a_warning(self, write, load, table):
        write("t.csv", table(header="a,id,y", id=lambda n: str(n)))
        dataset = load("t.csv", "y")
        assert dataset.feature_names == ("a", "id")
        assert "'id'" in note(dataset, "Looks like an identifier")
        assert not any("identifier" in said for said in load("t.csv", "y", drop=("id",)).notes)

    def test_cells_of_na_values_are_missing(self, write, load, table):
        write("t.csv", table(b=lambda n: ("unknown", "-999", str(n * 1.5))[n % 3]))
        dataset = load("t.csv", "y", na_values=("unknown", "-999"))
        assert dataset.feature_names == ("a", "b", "b is missing")
        assert_array_equal(feature(dataset, "b is missing"), N % 3 < 2)
        assert feature(dataset, "b").min() >= 0

    def test_a_text_that_may_mean_missing_is_named_in_the_message(self, write, load, table):
        write("t.csv", table(b=lambda n: "none" if n == 4 else f"{n}.5"))
        with pytest.raises(DataError, match=r"t\.csv:6: column 'b': 'none'.*data.na_values: \[none\]"):
            load("t.csv", "y")

    def test_an_indicator_says_where_a_number_is_missing(self, write, load, table):
        write("t.csv", table(b=lambda n: "" if n % 4 == 0 else str(n)))
        dataset = load("t.csv", "y")
        assert_array_equal(feature(dataset, "b is missing"), N % 4 == 0)

    def test_without_a_line_of_names_columns_are_numbered(self, write, load, table):
        write("t.csv", table().partition("\n")[2])
        dataset = load("t.csv", -1, header=False)
        assert dataset.feature_names == ("0", "1")
        assert sum(dataset.rows().values()) == 30
        assert load("t.csv", 2, header=False).hash == dataset.hash
        assert load("t.csv", 2, header=False, drop=(0,)).feature_names == ("1",)

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({"drop": ("z",)}, "no column 'z' for data.drop"),
            ({"features": ("A",)}, "data.features; did you mean 'a'"),
            ({"categorical": ("z",)}, "no column 'z' for data.categorical"),
            ({"drop": ("y",)}, "data.drop names the target 'y'"),
            ({"drop": ("a",), "categorical": ("a",)}, "both name 'a'"),
            ({"features": ("a",), "categorical": ("b",)}, "which data.features leaves out"),
            ({"drop": ("a", "b")}, "at least one feature"),
            ({"drop": (-9,)}, "no column '-9' for data.drop"),
            ({"header": False}, "no column 'y' for data.target"),
        ],
        ids=str,
    )
    def test_columns_that_are_not_there_are_named(self, settings, says, write, load, table):
        write("t.csv", table())
        with pytest.raises(DataError, match=says):
            load("t.csv", "y", **settings)

    @pytest.mark.parametrize("settings", [{"drop": ("a",)}, {"na_values": ("-",)}], ids=str)
    def test_arrays_have_no_columns(self, settings, tmp_path, load):
        np.savez(tmp_path / "t.npz", X=np.eye(20), y=N[:20] % 2)
        with pytest.raises(DataError, match="is for tables"):
            load("t.npz", **settings)


ENCODINGS = {
    "Latin-1": (lambda text: text.encode("cp1252"), "read as Latin-1"),
    "UTF-16": (lambda text: text.encode("utf-16"), "is in UTF-16"),
    "comments": (lambda text: f"# made by hand\n\n# in May\n{text}".encode(), "passed over: 2."),
}


@pytest.mark.parametrize("way", ENCODINGS)
def test_texts_of_other_kinds_are_read_and_said(way, write, load, table):
    encode, says = ENCODINGS[way]
    text = table(b=lambda n: ("Zürich", "Genève", "Bern")[n % 3])
    write("t.csv", encode(text))
    dataset = load("t.csv", "y")
    assert dataset.feature_names == ("a", "b=Bern", "b=Genève", "b=Zürich")
    assert note(dataset, says)
    write("plain.csv", text)
    assert load("plain.csv", "y").hash == dataset.hash


def test_lines_count_from_the_files_own_first(write, load, table):
    lines = table().splitlines()
    lines[5] = "4.5"
    write("t.csv", "# one\n# two\n" + "\n".join(lines))
    with pytest.raises(DataError, match=r"t\.csv:8: the row has 1 cells"):
        load("t.csv", "y")


def test_names_that_start_with_a_hash_are_names(write, load, table):
    write("t.csv", "# made by hand\n#" + table())
    assert load("t.csv", "y").feature_names == ("#a", "b")


def test_a_study_on_a_leak_says_so_unless_it_was_asked_for(load, write):
    rows = "".join(f"{n * n % 7},{('dead', 'alive')[n % 2]},{n % 2}\n" for n in range(60))
    write("t.csv", "age,alive,survived\n" + rows)
    said = "A leak? Column 'alive' says the same as the label 'survived'"
    notes = load("t.csv", "survived").notes
    assert len([note for note in notes if note.startswith(said)]) == 1
    assert not any("leak" in note for note in load("t.csv", "survived", features=("age", "alive")).notes)
    assert not any("leak" in note for note in load("t.csv", "survived", drop=("alive",)).notes)


def test_levels_that_differ_in_capitals_or_blanks_are_told(load, write):
    rows = "".join(
        f"{n},{('Yes', 'yes ', 'No')[n % 3]},{('New York', 'NewYork')[n % 2]}\n" for n in range(60)
    )
    write("t.csv", "x,y,city\n" + rows)
    said = "Levels that differ in capitals or blanks alone count as different: "
    (note,) = [note for note in load("t.csv", "y").notes if note.startswith("Levels")]
    assert note == said + "'city' ('New York' and 'NewYork'), 'y' ('Yes' and 'yes')."


@pytest.mark.parametrize("names", [",mpg,cyl", "mpg,cyl"])
def test_the_row_names_that_r_writes_are_left_out(load, write, names):
    rows = "".join(f"car {n},{n * 7 % 11}.5,{(4, 6)[n % 3 // 2]}\n" for n in range(40))
    write("cars.csv", f"{names}\n{rows}")
    dataset = load("cars.csv", "cyl")
    assert dataset.feature_names == ("mpg",)
    assert any("another text in each row: row names, left out" in note for note in dataset.notes)
    assert any("one fewer" in note for note in dataset.notes) == (names == "mpg,cyl")


def test_rows_without_a_label_are_left_out_as_asked(load, write):
    rows = [f"{n % 7},g{n % 9},{'' if n % 10 == 0 else n / 3}" for n in range(80)]
    write("t.csv", "\n".join(["x,g,y", *rows]))
    with pytest.raises(DataError, match=r"t\.csv:2: column 'y': the label is missing \(so are 7 more\)"):
        load("t.csv", "y")
    dataset = load("t.csv", "y", unlabeled="drop", split=SplitSettings(group="g"))
    assert sum(dataset.rows().values()) == 72
    assert "Rows without a label, left out: 8 of 80." in dataset.notes
    write("rest.csv", "\n".join(["x,g,y", *(row for n, row in enumerate(rows) if n % 10)]))
    rest = load("rest.csv", "y", split=SplitSettings(group="g"))
    assert_array_equal(rest.x_train, dataset.x_train)
    assert_array_equal(rest.y_test, dataset.y_test)
    assert rest.hash == dataset.hash


def test_a_mistake_in_a_row_after_those_left_out_has_its_own_line(load, write):
    rows = [f"{n % 7},{'' if n < 5 else 'x' if n == 9 else n % 2}" for n in range(30)]
    write("t.csv", "\n".join(["x,y", *rows]))
    with pytest.raises(DataError, match=r"t\.csv:11: column 'y'"):
        load("t.csv", "y", unlabeled="drop", task="regression")
    write("empty.csv", "x,y\n" + "1,\n2,?\n" * 9)
    with pytest.raises(DataError, match="no row with a label"):
        load("empty.csv", "y", unlabeled="drop")
