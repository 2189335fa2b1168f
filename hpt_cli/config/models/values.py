"""Kinds of values that sections share: what a cell of YAML may be, and the words when it is not."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from hpt_cli.config.hyperparameters import real_number, whole_number
from hpt_cli.config.messages import Refused, shown

MAX_SEED = 2**32 - 1
"""Above it, some of the libraries that draw for us do not take a seed."""
MAX_TRIALS = 100_000
"""A trial's file has a number of five digits."""
LONGEST_TIMEOUT = 365 * 24 * 3600
"""Seconds."""


class Model(BaseModel):
    """A mapping of known keys, whose values are taken as they are written."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


def checked(check: Any) -> Any:
    """A validator that hands the words of a :class:`Refused` through pydantic unchanged."""

    def validate(value: Any) -> Any:
        try:
            return check(value)
        except Refused as refused:
            context = {"what": refused.what, "hint": refused.hint}
            raise PydanticCustomError("refused", "{what}", context) from refused

    return validate


def either(first: str, second: str, is_first: type) -> Discriminator:
    """Tag a value by whether it is of a type, so that the problems of that alternative alone are told."""
    return Discriminator(lambda value: first if isinstance(value, is_first) else second)


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


_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]*\.?[0-9]+) ?{unit} ?)?" for unit in _UNITS), re.ASCII)
_DURATIONS = "write 90s, 10m, 1h30m, a number of seconds, or null"

WHOLE = BeforeValidator(checked(whole_number))
REAL = BeforeValidator(checked(real_number))
Scalar = Annotated[
    Any, PlainValidator(checked(_scalar)), WithJsonSchema({"type": ["boolean", "number", "string"]})
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
Seconds = Annotated[
    Any, PlainValidator(checked(_seconds)), WithJsonSchema({"type": ["string", "number", "null"]})
]
"""A duration, or no limit."""
Seed = Annotated[int, Field(ge=0, le=MAX_SEED), WHOLE]
Trials = Annotated[int, Field(ge=1, le=MAX_TRIALS), WHOLE]
"""A number of trials."""
