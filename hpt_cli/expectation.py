"""What a study is expected to reach: ``--expect "validation_accuracy >= 0.95"``, for CI."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hpt_cli.board import Row
from hpt_cli.errors import ExpectationMissedError, InputError
from hpt_cli.ranking import suggest

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_EXPECTATION = re.compile(r"\s*(?P<metric>[^\s<>=!]+)\s*(?P<sign>[<>=!]+)\s*(?P<number>\S+)\s*")


@dataclass(frozen=True)
class Expectation:
    """What the best trial must reach.  Made by :func:`parse_expectation`.

    Args:
        metric: A metric of the trial, or ``objective``.
        sign: ``>=``, ``<=``, ``>`` or ``<``.
        number: The bound.
    """

    metric: str
    sign: str
    number: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.number:g}"


def parse_expectation(text: str) -> Expectation:
    """Read ``validation_accuracy >= 0.95``.

    Raises:
        InputError: It is not a metric, a comparison and a number; or a metric of the test rows.
    """
    form = 'write a metric, a comparison (>=, >, <=, <) and a number: "validation_accuracy >= 0.95"'
    parts = _EXPECTATION.fullmatch(text)
    if parts is None or parts["sign"] not in _OPERATORS:
        raise InputError(f"--expect {text!r}: {form}")
    try:
        number = float(parts["number"])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"--expect {text!r}: {parts['number']!r} is not a number; {form}")
    if parts["metric"].startswith("test_"):
        bare = parts["metric"].removeprefix("test_")
        raise InputError(
            f"--expect {text!r}: test rows are not looked at by run and show, so that nothing is chosen by "
            f"them; write validation_{bare}"
        )
    return Expectation(parts["metric"], parts["sign"], number)


def check_expectation(expectation: Expectation, best: Row | None) -> float:
    """The value that the best trial reached: its mean over the trainings that it is judged by.

    Of a confirmed trial these are trainings that had no part in choosing it.

    Raises:
        InputError: The trial has no such metric; the message names those it has.
        ExpectationMissedError: It reached less, or there is no best trial.
    """
    if best is None:
        raise ExpectationMissedError(f"expected {expectation}, but no trial is done")
    values = {"objective": best.mean, **best.metrics}
    found = values.get(expectation.metric)
    if found is None:
        raise InputError(
            f"--expect: trial {best.result.number} has no metric {expectation.metric!r}; "
            f"{suggest(expectation.metric, list(values))}"
        )
    if not _OPERATORS[expectation.sign](found, expectation.number):
        raise ExpectationMissedError(
            f"expected {expectation}, but the best trial ({best.result.number}) has {found:.6g}"
        )
    return found
