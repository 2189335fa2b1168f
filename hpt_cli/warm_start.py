"""Earlier studies as a warm start: the trials that fit, copied into the study's folder.

A study must not depend on another one's folder: what is told is read once, when the study is made, and kept
in ``warm_start.json``; ``study.json`` has its hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from hpt_cli.config import StudyConfig
from hpt_cli.errors import DamagedStudyError, InputError
from hpt_cli.files import publish_json, read_json, writing
from hpt_cli.space import Params, SearchSpace, Value, same
from hpt_cli.store import StudyStore
from hpt_cli.trial import Origin, Status, Timing, TrialResult

SCHEMA = 1
TOLD = (Status.DONE, Status.FAILED, Status.DIVERGED)
"""What a clock ended says more about the clock, and what was pruned has no objective."""
_DIFFERENCES_SHOWN = 3


@dataclass(frozen=True)
class WarmStart:
    """Trials of earlier studies.

    Args:
        trials: Each one's params, status and objective, as plain JSON types.
        notes: What fitted and what did not, in sentences.
    """

    trials: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """Of the trials."""
        text = json.dumps(list(self.trials), sort_keys=True)
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def results(self) -> list[TrialResult]:
        """The trials as a strategy is told them."""
        origin, timing = Origin("warm_start", "plan"), Timing(0.0, 0.0, 0.0)
        return [
            TrialResult(
                number=number,
                round=0,
                params=dict(trial["params"]),
                status=Status(trial["status"]),
                objective=trial["objective"],
                repeats=(),
                error=None,
                origin=origin,
                timing=timing,
            )
            for number, trial in enumerate(self.trials)
        ]


def read_studies(config: StudyConfig, runs_dir: Path) -> WarmStart:
    """The trials of the studies that ``search.warm_start`` lists.

    Args:
        config: Of the new study.
        runs_dir: Where studies are kept: one may be named without its folder.

    Raises:
        InputError: There is no such study, or it is judged otherwise.
        DamagedStudyError: It cannot be read.
    """
    trials: list[Mapping[str, Any]] = []
    notes: list[str] = []
    for text in config.search.warm_start:
        store = _find(text, config, runs_dir)
        metric, goal = config.objective.metric, config.objective.goal
        if (store.metric, store.goal) != (metric, goal):
            raise InputError(
                f"search.warm_start: {text} was to {store.goal} {store.metric}, and this study is to {goal} "
                f"{metric}: its results say nothing here; leave it out"
            )
        resolved = store.study["config"]
        results = [result for result in store.results() if result.status in TOLD]
        fitting = [
            (point, result)
            for result in results
            if (point := fitted(result.params, resolved.get("network", {}), config)) is not None
        ]
        trials += [
            {"params": point, "status": str(result.status), "objective": result.objective}
            for point, result in fitting
        ]
        notes.append(_note(text, len(fitting), len(results), _other_settings(resolved, config)))
    return WarmStart(tuple(trials), tuple(notes))


def keep(store: StudyStore, warm: WarmStart) -> None:
    """Copy the trials into a study's folder."""
    path = _path(store)
    with writing(path):
        publish_json(path, {"schema": SCHEMA, "trials": list(warm.trials)})


def kept(store: StudyStore) -> WarmStart | None:
    """The trials in a study's folder; ``None`` where there are none.

    Raises:
        DamagedStudyError: They are not those that the study was made with.
    """
    expected = store.study.get("warm_start")
    if expected is None:
        return None
    path = _path(store)
    try:
        warm = WarmStart(tuple(read_json(path)["trials"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedStudyError(f"{path}: the trials of search.warm_start cannot be read") from error
    if warm.hash != expected:
        raise DamagedStudyError(f"{path}: not the trials that the study was made with")
    return warm


def fitted(params: Params, fixed: Mapping[str, Any], config: StudyConfig) -> Params | None:
    """Params of an earlier study as a point of the new space; ``None`` where they are none.

    What is searched now and was fixed then has its value of then; what was searched then and is fixed now
    must have the value that it has now.

    Args:
        params: The earlier trial's.
        fixed: What was fixed in the earlier study.
        config: The new study's.
    """
    space, now = config.space, config.resolved().get("network", {})
    for name, value in params.items():
        if name not in space.dimensions and not (name in now and _is_same(now[name], value)):
            return None
    known = {**fixed, **params}
    given = {name: known[name] for name in space.names if name in known}
    given = {name: value for name, value in given.items() if value in space.dimensions[name]}
    point = {name: given.get(name) for name in _active(space, given)}
    whole = {name: value for name, value in point.items() if value is not None}
    return whole if len(whole) == len(point) and whole in space else None


def _active(space: SearchSpace, given: Mapping[str, Value]) -> list[str]:
    """The names of a point that has the given values, and the middle of the range elsewhere."""
    places = [
        dimension.to_unit(given[name]) if name in given else 0.5
        for name, dimension in space.dimensions.items()
    ]
    return list(space.from_unit(places))


def _is_same(a: Any, b: Value) -> bool:
    return isinstance(a, (bool, int, float, str)) and same(a, b)


def _find(text: str, config: StudyConfig, runs_dir: Path) -> StudyStore:
    places = [config.folder / text, Path(text), runs_dir / text]
    for place in places:
        if (place / "study.json").is_file():
            return StudyStore(place)
    tried = ", ".join(dict.fromkeys(str(place) for place in places))
    raise InputError(f"search.warm_start: {text} is no study's folder; looked at {tried}")


def _other_settings(old: Mapping[str, Any], config: StudyConfig) -> list[str]:
    """What both studies fix, to other values."""
    then, now = old.get("network", {}), config.resolved().get("network", {})
    return [name for name in now if name in then and then[name] != now[name]]


def _note(text: str, n_fitting: int, n_told: int, others: Sequence[str]) -> str:
    said = f"search.warm_start: {n_fitting} of {n_told} trials of {text} fit the space and are told"
    if not others:
        return said
    more = f" and {len(others) - _DIFFERENCES_SHOWN} more" if len(others) > _DIFFERENCES_SHOWN else ""
    return f"{said}; it had another {', '.join(others[:_DIFFERENCES_SHOWN])}{more}"


def _path(store: StudyStore) -> Path:
    return store.folder / "warm_start.json"
