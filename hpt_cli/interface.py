"""``hpt`` from Python: run a study, and read one, as the command line does."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpt_cli.errors import ConfigError, InputError
from hpt_cli.records import Damage
from hpt_cli.store import StudyStore
from hpt_cli.trial import TrialResult

if TYPE_CHECKING:
    import pandas as pd

    from hpt_cli.board import Leaderboard
    from hpt_cli.config import StudyConfig
    from hpt_cli.events import Event, Observer
    from hpt_cli.model import Model
    from hpt_cli.rounds import RoundPlan

_Path = str | os.PathLike[str]


class Study:
    """A study's folder, read when something of it is asked for, and then remembered.

    A study that is running grows; :func:`load_study` it again to see more.

    Args:
        store: The folder.
    """

    def __init__(self, store: StudyStore) -> None:
        self._store = store

    @property
    def name(self) -> str:
        """The study's name: that of its folder."""
        return self._store.name

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._store.folder

    @property
    def config(self) -> dict[str, Any]:
        """The config with every default filled in, in the form of the YAML file; a copy."""
        config: dict[str, Any] = json.loads(json.dumps(self._store.study["config"]))
        return config

    @property
    def metric(self) -> str:
        """What trials are judged by."""
        return self._store.metric

    @property
    def goal(self) -> str:
        """``minimize`` or ``maximize``."""
        return self._store.goal

    @cached_property
    def trials(self) -> tuple[TrialResult, ...]:
        """Every finished trial of any status, by number, with its repeats, metrics and learning curves."""
        return tuple(self._store.results())

    @cached_property
    def damage(self) -> tuple[Damage, ...]:
        """The files among the trials and reruns that cannot be read; ``hpt run`` sets them aside."""
        return tuple(self._store.damage())

    @cached_property
    def rounds(self) -> tuple[RoundPlan, ...]:
        """The plans of the rounds so far: space, strategy, and from the second on what moved and why."""
        return tuple(self._store.rounds())

    @cached_property
    def _board(self) -> Leaderboard:
        from hpt_cli.views.standing import standing_of

        return standing_of(self._store).board

    def leaderboard(self) -> Leaderboard:
        """The trials, best first, as ``hpt show`` ranks them.  Its trials have no curves: ``trials`` has."""
        return self._board

    @property
    def best(self) -> TrialResult | None:
        """The best trial, curves included; ``None`` while none is done."""
        row = self._board.best
        return None if row is None else self._store.read_trial(row.result.number)

    @property
    def model(self) -> Model:
        """The network of the best trial, or of the confirmed one, with the preprocessing of its rows.

        Raises:
            InputError: There is none: no trial is done, or the study tunes code of its own.
        """
        from hpt_cli.model import load_model

        return load_model(self.folder)

    def to_pandas(self) -> pd.DataFrame:
        """A row a trial, best first: the columns of ``hpt show --format csv``, with the trial as index."""
        import pandas as pd

        from hpt_cli.views.machine import records

        titles, rows = records(self._board, self._board.rows)
        frame = pd.DataFrame(list(rows), columns=titles).set_index("trial")
        empty = [name for name in frame if name != "error" and frame[name].isna().all()]
        return frame.astype(dict.fromkeys(empty, float))  # so that they can be reckoned with

    def __repr__(self) -> str:
        return f"<Study {self.name} in {self.folder}>"


def load_study(study: _Path | None = None, *, runs_dir: _Path | None = None) -> Study:
    """Open a study.

    Args:
        study: A name under ``runs_dir`` or a study's folder; left out, the newest study.
        runs_dir: Where studies are kept; left out, ``$HPT_RUNS_DIR`` or ``runs``.

    Raises:
        StudyNotFoundError: There is none.
        DamagedStudyError: Its description cannot be read.
    """
    return Study(StudyStore.find(_runs_dir(runs_dir), None if study is None else os.fspath(study)))


def run_study(
    config: _Path | Mapping[str, Any],
    *,
    function: Callable[..., Any] | None = None,
    overrides: Sequence[str] = (),
    name: str | None = None,
    trials: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    runs_dir: _Path | None = None,
    fresh: bool = False,
    retry_failed: bool = False,
    progress: bool = False,
    observe: Observer | None = None,
) -> Study:
    """Run a study to its end, or go on with it, as ``hpt run`` does.

    Args:
        config: A YAML file; or what would stand in one, as a mapping, whose paths are relative to the working
            directory.
        function: With a mapping: what is tuned, instead of ``function:`` in it.  It must stand at the top
            level of a module or script, because worker processes import it; a script needs
            ``if __name__ == "__main__":`` around the call of ``run_study``, a notebook a module beside it.
        overrides: ``search.trials=5``, as after ``--set``.
        name: The study's name, instead of the config's.
        trials: Trials in each round, instead of the config's.
        seed: Root of every draw, instead of the config's.
        workers: Processes that train; changes no result.
        runs_dir: Where studies are kept; left out, ``$HPT_RUNS_DIR`` or ``runs``.
        fresh: Start over; an existing folder is renamed.
        retry_failed: Run the trials again that failed or timed out.
        progress: Say on standard error what ``hpt run`` says in a pipe: a line a trial.
        observe: Is called with each event of :mod:`hpt_cli.events`, from this thread.

    Raises:
        InputError: The config, the data or an argument is wrong; nothing was started.
        StudyFailedError: No trial succeeded, or too many failed.
        StudyInUseError: Another process runs the study.
        CannotWriteError: A result could not be written.
        KeyboardInterrupt: Ctrl-C; finished trials are kept, and the same call goes on.
    """
    from hpt_cli.engines import start_early
    from hpt_cli.events import Notice
    from hpt_cli.in_flight import StopRequest
    from hpt_cli.preparation import prepare_study
    from hpt_cli.study import run_missing

    if workers is not None and workers < 1:
        raise InputError(f"workers must be at least 1, found {workers}")
    keys = {"name": ("name", name), "trials": ("search.trials", trials), "seed": ("seed", seed)}
    options = {
        argument: f"{key}={json.dumps(value)}" for argument, (key, value) in keys.items() if value is not None
    }
    if isinstance(config, Mapping):
        study_config = _config_of(config, function, overrides, options)
    elif function is not None:
        raise InputError("function goes with a mapping; a config file names its function itself")
    else:
        from hpt_cli.config import load_config

        study_config = load_config(Path(config), overrides, options)
    objective = study_config.objective
    watchers = [_plain_lines(objective.metric, objective.goal)] if progress else []
    watchers += [] if observe is None else [observe]

    def see(event: Event) -> None:
        for watcher in watchers:
            watcher(event)

    root = _runs_dir(runs_dir)
    with start_early(study_config, workers, runs_dir=root, fresh=fresh) as crew:
        store = prepare_study(study_config, runs_dir=root, fresh=fresh, notify=lambda text: see(Notice(text)))
        run_missing(
            store,
            study_config,
            workers=workers,
            observe=see,
            stop=StopRequest(),
            retry_failed=retry_failed,
            crew=crew,
        )
    return Study(store)


def _plain_lines(metric: str, goal: str) -> Observer:
    """Writes a line for each event, in a notebook below its cell."""
    from hpt_cli.views.console import make_console
    from hpt_cli.views.plain import PlainView
    from hpt_cli.views.progress import Progress

    return PlainView(make_console(stderr=True), Progress(metric, goal)).observe


def _runs_dir(given: _Path | None) -> Path:
    from hpt_cli.views.standing import DEFAULT_RUNS_DIR, RUNS_DIR_VARIABLE

    return Path(given or os.environ.get(RUNS_DIR_VARIABLE) or DEFAULT_RUNS_DIR)


def _config_of(
    mapping: Mapping[str, Any],
    function: Callable[..., Any] | None,
    overrides: Sequence[str],
    options: Mapping[str, str],
) -> StudyConfig:
    """A mapping read by the rules of a YAML file, which it becomes: it is kept as ``study.yaml``."""
    import yaml

    from hpt_cli.config.load import parse_config

    folder = Path.cwd()
    content = dict(mapping)
    if function is not None:
        folder, content["function"] = _target_of(function)
    try:
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()
    except yaml.YAMLError as error:
        raise InputError(f"config: {error.args[0]}, found {error.args[-1]!r}; write plain values") from None
    try:
        return parse_config(text, folder / "study.yaml", overrides, options)
    except ConfigError as error:  # its lines are not the user's
        problems = [dataclasses.replace(problem, line=0) for problem in error.problems]
        raise ConfigError(Path("config"), problems) from None


def _target_of(function: Callable[..., Any]) -> tuple[Path, str]:
    """The folder from which a worker can import a function, and ``package.module:name``."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    name = getattr(function, "__qualname__", "<object>")
    file = getattr(module, "__file__", None)
    if "<" in name or module is None or file is None:
        raise InputError(
            f"function: worker processes cannot import {name}; define it at the top level of a module "
            "or of a script (in a notebook: write it to a file with %%writefile train.py, and import it)"
        )
    path = Path(file).resolve()
    if module.__name__ == "__main__":
        if not _is_guarded(path):
            raise InputError(
                f"function: worker processes import {path.name} to find {name}, and would run all of it; put "
                'the call of run_study below a line: if __name__ == "__main__":'
            )
        return path.parent, f"{path.stem}:{name}"
    if path.name == "__init__.py":
        path = path.parent
    return path.parents[module.__name__.count(".")], f"{module.__name__}:{name}"


def _is_guarded(script: Path) -> bool:
    """Whether a script asks at its top level whether it is run or imported."""
    import ast

    asked = (node.test for node in ast.parse(script.read_bytes()).body if isinstance(node, ast.If))
    names = (node for test in asked for node in ast.walk(test) if isinstance(node, ast.Name))
    return any(node.id == "__name__" for node in names)
