"""The contract of every strategy, and the two ways to keep it: a plan made beforehand, or learning."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from hpt_cli.space import key
from hpt_cli.trial import Origin, Status, Timing, TrialResult

if TYPE_CHECKING:
    from hpt_cli.space import Params, SearchSpace

Goal = Literal["minimize", "maximize"]


class Strategy(ABC):
    """Chooses which params to try next.

    The study numbers a round's trials from 0; a strategy maps a number, and the results it was told, to
    params.  Resuming is: a new strategy, told every stored result in any order, asked for the first missing
    number.

    Callers may rely on: the same arguments, number and usable results give the same params, to the bit;
    params lie in the space (but for probes) and are of plain types; no point is asked for twice, and none
    that ``history`` has; once ``None`` is returned, every later number gets ``None``.

    Args:
        space: Where the params come from.
        seed: A word of entropy, or several, each at least 0, for ``numpy.random.SeedSequence``: the root
            of every draw.
        parallel: How many trials may be open when the next is chosen, at least 1.
        goal: Whether a low or a high objective is better.
        history: Results of earlier rounds, as knowledge and against repeats; they may lie outside the space.
        first: Points to try before those that are chosen; probes may lie outside the space.
        first_are: What the origin of these points says: ``enqueued`` or ``probe``.
        batch_of: From a number to the numbers that are asked for before any of them has a result; alone, if
            left out.  A batch may be open together with as many before it as ``parallel`` holds as a whole.
    """

    name: ClassVar[str]
    """As it stands in a config."""
    uses_results: ClassVar[bool]
    """Whether a choice depends on results; if not, any number may be asked for at any time."""

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: Sequence[int] | int,
        parallel: int = 4,
        goal: Goal = "minimize",
        history: Sequence[TrialResult] = (),
        first: Sequence[Params] = (),
        first_are: str = "enqueued",
        batch_of: Callable[[int], range] = lambda number: range(number, number + 1),
    ) -> None:
        if parallel < 1:
            raise ValueError(f"parallel must be at least 1, got {parallel}")
        if goal not in get_args(Goal):
            raise ValueError(f"goal must be {' or '.join(get_args(Goal))}, not {goal!r}")
        self._space = space
        self._seed = (seed,) if isinstance(seed, int) else tuple(seed)
        self._parallel = parallel
        self._goal = goal
        self._history = tuple(sorted(history, key=lambda result: result.number))
        self._first, self._first_are = tuple(first), first_are
        self._batch_of = batch_of

    def needs(self, number: int) -> int:
        """How many trials of the round, from the first on, are settled before ``number`` is chosen.

        A strategy that uses results must be told them; a study that may end early waits for them in any case.
        """
        own = self._batch_of(number)
        start = own.start
        while start > 0:
            earlier = self._batch_of(start - 1).start
            if own.stop - earlier > max(self._parallel, len(own)):
                break
            start = earlier
        return start

    @abstractmethod
    def ask(self, number: int) -> Params | None:
        """Params for trial ``number`` of the round (from 0), or ``None`` when nothing is left to try.

        Raises:
            ValueError: A result that the choice depends on has not been told.
        """

    @abstractmethod
    def tell(self, number: int, result: TrialResult | float | None) -> None:
        """Learn what came of trial ``number`` of the round: any status, in any order, again if need be.

        Args:
            number: Which trial.
            result: A result; or the objective alone, ``None`` or NaN if the trial failed, of a trial that
                this strategy was asked for.

        Raises:
            ValueError: An objective of a trial that was not asked for.
        """

    def origin(self, number: int) -> Origin:  # noqa: ARG002 - subclasses look at it
        """Who chose the params of trial ``number``, which was asked for or told before."""
        return Origin(self.name, "plan")

    def _rng(self, number: int) -> np.random.Generator:
        """Generator ``number`` of this strategy, the same whenever it is made."""
        return np.random.default_rng(np.random.SeedSequence([*self._seed, number]))


class PlannedStrategy(Strategy):
    """A strategy that uses no results: its list of points is settled before the first trial.

    Points are made as they are asked for, and not kept.
    """

    uses_results = False
    _points: Iterator[Params] | None = None
    _next = 0
    _last: Params | None = None

    def ask(self, number: int) -> Params | None:
        """As in :class:`Strategy`; quick for ascending numbers, going back starts the list again."""
        if self._points is None or number < self._next - 1:
            self._points, self._next = self._with_first(), 0
        if number >= self._next:
            self._last = next(islice(self._points, number - self._next, None), None)
            self._next = number + 1
        return self._last

    def _with_first(self) -> Iterator[Params]:
        if not self._first:
            return self._plan()
        had = set(map(key, self._first))
        return chain(self._first, (point for point in self._plan() if key(point) not in had))

    def tell(self, number: int, result: TrialResult | float | None) -> None:
        """Nothing is learned."""

    def origin(self, number: int) -> Origin:
        """As in :class:`Strategy`: ``enqueued``, ``probe`` or ``plan``."""
        return Origin(self.name, self._first_are if number < len(self._first) else "plan")

    @abstractmethod
    def _plan(self) -> Iterator[Params]:
        """The points in their order, without repeats; the same at every call."""


class LearningStrategy(Strategy):
    """A strategy that learns from results, without depending on when they come.

    What it may use is decided here, once: the results that it :meth:`needs`, up to ``number - parallel``
    or of earlier batches.  Later ones count as pending even if they are finished.
    """

    uses_results = True

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: Sequence[int] | int,
        parallel: int = 4,
        goal: Goal = "minimize",
        history: Sequence[TrialResult] = (),
        first: Sequence[Params] = (),
        first_are: str = "enqueued",
        batch_of: Callable[[int], range] = lambda number: range(number, number + 1),
    ) -> None:
        super().__init__(
            space,
            seed=seed,
            parallel=parallel,
            goal=goal,
            history=history,
            first=first,
            first_are=first_are,
            batch_of=batch_of,
        )
        self._told: dict[int, TrialResult] = {}
        self._asked: dict[int, tuple[Params, str]] = {}
        self._n_told = 0  # all below are told
        self._end: int | None = None  # the first number for which nothing was left

    def ask(self, number: int) -> Params | None:
        """As in :class:`Strategy`; what was told once is known, and not worked out again."""
        if number in self._told:
            return self._told[number].params
        if number not in self._asked:
            chosen = self._choose(number)
            if chosen is None:
                self._end = number if self._end is None else min(number, self._end)
                return None
            self._asked[number] = chosen
        return self._asked[number][0]

    def _choose(self, number: int) -> tuple[Params, str] | None:
        if number < len(self._first):
            return self._first[number], self._first_are
        if self._end is not None and number >= self._end:
            return None
        n_usable = self.needs(number)
        if self._n_told < n_usable:
            raise ValueError(f"trial {self._n_told} must be told before trial {number} is chosen")
        usable = [self._told[n] for n in range(n_usable)]
        pending = [params for n in range(n_usable, number) if (params := self.ask(n)) is not None]
        return self._propose(number, usable, pending)

    def tell(self, number: int, result: TrialResult | float | None) -> None:
        """As in :class:`Strategy`."""
        if not isinstance(result, TrialResult):
            result = self._result(number, result)
        if number in self._told:
            if self._told[number] == result:
                return
            self._retold(number)
        self._told[number] = result
        self._asked.pop(number, None)
        while self._n_told in self._told:
            self._n_told += 1

    def _result(self, number: int, objective: float | None) -> TrialResult:
        """The result of a trial of which only the objective is known."""
        if number in self._told:
            params, origin = self._told[number].params, self._told[number].origin
        elif number in self._asked:
            params, origin = self._asked[number][0], self.origin(number)
        else:
            raise ValueError(f"trial {number} was not asked for, so there are no params to learn about")
        ended = objective is not None and math.isfinite(objective)
        status, value = (Status.DONE, float(objective or 0.0)) if ended else (Status.FAILED, None)
        error = None if ended else f"the objective is {objective}"
        return TrialResult(number, 0, params, status, value, (), error, origin, Timing(0.0, 0.0, 0.0))

    def _retold(self, number: int) -> None:
        """Trial ``number`` is told again: forget what was worked out from it."""

    def origin(self, number: int) -> Origin:
        """As in :class:`Strategy`: ``enqueued``, ``probe``, ``start`` or ``model``."""
        if number in self._told:
            return self._told[number].origin
        return Origin(self.name, self._asked[number][1])

    @abstractmethod
    def _propose(
        self, number: int, usable: Sequence[TrialResult], pending: Sequence[Params]
    ) -> tuple[Params, str] | None:
        """Choose from what is given and from nothing else; random draws come from :meth:`_rng`.

        Args:
            number: Which trial of the round.
            usable: The results that the choice may depend on, in order of number.
            pending: The params of the trials after those, in order of number.

        Returns:
            The params and whether they are a ``start`` or the ``model``'s choice, or ``None``.
        """
