"""What a study's trials do: from the config to the objective.  The one place where that is decided."""

from __future__ import annotations

from pathlib import Path

from hpt_cli.config import StudyConfig
from hpt_cli.executors import Folder
from hpt_cli.objectives.base import Objective
from hpt_cli.objectives.own_code import Home
from hpt_cli.objectives.settings import CommandSettings, FunctionSettings
from hpt_cli.store import StudyStore


def read_folder(store: StudyStore, config: StudyConfig) -> Folder:
    """What the trials of a study read where they run."""
    if config.own_code is None:
        return Folder(store.data_folder.resolve(), str(store.study["data"]["hash"]))
    return Folder(store.folder.resolve(), None)


def worker_modules(config: StudyConfig) -> tuple[str, ...]:
    """What a worker needs for the first trial of a study."""
    match config.own_code:
        case None:
            return ("hpt_cli.objectives.network",)
        case CommandSettings():
            return ("hpt_cli.objectives.command",)
        case FunctionSettings():
            return ("hpt_cli.objectives.function",)


def make_objective(store: StudyStore, config: StudyConfig, *, scratch: Path | None = None) -> Objective:
    """What evaluates the trials of a study.

    Args:
        store: The study's folder; of the network, with its prepared data.
        config: What the study is.
        scratch: Where own code puts its logs and folders, instead of beside the trials: for trainings that
            are no trials.
    """
    if config.own_code is None:
        from hpt_cli.objectives.network import NetworkObjective

        return NetworkObjective(store.data_folder.resolve(), config.network, config.objective.metric)
    logs, work = scratch or store.log_folder, scratch or store.work_folder
    home = Home(store.name, config.folder.resolve(), logs.resolve(), work.resolve())
    metric = config.objective.metric
    match config.own_code:
        case CommandSettings() as command:
            from hpt_cli.objectives.command import CommandObjective

            return CommandObjective(metric, home, command, config.execution.trial_timeout)
        case FunctionSettings() as function:
            from hpt_cli.objectives.function import FunctionObjective

            return FunctionObjective(metric, home, function)
