"""What may be tried: dimensions on scales, conditions, constraints, one mapping to the unit cube."""

from hpt_cli.space.constraints import FUNCTIONS, Constraint
from hpt_cli.space.dimensions import Choice, Dimension, Float, Int, decade_counts, dimension_from_json
from hpt_cli.space.draws import Histogram, Survey, chance_of_best, survey, trials_for
from hpt_cli.space.scales import SCALES, Scale
from hpt_cli.space.search_space import Params, SearchSpace, key
from hpt_cli.space.values import Condition, Value, same

__all__ = [
    "FUNCTIONS",
    "SCALES",
    "Choice",
    "Condition",
    "Constraint",
    "Dimension",
    "Float",
    "Histogram",
    "Int",
    "Params",
    "Scale",
    "SearchSpace",
    "Survey",
    "Value",
    "chance_of_best",
    "decade_counts",
    "dimension_from_json",
    "key",
    "same",
    "survey",
    "trials_for",
]
