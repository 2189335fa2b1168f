"""What may be tried: dimensions on scales, conditions, constraints, one mapping to the unit cube."""

from hpt_cli.space.constraints import FUNCTIONS, Constraint
from hpt_cli.space.dimensions import (
    Choice,
    Condition,
    Dimension,
    Float,
    Int,
    Value,
    decade_counts,
    dimension_from_json,
    same,
)
from hpt_cli.space.scales import SCALES, Scale
from hpt_cli.space.search_space import Params, SearchSpace, key

__all__ = [
    "FUNCTIONS",
    "SCALES",
    "Choice",
    "Condition",
    "Constraint",
    "Dimension",
    "Float",
    "Int",
    "Params",
    "Scale",
    "SearchSpace",
    "Value",
    "decade_counts",
    "dimension_from_json",
    "key",
    "same",
]
