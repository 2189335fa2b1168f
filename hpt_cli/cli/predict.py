"""``hpt predict``: a study's best model applied to a file."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hpt_cli.cli import options
from hpt_cli.errors import DamagedStudyError, InputError

if TYPE_CHECKING:
    from hpt_cli.model import Model
    from hpt_cli.store import StudyStore


@click.command("predict")
@click.argument("data", metavar="DATA", type=click.Path(exists=True, path_type=Path))
@options.study
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Where predictions go: .csv, .tsv (.gz too) or .parquet.  [default: CSV on stdout]",
)
@click.option("--probabilities", is_flag=True, help="The probability of each class too.")
@click.option(
    "--keep", metavar="COLUMNS", help="Columns of DATA to carry along, separated by commas: an id, the label."
)
@options.as_json
@options.runs_dir
@options.debug
def command(
    data: Path,
    study: str | None,
    output: Path | None,
    probabilities: bool,
    keep: str | None,
    as_json: bool,
    runs_dir: Path,
) -> None:
    """Apply the best model to the rows of DATA: a label or a number for each.

    DATA has the columns that the study was trained on, by name, in any order; the label may be absent.

    Rows keep their number and order.  Where the label is there, the predictions are scored.

    \b
    Example:
        hpt predict new.csv --output labels.csv
        hpt predict new.csv people --keep id --probabilities
    """
    from hpt_cli.objectives.settings import own_code_from_json
    from hpt_cli.prediction import open_output, predict_file
    from hpt_cli.store import StudyStore
    from hpt_cli.views.prediction import as_json as summary
    from hpt_cli.views.prediction import lines

    if output is not None and output.exists() and output.samefile(data):
        raise InputError(f"--output {output}: is the file that is read; write to another")
    store = StudyStore.find(runs_dir, study)
    best = store.folder / "best"
    if own_code_from_json(store.study["config"]) is not None:
        raise InputError(
            f"study {store.folder.name} tunes code of your own: only the built-in network predicts"
        )
    if not os.path.lexists(best / "model.json"):
        if holder := store.holder():
            raise InputError(
                f"study {store.name} is being run by {holder}, and keeps its best model at its end"
            )
        raise InputError(
            f"study {store.folder.name} holds no model to predict with (expected {best / 'model.json'}): it "
            "has no finished trial of the built-in network yet, or its model was saved by an older version; "
            "remove best/ and go on with hpt run"
        )
    model = _load(store)
    if output is not None:
        _refuse_own_data(store, output)
    columns = [name.strip() for name in (keep or "").split(",") if name.strip()]
    records: list[dict[str, Any]] = []
    if as_json and output is None:

        def collect(frame: Any) -> None:
            records.extend(frame.to_dict("records"))

        result = predict_file(model, data, collect, probabilities=probabilities, keep=columns)
    else:
        with open_output(output, sys.stdout) as write:
            result = predict_file(model, data, write, probabilities=probabilities, keep=columns)
    if result.scores and (known := _known(store, data)):
        result = replace(result, notes=(*result.notes, known))
    if as_json:
        print(summary(store.folder.name, model, result, output, records))
    else:
        for line in lines(store.folder.name, model, result, output):
            print(line, file=sys.stderr)


def _load(store: StudyStore) -> Model:
    """The model of ``best/``, which may be replaced at any moment.

    Raises:
        DamagedStudyError: Its files are not those that were written together.
    """
    from hpt_cli.model import load_model

    number = store.best_number()
    model = None if number is None else load_model(store.folder / "best")
    if model is None or store.best_number() != number:
        best, holder = store.folder / "best", store.holder()
        if holder is not None:
            raise DamagedStudyError(
                f"{best}: is being written by {holder}; try again when the study has ended"
            )
        raise DamagedStudyError(f"{best}: not as it was written; hpt run CONFIG makes it again")
    return model


def _known(store: StudyStore, data: Path) -> str:
    """A warning if the file that is scored is the one that the model was trained on, or nothing."""
    source = _own_data(store).get("source")
    if source is None or not source.is_file() or not source.samefile(data):
        return ""
    rows = store.study["data"]["rows"]["training"]
    return (
        f"{data} is the study's own file: the model was trained on {rows:,} of its rows, so the scores are "
        f"too good; for those of the test rows: hpt confirm {store.folder.name}"
    )


def _own_data(store: StudyStore) -> dict[str, Path]:
    """The study's files of data by their key under ``data``, whether they are there or not."""
    settings = store.study["config"].get("data") or {}
    named = {"source": settings.get("source")}
    split = settings.get("split") or {}
    named |= {f"split.{part}": split.get(part) for part in ("validation", "test")}
    folder = Path(store.study["folder"])
    return {key: folder / name for key, name in named.items() if isinstance(name, str)}


def _refuse_own_data(store: StudyStore, output: Path) -> None:
    """Keep predictions from taking the place of what the study learns from.

    Raises:
        InputError: ``output`` is one of its files, by whatever path.
    """
    for key, file in _own_data(store).items():
        if output.exists() and file.exists() and output.samefile(file):
            raise InputError(
                f"--output {output}: is the study's own data (data.{key} of {store.folder.name}), which "
                "would be lost; write to another file"
            )
