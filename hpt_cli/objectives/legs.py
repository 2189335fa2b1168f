"""Trains networks a leg at a time: to a rung, past limits, or to the end."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hpt_cli.network import (
    NetworkSettings,
    State,
    TrainingData,
    TrainingOutcome,
    Trainings,
    metric_goal,
)
from hpt_cli.objectives.rung_states import RungStates
from hpt_cli.trial import Leg, Paused, RepeatResult, Status, Timing, TrialResult

WORST: Mapping[str, float] = {"minimize": math.inf, "maximize": -math.inf}
"""What is no better than anything, by goal."""


def worth(curve: Sequence[float], metric: str, patience: int | None) -> float:
    """What a training with this curve of the metric is judged by so far: its last value, or, as patience
    goes back to it, its best."""
    if not patience:
        return curve[-1]
    return min(curve) if metric_goal(metric) == "minimize" else max(curve)


def run_legs(
    legs: Sequence[Leg],
    settings: Sequence[NetworkSettings],
    data: TrainingData,
    *,
    metric: str,
    states: RungStates | None,
) -> list[TrialResult | Paused]:
    """Train all repeats of all legs together.

    Args:
        legs: What to train.
        settings: Of each leg's trial.
        data: The same for all.
        metric: What trials are judged by.
        states: Where trials that were paused before stand, and are to stand; ``None`` trains from the start.

    Raises:
        ValueError: Settings or metric do not fit the data.
    """
    return _Run(legs, settings, data, metric, states).outcomes()


class _Run:
    """Legs that are trained together: their trials' repeats, some of which ended in an earlier leg."""

    def __init__(
        self,
        legs: Sequence[Leg],
        settings: Sequence[NetworkSettings],
        data: TrainingData,
        metric: str,
        states: RungStates | None,
    ) -> None:
        self._legs, self._settings, self._metric, self._states = legs, settings, metric, states
        self._sign = 1.0 if metric_goal(metric) == "minimize" else -1.0
        now = time.time()
        self._started = [now] * len(legs)
        self._places: list[list[int | TrainingOutcome]] = []  # of each repeat: its training, or its outcome
        trained: list[NetworkSettings] = []
        seeds: list[int] = []
        going: list[State | None] = []
        for index, leg in enumerate(legs):
            known = states.load(leg.spec) if states else None
            standings: Sequence[object] = [None] * len(leg.spec.seeds)
            if known is not None:
                self._started[index], standings = known
            places: list[int | TrainingOutcome] = []
            for seed, standing in zip(leg.spec.seeds, standings, strict=True):
                if isinstance(standing, TrainingOutcome):
                    places.append(standing)
                    continue
                places.append(len(trained))
                trained.append(settings[index])
                seeds.append(seed)
                going.append(standing if isinstance(standing, dict) else None)
            self._places.append(places)
        self._trainings = Trainings(trained, seeds, data, metric=metric, states=going)

    def outcomes(self) -> list[TrialResult | Paused]:
        """Train; the outcomes in the order of the legs."""
        found: dict[int, TrialResult | Paused] = {}
        stops = {leg.until for leg in self._legs if leg.until is not None}
        stops |= {epoch for leg in self._legs for epoch, _ in leg.limits}
        for stop in sorted(stops):
            before = self._epochs_of()
            self._trainings.run(stop)
            for index in range(len(self._legs)):
                if index not in found:
                    outcome = self._at(index, stop, moved=before[index] < stop)
                    if outcome is not None:
                        found[index] = outcome
                        self._trainings.drop(self._running(index))
        self._trainings.run()
        return [found.get(index) or self._result(index) for index in range(len(self._legs))]

    def _epochs_of(self) -> list[int]:
        """How many epochs each leg's trial has behind it."""
        return [max(outcome.epochs for outcome in self._outcomes(index)) for index in range(len(self._legs))]

    def _outcomes(self, index: int) -> list[TrainingOutcome]:
        """Of each repeat; of one that is running, as if it was pruned now."""
        return [
            place if isinstance(place, TrainingOutcome) else self._trainings.outcome(place)
            for place in self._places[index]
        ]

    def _running(self, index: int) -> list[int]:
        places = [place for place in self._places[index] if isinstance(place, int)]
        return [place for place in places if self._trainings.running(place)]

    def _at(self, index: int, stop: int, *, moved: bool) -> TrialResult | Paused | None:
        """What becomes of a leg at a stop; ``None`` if it goes on, or ends by itself."""
        leg = self._legs[index]
        limits = dict(leg.limits)
        if leg.until != stop and stop not in limits:
            return None
        outcomes = [_cut(outcome, stop) for outcome in self._outcomes(index)]
        if all(outcome.status != "pruned" for outcome in outcomes):
            return None  # all have ended
        if any(outcome.status == "diverged" for outcome in outcomes):
            return self._result(index, outcomes)  # whatever the others would come to
        patience = self._settings[index].patience
        values = [
            outcome.metrics[self._metric]
            if outcome.status == "done"
            else worth(outcome.history[self._metric], self._metric, patience)
            for outcome in outcomes
        ]
        value = math.fsum(values) / len(values)
        paused = Paused(leg.spec, stop, value, self._repeats(index, outcomes), self._timing(index, outcomes))
        if stop in limits and self._sign * value > self._sign * limits[stop]:
            return paused.pruned(
                f"at epoch {stop}, {self._metric} {value:.4g} was worse than the median, {limits[stop]:.4g}"
            )
        if leg.until != stop:
            return None
        if self._states is not None and moved:
            standings = [
                self._trainings.state(place)
                if isinstance(place, int) and self._trainings.running(place)
                else outcome
                for place, outcome in zip(self._places[index], outcomes, strict=True)
            ]
            self._states.save(leg.spec, self._started[index], standings)
        return paused

    def _result(self, index: int, outcomes: Sequence[TrainingOutcome] | None = None) -> TrialResult:
        outcomes = outcomes or self._outcomes(index)
        repeats, timing = self._repeats(index, outcomes), self._timing(index, outcomes)
        return TrialResult.from_repeats(self._legs[index].spec, repeats, timing)

    def _repeats(self, index: int, outcomes: Sequence[TrainingOutcome]) -> tuple[RepeatResult, ...]:
        return tuple(
            RepeatResult(
                seed=seed,
                status=Status(outcome.status),
                objective=outcome.metrics[self._metric] if outcome.status == "done" else None,
                metrics=outcome.metrics,
                history=outcome.history,
                error=outcome.error,
            )
            for seed, outcome in zip(self._legs[index].spec.seeds, outcomes, strict=True)
        )

    def _timing(self, index: int, outcomes: Sequence[TrainingOutcome]) -> Timing:
        seconds = sum(outcome.seconds_share for outcome in outcomes)
        return Timing(self._started[index], time.time(), seconds)


def _cut(outcome: TrainingOutcome, epoch: int) -> TrainingOutcome:
    """The outcome of a training as it stood after ``epoch`` epochs, which may be fewer than it has."""
    if outcome.epochs <= epoch:
        return outcome
    history = {name: curve[:epoch] for name, curve in outcome.history.items()}
    return replace(
        outcome, status="pruned", metrics={}, history=history, error=None, epochs=epoch, best_epoch=None
    )
