"""What a study would do, without doing it: for ``hpt plan``.  Nothing is written."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hpt_cli.config import StudyConfig
from hpt_cli.objectives.settings import CommandSettings
from hpt_cli.planning import first_round, strategy_of
from hpt_cli.preparation import read_data
from hpt_cli.pruning import PruneSettings, epochs_planned
from hpt_cli.seeds import training_seed
from hpt_cli.space import Params, Survey, survey
from hpt_cli.strategies.base import Strategy
from hpt_cli.trial import Origin, TrialSpec
from hpt_cli.warm_start import read_studies

if TYPE_CHECKING:
    from hpt_cli.data import Dataset
    from hpt_cli.network import NetworkSettings

_POINTS_SHOWN = 5
_PILOTS = 3  # points that are trained for two epochs, to see how long a trial takes
DRAWS = 4000  # a twentieth of them varies by 7 %, one standard deviation
_SEED_OF_DRAWS = 0


@dataclass(frozen=True)
class Preview:
    """What ``hpt plan`` shows.

    Args:
        config: The study's.
        notes: What was inferred from the data, in sentences.
        rows: Rows of each part: training, validation, test.
        trials: Trials of the first round; fewer than asked for if the space holds no more.
        exhausts: Whether the space holds no more.
        trials_in_all: Trials of all rounds.
        points: The first choices.
        draws: Where 4,000 random draws fall.
        seconds_per_trial: From two timed epochs of the first points; all repeats, on one core; ``None`` of
            own code, which is not run.
        command: Of a command, the line of the first trial.
        epochs: Of all trainings of all rounds as pruning leaves them; ``None`` of own code, and where it
            depends on the results.
        epochs_whole: The same if nothing is pruned; ``None`` of own code.
    """

    config: StudyConfig
    notes: tuple[str, ...]
    rows: Mapping[str, int]
    trials: int
    exhausts: bool
    trials_in_all: int
    points: tuple[Params, ...]
    draws: Survey
    seconds_per_trial: float | None
    command: str | None = None
    epochs: int | None = None
    epochs_whole: int | None = None


def preview(config: StudyConfig) -> Preview:
    """Check a config and its data, and look ahead.

    Raises:
        DataError, InputError: As :func:`hpt_cli.preparation.prepare_study`.
    """
    dataset = read_data(config)
    first = first_round(config)
    warm = read_studies(config, Path("runs")) if config.search.warm_start else None
    strategy = strategy_of(first, config, warm=warm.results() if warm else ())
    size = config.space.size
    trials = first.trials if size is None else min(first.trials, size)
    points = _first_points(strategy, min(_POINTS_SHOWN, trials), config.search.parallel)
    return Preview(
        config=config,
        notes=(*(dataset.notes if dataset else ()), *(warm.notes if warm else ())),
        rows=dataset.rows() if dataset else {},
        trials=trials,
        exhausts=trials < first.trials,
        trials_in_all=trials + sum(later.trials for later in config.search.rounds[1:]),
        points=tuple(points),
        draws=_draws(config, trials),
        seconds_per_trial=first.repeats * _seconds_per_training(config, dataset, points[:_PILOTS])
        if dataset
        else None,
        command=_command_line(config, points[0]) if points else None,
        epochs=_epochs(config, trials, config.search.prune),
        epochs_whole=_epochs(config, trials, PruneSettings()),
    )


def _epochs(config: StudyConfig, trials: int, prune: PruneSettings) -> int | None:
    """Of all trainings, as if each had the most epochs that the space allows and none ended by itself."""
    if config.own_code is not None:
        return None
    in_all = 0
    for index, settings in enumerate(config.search.rounds):
        planned = epochs_planned(prune, config.epochs, settings.trials if index else trials)
        if planned is None:
            return None
        in_all += settings.repeats * planned
    return in_all


def _first_points(strategy: Strategy, count: int, parallel: int) -> list[Params]:
    """The choices that need no result: all of a plan, ``parallel`` of a model."""
    points = []
    for number in range(min(count, parallel) if strategy.uses_results else count):
        params = strategy.ask(number)
        if params is None:
            break
        points.append(params)
    return points


def _draws(config: StudyConfig, trials: int) -> Survey:
    import numpy as np

    return survey(config.space, np.random.default_rng(_SEED_OF_DRAWS), draws=DRAWS, trials=trials)


def _command_line(config: StudyConfig, params: Params) -> str | None:
    """What the first trial will run, if it runs a command."""
    if not isinstance(config.own_code, CommandSettings):
        return None
    from hpt_cli.objectives.command import CommandObjective
    from hpt_cli.objectives.own_code import Home, Run

    study, seed = Path("runs") / config.name, training_seed(config.seed, 0)
    home = Home(config.name, config.folder, study / "trials", study / "work")
    objective = CommandObjective(config.objective.metric, home, config.own_code)
    spec = TrialSpec(0, 0, params, (seed,), Origin(config.search.rounds[0].strategy))
    return objective.line(Run(spec, 0))


def _seconds_per_training(config: StudyConfig, dataset: Dataset, points: list[Params]) -> float:
    """Mean over the pilots: the first epoch, which sets up, and the others as long as the second."""
    from threadpoolctl import threadpool_limits

    from hpt_cli.network import NetworkSettings, train

    data = dataset.training_data()

    def seconds(settings: NetworkSettings) -> float:
        started = time.perf_counter()
        train([settings], [training_seed(config.seed, 0)], data, metric=config.objective.metric)
        return time.perf_counter() - started

    estimates = []
    with threadpool_limits(1):  # as in a worker
        for params in points:
            settings = NetworkSettings.from_flat({**config.network, **params})
            first = seconds(replace(settings, epochs=1))
            further = max(seconds(replace(settings, epochs=2)) - first, 0.0)
            estimates.append(first + (settings.epochs - 1) * further)
    return sum(estimates) / len(estimates) if estimates else 0.0
