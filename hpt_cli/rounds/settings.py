"""The numbers of the decision: each a default that was measured, and a key of ``search.refine``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def _number(default: float, about: str, **bounds: float) -> Any:
    """A number with what the config's page says of it, and its bounds (``gt``, ``ge``, ``lt``, ``le``)."""
    return field(default=default, metadata={"about": about, "bounds": bounds})


@dataclass(frozen=True)
class RefineSettings:
    """How boldly a round moves on; ``docs/refine.md`` has what each number costs and brings."""

    doubt: float = _number(
        0.025,
        "Share of the places where the optimum may be that a range may lose on either side.",
        gt=0,
        lt=0.5,
    )
    padding: float = _number(0.1, "Added on both sides of what is left, in its width.", ge=0, le=10)
    least_width: float = _number(0.35, "Share of a range that one round keeps, at least.", gt=0, le=1)
    floor: float = _number(
        0.001, "Share of the first round's range below which nothing is narrowed.", gt=0, le=1
    )
    significance: float = _number(
        0.1,
        "How likely the evidence that a dimension matters may be by chance, over all dimensions, for it to "
        "be narrowed; 1 narrows without a test.",
        gt=0,
        le=1,
    )
    edge: float = _number(
        0.2,
        "Share of the places where the optimum may be that, within a tenth of the range of an end, moves the "
        "end outward.",
        gt=0,
        le=1,
    )
    widen: float = _number(0.35, "How far outward, in widths of the range; 0 never.", ge=0, le=10)
    least_tries: int = _number(5, "A choice that was tried less often is not dropped.", ge=1, le=100_000)
    probes: float = _number(
        0.1,
        "Share of a round's trials that look outside its space, where something was left out.",
        ge=0,
        le=0.5,
    )
    leaders: int = _number(
        3,
        "How many of the best trials are trained again to measure the noise, where none has repeats.",
        ge=1,
        le=100,
    )
    reruns: int = _number(
        2,
        "On how many new seeds each; one is enough where it shows no noise; 0 leaves the noise unknown.",
        ge=0,
        le=100,
    )
