"""What may be said about the data: the ``data`` part of a config, as plain values, and the limits."""

from __future__ import annotations

from dataclasses import dataclass, field

BUILTIN: tuple[str, ...] = ("digits", "wine", "breast_cancer", "iris", "diabetes")
TASKS: tuple[str, ...] = ("auto", "classification", "regression")
SCALES: tuple[str, ...] = ("standard", "minmax", "none")

MAX_BYTES = 2 * 2**30
"""Largest file that is read, largest content of a compressed one, and largest prepared array, in bytes."""
MAX_EXPANSION = 200
"""How many times its size a compressed file may grow (a table of few digits: 5 to 30; gzip's most: 1030)."""
FREE_EXPANSION = 256 * 2**20
"""Content in bytes below which the growth of a compressed file does not matter."""
MAX_LINE = 16 * 2**20
"""Bytes in which the first line must end."""
MAX_COLUMNS = 100_000
MAX_LEVELS = 100
"""Levels of one categorical column: each becomes a feature."""
MAX_CLASSES = 1000
LARGEST = 3e38
"""Largest magnitude of a number: float32 ends at 3.4e38."""


@dataclass(frozen=True)
class SplitSettings:
    """Which share of the rows is kept from training.

    Args:
        validation: Share that trials are judged by, in (0, 1).
        test: Share that the search never sees, in [0, 1).
        seed: Root of the split's draws, at least 0; ``None`` takes the study's.
        stratify: Give every part the classes in equal shares (classification only).
    """

    validation: float = 0.2
    test: float = 0.2
    seed: int | None = None
    stratify: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.validation < 1:
            raise ValueError(f"validation must be above 0 and below 1, got {self.validation}")
        if not 0 <= self.test < 1:
            raise ValueError(f"test must be at least 0 and below 1, got {self.test}")
        if self.validation + self.test >= 1:
            raise ValueError(
                f"validation and test leave nothing to train on: {self.validation} + {self.test} "
                "is not below 1"
            )
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")


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
        split: Sizes of the parts.
    """

    source: str
    target: str | int | None = None
    task: str = "auto"
    scale: str = "standard"
    split: SplitSettings = field(default_factory=SplitSettings)

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"task must be one of {', '.join(TASKS)}, got {self.task!r}")
        if self.scale not in SCALES:
            raise ValueError(f"scale must be one of {', '.join(SCALES)}, got {self.scale!r}")
