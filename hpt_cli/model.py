"""A saved model: from rows as the user has them to labels in the user's words.

``best/`` holds ``model.npz``, the network's weights by name, and ``model.json``, everything else; this module
is one way to use them, ``docs/data.md`` shows another that needs none of ours.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hpt_cli.data.columns import read
from hpt_cli.data.messages import Source, listed
from hpt_cli.data.raw import Array, Category, Numbers
from hpt_cli.data.recipe import Recipe
from hpt_cli.errors import DataError, InputError
from hpt_cli.network import NetworkSettings, predict

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
ABOUT, WEIGHTS = "model.json", "model.npz"


@dataclass(frozen=True)
class Model:
    """A trained network with its preprocessing.

    Args:
        recipe: How rows are prepared, and what the outputs mean.
        settings: The network's.
        weights: By name.
        trial: Number of the trial that it is of.
    """

    recipe: Recipe
    settings: NetworkSettings
    weights: Mapping[str, Array]
    trial: int

    @property
    def task(self) -> str:
        """``classification`` or ``regression``."""
        return self.recipe.task

    @property
    def classes(self) -> tuple[str, ...]:
        """What the labels are called, in the order of :meth:`predict_probabilities`; empty for regression."""
        return self.recipe.classes

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that it needs; empty where it was trained on arrays."""
        return self.recipe.columns

    @property
    def target(self) -> str:
        """What the label's column was called."""
        return self.recipe.target

    def predict(self, rows: pd.DataFrame | Array) -> Array:
        """A label for each row, (N,): texts as the data had them, or float64 in the target's own units.

        Args:
            rows: A data frame with the columns of the table that it was trained on, others being passed over;
                or an array (N, D), or (N, height, width, channels), of numbers as they were before scaling.

        Raises:
            DataError: A column is missing, or a cell is not of its column's kind.
        """
        return self.labels(self.outputs(self.prepare(rows)))

    def predict_probabilities(self, rows: pd.DataFrame | Array) -> Array:
        """The probability (N, C) of each class; takes what :meth:`predict` takes.

        Raises:
            DataError: As :meth:`predict`.
            ValueError: It predicts numbers, not classes.
        """
        return self.probabilities(self.outputs(self.prepare(rows)))

    def prepare(self, rows: pd.DataFrame | Array, source: Source | None = None) -> Array:
        """What the network reads: (N, features) float32.

        Args:
            rows: As :meth:`predict` takes them.
            source: For messages.

        Raises:
            DataError: As :meth:`predict`.
        """
        source = source or Source("the rows", quotes=True)
        if isinstance(rows, np.ndarray):
            return self._prepare_array(rows, source)
        frame = rows.rename(columns=str) if any(not isinstance(name, str) for name in rows.columns) else rows
        self.check_columns(tuple(frame.columns), source)
        columns: dict[str, Numbers | Category] = {}
        for reading in self.recipe.readings:
            if reading.name in self.columns:
                columns[reading.name] = read(frame[reading.name], reading, source)
        return self._encode(self.recipe.numbers(columns), columns, source)

    def check_columns(self, names: tuple[str, ...], source: Source) -> None:
        """See that every column is there.

        Raises:
            DataError: With those that are not, and those that are.
        """
        if not self.columns:
            what = "the model was trained on arrays; expected an array of numbers (.npz, or images)"
            raise source.error(what)
        missing = [name for name in self.columns if name not in names]
        if missing:
            raise source.error(
                f"lacks {listed(missing)}, which the model was trained on; the columns are {listed(names)}"
            )
        double = [name for name in self.columns if names.count(name) > 1]
        if double:
            raise source.error(f"has {listed(double)} more than once; remove all but one")

    def outputs(self, x: Array) -> Array:
        """What the network says of prepared rows, (N, M)."""
        return predict(self.settings, self.weights, x)

    def labels(self, outputs: Array) -> Array:
        """Outputs (N, M) in the user's words or units."""
        if self.task == "regression":
            return outputs[:, 0].astype(np.float64) * self.recipe.target_std + self.recipe.target_mean
        codes = outputs[:, 0] > 0 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        return np.array(self.classes, dtype=object)[codes.astype(np.int64)]

    def probabilities(self, outputs: Array) -> Array:
        """Outputs (N, M) as probabilities (N, C) float64 of the classes.

        Raises:
            ValueError: It predicts numbers, not classes.
        """
        if self.task == "regression":
            raise ValueError("a regression has no classes, so no probabilities")
        z = outputs.astype(np.float64)
        if z.shape[1] == 1:  # the logit of class 1
            z = np.column_stack([np.zeros(len(z)), z[:, 0]])
        e = np.exp(z - z.max(axis=1, keepdims=True))
        shares: Array = e / e.sum(axis=1, keepdims=True)
        return shares

    def _prepare_array(self, rows: Array, source: Source) -> Array:
        width = len(self.recipe.mean)
        if rows.ndim < 2 or rows.dtype.kind not in "biuf":
            raise source.error(f"is an array of {rows.dtype} of shape {rows.shape}; expected rows of numbers")
        flat = rows.reshape(len(rows), -1)
        if flat.shape[1] != width:
            raise source.error(f"has {flat.shape[1]:,} numbers a row; the model was trained on {width:,}")
        if self.recipe.levels:
            raise source.error("is an array; the model needs a table, as it was trained on texts too")
        return self._encode(flat, {}, source)

    def _encode(self, numbers: Array, columns: Mapping[str, Numbers | Category], source: Source) -> Array:
        own = [columns.get(levels.column) for levels in self.recipe.levels]
        x = self.recipe.encode(numbers, [column for column in own if isinstance(column, Category)])
        wrong = np.argwhere(~np.isfinite(x))
        if len(wrong):
            row, place = (int(position) for position in wrong[0])
            column = self.recipe.fields[place].column if self.recipe.fields else f"number {place}"
            raise source.error("the number is too large for the model", row=row, column=column)
        return x


def load_model(folder: str | Path) -> Model:
    """Open a saved model: the ``best/`` of a study's folder, or the study's folder itself.

    Raises:
        InputError: There is none.
        DataError: Its files are damaged.
    """
    folder = Path(folder)
    if not (folder / ABOUT).exists() and (folder / "best" / ABOUT).exists():
        folder = folder / "best"
    try:
        text = (folder / ABOUT).read_text(encoding="ascii")
        content = (folder / WEIGHTS).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{folder}: holds no model (expected {ABOUT} and {WEIGHTS})") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{folder}: the model cannot be read: {error}") from None
    try:
        about: dict[str, Any] = json.loads(text)
        if about["schema"] != SCHEMA:
            raise DataError(f"{folder / ABOUT}: of schema {about['schema']}; this version reads {SCHEMA}")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            weights = {name: arrays[name] for name in arrays.files}
        settings = NetworkSettings.from_flat(about["network"])
        model = Model(Recipe.from_json(about), settings, weights, int(about["trial"]))
        model.outputs(np.zeros((1, model.recipe.width), dtype=np.float32))
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError, OSError) as error:
        raise DataError(f"{folder}: the model is damaged: {error!r}") from error
    except zipfile.BadZipFile as error:
        raise DataError(f"{folder / WEIGHTS}: damaged: {error}") from error
    return model
