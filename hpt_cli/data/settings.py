"""What may be said about the data: the ``data`` part of a config, as plain values, and the limits."""

from __future__ import annotations

from dataclasses import dataclass, field

BUILTIN: tuple[str, ...] = ("digits", "wine", "breast_cancer", "iris", "diabetes")
TASKS: tuple[str, ...] = ("auto", "classification", "regression")
SCALES: tuple[str, ...] = ("standard", "minmax", "none")
DECIMALS: tuple[str, ...] = ("auto", ".", ",")
UNLABELED: tuple[str, ...] = ("error", "drop")

MAX_BYTES = 2 * 2**30
"""Largest file that is read, largest content of a compressed one, and largest prepared array, in bytes."""
MAX_EXPANSION = 200
"""How many times its size a compressed file may grow (a table of few digits: 5 to 30; gzip's most: 1030)."""
FREE_EXPANSION = 256 * 2**20
"""Content in bytes below which the growth of a compressed file does not matter."""
MAX_LINE = 16 * 2**20
"""Bytes in which the first line must end."""
MAX_COLUMNS = 100_000
MAX_LEVELS = 50
"""Features that the levels of one categorical column become, unless the config says otherwise."""
MOST_LEVELS = 10_000
"""The most that it may say."""
MAX_CLASSES = 1000
LARGEST = 3e38
"""Largest magnitude of a number: float32 ends at 3.4e38."""


@dataclass(frozen=True)
class SplitSettings:
    """Which rows are kept from training: by shares, or as the data says.

    Args:
        validation: What trials are judged by: a share of the rows in (0, 1), or a path of a file of its own.
        test: What the search never sees: a share in [0, 1), or a path.
        seed: Root of the split's draws, at least 0; ``None`` takes the study's.
        stratify: Give every part the classes in equal shares (classification only).
        column: A column that says ``train``, ``validation`` or ``test`` in every row.
        group: A column whose rows of equal value stay in one part.
        time: A column by which the latest rows are the test part and those before them the validation part.
    """

    validation: float | str = 0.2
    test: float | str = 0.2
    seed: int | None = None
    stratify: bool = True
    column: str | int | None = None
    group: str | int | None = None
    time: str | int | None = None

    def __post_init__(self) -> None:
        validation, test = self.shares
        if not isinstance(self.validation, str) and not 0 < validation < 1:
            raise ValueError(f"validation must be above 0 and below 1, got {validation}")
        if not 0 <= test < 1:
            raise ValueError(f"test must be at least 0 and below 1, got {test}")
        if validation + test >= 1:
            raise ValueError(
                f"validation and test leave nothing to train on: {validation} + {test} is not below 1"
            )
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")
        if len(self.roles) > 1:
            raise ValueError(f"{' and '.join(self.roles)} exclude each other: one of them makes the split")
        if (self.column or self.time) and self.files:
            raise ValueError(f"{next(iter(self.roles))} and a file of its own for a part exclude each other")

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of the rows to draw for validation and test; 0 where the part is a file of its own."""
        validation = 0.0 if isinstance(self.validation, str) else self.validation
        return validation, 0.0 if isinstance(self.test, str) else self.test

    @property
    def files(self) -> dict[str, str]:
        """The paths of parts that are files of their own, by part."""
        parts = {"validation": self.validation, "test": self.test}
        return {part: path for part, path in parts.items() if isinstance(path, str)}

    @property
    def roles(self) -> dict[str, str | int]:
        """What the split is made by, where that is a column: its key and the column."""
        roles = {"column": self.column, "group": self.group, "time": self.time}
        return {key: name for key, name in roles.items() if name is not None}


@dataclass(frozen=True)
class DataSettings:
    """Where the data is and what is to be done with it.

    Args:
        source: A name of :data:`BUILTIN`, or a path: .csv, .tsv (both also .gz), .npz, .parquet, or MNIST's
            train-images-idx3-ubyte (.gz) or a folder with such files.
        target: The label's column by name; -1 is the last. Optional where a set has one label of its own.
        task: ``classification`` or ``regression``; ``auto`` infers it from the labels.
        scale: ``standard`` (mean 0, standard deviation 1), ``minmax`` ([0, 1]) or ``none``, fitted on the
            training part; the pixels of a channel share theirs.
        split: What is kept from training.
        drop: Columns to leave out.
        features: Columns to use, and no others; ``None`` for all.
        categorical: Columns whose values are levels, whatever they look like.
        header: Whether the first line of a text holds the columns' names; otherwise they are 0, 1, 2, ...
        decimal: The decimal separator; ``auto`` finds it out.
        na_values: Cells that say that nothing is known, beside those that always do.
        max_levels: The most features that a categorical column becomes; its rarest levels share one.
        unlabeled: What becomes of rows whose label is missing: ``error`` or ``drop``.
    """

    source: str
    target: str | int | None = None
    task: str = "auto"
    scale: str = "standard"
    split: SplitSettings = field(default_factory=SplitSettings)
    drop: tuple[str | int, ...] = ()
    features: tuple[str | int, ...] | None = None
    categorical: tuple[str | int, ...] = ()
    header: bool = True
    decimal: str = "auto"
    na_values: tuple[str, ...] = ()
    max_levels: int = MAX_LEVELS
    unlabeled: str = "error"

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"task must be one of {', '.join(TASKS)}, got {self.task!r}")
        if self.scale not in SCALES:
            raise ValueError(f"scale must be one of {', '.join(SCALES)}, got {self.scale!r}")
        if self.decimal not in DECIMALS:
            raise ValueError(f"decimal must be one of {' '.join(DECIMALS)}, got {self.decimal!r}")
        if self.unlabeled not in UNLABELED:
            raise ValueError(f"unlabeled must be one of {', '.join(UNLABELED)}, got {self.unlabeled!r}")
        if not 2 <= self.max_levels <= MOST_LEVELS:
            raise ValueError(f"max_levels must be from 2 to {MOST_LEVELS}, got {self.max_levels}")
