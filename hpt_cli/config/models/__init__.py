"""The shape of a config: pydantic models by section, of which the JSON Schema is made too.

What needs more than one key to be judged (conditions, bounds, the product of a grid) is in the modules of
rules; the words of every problem are in :mod:`hpt_cli.config.translate`.
"""

from hpt_cli.config.models.data import Data, Split
from hpt_cli.config.models.execution import ENGINES, Execution
from hpt_cli.config.models.network import Network
from hpt_cli.config.models.own_code import Args
from hpt_cli.config.models.search import STRATEGIES, Prune, Refine, Round, Search
from hpt_cli.config.models.space import Choices, Range
from hpt_cli.config.models.study import NAME_PATTERN, Config, Objective
from hpt_cli.config.models.values import MAX_TRIALS

__all__ = [
    "ENGINES",
    "MAX_TRIALS",
    "NAME_PATTERN",
    "STRATEGIES",
    "Args",
    "Choices",
    "Config",
    "Data",
    "Execution",
    "Network",
    "Objective",
    "Prune",
    "Range",
    "Refine",
    "Round",
    "Search",
    "Split",
]
