"""Tables as people write them: what is read, and how each kind of column is taken."""

import gzip

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hpt_cli.errors import DataError


def rows_of(dataset):
    """All rows in the file's own units, sorted by the first feature; the last column is the label."""
    x = np.concatenate([dataset.x_train, dataset.x_validation, dataset.x_test]) * dataset.std + dataset.mean
    y = np.concatenate([dataset.y_train, dataset.y_validation, dataset.y_test])
    both = np.column_stack([x, y])
    return both[np.argsort(both[:, 0])]


@pytest.fixture
def expected():
    n = np.arange(30)
    return np.column_stack([n + 0.5, n * n % 7, n % 2])


WAYS = {
    "plain": ("t.csv", {}, lambda text: text.encode()),
    "byte order mark": ("t.csv", {}, lambda text: b"\xef\xbb\xbf" + text.encode()),
    "two byte order marks": ("t.csv", {}, lambda text: b"\xef\xbb\xbf" * 2 + text.encode()),
    "CRLF": ("t.csv", {"newline": "\r\n"}, str.encode),
    "CR": ("t.csv", {"newline": "\r"}, str.encode),
    "tabs": ("t.tsv", {"separator": "\t"}, str.encode),
    "gzip": ("t.csv.gz", {}, lambda text: gzip.compress(text.encode())),
    "tabs and gzip": ("T.TSV.GZ", {"separator": "\t"}, lambda text: gzip.compress(text.encode())),
    "semicolons": ("t.csv", {"separator": ";"}, str.encode),
    "tabs in a csv": ("t.csv", {"separator": "\t"}, str.encode),
    "commas in a tsv": ("t.tsv", {}, str.encode),
    "blanks after commas": ("t.csv", {"separator": ", "}, str.encode),
    "empty lines": ("t.csv", {"newline": "\n\n"}, lambda text: ("\n" + text).encode()),
    "no end of line at the end": ("t.csv", {}, lambda text: text.rstrip().encode()),
    "quotes": ("t.csv", {"a": lambda n: f'"{n}.5"'}, str.encode),
    "exponents": ("t.csv", {"a": lambda n: f"{n}5.e-1", "b": lambda n: f"+{n * n % 7}.0"}, str.encode),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_table_is_read_however_it_is_written(way, write, load, table, expected):
    name, how, encode = WAYS[way]
    write(name, encode(table(**how)))
    dataset = load(name, "y")
    assert dataset.feature_names == ("a", "b")
    assert dataset.classes == ("no", "yes")
    assert_allclose(rows_of(dataset), expected, atol=1e-5)


def test_the_hash_is_the_datas_and_not_the_files(write, load, table):
    write("plain.csv", table())
    write("other.tsv.gz", gzip.compress(b"\xef\xbb\xbf" + table(separator="\t", newline="\r\n").encode()))
    write("changed.csv", table(b=lambda n: "3" if n == 17 else str(n * n % 7)))
    write("renamed.csv", table().replace("a,b", "a,c"))
    plain = load("plain.csv", "y")
    assert load("other.tsv.gz", "y").hash == plain.hash
    assert load("plain.csv", "y", seed=5, scale="minmax").hash == plain.hash
    others = {load("changed.csv", "y").hash, load("renamed.csv", "y").hash, load("plain.csv", "a").hash}
    assert len(others | {plain.hash}) == 4


def test_a_lone_carriage_return_before_an_empty_cell_shifts_no_row(write, load):
    r"""pandas 3.1 takes ``\n\r,0,b`` for ``0,b,`` and an empty cell."""
    write("t.csv", "p,q,y\n" + "".join(f"{n},5,{n % 2}\n" for n in range(20)) + "\r,5,1\n")
    dataset = load("t.csv", "y", scale="none")
    assert set(dataset.x_train[:, 1]) == {5}


def test_another_separator_is_noted(write, load, table):
    write("t.csv", table(separator=";"))
    assert any("semicolons" in note for note in load("t.csv", "y").notes)


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
@pytest.mark.parametrize(
    "number", [lambda n: n, lambda n: n + 1, lambda n: 7 * n % 30], ids=["0", "1", "mixed"]
)
def test_row_numbers_of_a_saved_frame_are_left_out(name, number, write, load, table):
    lines = table().splitlines()
    numbered = [f"{name},{lines[0]}"] + [f"{number(n)},{line}" for n, line in enumerate(lines[1:])]
    write("t.csv", "\n".join(numbered))
    dataset = load("t.csv", "y")
    assert dataset.feature_names == ("a", "b")
    assert any("left out" in note for note in dataset.notes)


@pytest.mark.parametrize("header", ["0,1,2", "2019,2020,y", "7,x,y"])
def test_whole_numbers_that_count_up_may_be_names(header, write, load):
    write("t.csv", f"{header}\n" + "".join(f"{n},{n % 5},{n % 2}\n" for n in range(20)))
    assert load("t.csv", -1).feature_names == tuple(header.split(",")[:2])


def test_names_that_count_the_columns_are_names(write, load):
    write("t.csv", "0,1,2\n" + "".join(f"{n},{n % 5},{n % 2}\n" for n in range(20)))
    assert load("t.csv", -1).target_name == "2"
    assert load("t.csv", 1).feature_names == ("0", "2")


def test_the_target_may_stand_anywhere(write, load, table):
    write("t.csv", table(header="y,a,b"))
    assert load("t.csv", "y").feature_names == ("a", "b")
    assert load("t.csv", -1).target_name == "b"


class TestCategories:
    def test_texts_become_one_feature_a_level_and_keep_0_and_1(self, write, load, table):
        write("t.csv", table(b=lambda n: ("red", "green", "blue")[n % 3]))
        dataset = load("t.csv", "y")
        assert dataset.feature_names == ("a", "b=blue", "b=green", "b=red")
        assert set(np.unique(dataset.x_train[:, 1:])) == {0, 1}
        assert (dataset.x_train[:, 1:].sum(axis=1) == 1).all()
        row = dataset.x_test[0] * dataset.std + dataset.mean
        assert row[1 + ("blue", "green", "red").index(("red", "green", "blue")[int(row[0]) % 3])] == 1

    def test_a_level_that_training_lacks_is_all_zeros(self, write, load, table):
        write("t.csv", table(b=lambda n: f"level{n}"))  # every row has its own
        dataset = load("t.csv", "y")
        assert len(dataset.feature_names) == 1 + len(dataset.x_train)
        assert (dataset.x_train[:, 1:].sum(axis=1) == 1).all()
        assert (dataset.x_validation[:, 1:] == 0).all()

    def test_a_missing_text_is_a_level_of_its_own(self, write, load, table):
        write("t.csv", table(b=lambda n: (" ?", "red", "NA")[n % 3]))
        assert load("t.csv", "y").feature_names == ("a", "b=missing", "b=red")

    def test_booleans_are_0_and_1_before_scaling(self, write, load, table):
        write("t.csv", table(b=lambda n: ("True", "false")[n % 2]))
        dataset = load("t.csv", "y", scale="none")
        assert dataset.feature_names == ("a", "b")
        assert set(np.unique(dataset.x_train[:, 1])) == {0, 1}

    def test_numbers_with_a_few_texts_are_coded_levels(self, write, load, table):
        write("t.csv", table(b=lambda n: ("0", "1", "2", "3+")[n % 4]))
        assert load("t.csv", "y").feature_names == ("a", "b=0", "b=1", "b=2", "b=3+")

    def test_control_characters_in_names_are_escaped_in_notes(self, write, load, table):
        write("t.csv", table(b=lambda n: "red\x1b[31m"))
        assert all(note.isprintable() for note in load("t.csv", "y").notes)


class TestMissingNumbers:
    def test_they_take_the_median_of_the_training_part(self, write, load, table):
        write("t.csv", table(b=lambda n: ("", "?", " NA ", "NaN")[n % 4] if n % 5 == 0 else str(n)))
        dataset = load("t.csv", "y")
        every = rows_of(dataset)
        train = dataset.x_train * dataset.std + dataset.mean
        known = [a - 0.5 for a in train[:, 0] if round(a - 0.5) % 5]
        filled = every[every[:, 0].round().astype(int) % 5 == 0]
        assert_allclose(every[::5, 1], np.median(known), atol=1e-4)
        assert len(filled) > 0
        assert any("'b' (6 of 30)" in note for note in dataset.notes)

    def test_a_column_without_any_number_is_zero_and_noted(self, write, load, table):
        write("t.csv", table(b=lambda n: "NA"))
        dataset = load("t.csv", "y")
        assert (dataset.x_train[:, 1] == 0).all()
        assert any("0 everywhere: 'b'" in note for note in dataset.notes)


def test_a_note_tells_no_more_than_a_screenful(write, load):
    names = ",".join(f"c{n}" for n in range(500))
    write("t.csv", f"{names},y\n" + "".join("1," * 500 + f"{n % 2}\n" for n in range(20)))
    assert max(len(note) for note in load("t.csv", "y").notes) < 400


def test_a_relative_path_starts_at_the_given_folder(tmp_path, write, load, table, monkeypatch):
    write("t.csv", table())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load("t.csv", "y").target_name == "y"
    assert load(tmp_path / "t.csv", "y").target_name == "y"


def test_a_file_does_not_hide_a_built_in_set(write, load):
    write("digits", "no table")
    assert load("digits").x_train.shape[1] == 64
    with pytest.raises(DataError, match="a path must end in"):
        load("./digits")


def test_parquet_is_read_like_the_table_it_was_made_from(tmp_path, write, load, table):
    pytest.importorskip("pyarrow")
    import pandas as pd

    write("t.csv", table(b=lambda n: ("red", "green")[n % 2]))
    pd.read_csv(tmp_path / "t.csv").to_parquet(tmp_path / "t.parquet")
    assert load("t.parquet", "y").hash == load("t.csv", "y").hash


def test_boolean_labels_of_parquet_keep_their_names(tmp_path, load):
    pytest.importorskip("pyarrow")
    import pandas as pd

    pd.DataFrame({"a": range(20), "y": [True, False] * 10}).to_parquet(tmp_path / "t.parquet")
    assert load("t.parquet", "y").classes == ("False", "True")


def test_parquet_of_endless_rows_is_refused_before_it_is_read(tmp_path, load, monkeypatch):
    pytest.importorskip("pyarrow")
    import pandas as pd

    pd.DataFrame({"a": range(20), "y": [True, False] * 10}).to_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr("hpt_cli.data.settings.MAX_BYTES", 100)
    monkeypatch.setattr("hpt_cli.data.tables.open_regular", lambda path: (path.open("rb"), 0))
    with pytest.raises(DataError, match="has 40 cells"):
        load("t.parquet", "y")
