"""The errors that a user can cause and fix.

Each becomes one message on stderr and an exit status; anything else that escapes is a bug and keeps its
traceback::

    HptError                    1   the study could not do its work
    ├── InputError              2   what the user wrote is wrong; nothing was started
    │   ├── ConfigError             the config; holds every problem found
    │   ├── DataError               the data
    │   ├── StudyNotFoundError      no study of that name
    │   ├── StudyChangedError       the config no longer matches the study's folder
    │   └── DamagedStudyError       the folder is not a study that this version can read
    ├── StudyFailedError        1   no trial succeeded, or too many failed
    ├── EngineError             1   the cluster is gone, or cannot run trials
    ├── ExpectationMissedError  1   the best trial misses what --expect asks for
    ├── StudyInUseError         3   another process is writing the study
    ├── CannotWriteError       74   the disk is full or read-only
    └── InterruptedStudyError 128+n a signal ended the study; what was finished is kept
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class HptError(Exception):
    """What a user can cause and fix; ``str(error)`` is the whole message, over one or more lines."""

    exit_status = 1


class InputError(HptError):
    """What the user wrote is wrong: arguments, config or data.  Nothing was started."""

    exit_status = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a config.

    Args:
        line: Where, counted from 1; 0 where there is no line (a command-line override).
        key: Dotted from the root, ``space.learning_rate.low``; empty for the file as a whole.
        what: What is wrong and what was found.
        hint: What to write instead.
    """

    line: int
    key: str
    what: str
    hint: str = ""


class ConfigError(InputError):
    """The config cannot be run.  Holds every problem found, not only the first."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__(path, problems)  # the arguments as they are, so that it survives pickling
        self.path = path
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = []
        for problem in self.problems:
            place = f"{self.path}:{problem.line}" if problem.line else f"{self.path}"
            key = f"{problem.key}: " if problem.key else ""
            lines.append(f"{place}: {key}{problem.what}")
            if problem.hint:
                lines.append(f"    hint: {problem.hint}")
        return "\n".join(lines)


class DataError(InputError):
    """The data cannot be used; the message names the file and the row, column or member."""


class CellsError(DataError):
    """Some cells of a column are not what its others are.

    Args:
        message: Of the first of them.
        cells: How many rows have such a cell.
    """

    def __init__(self, message: str, cells: int) -> None:
        super().__init__(message, cells)
        self.cells = cells

    def __str__(self) -> str:
        return str(self.args[0])


class StudyNotFoundError(InputError):
    """There is no study of that name."""


class StudyChangedError(InputError):
    """The config differs from the one that made the study's folder."""


class DamagedStudyError(InputError):
    """The folder is not a study that this version can read."""


class StudyFailedError(HptError):
    """The study ended without doing its work: no trial succeeded, or too many failed."""


class EngineError(HptError):
    """The cluster that trials run on is gone, or cannot run them.  Finished trials are kept."""


class ExpectationMissedError(HptError):
    """The best trial misses what ``--expect`` asks for."""


class StudyInUseError(HptError):
    """Another process holds the study's lock."""

    exit_status = 3


class CannotWriteError(HptError):
    """Results cannot be written: the disk is full, read-only or gone."""

    exit_status = 74


class InterruptedStudyError(HptError):
    """A signal ended the study.  Finished trials are kept, and the same command goes on.

    Args:
        signal_number: The signal; the exit status is 128 and this.
        message: How far the study came and how to go on.
    """

    def __init__(self, signal_number: int, message: str) -> None:
        super().__init__(signal_number, message)
        self.exit_status = 128 + signal_number
        self._message = message

    def __str__(self) -> str:
        return self._message


def brief(error: Exception) -> str:
    """An error that is not ours, short enough to be quoted."""
    return f"{type(error).__name__}: {str(error)[:60]!r}"


def ranges(numbers: list[int]) -> str:
    """``0 to 4, 7``, for a message."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join(" to ".join(map(str, part)) for part in parts)
