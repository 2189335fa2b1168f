"""Files as careless people bring them: each ends in one message that says where and what."""

import gzip
import io
import os
import struct
import zipfile
from dataclasses import dataclass, field

import numpy as np
import pytest

from hpt_cli.data import DataSettings, load_dataset
from hpt_cli.data import settings as limits
from hpt_cli.errors import DataError

SECRET = "hunter2"
ROWS = "".join(f"{n},{n % 3},{'ab'[n % 2]}\n" for n in range(20))
GOOD = "p,q,y\n" + ROWS


def with_row(row):
    """A good table whose fifth row of data (line 6) is ``row``."""
    lines = GOOD.splitlines()
    lines[5] = row
    return "\n".join(lines) + "\n"


def with_labels(label, rows=20):
    return "p,q,y\n" + "".join(f"{n},{n * n % 7},{label(n)}\n" for n in range(rows))


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def lying_header(shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 80


X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2


class Evil:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("pickle-was-run",))


@dataclass
class Broken:
    """A broken file, what the config says of it, and what the message must say."""

    name: str
    content: object
    says: tuple
    target: object = "y"
    settings: dict = field(default_factory=dict)
    place: str = ""  # what follows the path


def case(about, name, content, *says, place="", target="y", **settings):
    return pytest.param(Broken(name, content, says, target, settings, place), id=about)


TABLES = [
    case("empty file", "t.csv", "", "is empty"),
    case("blank lines only", "t.csv", "\n\n  \n", "is empty"),
    case("byte order mark only", "t.csv", b"\xef\xbb\xbf", "is empty"),
    case("header only", "t.csv", "p,q,y\n", "no rows", place=":1:"),
    case("one row", "t.csv", "p,q,y\n1,2,a\n", "same label", "column 'y'"),
    case("short row", "t.csv", with_row("4,1"), "2 cells", "has 3", place=":6:"),
    case("long row", "t.csv", with_row("4,1,a,9"), "4 cells", "has 3", place=":6:"),
    case("row cut off at the end", "t.csv", GOOD[:-4], "2 cells", "cut off", place=":21:"),
    case("short row after empty lines", "t.csv", with_row("\n\n4,1"), "2 cells", place=":8:"),
    case("separator at the end of rows", "t.csv", GOOD.replace("a\n", "a,\n"), "at the end", place=":2:"),
    case("double names", "t.csv", "p,p,y\n" + ROWS, "columns 1 and 2", "'p'", place=":1:"),
    case("names double after blanks are cut", "t.csv", "p, p ,y\n" + ROWS, "columns 1 and 2", place=":1:"),
    case("nameless column", "t.csv", "p,,y\n" + ROWS, "column 2 has no name", place=":1:"),
    case(
        "nameless first column, no index",
        "t.csv",
        ",q,y\n" + "5,1,a\n9,2,b\n" * 9,
        "column 1 has no name",
        place=":1:",
    ),
    case("no header", "t.csv", "1,2,3\n4,5,6\n", "holds numbers", "column names", target=-1, place=":1:"),
    case("no header, text label", "t.csv", "5.1,3.5,setosa\n" * 9, "holds numbers", target=-1, place=":1:"),
    case(
        "no header, whole numbers",
        "t.csv",
        "5,3,setosa\n4,3,b\n" * 9,
        "holds numbers",
        target=-1,
        place=":1:",
    ),
    case("5000 digits as names", "t.csv", "9" * 5000 + ",8,y\n1,2,a\n2,3,b\n", "holds numbers", place=":1:"),
    case("unclosed quote", "t.csv", with_row('"4,1,a'), "never closed", place=":6:"),
    case("text after a quote", "t.csv", with_row('"4"x,1,a'), "closing double quote", place=":6:"),
    case("unclosed quote in the header", "t.csv", '"p,q,y\n' + ROWS, "never closed", place=":1:"),
    case("giant cell", "t.csv", with_row("4,1," + "a" * 200_000), "128 KiB", place=":6:"),
    case("giant quoted rest", "t.csv", with_row('"4,1,a') + ROWS * 2000, "128 KiB", "quote", place=":6:"),
    case("infinity", "t.csv", with_row("inf,1,a"), "infinite", "column 'p'", place=":6:"),
    case("overflow", "t.csv", with_row("1e999,1,a"), "infinite", "column 'p'", place=":6:"),
    case("too large for float32", "t.csv", with_row("1e39,1,a"), "above 3e+38", "column 'p'", place=":6:"),
    case("5000 digits", "t.csv", with_row("9" * 5000 + ",1,a"), "above 3e+38", "column 'p'", place=":6:"),
    case("underscored number", "t.csv", with_row("1_000,1,a"), "'1_000'", "column 'p'", place=":6:"),
    case("full-width digits", "t.csv", with_row("１２,1,a"), "'１２'", "column 'p'", place=":6:"),
    case(
        "a decimal comma among points",
        "t.csv",
        with_row('"1,5",1,a').replace("7,1", "7.5,1"),
        "'1,5'",
        place=":6:",
    ),
    case(
        "two currencies",
        "t.csv",
        with_row("€4,1,a").replace("7,1", "$7,1"),
        "another unit",
        "$, none, €",
        place=":6:",
    ),
    case("hexadecimal", "t.csv", with_row("0x1F,1,a"), "'0x1F'", "column 'p'", place=":6:"),
    case(
        "text among numbers", "t.csv", with_row("abc,1,a"), "'abc'", "not a number", "column 'p'", place=":6:"
    ),
    case("hash in a cell", "t.csv", with_row("4 # odd,1,a"), "'4 # odd'", "column 'p'", place=":6:"),
    case("control characters in a cell", "t.csv", with_row("\x1b[31mred,1,a"), "\\x1b[31mred", place=":6:"),
    case("long cell among numbers", "t.csv", with_row("a" * 5000 + ",1,a"), "a" * 57 + "...'", place=":6:"),
    case(
        "neither UTF-8 nor Latin-1",
        "t.csv",
        with_row("4,1,a").encode().replace(b"6,0", b"\x81,0"),
        "0x81",
        "save the file as UTF-8",
        place=":8:",
    ),
    case(
        "damaged UTF-8",
        "t.csv",
        with_row("4,1,a").replace("7,1", "é,1").replace("8,2", "ü,2").encode().replace(b"6,0", b"\xe9,0"),
        "0xe9 is not UTF-8, as the other characters",
        place=":8:",
    ),
    case("UTF-16 cut off", "t.csv", GOOD.encode("utf-16")[:-1], "damaged UTF-16"),
    case("NUL byte", "t.csv", with_row("4\0,1,a"), "NUL", place=":6:"),
    case("gzip named csv", "t.csv", gzip.compress(GOOD.encode()), "gzip", "add .gz"),
    case("zip named csv", "t.csv", npz(X=X), "zip archive", "CSV"),
    case("npy named csv", "t.csv", npy(X), "NumPy array", "savez"),
    case("parquet named csv", "t.csv", b"PAR1" + b"\1" * 50, "Parquet"),
    case("one column", "t.csv", f"{SECRET}\n" * 5, "one cell only", "commas", place=":1:"),
    case("one column, two other separators", "t.csv", f"{SECRET};x|y\n" * 5, "one cell only", place=":1:"),
    case("csv named tsv, odd", "t.tsv", f"{SECRET};a,b\n" * 5, "one cell only", "tabs", place=":1:"),
    case("password file", "t.csv", f"root:x:0:0:{SECRET}:/root:/bin/sh\n" * 3, "one cell only", place=":1:"),
    case("key file", "t.csv", f"-----BEGIN KEY-----\n{SECRET}\n", "one cell only", place=":1:"),
    case("settings file", "t.csv", f"KEY={SECRET},b\nK={SECRET},2\n" * 3, "no column 'y'", "there are 2"),
    case(
        "settings file, bad cells",
        "t.csv",
        f"a={SECRET},y=1\n" + "1,2\n2,3\n" * 9 + f"inf,3\n{SECRET},1\n",
        "column 1",
        target=-1,
    ),
    case("json", "t.csv", f'{{"a": 1, "password": "{SECRET}"}}\n', "JSON"),
    case("lines of json", "t.csv", f'{{"a": 1, "b": "{SECRET}"}}\n' * 3, "JSON"),
    case("pieces of json", "t.csv", f"{{a: 1, b: '{SECRET}'}}\n" * 3, "does not look like column names"),
    case("html", "t.csv", f"<html>\n<p>{SECRET}, a, b</p>\n", "web page"),
    case(
        "a day that no month has",
        "t.csv",
        "d,y\n" + "".join(f"2023-02-{n:02} 08:00,{n % 2}\n" for n in range(1, 30)),
        "'2023-02-29 08:00' is not a date (year-month-day hour:minute)",
        "column 'd'",
        place=":30:",
    ),
    case(
        "points and commas before decimals",
        "t.csv",
        "d;y\n" + "".join(f"{n}{'.,'[n % 4 == 2]}5;{n % 2}\n" for n in range(30)),
        "'2,5' has another decimal separator",
        place=":4:",
    ),
    case("html with blanks before it", "t.csv", f"\n <!DOCTYPE html>\n<p>{SECRET}, a, b</p>\n", "web page"),
    case("a pointer in place of the file", "t.csv", "version https://git-lfs.github.com/spec/v1\n", "LFS"),
    case("arff", "t.csv", "@RELATION x\n@ATTRIBUTE p NUMERIC\n", "ARFF"),
    case("pdf", "t.csv", b"%PDF-1.4\n", "PDF"),
    case("utf-16 without its mark", "t.csv", GOOD.encode("utf-16-le"), "UTF-16", place=":1:"),
    case("blanks between the cells", "t.csv", "p q y\n1 2 a\n", "not by blanks", place=":1:"),
    case("a title above the names", "t.csv", "Report\n\n" + GOOD, "a title", place=":1:"),
    case("names again in the middle", "t.csv", GOOD + GOOD, "repeats the line of names", place=":22:"),
    case(
        "one row a cell too long, the first",
        "t.csv",
        GOOD.replace("0,0,a", "0,0,a,9"),
        "4 cells",
        place=":2:",
    ),
    case(
        "odd bytes after Latin-1", "t.csv", "é,y\n1,a\n".encode("latin-1") + b"\x81,b\n", "0x81", place=":3:"
    ),
    case("target absent", "t.csv", GOOD, "no column 'z'", "'p', 'q', 'y'", target="z"),
    case("target misspelled", "t.csv", GOOD.replace("y", "income"), "did you mean 'income'?", target="incme"),
    case("target in capitals", "t.csv", GOOD, "did you mean 'y'?", target="Y"),
    case("target not given", "t.csv", GOOD, "data.target", "'p', 'q', 'y'", target=None),
    case("target by an odd number", "t.csv", GOOD, "no column '7'", target=7),
    case("missing label", "t.csv", with_row("4,1,"), "label is missing", "column 'y'", place=":6:"),
    case(
        "question mark as label", "t.csv", with_row("4,1, ?"), "label is missing", "column 'y'", place=":6:"
    ),
    case(
        "nan as label", "t.csv", with_labels(lambda n: "nan" if n in (4, 9) else n / 3), "1 more", place=":6:"
    ),
    case("one class", "t.csv", with_labels(lambda n: "a"), "same label", "column 'y'"),
    case(
        "each row a class", "t.csv", with_labels(lambda n: f"name {n}"), "20 different labels", "column 'y'"
    ),
    case(
        "constant regression target",
        "t.csv",
        with_labels(lambda n: 1.5),
        "same target",
        "column 'y'",
        task="regression",
    ),
    case(
        "text in regression",
        "t.csv",
        with_labels(lambda n: "x" if n == 4 else n % 2),
        "'x'",
        place=":6:",
        task="regression",
    ),
    case(
        "text in a measured target",
        "t.csv",
        with_labels(lambda n: "x" if n == 4 else n / 3),
        "'x'",
        place=":6:",
    ),
    case("infinite label", "t.csv", with_labels(lambda n: "inf" if n == 4 else n / 3), "'inf'", place=":6:"),
    case("no features", "t.csv", "y\n" + "1\n2\n" * 9, "one cell only", place=":1:"),
    case(
        "no features beside an index",
        "t.csv",
        ",y\n" + "".join(f"{n},{n % 2}\n" for n in range(9)),
        "at least one feature",
    ),
    case("two rows", "t.csv", "p,y\n1,0.5\n2,1.5\n", "too few to split", task="regression"),
    case(
        "identifiers",
        "t.csv",
        "p,y\n" + "".join(f"id{n},{'ab'[n % 2]}\n" for n in range(200)),
        "differ in nearly every row",
        "at least one feature",
    ),
]

ARCHIVES = [
    case("npz cut off", "t.npz", npz(X=X, y=Y)[:300], "damaged, or not an .npz", target=None),
    case("npz that is text", "t.npz", f"{SECRET},b\n", "damaged, or not an .npz", target=None),
    case("empty npz", "t.npz", b"", "is empty", target=None),
    case("npz without members", "t.npz", zipped(), "holds nothing", target=None),
    case("npz with other keys", "t.npz", npz(a=X, labels=Y), "'a', 'labels'", "X and y", target=None),
    case("npz without labels", "t.npz", npz(X=X), "holds 'X'", "X and y", target=None),
    case(
        "npz with one flipped byte",
        "t.npz",
        npz(X=X, y=Y).replace(np.float64(7).tobytes(), b"flipped!"),
        "member 'X'",
        target=None,
    ),
    case(
        "npz member that is text",
        "t.npz",
        zipped(X=f"{SECRET}", y=npy(Y)),
        "member 'X'",
        "not a NumPy array",
        target=None,
    ),
    case(
        "npz of objects",
        "t.npz",
        npz(X=np.array([[Evil()]] * 20, dtype=object), y=Y),
        "'X'",
        "run code",
        target=None,
    ),
    case(
        "npz of object labels",
        "t.npz",
        npz(X=X, y=np.array(["a", None] * 10, dtype=object)),
        "'y'",
        "run code",
        target=None,
    ),
    case(
        "npy header lies",
        "t.npz",
        zipped(X=lying_header((10**13, 2)), y=npy(Y)),
        "member 'X'",
        "claims shape",
        target=None,
    ),
    case(
        "npy header is negative",
        "t.npz",
        zipped(X=lying_header((-5, 2)), y=npy(Y)),
        "member 'X'",
        target=None,
    ),
    case(
        "npy header is code",
        "t.npz",
        zipped(X=lying_header("__import__('os')"), y=npy(Y)),
        "member 'X'",
        target=None,
    ),
    case("npz lengths differ", "t.npz", npz(X=X, y=Y[:19]), "20 rows", "19", target=None),
    case("npz features in one axis", "t.npz", npz(X=X[:, 0], y=Y), "'X'", "(20,)", target=None),
    case("npz features without axes", "t.npz", npz(X=np.float64(3), y=Y), "'X'", "()", target=None),
    case("npz labels one-hot", "t.npz", npz(X=X, y=np.eye(20)), "'y'", "(20, 20)", target=None),
    case("npz without rows", "t.npz", npz(X=X[:0], y=Y[:0]), "no data", target=None),
    case("npz without features", "t.npz", npz(X=X[:, :0], y=Y), "no data", target=None),
    case("npz of texts", "t.npz", npz(X=X.astype(str), y=Y), "'X'", "expected numbers", target=None),
    case("npz of complex numbers", "t.npz", npz(X=X * 1j, y=Y), "'X'", "complex128", target=None),
    case("npz labels are dates", "t.npz", npz(X=X, y=Y.astype("M8[s]")), "'y'", "datetime64", target=None),
    case(
        "npz holds infinity", "t.npz", npz(X=np.where(X == 7, np.inf, X), y=Y), "row 3", "'X1'", target=None
    ),
    case(
        "npz labels hold NaN", "t.npz", npz(X=X, y=np.where(Y == 1, np.nan, 0)), "row 1", "'y'", target=None
    ),
    case("npz target by a wrong name", "t.npz", npz(X=X, y=Y), "no target 'label'", "'y'", target="label"),
]

FILES = [
    case("gz that is none", "t.csv.gz", GOOD, "not compressed with gzip"),
    case("gz cut off", "t.csv.gz", gzip.compress(GOOD.encode())[:60], "ends too early"),
    case("gz damaged", "t.csv.gz", gzip.compress(GOOD.encode())[:20] + b"\xff" * 40, "damaged"),
    case("gz of gz", "t.csv.gz", gzip.compress(gzip.compress(GOOD.encode())), "gzip"),
    case("gz with a short row", "t.csv.gz", gzip.compress(with_row("4,1").encode()), "2 cells", place=":6:"),
    case("pickle", "t.pkl", b"\x80\x04.", "run code", "savez"),
    case("spreadsheet", "t.xlsx", b"PK", "save the sheet as CSV"),
    case("unknown ending", "t.dat", GOOD, ".csv, .tsv"),
    case("text ending", "t.txt", GOOD, "name it .csv"),
    case("no ending", "passwd", f"root:{SECRET}", "a path must end in"),
    case("lone npy", "t.npy", npy(X), "savez"),
]


def check(broken, write, tmp_path, monkeypatch):
    """Load it; return the message after checking what holds for every message."""
    monkeypatch.chdir(tmp_path)
    path = write(broken.name, broken.content)
    with pytest.raises(DataError) as caught:
        load_dataset(DataSettings(broken.name, broken.target, **broken.settings), folder=tmp_path, seed=0)
    message = str(caught.value)
    assert message.startswith(f"{path}{broken.place or ':'}"), message
    for part in broken.says:
        assert part in message
    assert SECRET not in message
    assert message.isprintable(), "one line, nothing that a terminal obeys"
    assert len(message) - len(str(path)) < 300
    assert caught.value.exit_status == 2
    assert not (tmp_path / "pickle-was-run").exists()


@pytest.mark.parametrize("broken", TABLES)
def test_a_broken_table_is_refused_with_line_and_column(broken, write, tmp_path, monkeypatch):
    check(broken, write, tmp_path, monkeypatch)


@pytest.mark.parametrize("broken", ARCHIVES)
def test_a_broken_archive_is_refused_with_its_member(broken, write, tmp_path, monkeypatch):
    check(broken, write, tmp_path, monkeypatch)


@pytest.mark.parametrize("broken", FILES)
def test_a_file_of_another_kind_is_refused_with_what_to_do(broken, write, tmp_path, monkeypatch):
    check(broken, write, tmp_path, monkeypatch)


def refused(load, source, target="y", **settings):
    with pytest.raises(DataError) as caught:
        load(source, target, **settings)
    return str(caught.value)


class TestPathsThatLeadNowhere:
    def test_a_misspelled_file_gets_the_nearest_name(self, write, load):
        write("people.csv", GOOD)
        assert "did you mean 'people.csv'?" in refused(load, "poeple.csv")

    def test_a_misspelled_built_in_set_gets_the_nearest_name(self, load):
        message = refused(load, "digit")
        assert "did you mean 'digits'?" in message
        assert "diabetes" in message

    def test_other_data_files_of_the_folder_are_listed(self, write, load):
        write("people.csv", GOOD)
        write("secret.key", SECRET)
        message = refused(load, "zzz.csv")
        assert "'people.csv'" in message
        assert "secret.key" not in message

    def test_a_missing_folder_is_named_as_such(self, load):
        assert "no such folder" in refused(load, "nowhere/t.csv")

    def test_a_folder_is_no_file(self, tmp_path, load):
        (tmp_path / "t.csv").mkdir()
        assert "is a folder" in refused(load, "t.csv")

    def test_an_empty_source_is_a_folder(self, load):
        assert "is a folder" in refused(load, "")

    def test_a_pipe_is_refused_without_waiting_for_a_writer(self, tmp_path, load):
        os.mkfifo(tmp_path / "t.csv")
        assert "not a regular file" in refused(load, "t.csv")

    def test_a_device_is_refused(self, tmp_path, load):
        (tmp_path / "t.csv").symlink_to("/dev/zero")
        assert "not a regular file" in refused(load, "t.csv")

    def test_a_ring_of_links_is_refused(self, tmp_path, load):
        (tmp_path / "t.csv").symlink_to(tmp_path / "t.csv")
        assert "cannot be opened" in refused(load, "t.csv")

    def test_a_link_that_leads_nowhere_says_where_to(self, tmp_path, load):
        (tmp_path / "t.csv").symlink_to("gone.csv")
        assert "is a link to gone.csv, where nothing is" in refused(load, "t.csv")

    def test_a_nul_in_the_path_is_shown_escaped(self, load):
        assert "t\\x00.csv" in refused(load, "t\0.csv")

    def test_a_path_too_long_is_refused(self, load):
        assert "cannot be opened" in refused(load, "t" * 5000 + ".csv")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_without_permission_is_refused(self, write, load):
        write("t.csv", GOOD).chmod(0)
        assert "Permission denied" in refused(load, "t.csv")

    def test_an_unknown_target_of_a_built_in_set_is_refused_with_its_name(self, load):
        message = refused(load, "wine", "quality")
        assert message.startswith("wine: ")
        assert "'label'" in message


class TestCaps:
    def test_a_file_above_the_cap_is_not_read(self, write, load, monkeypatch):
        monkeypatch.setattr(limits, "MAX_BYTES", 50)
        write("t.csv", GOOD)
        assert "the limit is 50" in refused(load, "t.csv")

    def test_a_gzip_bomb_stops_at_the_cap(self, write, load, monkeypatch):
        monkeypatch.setattr(limits, "FREE_EXPANSION", 2**20)
        write("t.csv.gz", gzip.compress(b"p,q,y\n" + b"1,1,a\n" * 2_000_000))
        assert "unpacks to more than" in refused(load, "t.csv.gz")

    def test_a_well_packed_table_below_the_cap_is_read(self, write, load):
        write("t.csv.gz", gzip.compress(("p,q,y\n" + "1,1,a\n1,2,b\n" * 20_000).encode()))
        assert len(load("t.csv.gz", "y").x_train) == 24_000

    def test_an_npz_bomb_is_not_unpacked(self, write, load, monkeypatch):
        monkeypatch.setattr(limits, "FREE_EXPANSION", 2**20)
        write("t.npz", zipped(X=npy(np.zeros((20, 10**5))), y=npy(Y)))
        assert "member 'X' unpacks to" in refused(load, "t.npz", None)

    def test_a_line_without_end_is_no_table(self, write, load, monkeypatch):
        monkeypatch.setattr(limits, "MAX_LINE", 1000)
        write("t.csv", "a," * 600)
        assert "does not end" in refused(load, "t.csv")

    def test_too_many_columns_are_refused(self, write, load, monkeypatch):
        monkeypatch.setattr(limits, "MAX_COLUMNS", 2)
        write("t.csv", GOOD)
        write("t.npz", npz(X=np.eye(20), y=Y))
        assert "3 columns" in refused(load, "t.csv")
        assert "20 features" in refused(load, "t.npz", None)

    def test_too_many_features_after_encoding_are_refused(self, write, load, monkeypatch):
        monkeypatch.setattr(limits, "MAX_BYTES", 4 * 200 * 40)
        rows = "".join(f"l{n % 45},{'ab'[n % 2]}\n" for n in range(200))
        write("t.csv", "p,y\n" + rows)
        assert "features" in refused(load, "t.csv")

    def test_memory_that_is_not_there_is_an_error_of_the_data(self, write, load, monkeypatch):
        def full(*args, **kwargs):
            raise MemoryError

        monkeypatch.setattr("hpt_cli.data.tables.read_text", full)
        write("t.csv", GOOD)
        assert "memory" in refused(load, "t.csv")


def test_an_encrypted_archive_is_refused_with_its_member(write, load):
    content = bytearray(npz(X=X, y=Y))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # set bit 0, "encrypted", of each entry
        start = content.find(header)
        while start >= 0:
            content[start + flags] |= 1
            start = content.find(header, start + 1)
    write("t.npz", bytes(content))
    assert "member 'X'" in refused(load, "t.npz", None)


def test_parquet_without_pyarrow_says_what_to_install(write, load, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    write("t.parquet", b"PAR1")
    assert "pip install 'hpt-cli[parquet]'" in refused(load, "t.parquet")
