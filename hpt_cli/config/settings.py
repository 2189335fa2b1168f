"""A validated study, as plain frozen values, and its resolved form: JSON with every default filled in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from hpt_cli.config.hyperparameters import Setting, Study
from hpt_cli.config.messages import shown
from hpt_cli.data.settings import DataSettings, SplitSettings
from hpt_cli.errors import DamagedStudyError
from hpt_cli.network.settings import HYPERPARAMETERS
from hpt_cli.objectives.settings import OwnCode, own_code_from_json
from hpt_cli.pruning import PruneSettings
from hpt_cli.rounds import RefineSettings
from hpt_cli.space import Choice, Dimension, Params, SearchSpace
from hpt_cli.space.constraints import Constraint
from hpt_cli.space.dimensions import dimension_from_json

Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class ObjectiveSettings:
    """The number a trial is judged by.

    Args:
        metric: ``validation_`` or ``training_`` and one of the network's metrics; of own code, any name.
        goal: Whether less or more of it is better.
    """

    metric: str
    goal: Goal


@dataclass(frozen=True)
class RoundSettings:
    """One round.

    Args:
        strategy: ``grid``, ``random``, ``sobol`` or ``bayes``.
        trials: How many, at least 1; of a grid, its whole product.
        repeats: Trainings a trial, at least 1.
    """

    strategy: str
    trials: int
    repeats: int


@dataclass(frozen=True)
class SearchSettings:
    """How the space is searched.

    Args:
        parallel: How many trials may be open when the next is chosen, at least 1.
        model: What ``bayes`` believes by: ``gp``, our own, or ``skopt``, scikit-optimize's.
        rounds: Coarse to fine, at least one.
        budget: Seconds that the study may take, all its runs together; ``None`` for no limit.
        target: The study ends when a trial's objective is as good; ``None`` to run all trials.
        prune: How poor trials are ended early.
        refine: The numbers of the decision where a round looks.
        enqueue: Whole points to try first.
        warm_start: Folders of earlier studies, as they are written.
    """

    parallel: int
    model: Literal["gp", "skopt"]
    rounds: tuple[RoundSettings, ...]
    budget: float | None = None
    target: float | None = None
    prune: PruneSettings = field(default_factory=PruneSettings)
    refine: RefineSettings = field(default_factory=RefineSettings)
    enqueue: tuple[Params, ...] = ()
    warm_start: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExecutionSettings:
    """How trials are run; changes no finished result.

    Args:
        workers: Worker processes; ``None`` leaves it to the machine.
        engine: ``local`` or ``dask``.
        trial_timeout: Seconds that a trial may take; ``None`` for no limit.
        max_failures: Failed trials after which the study stops.
        max_first_failures: If so many trials, the first ones, all fail with the same message, it stops.
        retries: How often a trial is tried again whose worker died.
        address: Of a Dask scheduler; ``None`` for a cluster on this machine.
        threads_per_worker: BLAS threads of each worker; these may change the last bits of a result.
    """

    workers: int | None
    engine: Literal["local", "dask"]
    trial_timeout: float | None
    max_failures: int
    max_first_failures: int = 3
    retries: int = 1
    threads_per_worker: int = 1
    address: str | None = None


@dataclass(frozen=True)
class StudyConfig:
    """Everything one config describes.

    Args:
        path: The file.
        text: Its bytes, as given.
        folder: The file's folder; relative paths start there.
        name: The study's folder under ``runs/``.
        seed: Root of every draw.
        data: Where the rows come from; ``None`` where own code is tuned.
        objective: What a trial is judged by.
        network: What is fixed, by dotted name; what stands neither here nor in ``space`` has its default.
            Empty where own code is tuned.
        space: What is searched.
        search: How.
        execution: By what means.
        own_code: The user's command or function; ``None`` where the built-in network is tuned.
    """

    path: Path
    text: bytes
    folder: Path
    name: str
    seed: int
    data: DataSettings | None
    objective: ObjectiveSettings
    network: Mapping[str, Setting]
    space: SearchSpace
    search: SearchSettings
    execution: ExecutionSettings
    own_code: OwnCode | None = None

    @property
    def epochs(self) -> int:
        """The most epochs that a trial is trained."""
        return max(int(value) for value in Study(self.network, self.space.dimensions).values("epochs"))

    def resolved(self) -> dict[str, Any]:
        """The config with every default filled in, as JSON: for the study's folder and for comparing.

        It has the keys of the YAML file, and ``space_order``: JSON objects have no order, a space has.
        """
        return {
            "name": self.name,
            "seed": self.seed,
            **self._trained(),
            "objective": {"metric": self.objective.metric, "goal": self.objective.goal},
            "space": {name: _entry(dimension) for name, dimension in self.space.dimensions.items()},
            "space_order": list(self.space.names),
            "constraints": list(self.space.constraints),
            "search": {
                "parallel": self.search.parallel,
                "model": self.search.model,
                "rounds": [
                    {"strategy": plan.strategy, "trials": plan.trials, "repeats": plan.repeats}
                    for plan in self.search.rounds
                ],
                "budget": self.search.budget,
                "target": self.search.target,
                "prune": self.search.prune.to_json(),
                "refine": dataclasses.asdict(self.search.refine),
                "enqueue": [dict(point) for point in self.search.enqueue],
                "warm_start": list(self.search.warm_start),
            },
            "execution": {
                "workers": "auto" if self.execution.workers is None else self.execution.workers,
                "engine": self.execution.engine,
                "address": self.execution.address,
                "trial_timeout": self.execution.trial_timeout,
                "max_failures": self.execution.max_failures,
                "max_first_failures": self.execution.max_first_failures,
                "retries": self.execution.retries,
                "threads_per_worker": self.execution.threads_per_worker,
            },
        }

    def rows(self) -> DataSettings:
        """Where the rows of a network come from.

        Raises:
            ValueError: Own code is tuned, which has data of its own.
        """
        if self.data is None:
            raise ValueError("a study of own code has no data of ours")
        return self.data

    def _trained(self) -> dict[str, Any]:
        """What a trial does: the keys that depend on whose code it is."""
        if self.own_code is not None:
            return self.own_code.to_json()
        return {
            "data": _lists(dataclasses.asdict(self.rows())),
            "network": Study(self.network, self.space.dimensions).with_defaults(),
        }

    @classmethod
    def from_resolved(
        cls, resolved: Mapping[str, Any], *, folder: Path, path: Path, text: bytes = b""
    ) -> Self:
        """The inverse of :meth:`resolved`: a study's folder is opened without its YAML.

        ``network`` then holds the defaults too.

        Raises:
            DamagedStudyError: It is not a resolved config.
        """
        try:
            return cls._from_resolved(resolved, folder=folder, path=path, text=text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedStudyError(f"{path}: not the config of a study: {error!r}") from error

    @classmethod
    def _from_resolved(cls, resolved: Mapping[str, Any], *, folder: Path, path: Path, text: bytes) -> Self:
        search, execution = resolved["search"], resolved["execution"]
        own_code = own_code_from_json(resolved)
        data, network = None, dict[str, Setting]()
        if own_code is None:
            data = _data(resolved["data"])
            network.update(resolved["network"])
        dimensions = {name: _dimension(resolved["space"][name]) for name in resolved["space_order"]}
        workers, timeout = execution["workers"], execution["trial_timeout"]
        budget, target = search.get("budget"), search.get("target")  # unknown to the first versions
        return cls(
            path=path,
            text=text,
            folder=folder,
            name=str(resolved["name"]),
            seed=int(resolved["seed"]),
            data=data,
            objective=ObjectiveSettings(**resolved["objective"]),
            network=network,
            space=make_space(dimensions, resolved["constraints"], network if own_code is None else None),
            search=SearchSettings(
                int(search["parallel"]),
                search["model"],
                tuple(RoundSettings(**plan) for plan in search["rounds"]),
                None if budget is None else float(budget),
                None if target is None else float(target),
                PruneSettings(**search.get("prune", {})),  # a study of an earlier version has none
                RefineSettings(**search.get("refine", {})),  # which older versions did not write
                tuple(dict(point) for point in search.get("enqueue", ())),
                tuple(search.get("warm_start", ())),
            ),
            execution=ExecutionSettings(
                workers=None if workers == "auto" else int(workers),
                engine=execution["engine"],
                address=execution.get("address"),
                trial_timeout=None if timeout is None else float(timeout),
                max_failures=int(execution["max_failures"]),
                max_first_failures=int(execution.get("max_first_failures", 3)),
                retries=int(execution.get("retries", 1)),
                threads_per_worker=int(execution.get("threads_per_worker", 1)),
            ),
            own_code=own_code,
        )


def _data(data: Mapping[str, Any]) -> DataSettings:
    tuples = {key: tuple(value) for key, value in data.items() if isinstance(value, list)}
    return DataSettings(**{**data, **tuples, "split": SplitSettings(**data["split"])})


def _lists(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same with lists for tuples, as JSON has it."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}


def make_space(
    dimensions: Mapping[str, Dimension], constraints: list[str], network: Mapping[str, Setting] | None
) -> SearchSpace:
    """The space, which knows those fixed values that its conditions and constraints name.

    Args:
        dimensions: By name.
        constraints: Expressions.
        network: The network's fixed values; ``None`` where own code is tuned, of which nothing is known.

    Raises:
        ValueError: A condition or constraint that cannot be read or met, in a sentence for the user.
    """
    if network is None:
        return SearchSpace(dimensions, constraints)
    named = {parent for dimension in dimensions.values() for parent in dimension.when}
    for constraint in constraints:
        named |= Constraint.parse(constraint).names
    fixed = Study(network, dimensions).constants(sorted(named - dimensions.keys()))
    return SearchSpace(dimensions, constraints, fixed)


def _entry(dimension: Dimension) -> dict[str, Any]:
    """A dimension as it is written under ``space``."""
    entry = dimension.to_json()
    if isinstance(dimension, Choice):
        del entry["type"]
    return entry


def _dimension(entry: Mapping[str, Any]) -> Dimension:
    return dimension_from_json({"type": "choice", **entry})


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two resolved configs: ``search.parallel: 4 -> 8``.

    Left out is what may differ: ``execution``, but for its threads, which may change a bit.

    A hyperparameter or a key of ``data`` or ``search.refine`` that ``old`` does not know, because its version
    had none of that name, differs only if it has another value than its default.
    """
    refine = dataclasses.asdict(RefineSettings())
    plain = _flat({"data": _lists(dataclasses.asdict(DataSettings(""))), "search": {"refine": refine}})
    known = plain | {
        f"network.{name}": spec.default
        for name, spec in HYPERPARAMETERS.items()
        if name not in old.get("network", {}) and name not in old.get("space", {})
    }
    flat_old, flat_new = (_flat({**resolved, "execution": _threads(resolved)}) for resolved in (old, new))
    lines = []
    for key in dict.fromkeys((*flat_old, *flat_new)):
        absent = known.get(key, _ABSENT)
        before, after = flat_old.get(key, absent if key in flat_new else _ABSENT), flat_new.get(key, _ABSENT)
        if _differs(before, after):
            lines.append(f"{key}: {_said(before)} -> {_said(after)}")
    return lines


def _threads(resolved: Mapping[str, Any]) -> dict[str, Any]:
    return {"threads_per_worker": resolved.get("execution", {}).get("threads_per_worker", 1)}


_ABSENT: Any = object()


def _flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        elif isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
            for position, entry in enumerate(value):
                flat.update(_flat(entry, f"{prefix}{key}[{position}]."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _differs(before: Any, after: Any) -> bool:
    if isinstance(before, list) and isinstance(after, list):
        return len(before) != len(after) or any(map(_differs, before, after))
    # JSON has no difference between 1 and 1.0, but true is not 1
    return isinstance(before, bool) != isinstance(after, bool) or bool(before != after)


def _said(value: Any) -> str:
    if value is _ABSENT:
        return "(not there)"
    if value is None:
        return "null"
    return f"[{', '.join(map(_said, value))}]" if isinstance(value, list) else shown(value)
