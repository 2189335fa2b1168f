"""A strategy that first looks where a round does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hpt_cli.strategies.base import Strategy
from hpt_cli.trial import Origin, TrialResult

if TYPE_CHECKING:
    from hpt_cli.space import Params, SearchSpace


class ProbedStrategy(Strategy):
    """A few given points, outside the space as a rule, and then another strategy's.

    The other strategy counts from 0 after them, and is told its own trials alone: what the probes say is for
    the next decision.

    Args:
        space: Of the round.
        probes: Params of the first trials.
        make: Makes the other strategy, given its space and options.
        batch_of: As in :class:`Strategy`, probes counted.
        options: Of the other strategy.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        probes: Sequence[Params],
        make: Callable[..., Strategy],
        batch_of: Callable[[int], range] = lambda number: range(number, number + 1),
        **options: Any,
    ) -> None:
        own = {key: options[key] for key in ("seed", "parallel", "goal") if key in options}
        super().__init__(space, batch_of=batch_of, **own)
        self._probes = tuple(probes)
        n = len(self._probes)

        def inner(number: int) -> range:
            batch = batch_of(number + n)
            return range(max(batch.start - n, 0), batch.stop - n)

        self._inner = make(space, batch_of=inner, **options)
        self.name = self._inner.name  # type: ignore[misc]
        self.uses_results = self._inner.uses_results  # type: ignore[misc]

    def ask(self, number: int) -> Params | None:
        """As in :class:`Strategy`, but for probes, which need not lie in the space."""
        n = len(self._probes)
        return dict(self._probes[number]) if number < n else self._inner.ask(number - n)

    def tell(self, number: int, result: TrialResult | float | None) -> None:
        """As in :class:`Strategy`."""
        if number >= len(self._probes):
            self._inner.tell(number - len(self._probes), result)

    def origin(self, number: int) -> Origin:
        """As in :class:`Strategy`."""
        n = len(self._probes)
        return Origin(self.name, "probe") if number < n else self._inner.origin(number - n)
