"""`data`: where the rows come from, and what is kept from training."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, Tag, WithJsonSchema

from hpt_cli.config.hyperparameters import real_number
from hpt_cli.config.messages import Refused, plain_number, shown
from hpt_cli.config.models.values import WHOLE, Model, Seed, checked, either
from hpt_cli.data.settings import DECIMALS, MAX_LEVELS, MOST_LEVELS, SCALES, TASKS, UNLABELED

TABLE_ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
"""Of a part's own file."""


def _part(value: Any) -> float | str:
    """A share of the rows, or the path of a file."""
    if isinstance(value, str) and value.lower().endswith(TABLE_ENDINGS):
        return value
    return real_number(value)


def _columns(value: Any) -> list[str | int]:
    """Names of columns; one alone is a list of one."""
    names = value if isinstance(value, list) else [value]
    for position, name in enumerate(names):
        if name is None or name in names[:position] or isinstance(name, list):
            said = "a name is there twice" if name is not None and name in names[:position] else "is no name"
            raise Refused(f"must be a list of columns; {said}, found {shown(name)}", "write [id, name]")
        _column(name)
    return names


def _texts(value: Any) -> list[str]:
    """Cells as they are written; one alone is a list of one."""
    cells = value if isinstance(value, list) else [value]
    for cell in cells:
        if isinstance(cell, (bool, list, dict)) or cell is None:
            raise Refused(f"must be a list of cells, found {shown(cell)}", "write [unknown, -999]")
    return [cell.strip() if isinstance(cell, str) else plain_number(cell) for cell in cells]


def _column(value: Any) -> str | int | None:
    if value is None or (isinstance(value, str) and value):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Refused(f"must be a column's name, found {shown(value)}", "-1 is the last column")


Column = Annotated[
    Any, PlainValidator(checked(_column)), WithJsonSchema({"type": ["string", "integer", "null"]})
]
Columns = Annotated[
    list[Any],
    PlainValidator(checked(_columns)),
    WithJsonSchema({"type": ["array", "string"], "items": {"type": ["string", "integer"]}}),
]
_PART = BeforeValidator(checked(_part))
_PATH = Annotated[str, Tag("path")]
_PART_ABOVE_0 = Annotated[
    Annotated[Annotated[float, Field(gt=0, lt=1)], Tag("share")] | _PATH, either("path", "share", str), _PART
]
_PART_FROM_0 = Annotated[
    Annotated[Annotated[float, Field(ge=0, lt=1)], Tag("share")] | _PATH, either("path", "share", str), _PART
]


class Split(Model):
    """Which share of the rows is kept from training."""

    validation: _PART_ABOVE_0 = Field(
        default=0.2, description="What trials are judged by: a share of the rows, or a file of its own."
    )
    test: _PART_FROM_0 = Field(
        default=0.2,
        description="What the search never sees: a share of the rows, or a file of its own; not used where "
        "the data has a test part.",
    )
    seed: Seed | None = Field(default=None, description="Root of the split's draws; left out, the study's.")
    stratify: bool = Field(
        default=True, description="Give every part the classes in equal shares (classification)."
    )
    column: Column = Field(
        default=None, description="A column that says `train`, `validation` or `test` in every row."
    )
    group: Column = Field(
        default=None,
        description="A column whose rows of equal value (a person, a recording) stay in one part.",
    )
    time: Column = Field(
        default=None,
        description="A column of dates or numbers: its latest rows are the test part, those before them the "
        "validation part.",
    )


class Data(Model):
    """Where the rows come from."""

    source: Annotated[str, Field(min_length=1)] = Field(
        description="`digits`, `wine`, `breast_cancer`, `iris` or `diabetes`, or the path of a .csv, .tsv "
        "(.gz too), .npz or .parquet file, or of MNIST's files (train-images-idx3-ubyte.gz, or their "
        "folder), relative to the config."
    )
    target: Column = Field(
        default=None, description="The label's column, by name; -1 is the last. Built-in sets know theirs."
    )
    task: Literal[TASKS] = Field(  # type: ignore[valid-type]
        "auto",
        description="What is predicted: a class or a number; `auto` infers it from the labels and says so.",
    )
    scale: Literal[SCALES] = Field(  # type: ignore[valid-type]
        "standard",
        description="How features are scaled, by the training part alone: mean 0 and standard deviation 1, "
        "to [0, 1], or not at all. The pixels of an image's channel share their scale.",
    )
    split: Split = Field(default_factory=Split, description="What is kept from training.")
    drop: Columns = Field(default=[], description="Columns to leave out, by name: ids, leaks of the label.")
    features: Columns | None = Field(
        default=None, description="The columns to use, and no others; left out, all but the label."
    )
    categorical: Columns = Field(
        default=[],
        description="Columns whose values are levels, whatever they look like: `zip`, a code. Texts are so "
        "anyhow.",
    )
    header: bool = Field(
        default=True,
        description="Whether the first line holds the columns' names; without one they are 0, 1, 2, ...",
    )
    decimal: Literal[DECIMALS] = Field(  # type: ignore[valid-type]
        "auto", description="What is before the decimals of a number; `auto` finds it out and says so."
    )
    na_values: Annotated[
        list[str],
        PlainValidator(checked(_texts)),
        WithJsonSchema({"type": ["array", "string", "number"], "items": {"type": ["string", "number"]}}),
    ] = Field(
        default=[],
        description="Cells that say that nothing is known, such as `unknown` or `-999`; blank, `?`, `NA`, "
        "`N/A`, `NaN` and `null` always do.",
    )
    max_levels: Annotated[int, Field(ge=2, le=MOST_LEVELS), WHOLE] = Field(
        default=MAX_LEVELS,
        description="The most features that one column of texts becomes: the rarest levels share one.",
    )
    unlabeled: Literal[UNLABELED] = Field(  # type: ignore[valid-type]
        "error",
        description="Rows without a label: an `error` that names the first, or `drop` leaves them out.",
    )
