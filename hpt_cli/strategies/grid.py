"""Grid search: every combination of a few values of each dimension."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hpt_cli.strategies.base import PlannedStrategy
from hpt_cli.strategies.draws import Seen

if TYPE_CHECKING:
    from hpt_cli.space import Params


class GridSearch(PlannedStrategy):
    """Walks the dimensions in the order of the config, the last fastest.

    Raises:
        ValueError: A dimension does not say which values a grid takes.
    """

    name = "grid"

    def _plan(self) -> Iterator[Params]:
        seen = Seen(self._history)
        return (params for params in self._space.grid() if params not in seen)
