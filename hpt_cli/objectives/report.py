"""What own code says of itself while it trains, and what becomes of it: a repeat's result.

A record is a mapping of names to numbers.  The last one that holds the metric counts; records that belong to
an epoch make learning curves.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping
from typing import Any

from hpt_cli.trial import RepeatResult, Status

EPOCH = "epoch"
_MOST_NAMES = 8  # listed in an error


class NoNumberError(ValueError):
    """A value that is not a number stands where one is due."""


def number_of(value: Any) -> float:
    """A number: Python's, NumPy's, or a tensor that holds a single one.

    Raises:
        NoNumberError: It is none.
    """
    if not isinstance(value, (bool, int, float, str)) and callable(getattr(value, "item", None)):
        try:
            value = value.item()
        except (ValueError, RuntimeError, TypeError) as error:
            raise NoNumberError(f"{_shown(value)}, not a single number") from error
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NoNumberError(f"{_shown(value)}, not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise NoNumberError("a whole number beyond all bounds") from error


class Report:
    """Collects the records of one training.

    Args:
        metric: What the trial is judged by.
    """

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._metrics: dict[str, float] = {}
        self._epochs: dict[float, dict[str, float]] = {}
        self._complaint: str | None = None
        self._names: dict[str, None] = {}
        self._bare: float | None = None
        self._no_json: str | None = None

    def add(self, record: Mapping[Any, Any], *, epoch: float | None = None) -> None:
        """Take a record in; what is no number in it is passed over, except the metric.

        Args:
            record: Names and values.
            epoch: Which one it belongs to, if it does not say so itself by ``epoch``.
        """
        numbers: dict[str, float] = {}
        for key, value in record.items():
            name = str(key)
            if name == EPOCH:
                continue
            self._names[name] = None
            try:
                numbers[name] = number_of(value)
            except NoNumberError as error:
                if name == self._metric:
                    self._complaint = f"{name} is {error}"
        if self._metric in numbers:
            self._complaint = None
        self._metrics.update(numbers)
        try:
            epoch = number_of(record[EPOCH]) if EPOCH in record else epoch
        except NoNumberError:
            epoch = None
        if epoch is not None and math.isfinite(epoch):
            self._epochs.setdefault(epoch, {}).update(numbers)

    def add_value(self, value: Any, *, epoch: float | None = None) -> None:
        """Take in what a function gave back: a record, or the metric itself."""
        self.add(value if isinstance(value, Mapping) else {self._metric: value}, epoch=epoch)

    def add_line(self, line: str) -> None:
        """Take in a line of output: JSON of a record; of a line that is a bare number, the last is kept."""
        line = line.strip()
        if not line.startswith("{") and not _looks_like_a_number(line):
            return
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            self._no_json = line
            return
        if isinstance(value, dict):
            self.add(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            self._bare = float(value)

    def add_file(self, text: str) -> None:
        """Take in a results file: a record, a list of them, a bare number, or a record a line."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            for line in text.splitlines():
                self.add_line(line)
            return
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                self.add(entry)
            elif isinstance(entry, (int, float)) and not isinstance(entry, bool):
                self._bare = float(entry)

    def history(self) -> dict[str, tuple[float, ...]]:
        """Learning curves: by name, a value for each epoch; and the epochs, unless they count from 0 or 1."""
        numbers = list(self._epochs)
        names = dict.fromkeys(name for record in self._epochs.values() for name in record)
        curves = {
            name: tuple(record.get(name, math.nan) for record in self._epochs.values()) for name in names
        }
        count = len(numbers)
        if numbers and numbers not in ([*range(count)], [*range(1, count + 1)]):
            curves[EPOCH] = tuple(numbers)
        return curves

    def result(self, seed: int, failure: tuple[Status, str] | None = None) -> RepeatResult:
        """What came of the training.

        Args:
            seed: Its training seed.
            failure: How it ended, if not well, and why.
        """
        metrics = self._metrics
        if self._metric not in self._names and self._bare is not None:
            metrics = {**metrics, self._metric: self._bare}
        if failure is None:
            failure = self._shortcoming(metrics)
        status, error = failure or (Status.DONE, None)
        objective = metrics[self._metric] if status is Status.DONE else None
        return RepeatResult(seed, status, objective, metrics, self.history(), error)

    def _shortcoming(self, metrics: Mapping[str, float]) -> tuple[Status, str] | None:
        """Why a training that ended well has no objective; ``None`` where it has one."""
        if self._complaint is not None:
            return Status.FAILED, self._complaint
        if self._metric not in metrics:
            names = list(self._names)
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            if not names and self._no_json is not None:
                line = textwrap.shorten(self._no_json, 60, placeholder=" ...")
                return Status.FAILED, f"no {self._metric}: {line} is not JSON; print it with json.dumps"
            if not names:
                return Status.FAILED, f"no {self._metric}: it reported nothing"
            found = f"it reported {', '.join(names[:_MOST_NAMES])}{more}"
            mend = names[0] if len(names) == 1 else "the name of one of these"
            return Status.FAILED, f"no {self._metric}: {found}; set objective.metric: {mend}"
        if not math.isfinite(metrics[self._metric]):
            return Status.DIVERGED, f"{self._metric} is {metrics[self._metric]}"
        return None


def _looks_like_a_number(line: str) -> bool:
    return line[:1] in "-0123456789NI" and len(line) <= 40 and line != ""


def _shown(value: Any) -> str:
    """A value in an error: short, whatever it is."""
    if value is None:
        return "null"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a user's class may do anything in its repr
        text = type(value).__name__
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
