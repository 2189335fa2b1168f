"""What a study would do, without doing it: for ``hpt plan``.  Nothing is written."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hpt_cli.config import StudyConfig, check_images
from hpt_cli.data import Dataset, load_dataset
from hpt_cli.network import NetworkSettings, train
from hpt_cli.planning import first_round, strategy_of
from hpt_cli.preparation import check_objective
from hpt_cli.seeds import training_seed
from hpt_cli.space import Params, Survey, survey
from hpt_cli.strategies.base import Strategy

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
        seconds_per_trial: From two timed epochs of the first points; all repeats, on one core.
    """

    config: StudyConfig
    notes: tuple[str, ...]
    rows: Mapping[str, int]
    trials: int
    exhausts: bool
    trials_in_all: int
    points: tuple[Params, ...]
    draws: Survey
    seconds_per_trial: float


def preview(config: StudyConfig) -> Preview:
    """Check a config and its data, and look ahead.

    Raises:
        DataError, InputError: As :func:`hpt_cli.preparation.prepare_study`.
    """
    dataset = load_dataset(config.data, folder=config.folder, seed=config.seed)
    check_objective(config, dataset)
    check_images(config, dataset.image_shape)
    first = first_round(config)
    strategy = strategy_of(first, config)
    size = config.space.size
    trials = first.trials if size is None else min(first.trials, size)
    points = _first_points(strategy, min(_POINTS_SHOWN, trials), config.search.parallel)
    return Preview(
        config=config,
        notes=dataset.notes,
        rows=dataset.rows(),
        trials=trials,
        exhausts=trials < first.trials,
        trials_in_all=trials + sum(later.trials for later in config.search.rounds[1:]),
        points=tuple(points),
        draws=_draws(config, trials),
        seconds_per_trial=first.repeats * _seconds_per_training(config, dataset, points[:_PILOTS]),
    )


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


def _seconds_per_training(config: StudyConfig, dataset: Dataset, points: list[Params]) -> float:
    """Mean over the pilots: the first epoch, which sets up, and the others as long as the second."""
    from threadpoolctl import threadpool_limits

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
