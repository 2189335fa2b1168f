"""``hpt predict``: rows in, labels out, in the same order and number."""

import gzip
import io
import json
import os
import shutil
import struct

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose

from hpt_cli import load_model
from hpt_cli.cli.app import app
from hpt_cli.data import rows as rows_module


@pytest.fixture
def predict():
    """Run the command; returns what it printed, by stream, and its exit status."""

    def predict(runs, *arguments):
        line = ["predict", *map(str, arguments), "--runs-dir", str(runs)]
        return CliRunner().invoke(app, line, catch_exceptions=False)

    return predict


@pytest.fixture
def expected(loans_study):
    runs, path, _ = loans_study
    frame = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)
    return load_model(runs / "loans").predict(frame)


def table(text):
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def test_each_row_gets_its_label_on_standard_output(loans_study, predict, expected):
    runs, path, _ = loans_study
    result = predict(runs, path)
    assert result.exit_code == 0
    assert list(table(result.stdout)) == ["prediction"]
    assert (table(result.stdout)["prediction"] == expected).all()
    assert "160 rows predicted by trial 3 of loans" in result.stderr


def test_scores_are_told_where_the_labels_are_there(loans_study, predict, expected):
    runs, path, _ = loans_study
    result = predict(runs, path, "--json", "--keep", "repaid")
    about = json.loads(result.stdout)
    labels = [record["repaid"] for record in about["predictions"]]
    assert about["scored"] == 160
    assert about["scores"]["accuracy"] == pytest.approx(np.mean(expected == labels))
    from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss

    assert about["scores"]["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, expected))
    assert about["scores"]["f1_macro"] == pytest.approx(f1_score(labels, expected, average="macro"))
    frame = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)
    shares = load_model(runs / "loans").predict_probabilities(frame)
    assert about["scores"]["loss"] == pytest.approx(log_loss(labels, shares))


def test_scores_of_a_regression_are_in_its_units(prices_study, predict):
    runs, path, _ = prices_study
    about = json.loads(predict(runs, path, "--json", "--keep", "price").stdout)
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    y = [float(record["price"]) for record in about["predictions"]]
    said = [record["prediction"] for record in about["predictions"]]
    assert about["scores"]["rmse"] == pytest.approx(root_mean_squared_error(y, said))
    assert about["scores"]["mae"] == pytest.approx(mean_absolute_error(y, said))
    assert about["scores"]["r2"] == pytest.approx(r2_score(y, said))


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".tsv", ".parquet"])
def test_the_names_ending_says_the_form(ending, loans_study, predict, expected, tmp_path):
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    runs, path, _ = loans_study
    out = tmp_path / f"labels{ending}"
    result = predict(runs, path, "--output", out, "--keep", "id,district", "--probabilities")
    assert result.exit_code == 0
    assert result.stdout == ""
    if ending == ".parquet":
        frame = pd.read_parquet(out)
    else:
        raw = out.read_bytes()
        text = (gzip.decompress(raw) if ending.endswith("gz") else raw).decode()
        frame = pd.read_csv(io.StringIO(text), sep="\t" if "tsv" in ending else ",", dtype={"id": str})
    assert list(frame) == ["id", "district", "prediction", "probability_no", "probability_yes"]
    assert list(frame["id"][:3]) == ["0000", "0001", "0002"]
    assert (frame["prediction"] == expected).all()
    assert_allclose(frame["probability_no"] + frame["probability_yes"], 1)
    assert [entry.name for entry in tmp_path.iterdir()] == [out.name]


def test_pieces_change_nothing(loans_study, predict, monkeypatch):
    runs, path, _ = loans_study
    whole = predict(runs, path, "--probabilities")
    monkeypatch.setattr(rows_module, "ROWS", 7)
    pieces = predict(runs, path, "--probabilities")
    assert (table(whole.stdout)["prediction"] == table(pieces.stdout)["prediction"]).all()
    shares = [table(one.stdout)["probability_yes"].astype(float) for one in (whole, pieces)]
    assert_allclose(*shares, rtol=1e-4)
    assert whole.stderr == pieces.stderr


def test_scores_on_the_file_that_was_trained_on_come_with_a_warning(loans_study, predict, tmp_path):
    runs, path, dataset = loans_study
    shutil.copytree(runs, tmp_path / "runs")
    about = tmp_path / "runs" / "loans" / "study.json"
    study = json.loads(about.read_text())
    study |= {"folder": str(path.parent), "config": {"data": {"source": path.name}}}
    study["data"] = {"rows": {"training": len(dataset.y_train)}}
    study.pop("digests", None)  # as an older version wrote it
    about.write_text(json.dumps(study))
    shutil.copy(path, tmp_path / "new.csv")
    warning = f"the model was trained on {len(dataset.y_train)} of its rows, so the scores are too good"
    assert warning in predict(tmp_path / "runs", path).stderr
    assert "trained on" not in predict(tmp_path / "runs", tmp_path / "new.csv").stderr


WAYS = {
    "byte order mark": ("t.csv", lambda text: b"\xef\xbb\xbf" + text.encode()),
    "CRLF": ("t.csv", lambda text: text.replace("\n", "\r\n").encode()),
    "CR": ("t.csv", lambda text: text.replace("\n", "\r").encode()),
    "Latin-1": ("t.csv", lambda text: text.encode("cp1252")),
    "UTF-16": ("t.csv", lambda text: text.encode("utf-16")),
    "gzip": ("t.csv.gz", lambda text: gzip.compress(text.encode())),
    "comments": ("t.csv", lambda text: b"# a\n\n# b\n" + text.encode()),
    "empty lines": ("t.csv", lambda text: text.replace("\n", "\n\n").encode()),
    "tabs": ("t.tsv", lambda text: text.replace(";", "\t").encode()),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_rows_are_read_however_they_are_written(way, loans_study, predict, expected, tmp_path):
    runs, path, _ = loans_study
    name, encode = WAYS[way]
    (tmp_path / name).write_bytes(encode(path.read_text(encoding="utf-8")))
    result = predict(runs, tmp_path / name)
    assert (table(result.stdout)["prediction"] == expected).all()
    assert "against the labels of 160 rows" in result.stderr


def test_parquet_is_read_too(prices_study, predict, tmp_path):
    pytest.importorskip("pyarrow")
    runs, path, _ = prices_study
    pd.read_csv(path).to_parquet(tmp_path / "t.parquet")
    assert_allclose(
        table(predict(runs, tmp_path / "t.parquet").stdout)["prediction"].astype(float),
        table(predict(runs, path).stdout)["prediction"].astype(float),
    )


def test_images_are_predicted_from_an_archive_without_labels(images_study, predict, tmp_path):
    runs, path, _ = images_study
    with np.load(path) as arrays:
        x, y = arrays["X"], arrays["y"]
    np.savez(tmp_path / "new.npz", X=x)
    result = predict(runs, tmp_path / "new.npz")
    assert np.mean(table(result.stdout)["prediction"] == y.astype(str)) > 0.95


def test_labels_beside_images_are_scored_in_archives_and_in_idx_files(
    images_study, predict, tmp_path, monkeypatch
):
    runs, path, _ = images_study
    with np.load(path) as arrays:
        x, y = arrays["X"], arrays["y"].astype(np.uint8)
    y[:9] = 1 - y[:9]  # wrong labels: a tenth of the rows
    np.savez(tmp_path / "new.npz", images=x, labels=y)
    images, labels = tmp_path / "new-images-idx3-ubyte", tmp_path / "new-labels-idx1-ubyte"
    images.write_bytes(struct.pack(">4I", 2051, *x.shape) + x.tobytes())
    labels.write_bytes(struct.pack(">2I", 2049, len(y)) + y.tobytes())
    monkeypatch.setattr(rows_module, "ROWS", 7)
    for file in (tmp_path / "new.npz", images):
        result = predict(runs, file, "--probabilities")
        right = np.mean(table(result.stdout)["prediction"] == y.astype(str))
        assert 0.8 < right < 1
        assert "against the labels of 90 rows: loss" in result.stderr
        assert f"accuracy {right:.4g}," in result.stderr
        assert list(table(result.stdout)) == ["prediction", "probability_0", "probability_1"]


def test_a_lone_array_is_refused_with_what_to_do(images_study, predict, tmp_path):
    runs, path, _ = images_study
    with np.load(path) as arrays:
        np.save(tmp_path / "new.npy", arrays["X"])
    result = predict(runs, tmp_path / "new.npy")
    assert result.exit_code == 2
    assert "new.npy: a lone array; save it as an archive: numpy.savez(FILE, X=X)" in result.stderr


def test_unknown_levels_and_unknown_columns_are_noted(loans_study, predict, tmp_path):
    runs, path, _ = loans_study
    lines = path.read_text(encoding="utf-8").replace(";Nord;", ";Insel;").splitlines()
    text = "\n".join([f"{lines[0]};more", *(f"{line};1" for line in lines[1:])])
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    said = predict(runs, tmp_path / "t.csv").stderr
    assert "not used: 'more'" in said
    assert "Levels of 'district' that the training rows did not have, taken for none: 'Insel'" in said


def test_numbers_far_from_those_of_the_training_rows_are_noted(prices_study, predict, tmp_path, monkeypatch):
    runs, path, _ = prices_study
    frame = pd.read_csv(path)
    assert "far from" not in predict(runs, path).stderr
    frame.loc[[3, 50], "area"] = [45876.5, 20000.25]
    frame.loc[7, "rooms"] = -4000
    frame.to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.setattr(rows_module, "ROWS", 30)
    result = predict(runs, tmp_path / "t.csv")
    assert result.exit_code == 0
    assert (
        "by 20 times their spread or more: 'area' (2 rows, such as 45876.5; trained around 11"
        in result.stderr
    )
    assert "'rooms' (1 row, such as -4000; trained around 3." in result.stderr


def test_labels_that_the_model_does_not_know_are_not_scored(loans_study, predict, tmp_path):
    runs, path, _ = loans_study
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].rpartition(";")[0] + ";perhaps"
    lines[2] = lines[2].rpartition(";")[0] + ";"
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    said = predict(runs, tmp_path / "t.csv").stderr
    assert "Labels that the model does not know, not scored: 'perhaps' (1 rows)" in said
    assert "Rows without a label, not scored: 1." in said
    assert "against the labels of 158 rows" in said


def test_without_a_line_of_names_the_label_may_be_absent(train, predict, tmp_path):
    rows = [f"{'ab'[n % 2]},{n % 2 * 3 + n % 3},{n % 5}" for n in range(80)]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    runs, _ = train("bare", tmp_path / "t.csv", 0, header=False)
    (tmp_path / "new.csv").write_text("\n".join(row[2:] for row in rows))
    said = table(predict(runs, tmp_path / "new.csv").stdout)["prediction"]
    assert list(said) == [row[0] for row in rows]


def edited(edit):
    """A broken table made from the good one by its lines."""

    def make(text):
        lines = text.splitlines()
        edit(lines)
        return "\n".join(lines).encode()

    return make


def replace_cell(line, old, new):
    def edit(lines):
        cells = lines[line - 1].split(";")
        cells[old] = new
        lines[line - 1] = ";".join(cells)

    return edited(edit)


BROKEN = {
    "column missing": (lambda text: text.replace("district", "quarter").encode(), "lacks 'district'"),
    "text among numbers": (replace_cell(9, 1, "old"), "t.csv:9: column 'age': 'old' is not a number"),
    "no date": (replace_cell(9, 3, "2021-13-45"), "t.csv:9: column 'since': '2021-13-45' is not a date"),
    "another date": (replace_cell(9, 3, "3/4/21"), "(day.month.year)"),
    "neither true nor false": (replace_cell(9, 5, "maybe"), "'maybe' is not true or false"),
    "another currency": (replace_cell(9, 2, "5 $"), "t.csv:9: column 'income': '5 $'"),
    "infinite": (replace_cell(9, 1, "1e99"), "infinite or above"),
    "short row": (edited(lambda lines: lines.insert(4, "1;2")), "t.csv:5: the row has 2 cells"),
    "open quote": (replace_cell(9, 4, '"Nord'), "never closed"),
    "double names": (lambda text: text.replace("id;", "age;", 1).encode(), "same name"),
    "empty": (lambda text: b"", "is empty"),
    "names alone": (lambda text: text.splitlines()[0].encode(), "no rows"),
    "neither encoding": (lambda text: text.encode("cp1252").replace(b"Nord", b"\x81"), "nor Latin-1"),
    "damaged UTF-8": (lambda text: text.encode().replace(b"Nord", b"\xe9", 1), "is not UTF-8, as the other"),
    "NUL": (lambda text: text.encode().replace(b"Nord", b"\0", 1), "NUL"),
    "a zip archive": (lambda text: b"PK\x03\x04" + text.encode(), "zip archive"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_broken_file_is_refused_with_its_place_and_leaves_nothing(way, loans_study, predict, tmp_path):
    runs, path, _ = loans_study
    make, says = BROKEN[way]
    (tmp_path / "t.csv").write_bytes(make(path.read_text(encoding="utf-8")))
    result = predict(runs, tmp_path / "t.csv", "--output", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.startswith("hpt: ")
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--output", "labels.xlsx"], "must end in .csv"),
        (["--output", "no/such/folder.csv"], "cannot be written"),
        (["--keep", "nobody"], "no column 'nobody' for --keep"),
        (["--study", "others"], "others"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused(arguments, says, loans_study, predict):
    runs, path, _ = loans_study
    result = predict(runs, path, *arguments)
    assert result.exit_code in (2, 74)
    assert says in result.stderr


def test_the_file_that_is_read_is_not_written(loans_study, predict):
    runs, path, _ = loans_study
    before = path.read_bytes()
    result = predict(runs, path, "--output", path)
    assert result.exit_code == 2
    assert path.read_bytes() == before


@pytest.mark.parametrize("key", ["source", "split.validation", "split.test"])
def test_the_files_that_the_study_learns_from_are_not_written(key, loans_study, predict, tmp_path):
    runs, path, _ = loans_study
    shutil.copytree(runs, tmp_path / "runs")
    own, new = tmp_path / "own.csv", tmp_path / "new.csv"
    shutil.copy(path, own)
    shutil.copy(path, new)
    (tmp_path / "link.csv").symlink_to(own)
    about = tmp_path / "runs" / "loans" / "study.json"
    data = {"source": "gone.csv", "split": {"validation": 0.2, "test": 0.2}}
    data |= {"source": "own.csv"} if key == "source" else {"split": {key.split(".")[1]: "own.csv"}}
    study = json.loads(about.read_text()) | {"folder": str(tmp_path), "config": {"data": data}}
    study.pop("digests", None)
    about.write_text(json.dumps(study))
    for output in (own, tmp_path / "link.csv"):
        result = predict(tmp_path / "runs", new, "--output", output)
        assert result.exit_code == 2
        assert f"is the study's own data (data.{key} of loans)" in result.stderr
        assert own.read_bytes() == path.read_bytes()
    (tmp_path / "other.csv").write_text("predictions of yesterday")
    assert predict(tmp_path / "runs", new, "--output", tmp_path / "other.csv").exit_code == 0
    assert (tmp_path / "other.csv").read_text().startswith("prediction\n")


def test_a_pipe_is_not_replaced_by_a_file(loans_study, predict, tmp_path):
    runs, path, _ = loans_study
    os.mkfifo(tmp_path / "pipe.csv")
    result = predict(runs, path, "--output", tmp_path / "pipe.csv")
    assert result.exit_code == 2
    assert "is a device or a pipe" in result.stderr
    assert (tmp_path / "pipe.csv").is_fifo()


def test_probabilities_of_a_regression_are_refused(prices_study, predict):
    runs, path, _ = prices_study
    result = predict(runs, path, "--probabilities")
    assert result.exit_code == 2
    assert "numbers, not classes" in result.stderr


def test_a_study_without_a_model_says_so(loans_study, predict, tmp_path):
    from hpt_cli.store import StudyStore

    StudyStore.create(tmp_path / "runs" / "new", config_text=b"", study={"config": {}, "folder": "."})
    result = predict(tmp_path / "runs", loans_study[1])
    assert result.exit_code == 2
    assert "holds no model" in result.stderr


def test_an_array_for_a_model_of_tables_is_refused(loans_study, images_study, predict):
    result = predict(loans_study[0], images_study[1])
    assert result.exit_code == 2
    assert "trained on a table with the columns 'age'" in result.stderr


def test_a_table_for_a_model_of_arrays_is_refused(loans_study, images_study, predict):
    result = predict(images_study[0], loans_study[1])
    assert result.exit_code == 2
    assert "trained on arrays" in result.stderr
