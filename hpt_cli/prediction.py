"""A saved model applied to a file: piece by piece in, piece by piece out, every row in its place."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from hpt_cli.data.columns import MISSING, Reading, read
from hpt_cli.data.messages import Source, listed, shown
from hpt_cli.data.raw import Array, Category
from hpt_cli.data.rows import Rows, open_rows
from hpt_cli.data.tables import find_column
from hpt_cli.errors import CannotWriteError, DataError, InputError
from hpt_cli.model import Model

if TYPE_CHECKING:
    import pandas as pd

PREDICTION = "prediction"
"""What the column of labels is called in what comes out."""
ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
Write = Callable[["pd.DataFrame"], None]
_FAR = 20.0
"""Standard deviations (ranges, with ``scale: minmax``) from the training rows' mean; amounts reach 13."""


@dataclass(frozen=True)
class Prediction:
    """What came of applying a model.

    Args:
        rows: How many.
        scores: By metric, where the file has the labels; empty otherwise.
        labelled: Rows that were scored.
        notes: Sentences on what deserves to be known.
    """

    rows: int
    scores: dict[str, float]
    labelled: int
    notes: tuple[str, ...]


def predict_file(
    model: Model, path: Path, write: Write, *, probabilities: bool = False, keep: Sequence[str] = ()
) -> Prediction:
    """Apply a model to every row of a file.

    Args:
        model: The model.
        path: A table, or, for a model of arrays, an .npz archive or images.
        write: Takes the predictions of the next rows, in the file's order.
        probabilities: Write the probability of each class too.
        keep: Columns of the file to carry along.

    Raises:
        DataError: A column is missing, or a cell cannot be read.
        InputError: Probabilities of a regression are asked for.
    """
    recipe = model.recipe
    if probabilities and model.task == "regression":
        raise InputError("--probabilities: the model predicts numbers, not classes; leave it out")
    opened = open_rows(path, header=recipe.header, names=recipe.table, label=model.target)
    with closing(opened) as rows:
        return _predict(model, rows, write, probabilities=probabilities, keep=keep)


def _predict(
    model: Model, rows: Rows, write: Write, *, probabilities: bool, keep: Sequence[str]
) -> Prediction:
    recipe, names = model.recipe, rows.source.names
    notes = list(rows.notes)
    kept: list[str] = []
    texts = [r.name for r in recipe.readings if r.kind != "number" or r.writing.decimal == ","]
    if names:
        model.check_columns(names, rows.source)
        kept = [find_column(rows.source, name, "--keep") for name in keep]
        more = [name for name in names if name not in recipe.table and name not in (model.target, *kept)]
        if more and recipe.table:
            notes.append(f"Columns that the model does not know, not used: {listed(more)}.")
    elif keep:
        raise rows.source.error("holds an array, which has no columns to keep")
    else:
        _check_arrays(model, rows)
    scorer = Scorer(model) if model.target in names or rows.labels is not None else None
    unknown: dict[str, dict[str, int]] = {}
    far: dict[int, tuple[int, float]] = {}
    total = 0
    wanted = (model.target,) if model.target in names else ()
    for piece, source in rows.pieces([*texts, *kept, *wanted]):
        x = model.prepare(piece, source)
        outputs = model.outputs(x)
        write(_table(model, piece, outputs, kept, probabilities=probabilities))
        if not isinstance(piece, np.ndarray):
            _count_unknown(model, piece, source, unknown)
            _count_far(model, x, far)
        if scorer:
            scorer.add(_labels(rows, piece, model.target, total), outputs, source)
        total += len(outputs)
    notes += _unknown_notes(unknown)
    notes += _far_notes(model, far)
    if scorer:
        notes += scorer.notes()
    return Prediction(total, scorer.scores() if scorer else {}, scorer.rows if scorer else 0, tuple(notes))


def _labels(rows: Rows, piece: Any, target: str, start: int) -> pd.Series[Any]:
    """The labels of a piece that begins at row ``start``: of its column, or beside an array."""
    import pandas as pd

    if rows.labels is None:
        return cast("pd.Series[Any]", piece[target])
    place = slice(start, start + len(piece))
    if isinstance(rows.labels, Category):
        names = np.array([*rows.labels.levels, ""], dtype=object)  # the last one for -1
        return pd.Series(names[rows.labels.codes[place]])
    return pd.Series(rows.labels.values[place])


def _check_arrays(model: Model, rows: Rows) -> None:
    if model.recipe.table:
        raise rows.source.error(
            f"holds an array, and the model was trained on a table with the columns {listed(model.columns)}"
        )


def _table(
    model: Model, piece: Any, outputs: Array, kept: Sequence[str], *, probabilities: bool
) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, Any] = {name: piece[name].to_numpy() for name in kept}
    columns[_free(PREDICTION, kept)] = model.labels(outputs)
    if probabilities:
        shares = model.probabilities(outputs)
        for code, name in enumerate(model.classes):
            columns[_free(f"probability_{name}", kept)] = shares[:, code]
    return pd.DataFrame(columns)


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _count_unknown(
    model: Model, piece: pd.DataFrame, source: Source, unknown: dict[str, dict[str, int]]
) -> None:
    """Count the rows of each level that the training part did not have."""
    readings = {reading.name: reading for reading in model.recipe.readings}
    for own in model.recipe.levels:
        if own.other:
            continue
        column = read(piece[own.column], readings[own.column], source)
        if isinstance(column, Category):
            counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
            found = unknown.setdefault(own.column, {})
            for level, count in zip(column.levels, counts.tolist(), strict=True):
                if level not in own.levels and (level in found or len(found) < 1000):
                    found[level] = found.get(level, 0) + count


def _unknown_notes(unknown: dict[str, dict[str, int]]) -> Iterator[str]:
    for name, found in unknown.items():
        if found:
            said = listed(found, 6, remarks=(f"{count:,} rows" for count in found.values()))
            yield f"Levels of {shown(name)} that the training rows did not have, taken for none: {said}."


def _count_far(model: Model, x: Array, far: dict[int, tuple[int, float]]) -> None:
    """Count the rows of prepared ``x`` (N, features) where a number is far off, and keep the farthest."""
    recipe = model.recipe
    if (recipe.mean == 0).all() and (recipe.std == 1).all():
        return  # scale: none keeps no spread to compare with
    scaled = x[:, : len(recipe.fields)]
    counts = (np.abs(scaled) > _FAR).sum(axis=0)
    for place in np.flatnonzero(counts).tolist():
        own = scaled[:, place]
        seen, farthest = far.get(place, (0, 0.0))
        here = float(own[np.abs(own).argmax()])
        far[place] = seen + int(counts[place]), max(farthest, here, key=abs)


def _far_notes(model: Model, far: Mapping[int, tuple[int, float]]) -> Iterator[str]:
    recipe, names, remarks = model.recipe, [], []
    for place, (rows, scaled) in sorted(far.items()):
        field, mean, std = recipe.fields[place], float(recipe.mean[place]), float(recipe.std[place])
        ends = [scaled * std + mean, mean]
        dated = field.part == "days"
        said = [str(np.datetime64(int(v), "D")) if dated and abs(v) < 3e6 else f"{v:.6g}" for v in ends]
        names.append(field.column)
        remarks.append(
            f"{rows:,} {'row' if rows == 1 else 'rows'}, such as {said[0]}; trained around {said[1]}"
        )
    if names:
        yield (
            f"Numbers far from those of the training rows, by {_FAR:g} times their spread or more: "
            f"{listed(names, 6, remarks=remarks)}."
        )


class Scorer:
    """Scores of predictions, added up piece by piece."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._reading = next((r for r in model.recipe.readings if r.name == model.target), None)
        k = len(model.classes)
        self._confusion = np.zeros((k, k), dtype=np.int64)
        self._loss = 0.0
        self._sums = np.zeros(4)  # of |error|, error^2, y, y^2
        self._shift: float | None = None
        self._strange: dict[str, int] = {}
        self._missing = 0
        self.rows = 0

    def add(self, found: pd.Series[Any], outputs: Array, source: Source) -> None:
        """Take the labels and outputs of the next rows."""
        if self._model.task == "regression":
            self._add_numbers(found, outputs, source)
            return
        labels = self._names(found)
        code = {name: number for number, name in enumerate(self._model.classes)}
        y = np.array([code.get(label, -1) for label in labels])
        known = y >= 0
        for label in np.array(labels, dtype=object)[~known]:
            if label in MISSING:
                self._missing += 1
            elif label in self._strange or len(self._strange) < 1000:
                self._strange[label] = self._strange.get(label, 0) + 1
        shares = self._model.probabilities(outputs)[known]
        predicted = shares.argmax(axis=1)
        np.add.at(self._confusion, (y[known], predicted), 1)
        own = shares[np.arange(len(shares)), y[known]]
        self._loss -= float(np.log(np.maximum(own, 1e-300)).sum())
        self.rows += int(known.sum())

    def _names(self, texts: pd.Series[Any]) -> list[str]:
        """The labels as the model calls its classes."""
        from hpt_cli.data.columns import number_text

        if texts.dtype.kind == "f":
            return ["" if np.isnan(value) else number_text(value) for value in texts.to_numpy()]
        labels = texts.astype(object).where(texts.notna(), "").astype(str).str.strip()
        if self._reading is None or self._reading.kind != "number":
            return [str(label) for label in labels]
        values = (self._reading.writing.value(label) for label in labels)
        pairs = zip(labels, values, strict=True)
        return [str(label) if value is None else number_text(value) for label, value in pairs]

    def _add_numbers(self, found: pd.Series[Any], outputs: Array, source: Source) -> None:
        reading = self._reading or Reading(self._model.target, "number")  # of an array
        column = read(found, reading, source)
        if isinstance(column, Category):
            return
        known = ~np.isnan(column.values)
        y, predicted = column.values[known], self._model.labels(outputs)[known]
        if self._shift is None and len(y):
            self._shift = float(y[0])
        error = predicted - y
        y = y - (self._shift or 0.0)
        self._sums += [np.abs(error).sum(), (error**2).sum(), y.sum(), (y**2).sum()]
        self._missing += int((~known).sum())
        self.rows += int(known.sum())

    def scores(self) -> dict[str, float]:
        """The metrics; none if no row has a label that the model knows."""
        n = self.rows
        if not n:
            return {}
        if self._model.task == "regression":
            absolute, squared, total, squares = self._sums
            spread = squares - total**2 / n
            r2 = {"r2": float(1 - squared / spread)} if spread > 0 else {}
            return {"rmse": float(np.sqrt(squared / n)), "mae": float(absolute / n), **r2}
        hits = np.diag(self._confusion)
        actual, predicted = self._confusion.sum(axis=1), self._confusion.sum(axis=0)
        there = actual > 0
        either = (actual + predicted) > 0
        return {
            "loss": self._loss / n,
            "accuracy": float(hits.sum() / n),
            "balanced_accuracy": float((hits[there] / actual[there]).mean()),
            "f1_macro": float((2 * hits[either] / (actual + predicted)[either]).mean()),
        }

    def notes(self) -> Iterator[str]:
        """Sentences on rows that were not scored."""
        if self._missing:
            yield f"Rows without a label, not scored: {self._missing:,}."
        if self._strange:
            said = listed(self._strange, 6, remarks=(f"{count:,} rows" for count in self._strange.values()))
            yield f"Labels that the model does not know, not scored: {said}."


@contextmanager
def open_output(path: Path | None, stdout: IO[str]) -> Iterator[Write]:
    """Where predictions go: a file by its name's ending, written whole, or standard output as CSV.

    Args:
        path: ``None`` for standard output.
        stdout: That.

    Raises:
        InputError: The ending is none that is written.
        CannotWriteError: The disk is full, read-only or gone.
    """
    if path is None:
        yield _csv_writer(stdout, ",")
        return
    name = path.name.lower()
    if not name.endswith(ENDINGS):
        raise InputError(f"--output {path}: must end in {', '.join(ENDINGS)}")
    if path.is_dir():
        raise InputError(f"--output {path}: is a folder")
    if path.exists() and not path.is_file():
        raise InputError(f"--output {path}: is a device or a pipe; leave --output out for standard output")
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    try:
        with temporary.open("wb") as file, _writer(name, file) as write:
            yield write
        temporary.replace(path)
    except OSError as error:
        raise CannotWriteError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _writer(name: str, file: IO[bytes]) -> Iterator[Write]:
    if name.endswith(".parquet"):
        with _parquet_writer(name, file) as write:
            yield write
        return
    packed = gzip.GzipFile(fileobj=file, mode="wb", mtime=0) if name.endswith(".gz") else None
    text = io.TextIOWrapper(packed or file, encoding="utf-8", newline="")
    yield _csv_writer(text, "\t" if ".tsv" in name else ",")
    text.flush()
    text.detach()
    if packed:
        packed.close()


@contextmanager
def _parquet_writer(name: str, file: IO[bytes]) -> Iterator[Write]:
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise InputError(
            f"--output {name}: writing Parquet needs pyarrow; install it: pip install 'hpt-cli[parquet]'"
        ) from None
    opened: list[Any] = []

    def write(frame: pd.DataFrame) -> None:
        schema = opened[0].schema if opened else None
        try:
            table = arrow.Table.from_pandas(frame, schema=schema, preserve_index=False)
        except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
            raise DataError(f"--keep: a column changes its type on the way ({error}); write CSV") from None
        if not opened:
            opened.append(parquet.ParquetWriter(file, table.schema))
        opened[0].write_table(table)

    yield write
    for writer in opened:
        writer.close()


def _csv_writer(text: IO[str], separator: str) -> Write:
    written: list[bool] = []

    def write(frame: pd.DataFrame) -> None:
        frame.to_csv(
            text,
            sep=separator,
            index=False,
            header=not written,
            lineterminator="\n",
            quoting=csv.QUOTE_MINIMAL,
        )
        written.append(True)

    return write
