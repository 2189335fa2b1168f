"""What came of ``hpt predict``, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpt_cli.model import Model
from hpt_cli.prediction import Prediction
from hpt_cli.trial import finite
from hpt_cli.views.machine import to_json
from hpt_cli.views.text import clean


def lines(study: str, model: Model, result: Prediction, output: Path | None) -> list[str]:
    """Notes, what was done, and the scores where the file has the labels."""
    said = [clean(note) for note in result.notes]
    where = f" into {clean(str(output))}" if output else ""
    said.append(f"{result.rows:,} rows predicted by trial {model.trial} of {clean(study)}{where}")
    if result.scores:
        scores = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in result.scores.items())
        said.append(f"against the labels of {result.labelled:,} rows: {scores}")
    return said


def as_json(
    study: str, model: Model, result: Prediction, output: Path | None, records: Sequence[dict[str, Any]]
) -> str:
    """The same as JSON; with the predictions where they go to no file."""
    about: dict[str, Any] = {
        "study": study,
        "trial": model.trial,
        "task": model.task,
        "rows": result.rows,
        "scored": result.labelled,
        "scores": {name: finite(value) for name, value in result.scores.items()},
        "notes": list(result.notes),
    }
    if output is None:
        about["predictions"] = list(records)
    else:
        about["output"] = str(output)
    return to_json(about)
