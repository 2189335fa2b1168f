"""Bayesian search: a model of the objective chooses where to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hpt_cli.strategies.base import LearningStrategy
from hpt_cli.strategies.candidates import Candidates, any_left
from hpt_cli.strategies.draws import Seen, digest, distinct
from hpt_cli.strategies.encoding import Encoder
from hpt_cli.strategies.evidence import Evidence
from hpt_cli.strategies.sobol import sobol_places
from hpt_cli.trial import Status

if TYPE_CHECKING:
    from hpt_cli.space import Params, SearchSpace
    from hpt_cli.strategies.surrogate import Belief, Model
    from hpt_cli.trial import TrialResult

Array = np.ndarray

MODELS: tuple[str, ...] = ("gp", "skopt")
"""The models of bayes search by name."""
START = 4
"""Points of the start design."""
DOUBT_EVERY = 4
"""Every so many suggestions the model is taken to have found the objective more regular than it is."""
SPREAD_EVERY = 2
"""As long as results show no order, every so many suggestions owe nothing to the model.

Without it, a noisy plateau is searched near its luckiest point to the end of a study, wherever the valley is.
"""
CENTERS = 5
"""How many of the best points are looked around."""


class BayesSearch(LearningStrategy):
    """Fits Gaussian processes to the results and tries the point with the greatest expected improvement.

    The first trial is the middle of all ranges, the next three (fewer by the trials of earlier rounds in the
    space) are a scrambled Sobol sequence; it goes on until two trials have an objective.  Then the model
    chooses among legal, new points all over the space and around the best; as long as it finds no order in
    the results, every second point goes on with the sequence instead.  Trials that did not end well teach the
    model where trials do.  Results of earlier rounds are part of the evidence, wherever they lie.

    Args:
        model: ``gp``, our own, or ``skopt``, scikit-optimize's.
        curve: The metric whose curve says what a pruned trial was worth, if trials are pruned.
        warm: Results of earlier studies: evidence to be doubted.  Their points may be tried again.

    Source:
        Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", Journal
        of Global Optimization 13 (1998), https://doi.org/10.1023/A:1008306431147
    """

    name = "bayes"

    def __init__(
        self,
        space: SearchSpace,
        *,
        model: Literal["gp", "skopt"] = "gp",
        curve: str | None = None,
        warm: Sequence[TrialResult] = (),
        **options: Any,
    ) -> None:
        if model not in MODELS:
            raise ValueError(f"there is no model {model!r}; there are {', '.join(MODELS)}")
        super().__init__(space, **options)
        self._encode = Encoder(space)
        maximize = self._goal == "maximize"
        self._evidence = Evidence(
            self._encode, maximize=maximize, history=self._history, curve=curve, warm=warm
        )
        self._model_name = model
        self._made_model: Model | None = None
        self._made_candidates: Candidates | None = None
        known = sum(result.params in space for result in (*self._history, *warm))
        probes = len(self._first) if self._first_are == "probe" else 0  # evidence, but no start in the space
        self._n_start = probes + START - known

    def _retold(self, number: int) -> None:
        self._evidence.forget(number)
        if self._made_model is not None:
            self._made_model.revise(number)

    def _propose(
        self, number: int, usable: Sequence[TrialResult], pending: Sequence[Params]
    ) -> tuple[Params, str] | None:
        self._evidence.update(usable)
        n = len(usable)
        _, values = self._evidence.rows(n)
        if number < self._n_start or np.isfinite(values).sum() < START // 2:
            start = self._start(usable, pending)
            return None if start is None else (start, "start")
        from hpt_cli.strategies.threads import one_thread

        with one_thread():
            doubtful = (n + len(pending)) % DOUBT_EVERY == DOUBT_EVERY - 1
            belief = self._model.after(n, doubtful=doubtful)
            if belief.orderly or number % SPREAD_EVERY:
                chosen, kind = self._by_model(belief, n, pending, self._rng(number + 1)), "model"
            else:
                chosen, kind = self._spread(number, usable, pending), "spread"
        if chosen is None:
            chosen = any_left(self._space, self._taken(usable, pending), self._rng(number + 1))
        return None if chosen is None else (chosen, kind)

    def _spread(self, number: int, usable: Sequence[TrialResult], pending: Sequence[Params]) -> Params | None:
        """A point of the start's sequence, further on: if all were, it would be a Sobol search."""
        places = self._start_places(skip=START + number // SPREAD_EVERY)
        return next(distinct(self._space, places, self._taken(usable, pending), self._rng(number + 1)), None)

    def _taken(self, usable: Sequence[TrialResult], pending: Sequence[Params]) -> Seen:
        taken = Seen([*self._history, *usable])
        for params in pending:
            taken.add(params)
        return taken

    def _start(self, usable: Sequence[TrialResult], pending: Sequence[Params]) -> Params | None:
        """The next point of the start design: the first that was not tried."""
        taken = self._taken(usable, pending)
        return next(distinct(self._space, self._start_places(), taken, self._rng(0)), None)

    def _start_places(self, *, skip: int = 0) -> Iterator[Sequence[float]]:
        rng = self._rng(0)
        anywhere = rng.random(len(self._space.names))  # choices have no middle
        if not skip:
            yield np.where(self._encode.is_choice, anywhere, 0.5).tolist()
        yield from sobol_places(len(self._space.names), rng, skip=max(0, skip - 1))

    def _by_model(
        self, belief: Belief, n: int, pending: Sequence[Params], rng: np.random.Generator
    ) -> Params | None:
        """The most promising candidate, or ``None`` where none was found."""
        if self._made_candidates is None:
            self._made_candidates = Candidates(self._space, self._encode)
        places, _ = self._evidence.rows(n)
        means = belief.means()
        means[((places < 0.0) | (places > 1.0)).any(axis=1)] = np.nan  # of a wider round
        centers = places[np.argsort(means, kind="stable")[: min(CENTERS, int(np.isfinite(means).sum()))]]
        if pending:
            belief.believe(self._encode.places(pending))
        open_ = {digest(params) for params in pending}
        return self._made_candidates.best(
            belief.promise,
            centers,
            belief.strides,
            lambda point: point in open_ or self._evidence.taken(point, n),
            rng,
        )

    def best_believed(self) -> TrialResult | None:
        """The result whose params the model believes best, of the history and of all told without a gap.

        Where objectives are noisy, the best one seen is the luckiest, the more so the more were seen; the
        model has also seen what is near it.  ``None`` as long as fewer than two trials ended well.
        """
        self._evidence.update([self._told[n] for n in range(self._n_told)])
        _, values = self._evidence.rows(self._n_told)
        if np.isfinite(values).sum() < 2:
            return None
        from hpt_cli.strategies.threads import one_thread

        with one_thread():
            means = self._model.after(self._n_told).means()
        whole = [self._evidence.result(row).status is Status.DONE for row in range(len(means))]
        means[~np.array(whole)] = np.nan
        means[: self._evidence.n_warm] = np.nan
        if np.isnan(means).all():
            return None
        return self._evidence.result(int(np.nanargmin(means)))

    @property
    def _model(self) -> Model:
        if self._made_model is None:
            if self._model_name == "gp":
                from hpt_cli.strategies.surrogate import ProcessModel

                self._made_model = ProcessModel(self._encode, self._evidence)
            else:
                from hpt_cli.strategies.skopt_model import SkoptModel  # scikit-learn takes a second to load

                self._made_model = SkoptModel(self._encode, self._evidence, seed=self._seed)
        return self._made_model
