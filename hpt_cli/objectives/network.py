"""Trains the built-in network for each trial."""

from __future__ import annotations

import io
import itertools
import json
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from hpt_cli.data import open_recipe, open_training_data
from hpt_cli.model import SCHEMA
from hpt_cli.network import NetworkSettings, Population, group, metric_goal, seconds_at_most
from hpt_cli.objectives.base import StagedObjective, spec_of
from hpt_cli.objectives.legs import WORST, run_legs, worth
from hpt_cli.objectives.rung_states import RungStates
from hpt_cli.space import Params
from hpt_cli.trial import Leg, Paused, Status, Timing, TrialResult, TrialSpec


@dataclass(frozen=True)
class NetworkObjective(StagedObjective):
    """Trains a network by a trial's params, once for each of its seeds.

    Args:
        data_folder: Holds the prepared training and validation rows.
        fixed: Hyperparameters that every trial shares, by dotted name.
        metric: What a trial is judged by.
    """

    data_folder: Path
    fixed: Mapping[str, object]
    metric: str

    seconds_a_task: ClassVar[float] = 5.0  # so much is lost, at most, when a study is killed

    def at(self, folder: Path) -> NetworkObjective:
        """The same objective on a copy of its data."""
        return replace(self, data_folder=folder)

    def settings(self, params: Params) -> NetworkSettings:
        """What one training of a trial with ``params`` is made of.

        Raises:
            ValueError: The hyperparameters contradict each other.
        """
        return NetworkSettings.from_flat({**self.fixed, **params})

    def tasks(self, specs: Sequence[TrialSpec], *, most: int) -> list[list[TrialSpec]]:
        """Trials that can train in one population, and gain by it, together."""
        known: list[TrialSpec] = []
        settings: list[NetworkSettings] = []
        for spec in specs:
            with suppress(ValueError):  # contradictory params: the trial itself says so
                settings.append(self.settings(spec.params))
                known.append(spec)
        tasks = [[spec] for spec in specs if spec not in known]
        for indices in group(settings, open_training_data(self.data_folder)):
            count = -(-len(indices) // most)
            edges = [len(indices) * part // count for part in range(count + 1)]  # no small rest
            tasks += [[known[index] for index in indices[a:b]] for a, b in itertools.pairwise(edges)]
        return tasks

    def seconds_at_most(self) -> float | None:
        """As in :class:`Objective`, by what every trial shares; what is searched counts as by default."""
        try:
            settings = self.settings({})
        except ValueError:  # it takes the searched ones to make sense
            return None
        return seconds_at_most(settings, open_training_data(self.data_folder))

    def evaluate(self, specs: Sequence[TrialSpec]) -> list[TrialResult]:
        """Train all repeats of all ``specs`` together."""
        outcomes = self._outcomes([Leg(spec) for spec in specs], states=None)
        return [outcome for outcome in outcomes if isinstance(outcome, TrialResult)]

    def advance(self, legs: Sequence[Leg]) -> list[TrialResult | Paused]:
        """Train all repeats of all ``legs`` together, each from where it stands."""
        return self._outcomes(legs, states=self._states)

    def anew(self, results: Sequence[TrialResult]) -> list[TrialResult]:
        """As in :class:`Objective`: a pruned one stops where it was pruned."""
        outcomes = self._outcomes([self._leg_of(result) for result in results], states=None)
        return [outcome for outcome in outcomes if isinstance(outcome, TrialResult)]

    def _leg_of(self, result: TrialResult) -> Leg:
        spec = spec_of(result)
        unreachable = -WORST[metric_goal(self.metric)]
        stops = {repeat.epochs for repeat in result.repeats if repeat.status is Status.PRUNED}
        return Leg(spec, None, tuple((epoch, unreachable) for epoch in sorted(filter(None, stops))))

    def values_at(self, result: TrialResult, epochs: Sequence[int]) -> list[float | None]:
        """As in :class:`StagedObjective`."""
        patience = self.settings(result.params).patience if result.repeats else None
        return [self._value_at(result, epoch, patience) for epoch in epochs]

    def _value_at(self, result: TrialResult, epoch: int, patience: int | None) -> float | None:
        values = []
        for repeat in result.repeats:
            curve = repeat.history.get(self.metric, ())
            if len(curve) >= epoch:
                values.append(worth(curve[:epoch], self.metric, patience))
            elif repeat.objective is not None:
                values.append(repeat.objective)
            else:
                diverged = result.status is Status.DIVERGED
                return WORST[metric_goal(self.metric)] if diverged else None
        return math.fsum(values) / len(values) if values else None

    def forget(self, numbers: Sequence[int] | None = None) -> None:
        """As in :class:`StagedObjective`."""
        self._states.forget(numbers)

    @property
    def _states(self) -> RungStates:
        context = {"fixed": dict(self.fixed), "metric": self.metric}
        return RungStates(self.data_folder.parent / "rungs", context)

    def _outcomes(self, legs: Sequence[Leg], states: RungStates | None) -> list[TrialResult | Paused]:
        started = time.time()
        clock = time.perf_counter()
        try:
            data = open_training_data(self.data_folder)
            settings = [self.settings(leg.spec.params) for leg in legs]
            return run_legs(legs, settings, data, metric=self.metric, states=states)
        except Exception as error:  # noqa: BLE001 - a trial that raises is a failed trial, and the study goes on
            if len(legs) > 1:  # find out whose fault it is
                return [outcome for leg in legs for outcome in self._outcomes([leg], states)]
            why = f"{type(error).__name__}: {error}"
            timing = Timing(started, time.time(), time.perf_counter() - clock)
            return [TrialResult.failure(legs[0].spec, Status.FAILED, why, timing)]

    def model(self, trial: TrialResult) -> dict[str, bytes]:
        """The first repeat, trained again with its seed.

        ``params.yaml``; ``model.npz``, the weights by name; ``model.json``, how rows are prepared for them
        and what comes out, and the network's settings.
        """
        import yaml

        settings = self.settings(trial.params)
        population = Population(
            [settings], [trial.repeats[0].seed], open_training_data(self.data_folder), metric=self.metric
        )
        population.run()
        arrays = io.BytesIO()
        np.savez(arrays, allow_pickle=False, **population.weights(0))
        text = yaml.safe_dump(dict(trial.params), sort_keys=False, allow_unicode=True)
        about = {
            "schema": SCHEMA,
            "trial": trial.number,
            "network": {**self.fixed, **trial.params},
            **open_recipe(self.data_folder),
        }
        return {
            "params.yaml": text.encode(),
            "model.npz": arrays.getvalue(),
            "model.json": (json.dumps(about, allow_nan=False, indent=1) + "\n").encode(),
        }
