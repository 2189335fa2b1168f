"""The shape of a config: pydantic models, of which the JSON Schema is made too.

What needs more than one key to be judged (conditions, bounds, the product of a grid) is in the modules of
rules; the words of every problem are in :mod:`hpt_cli.config.translate`.
"""

from __future__ import annotations

import os
import re
from dataclasses import Field as DataclassField
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

from hpt_cli.config.hyperparameters import check_setting, real_number, whole_number
from hpt_cli.config.messages import Refused, plain_number, safe, shown
from hpt_cli.config.schema import CHOICES_ABOUT, RANGE_ABOUT, WEIGHTS_ABOUT, setting_schema
from hpt_cli.data.settings import DECIMALS, MAX_LEVELS, MOST_LEVELS, TASKS
from hpt_cli.data.settings import SCALES as DATA_SCALES
from hpt_cli.network.settings import HYPERPARAMETERS
from hpt_cli.objectives import settings as own
from hpt_cli.pruning import METHODS
from hpt_cli.rounds.settings import RefineSettings
from hpt_cli.space import SCALES

STRATEGIES = ("grid", "random", "sobol", "bayes")
ENGINES = ("local", "dask")
MAX_SEED = 2**32 - 1
"""Above it, some of the libraries that draw for us do not take a seed."""
MAX_TRIALS = 100_000
"""A trial's file has a number of five digits."""
LONGEST_TIMEOUT = 365 * 24 * 3600
"""Seconds."""
TABLE_ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
"""Of a part's own file."""
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""A study's name is a folder's: one safe part of a path."""


def _checked(check: Any) -> Any:
    """A validator that hands the words of a :class:`Refused` through pydantic unchanged."""

    def validate(value: Any) -> Any:
        try:
            return check(value)
        except Refused as refused:
            context = {"what": refused.what, "hint": refused.hint}
            raise PydanticCustomError("refused", "{what}", context) from refused

    return validate


def _scalar(value: Any) -> bool | int | float | str:
    if isinstance(value, list):
        raise Refused(
            f"must be one value, found {shown(value)}",
            "widths by layer are searched as hidden_units_1, hidden_units_2",
        )
    if value is None:
        raise Refused("must be one value, found nothing", "null is no choice: write a value")
    if not isinstance(value, (bool, int, float, str)):
        raise Refused(
            f"must be one value, found {shown(value)}", "a range is one mapping: {low: 1, high: 10}"
        )
    return value


def _seconds(value: Any) -> float | None:
    """A duration: seconds, or ``90s``, ``10m``, ``1h30m``."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused(f"must be a duration, found {shown(value)}", _DURATIONS)
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if not match or not any(match.groups()):
            raise Refused(f"must be a duration, found {shown(value)}", _DURATIONS)
        value = sum(float(match[unit] or 0) * seconds for unit, seconds in _UNITS.items())
    if not 0 < value <= LONGEST_TIMEOUT:
        raise Refused(
            f"must be above 0 and at most 365 days, found {shown(value)} seconds", "null is no limit"
        )
    return float(value)


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


_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]*\.?[0-9]+) ?{unit} ?)?" for unit in _UNITS), re.ASCII)
_DURATIONS = "write 90s, 10m, 1h30m, a number of seconds, or null"


def _workers(value: Any) -> int | None:
    if value == "auto":
        return None
    if isinstance(value, str) or value is None:
        raise Refused(f"must be auto or a whole number, found {shown(value)}", "write auto")
    number, most = whole_number(value), 4 * (os.cpu_count() or 1)
    if not 1 <= number <= most:
        raise Refused(f"must be 1 to {most} (4 for each core), found {number}", "write auto")
    return number


def _words(value: Any) -> str | tuple[str, ...]:
    """A command: one text, or a list of words, of which numbers may be some."""
    if value is None or value == [] or (isinstance(value, str) and not value.strip()):
        raise Refused("is empty", _COMMAND)
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise Refused(f"must be a text or a list of words, found {shown(value)}", _COMMAND)
    for word in value:
        if isinstance(word, dict) and len(word) == 1 and None in word.values():
            name = next(iter(word))
            raise Refused("braces without quotes are a mapping in YAML", f'write "{{{safe(str(name))}}}"')
        if isinstance(word, bool) or not isinstance(word, (str, int, float)):
            raise Refused(f"must be a list of words, found {shown(word)} in it", "quote it")
    return tuple(word if isinstance(word, str) else plain_number(word) for word in value)


_COMMAND = "write command: python train.py --lr {learning_rate}"


def _either(first: str, second: str, is_first: type) -> Discriminator:
    return Discriminator(lambda value: first if isinstance(value, is_first) else second)


def _entry_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "choices" if "choices" in value else "range"
    return "list" if isinstance(value, list) else "value"


TAGS = ("value", "list", "choices", "range", "number", "path", "share")
"""Names of alternatives, which pydantic puts into the place of an error."""

WHOLE = BeforeValidator(_checked(whole_number))
REAL = BeforeValidator(_checked(real_number))
Scalar = Annotated[
    Any, PlainValidator(_checked(_scalar)), WithJsonSchema({"type": ["boolean", "number", "string"]})
]
Scalars = Annotated[
    list[Scalar],
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["boolean", "number", "string"]},
                {"type": "array", "items": {"type": ["boolean", "number", "string"]}, "minItems": 1},
            ]
        }
    ),
]


Column = Annotated[
    Any, PlainValidator(_checked(_column)), WithJsonSchema({"type": ["string", "integer", "null"]})
]
Columns = Annotated[
    list[Any],
    PlainValidator(_checked(_columns)),
    WithJsonSchema({"type": ["array", "string"], "items": {"type": ["string", "integer"]}}),
]
_PART = BeforeValidator(_checked(_part))
_PATH = Annotated[str, Tag("path")]
_PART_ABOVE_0 = Annotated[
    Annotated[Annotated[float, Field(gt=0, lt=1)], Tag("share")] | _PATH, _either("path", "share", str), _PART
]
_PART_FROM_0 = Annotated[
    Annotated[Annotated[float, Field(ge=0, lt=1)], Tag("share")] | _PATH, _either("path", "share", str), _PART
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Split(_Model):
    """Which share of the rows is kept from training."""

    validation: _PART_ABOVE_0 = Field(
        default=0.2, description="What trials are judged by: a share of the rows, or a file of its own."
    )
    test: _PART_FROM_0 = Field(
        default=0.2,
        description="What the search never sees: a share of the rows, or a file of its own; not used where "
        "the data has a test part.",
    )
    seed: Annotated[int, Field(ge=0, le=MAX_SEED), WHOLE] | None = Field(
        default=None, description="Root of the split's draws; left out, the study's."
    )
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


class Data(_Model):
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
    scale: Literal[DATA_SCALES] = Field(  # type: ignore[valid-type]
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
        PlainValidator(_checked(_texts)),
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


class Objective(_Model):
    """The number a trial is judged by."""

    metric: str = Field(
        default="validation_loss",
        description="`validation_` or `training_` and `loss`, `accuracy`, `balanced_accuracy`, `f1_macro`, "
        "`auc`, `rmse`, `mae` or `r2`.",
    )
    goal: Literal["minimize", "maximize"] | None = Field(
        default=None, description="Whether less or more is better; left out, what the metric's name says."
    )


class Range(_Model):
    """A range of numbers."""

    low: Annotated[float, REAL] = Field(description=RANGE_ABOUT["low"])
    high: Annotated[float, REAL] = Field(description=RANGE_ABOUT["high"])
    scale: Literal[tuple(SCALES)] = Field(  # type: ignore[valid-type]
        "linear", description=RANGE_ABOUT["scale"]
    )
    type: Literal["int", "float"] | None = Field(default=None, description=RANGE_ABOUT["type"])
    step: Annotated[float, Field(gt=0), REAL] | None = Field(default=None, description=RANGE_ABOUT["step"])
    points: Annotated[int, Field(ge=2, le=MAX_TRIALS), WHOLE] | None = Field(
        default=None, description=RANGE_ABOUT["points"]
    )
    hard_low: Annotated[float, REAL] | None = Field(default=None, description=RANGE_ABOUT["hard_low"])
    hard_high: Annotated[float, REAL] | None = Field(default=None, description=RANGE_ABOUT["hard_high"])
    when: dict[str, Scalars] | None = Field(
        default=None,
        description="Names and their allowed values; where one has another value, this one is absent.",
    )


class Choices(_Model):
    """Values without an order."""

    choices: Annotated[list[Scalar], Field(min_length=1)] = Field(description=CHOICES_ABOUT)
    weights: list[Annotated[float, Field(gt=0), REAL]] | None = Field(default=None, description=WEIGHTS_ABOUT)
    when: dict[str, Scalars] | None = Field(
        default=None,
        description="Names and their allowed values; where one has another value, this one is absent.",
    )


Entry = Annotated[
    Annotated[Scalar, Tag("value")]
    | Annotated[Annotated[list[Scalar], Field(min_length=1)], Tag("list")]
    | Annotated[Choices, Tag("choices")]
    | Annotated[Range, Tag("range")],
    Discriminator(_entry_kind),
]

Strategy = Literal[STRATEGIES]  # type: ignore[valid-type]
Trials = Annotated[int, Field(ge=1, le=MAX_TRIALS), WHOLE]
Repeats = Annotated[int, Field(ge=1, le=1000), WHOLE]


class Round(_Model):
    """One round; what is left out is as in `search`."""

    strategy: Strategy | None = Field(
        default=None, description="How params are chosen; left out, `search.strategy`."
    )
    trials: Trials | None = Field(
        default=None, description="Trials of this round; left out, `search.trials`."
    )
    repeats: Repeats | None = Field(
        default=None, description="Trainings a trial; left out, `search.repeats`."
    )


class Prune(_Model):
    """How poor trials are ended early."""

    method: Literal[METHODS] = Field(  # type: ignore[valid-type]
        default="none",
        description="`none` trains every trial to its end. `successive_halving` and `hyperband` judge the "
        "trials of a bracket against each other at each rung; `median` ends a trial that is worse than the "
        "median of earlier ones was at the same epoch.",
    )
    reduction: Annotated[int, Field(ge=2, le=100), WHOLE] | None = Field(
        default=None, description="At each rung of a bracket one of so many trials goes on: 3 if left out."
    )
    first_rung: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = Field(
        default=None,
        description="The first epoch at whose end trials are judged: a ninth of all if left out.",
    )
    bracket: Annotated[int, Field(ge=2, le=MAX_TRIALS), WHOLE] | None = Field(
        default=None,
        description="Trials of a bracket of `successive_halving`; left out, so many that one of them is "
        "trained to its end: 9 with two rungs.",
    )
    every: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = Field(
        default=None, description="Epochs between two looks of the `median` rule: 1 if left out."
    )
    least: Annotated[int, Field(ge=1, le=MAX_TRIALS), WHOLE] | None = Field(
        default=None,
        description="So many earlier trials must have come to an epoch for their `median` to count: 5 if "
        "left out.",
    )


def _refine_number(number: DataclassField[Any]) -> Any:
    bounds = Field(**number.metadata["bounds"])
    kind = Annotated[int, bounds, WHOLE] if number.type == "int" else Annotated[float, bounds, REAL]
    return (kind, Field(default=number.default, description=number.metadata["about"]))


Refine = create_model(
    "Refine",
    __base__=_Model,
    __doc__="How boldly a round moves on from the one before.",
    **{number.name: _refine_number(number) for number in fields(RefineSettings)},
)
"""Fields of the settings."""


class Search(_Model):
    """How the space is searched."""

    strategy: Strategy = Field(default="bayes", description="How params are chosen.")
    trials: Trials | None = Field(
        default=None, description="Trials in each round: 20 if left out; of a grid, always the whole product."
    )
    repeats: Repeats = Field(
        default=1, description="Trainings of each trial, every one with a seed of its own."
    )
    parallel: Annotated[int, Field(ge=1, le=256), WHOLE] = Field(
        default=4,
        description="How many trials may be open when the next is chosen. Part of the study: it changes what "
        "is chosen, the number of workers does not.",
    )
    model: Literal["gp", "skopt"] = Field(
        default="gp",
        description="What `bayes` believes by: our own Gaussian process, or scikit-optimize's.",
    )
    budget: Annotated[
        Any, PlainValidator(_checked(_seconds)), WithJsonSchema({"type": ["string", "number", "null"]})
    ] = Field(
        default=None,
        description="How long the study may take, all its runs together: `20m`, `8h` or seconds; null: no "
        "limit. May change between two runs.",
    )
    target: Annotated[float, REAL] | None = Field(
        default=None,
        description="The study ends when a trial's objective is as good as this; null: all trials are run. "
        "May change between two runs.",
    )
    rounds: Annotated[
        Annotated[int, Field(ge=1, le=100), WHOLE, Tag("number")]
        | Annotated[Annotated[list[Round], Field(min_length=1, max_length=100)], Tag("list")],
        _either("list", "number", list),
    ] = Field(default=1, description="Coarse to fine: how many rounds, or a list of them.")
    refine: Refine = Field(  # type: ignore[valid-type]
        default_factory=Refine, description="How a round moves on from the one before (refine.md)."
    )
    enqueue: list[dict[str, Scalar]] = Field(
        default_factory=list,
        description="Params to try first, before the strategy chooses: `[{learning_rate: 0.01}]`. What an "
        "entry leaves out is drawn from the space.",
    )
    warm_start: list[Annotated[str, Field(min_length=1)]] = Field(
        default_factory=list,
        description="Folders of earlier studies whose trials `bayes` learns from, with doubt, where they fit "
        "the space. They are copied when the study is made.",
    )
    prune: Prune = Field(default_factory=Prune, description="How poor trials are ended early.")


class Execution(_Model):
    """By what means trials are run; changes no finished result."""

    workers: Annotated[
        Any,
        PlainValidator(_checked(_workers)),
        WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]}),
    ] = Field(
        default="auto",
        validate_default=True,
        description="Worker processes: `auto` or a number, up to 4 for each core.",
    )
    engine: Literal[ENGINES] = Field(  # type: ignore[valid-type]
        default="local",
        description="Where trials run: in processes on this machine, or on the workers of a Dask cluster.",
    )
    address: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Of a running Dask scheduler, `tcp://host:8786`; left out, a cluster on this machine.",
    )
    trial_timeout: Annotated[
        Any, PlainValidator(_checked(_seconds)), WithJsonSchema({"type": ["string", "number", "null"]})
    ] = Field(
        default=None,
        description="The longest a trial may take: `90s`, `10m`, `1h30m` or seconds; null: no limit.",
    )
    max_failures: Annotated[int, Field(ge=1, le=MAX_TRIALS), WHOLE] = Field(
        default=20, description="Failed trials after which the study stops."
    )
    retries: Annotated[int, Field(ge=0, le=100), WHOLE] = Field(
        default=1, description="How often a trial is tried again whose worker process died under it."
    )
    threads_per_worker: Annotated[int, Field(ge=1, le=1024), WHOLE] = Field(
        default=1,
        description="BLAS threads of each worker. Part of the study, unlike the rest of this section: it may "
        "change the last bits of a result.",
    )


class Args(_Model):
    """How `{args}` is spelled."""

    form: Literal[own.FORMS] = Field("--name value", description="How a param is written.")  # type: ignore[valid-type]
    names: Literal[own.NAMES] = Field(  # type: ignore[valid-type]
        "as_written", description="How its name is written: as under `space`, or with - for _."
    )
    booleans: Literal[own.BOOLEANS] = Field(  # type: ignore[valid-type]
        "value",
        description="How true and false are written: `--bias true`; `--bias` or nothing; `--bias` or "
        "`--no-bias`.",
    )


def _setting(name: str) -> Any:
    value_type = Annotated[
        Any,
        PlainValidator(_checked(lambda value: check_setting(name, value))),
        WithJsonSchema(setting_schema(name)),
    ]
    return (value_type, Field(default=None, alias=name, description=HYPERPARAMETERS[name].about))


Network = create_model(
    "Network",
    __base__=_Model,
    __doc__="What is fixed; a name stands here or under `space`, never in both.",
    **{name.replace(".", "_"): _setting(name) for name in HYPERPARAMETERS},
)
"""Fields of the registry, by dotted name."""


class Config(_Model):
    """A study."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)] | None = Field(
        default=None, description="The folder under `runs/`; left out, the file's name."
    )
    seed: Annotated[int, Field(ge=0, le=MAX_SEED), WHOLE] = Field(
        default=0, description="Root of every draw."
    )
    data: Data | None = Field(default=None, description="Where the rows come from.")
    objective: Objective = Field(default_factory=Objective, description="The number a trial is judged by.")
    network: Network = Field(  # type: ignore[valid-type]
        default_factory=Network,
        description="What is fixed; a name stands here or under `space`, never in both.",
    )
    command: Annotated[
        Any,
        PlainValidator(_checked(_words)),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
                ]
            }
        ),
    ] = Field(
        default=None,
        description="Your own program, as one text or a list of words, with placeholders in braces.",
    )
    shell: bool = Field(
        default=False, description="Give the text of `command` to `/bin/sh`, with every value quoted."
    )
    args: Args = Field(
        default_factory=Args,  # type: ignore[arg-type]
        description="How `{args}` is spelled.",
    )
    env: dict[str, Scalar] = Field(
        default_factory=dict,
        description="Environment variables for the command, besides the inherited ones; with placeholders.",
    )
    results: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="A JSON file in `{dir}` that the command writes its results to, if it prints none.",
    )
    function: str | None = Field(
        default=None, description="Your own Python function, as `package.module:name`."
    )
    space: dict[str, Entry] = Field(description="What is searched.")
    constraints: list[str] = Field(
        default_factory=list, description="Expressions that every trial's params make true."
    )
    search: Search = Field(default_factory=Search, description="How the space is searched.")
    execution: Execution = Field(
        default_factory=Execution, description="By what means trials are run; changes no finished result."
    )
