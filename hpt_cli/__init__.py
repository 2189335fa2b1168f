"""Tune hyperparameters from a terminal: one YAML file in, a leaderboard that can be believed out.

From Python: ``from hpt_cli import run_study, load_study``, see ``docs/python.md``; the search alone:
``from hpt_cli import SearchSpace, make_strategy``, see ``docs/search.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpt_cli.errors import HptError
    from hpt_cli.interface import Study, load_study, run_study
    from hpt_cli.model import Model, load_model
    from hpt_cli.space import Choice, Float, Int, SearchSpace
    from hpt_cli.strategies import make_strategy

__version__ = "0.1.0"
__all__ = [
    "Choice",
    "Float",
    "HptError",
    "Int",
    "Model",
    "SearchSpace",
    "Study",
    "__version__",
    "load_model",
    "load_study",
    "make_strategy",
    "run_study",
]

_ROOMS = {
    "Choice": "hpt_cli.space",
    "Float": "hpt_cli.space",
    "HptError": "hpt_cli.errors",
    "Int": "hpt_cli.space",
    "Model": "hpt_cli.model",
    "SearchSpace": "hpt_cli.space",
    "Study": "hpt_cli.interface",
    "load_study": "hpt_cli.interface",
    "load_model": "hpt_cli.model",
    "make_strategy": "hpt_cli.strategies",
    "run_study": "hpt_cli.interface",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded when they are used: ``import hpt_cli`` stays instant."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'hpt_cli' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_ROOMS[name]), name)
