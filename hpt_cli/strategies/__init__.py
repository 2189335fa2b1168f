"""What to try next: one contract, several strategies, made by name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpt_cli.space import SearchSpace
    from hpt_cli.strategies.base import Strategy

_CLASSES = {
    "grid": "GridSearch",
    "random": "RandomSearch",
    "sobol": "SobolSearch",
    "bayes": "BayesSearch",
}
STRATEGIES: tuple[str, ...] = tuple(_CLASSES)
"""The names of all strategies."""


def make_strategy(name: str, space: SearchSpace, **options: Any) -> Strategy:
    """The strategy of that name; ``options`` are those of :class:`~hpt_cli.strategies.base.Strategy`.

    ``bayes`` also takes ``model``: ``gp``, the default, or ``skopt``.

    Only the named one's module is imported: the heavy libraries behind a strategy are loaded when it is used.

    Raises:
        ValueError: No strategy has that name.
    """
    if name not in _CLASSES:
        raise ValueError(f"there is no strategy {name!r}; there are {', '.join(STRATEGIES)}")
    module = importlib.import_module(f"hpt_cli.strategies.{name}")
    strategy: Strategy = getattr(module, _CLASSES[name])(space, **options)
    return strategy
