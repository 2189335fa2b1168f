"""`space`: what is searched."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from hpt_cli.config.models.values import MAX_TRIALS, REAL, WHOLE, Model, Scalar, Scalars
from hpt_cli.config.schema import CHOICES_ABOUT, RANGE_ABOUT, WEIGHTS_ABOUT
from hpt_cli.space import SCALES


class Range(Model):
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


class Choices(Model):
    """Values without an order."""

    choices: Annotated[list[Scalar], Field(min_length=1)] = Field(description=CHOICES_ABOUT)
    weights: list[Annotated[float, Field(gt=0), REAL]] | None = Field(default=None, description=WEIGHTS_ABOUT)
    when: dict[str, Scalars] | None = Field(
        default=None,
        description="Names and their allowed values; where one has another value, this one is absent.",
    )


def _entry_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "choices" if "choices" in value else "range"
    return "list" if isinstance(value, list) else "value"


Entry = Annotated[
    Annotated[Scalar, Tag("value")]
    | Annotated[Annotated[list[Scalar], Field(min_length=1)], Tag("list")]
    | Annotated[Choices, Tag("choices")]
    | Annotated[Range, Tag("range")],
    Discriminator(_entry_kind),
]
