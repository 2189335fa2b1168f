"""Trains the built-in network for each trial."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hpt_cli.data import open_training_data
from hpt_cli.network import NetworkSettings, Population, TrainingOutcome, group, train
from hpt_cli.objectives.base import Objective
from hpt_cli.space import Params
from hpt_cli.trial import RepeatResult, Status, Timing, TrialResult, TrialSpec


@dataclass(frozen=True)
class NetworkObjective(Objective):
    """Trains a network by a trial's params, once for each of its seeds.

    Args:
        data_folder: Holds the prepared training and validation rows.
        fixed: Hyperparameters that every trial shares, by dotted name.
        metric: What a trial is judged by.
    """

    data_folder: Path
    fixed: Mapping[str, object]
    metric: str

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

    def evaluate(self, specs: Sequence[TrialSpec]) -> list[TrialResult]:
        """Train all repeats of all ``specs`` together."""
        started = time.time()
        clock = time.perf_counter()
        trainings = [(spec, seed) for spec in specs for seed in spec.seeds]
        try:
            outcomes = train(
                [self.settings(spec.params) for spec, _ in trainings],
                [seed for _, seed in trainings],
                open_training_data(self.data_folder),
                metric=self.metric,
            )
        except Exception as error:  # noqa: BLE001 - a trial that raises is a failed trial, and the study goes on
            if len(specs) > 1:  # find out whose fault it is
                return [result for spec in specs for result in self.evaluate([spec])]
            why = f"{type(error).__name__}: {error}"
            timing = Timing(started, time.time(), time.perf_counter() - clock)
            return [TrialResult.failure(specs[0], Status.FAILED, why, timing)]
        finished = time.time()
        results = []
        rest = iter(outcomes)
        for spec in specs:
            own = [next(rest) for _ in spec.seeds]
            timing = Timing(started, finished, sum(outcome.seconds_share for outcome in own))
            repeats = [
                _repeat(seed, outcome, self.metric) for seed, outcome in zip(spec.seeds, own, strict=True)
            ]
            results.append(TrialResult.from_repeats(spec, repeats, timing))
        return results

    def model(self, trial: TrialResult) -> dict[str, bytes]:
        """``params.yaml`` and ``model.npz``: the weights of the first repeat, trained again with its seed."""
        import yaml

        settings = self.settings(trial.params)
        population = Population(
            [settings], [trial.repeats[0].seed], open_training_data(self.data_folder), metric=self.metric
        )
        population.run()
        arrays = io.BytesIO()
        np.savez(arrays, allow_pickle=False, **population.weights(0))
        text = yaml.safe_dump(dict(trial.params), sort_keys=False, allow_unicode=True)
        return {"params.yaml": text.encode(), "model.npz": arrays.getvalue()}


def _repeat(seed: int, outcome: TrainingOutcome, metric: str) -> RepeatResult:
    status = Status(outcome.status)
    return RepeatResult(
        seed=seed,
        status=status,
        objective=outcome.metrics[metric] if status is Status.DONE else None,
        metrics=outcome.metrics,
        history=outcome.history,
        error=outcome.error,
    )
