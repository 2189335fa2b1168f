"""Who searches: ours, and each peer behind two methods; what is not installed says so by an ImportError."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hpt_cli import SearchSpace, make_strategy
from hpt_cli.space import Choice, Float, Int

Params = dict[str, Any]


class Searcher(Protocol):
    """One search, sequential."""

    def ask(self) -> Params:
        """What to try next."""

    def tell(self, params: Params, value: float | None) -> None:
        """What came of it, less is better; ``None`` is a failure."""


class Ours:
    """A strategy of this package."""

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        budget: int,
        *,
        name: str = "bayes",
        parallel: int = 1,
        **options: Any,
    ) -> None:
        # told at once, but used only by the trial ``parallel`` later: as if so many were always open
        self._strategy = make_strategy(name, space, seed=[seed], parallel=parallel, **options)
        self._number = -1

    def ask(self) -> Params:
        """See :class:`Searcher`."""
        self._number += 1
        params = self._strategy.ask(self._number)
        if params is None:
            raise StopIteration
        return params

    def tell(self, params: Params, value: float | None) -> None:
        """See :class:`Searcher`."""
        self._strategy.tell(self._number, value)


def _of_log1m(value: float) -> float:
    return -math.expm1(value * math.log(10))


def _log1m_range(dimension: Float) -> tuple[float, float]:
    return math.log10(1 - dimension.high), math.log10(1 - dimension.low)


def _on_lattice(dimension: Float, index: int) -> float:
    return dimension.value_at(index)


def _active(space: SearchSpace, params: Params) -> Params:
    """Without what is inactive: peers without conditions choose everything."""
    units = [dimension.to_unit(params[name]) for name, dimension in space.dimensions.items()]
    return {name: params[name] for name in space.from_unit(units)}


class Optuna:
    """Optuna's samplers, with its own conditions and its own state for a failure."""

    def __init__(self, space: SearchSpace, seed: int, budget: int, *, sampler: str) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")
        makers = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
            "gp": lambda: optuna.samplers.GPSampler(seed=seed),
            "cmaes": lambda: optuna.samplers.CmaEsSampler(seed=seed),
        }
        self._failed = optuna.trial.TrialState.FAIL
        self._study = optuna.create_study(sampler=makers[sampler]())
        self._space = space

    def ask(self) -> Params:
        """See :class:`Searcher`."""
        self._trial = self._study.ask()
        params: Params = {}
        for name, dimension in self._space.dimensions.items():
            params[name] = self._suggest(name, dimension)
        return _active(self._space, params)

    def _suggest(self, name: str, dimension: Float | Int | Choice) -> Any:
        if isinstance(dimension, Choice):
            return self._trial.suggest_categorical(name, dimension.choices)
        if isinstance(dimension, Int):
            log = dimension.scale == "log"
            return self._trial.suggest_int(name, dimension.low, dimension.high, log=log)
        if dimension.scale == "log1m":
            low, high = _log1m_range(dimension)
            value = _of_log1m(self._trial.suggest_float(name, low, high))
            return min(max(value, dimension.low), dimension.high)
        if dimension.size is not None:
            return _on_lattice(dimension, self._trial.suggest_int(name, 0, dimension.size - 1))
        return self._trial.suggest_float(name, dimension.low, dimension.high, log=dimension.scale == "log")

    def tell(self, params: Params, value: float | None) -> None:
        """See :class:`Searcher`."""
        if value is None:
            self._study.tell(self._trial, state=self._failed)
        else:
            self._study.tell(self._trial, value)


class _Penalized:
    """For peers that know no failures: one counts as the worst so far."""

    _worst = -math.inf

    def _finite(self, value: float | None) -> float:
        if value is None:
            return self._worst if math.isfinite(self._worst) else 1.0
        self._worst = max(self._worst, value)
        return value


class Skopt(_Penalized):
    """scikit-optimize's optimizer with its defaults."""

    def __init__(self, space: SearchSpace, seed: int, budget: int, *, estimator: str) -> None:
        import skopt

        warnings.simplefilter("ignore")
        kinds = skopt.space
        made: list[Any] = []
        for dimension in space.dimensions.values():
            if isinstance(dimension, Choice):
                made.append(kinds.Categorical(list(dimension.choices)))
            elif isinstance(dimension, Int):
                prior = "log-uniform" if dimension.scale == "log" else "uniform"
                made.append(kinds.Integer(dimension.low, dimension.high, prior=prior))
            elif dimension.size is not None:
                made.append(kinds.Integer(0, dimension.size - 1))
            elif dimension.scale == "log1m":
                made.append(kinds.Real(*_log1m_range(dimension)))
            else:
                prior = "log-uniform" if dimension.scale == "log" else "uniform"
                made.append(kinds.Real(dimension.low, dimension.high, prior=prior))
        self._space = space
        self._optimizer = skopt.Optimizer(made, base_estimator=estimator, random_state=seed)

    def ask(self) -> Params:
        """See :class:`Searcher`."""
        self._point = self._optimizer.ask()
        params: Params = {}
        for (name, dimension), value in zip(self._space.dimensions.items(), self._point, strict=True):
            if isinstance(dimension, Choice):
                params[name] = value
            elif isinstance(dimension, Int):
                params[name] = int(value)
            elif dimension.size is not None:
                params[name] = _on_lattice(dimension, int(value))
            elif dimension.scale == "log1m":
                params[name] = min(max(_of_log1m(value), dimension.low), dimension.high)
            else:
                params[name] = min(max(float(value), dimension.low), dimension.high)
        return _active(self._space, params)

    def tell(self, params: Params, value: float | None) -> None:
        """See :class:`Searcher`."""
        self._optimizer.tell(self._point, self._finite(value))


class Hyperopt(_Penalized):
    """hyperopt's TPE, driven one step at a time."""

    def __init__(self, space: SearchSpace, seed: int, budget: int) -> None:
        import hyperopt
        from hyperopt import hp

        self._hyperopt = hyperopt
        made: dict[str, Any] = {}
        for name, dimension in space.dimensions.items():
            if isinstance(dimension, Choice):
                made[name] = hp.choice(name, list(range(len(dimension.choices))))
            elif isinstance(dimension, Int) and dimension.scale == "log":
                made[name] = hp.uniform(name, math.log(dimension.low - 0.5), math.log(dimension.high + 0.5))
            elif dimension.size is not None:
                made[name] = hp.uniform(name, 0.0, 1.0)
            elif dimension.scale == "log1m":
                made[name] = hp.uniform(name, *_log1m_range(dimension))
            elif dimension.scale == "log":
                made[name] = hp.loguniform(name, math.log(dimension.low), math.log(dimension.high))
            else:
                made[name] = hp.uniform(name, dimension.low, dimension.high)
        self._space, self._made = space, made
        self._trials, self._rng = hyperopt.Trials(), np.random.default_rng(seed)

    def ask(self) -> Params:
        """See :class:`Searcher`."""
        hyperopt = self._hyperopt
        domain = hyperopt.Domain(lambda params: 0.0, self._made)
        (ident,) = self._trials.new_trial_ids(1)
        self._trials.refresh()
        (self._document,) = hyperopt.tpe.suggest(
            [ident], domain, self._trials, int(self._rng.integers(2**31 - 1))
        )
        raw = {name: values[0] for name, values in self._document["misc"]["vals"].items()}
        params: Params = {}
        for name, dimension in self._space.dimensions.items():
            value = raw[name]
            if isinstance(dimension, Choice):
                params[name] = dimension.choices[int(value)]
            elif isinstance(dimension, Int) and dimension.scale == "log":
                params[name] = min(max(round(math.exp(value)), dimension.low), dimension.high)
            elif dimension.size is not None:
                params[name] = dimension.from_unit(value)
            elif dimension.scale == "log1m":
                params[name] = min(max(_of_log1m(value), dimension.low), dimension.high)
            else:
                params[name] = min(max(float(value), dimension.low), dimension.high)
        return _active(self._space, params)

    def tell(self, params: Params, value: float | None) -> None:
        """See :class:`Searcher`."""
        hyperopt = self._hyperopt
        self._document["state"] = hyperopt.JOB_STATE_DONE
        if value is None:
            self._document["result"] = {"status": hyperopt.STATUS_FAIL}
        else:
            self._document["result"] = {"status": hyperopt.STATUS_OK, "loss": value}
        self._trials.insert_trial_docs([self._document])
        self._trials.refresh()


class Nevergrad(_Penalized):
    """nevergrad's NGOpt, told the budget."""

    def __init__(self, space: SearchSpace, seed: int, budget: int) -> None:
        import nevergrad as ng

        warnings.simplefilter("ignore")
        made: dict[str, Any] = {}
        for name, dimension in space.dimensions.items():
            if isinstance(dimension, Choice):
                made[name] = ng.p.Choice(list(dimension.choices))
            elif dimension.size is not None and dimension.scale == "linear":
                made[name] = ng.p.Scalar(lower=0, upper=dimension.size - 1).set_integer_casting()
            elif dimension.scale == "log1m":
                low, high = _log1m_range(dimension)
                made[name] = ng.p.Scalar(lower=low, upper=high)
            elif dimension.scale == "log":
                made[name] = ng.p.Log(lower=dimension.low, upper=dimension.high)
            else:
                made[name] = ng.p.Scalar(lower=dimension.low, upper=dimension.high)
        parametrization = ng.p.Dict(**made)
        parametrization.random_state = np.random.RandomState(seed)
        self._optimizer = ng.optimizers.NGOpt(parametrization, budget=budget)
        self._space = space

    def ask(self) -> Params:
        """See :class:`Searcher`."""
        self._asked = self._optimizer.ask()
        params: Params = {}
        for name, dimension in self._space.dimensions.items():
            value = self._asked.value[name]
            if isinstance(dimension, Choice):
                params[name] = value
            elif isinstance(dimension, Int):
                found = round(value) if dimension.scale == "log" else dimension.values()[int(value)]
                params[name] = min(max(found, dimension.low), dimension.high)
            elif dimension.size is not None:
                params[name] = _on_lattice(dimension, int(value))
            elif dimension.scale == "log1m":
                params[name] = min(max(_of_log1m(value), dimension.low), dimension.high)
            else:
                params[name] = min(max(float(value), dimension.low), dimension.high)
        return _active(self._space, params)

    def tell(self, params: Params, value: float | None) -> None:
        """See :class:`Searcher`."""
        self._optimizer.tell(self._asked, self._finite(value))


class Smac(_Penalized):
    """SMAC3's facade for hyperparameters, told the budget, each point once; it has conditions of its own."""

    def __init__(self, space: SearchSpace, seed: int, budget: int) -> None:
        import ConfigSpace
        import smac

        self._space, self._trial_value = space, smac.runhistory.TrialValue
        made = ConfigSpace.ConfigurationSpace(seed=seed)
        for name, dimension in space.dimensions.items():
            made.add(self._made(ConfigSpace, name, dimension))
        for name, dimension in space.dimensions.items():
            needed = [
                ConfigSpace.InCondition(made[name], made[parent], self._told(parent, values))
                for parent, values in dimension.when.items()
            ]
            if needed:
                made.add(needed[0] if len(needed) == 1 else ConfigSpace.AndConjunction(*needed))
        self._folder = tempfile.TemporaryDirectory()
        scenario = smac.Scenario(
            made, deterministic=True, n_trials=budget, seed=seed, output_directory=Path(self._folder.name)
        )
        facade = smac.HyperparameterOptimizationFacade
        self._facade = facade(scenario, lambda config, seed: 0.0, overwrite=True, logging_level=False)

    def _made(self, kinds: Any, name: str, dimension: Float | Int | Choice) -> Any:
        if isinstance(dimension, Choice):
            return kinds.Categorical(name, [str(index) for index in range(dimension.size)])
        if isinstance(dimension, Int):
            return kinds.Integer(name, (dimension.low, dimension.high), log=dimension.scale == "log")
        if dimension.size is not None:
            return kinds.Integer(name, (0, dimension.size - 1))
        if dimension.scale == "log1m":
            return kinds.Float(name, _log1m_range(dimension))
        return kinds.Float(name, (dimension.low, dimension.high), log=dimension.scale == "log")

    def _told(self, parent: str, values: Any) -> list[Any]:
        """Values of a parent as its own kind has them."""
        dimension = self._space.dimensions[parent]
        if isinstance(dimension, Choice):
            return [str(dimension.choices.index(value)) for value in values]
        return list(values)

    def ask(self) -> Params:
        """See :class:`Searcher`."""
        self._asked = self._facade.ask()
        raw = dict(self._asked.config)
        return {name: _value(self._space.dimensions[name], raw[name]) for name in raw}

    def tell(self, params: Params, value: float | None) -> None:
        """See :class:`Searcher`."""
        self._facade.tell(self._asked, self._trial_value(cost=self._finite(value)))


def _value(dimension: Float | Int | Choice, raw: Any) -> Any:
    """What a number stands for where choices and steps are indices and ``log1m`` is the logarithm."""
    if isinstance(dimension, Choice):
        return dimension.choices[int(raw)]
    if isinstance(dimension, Int):
        return min(max(round(raw), dimension.low), dimension.high)
    if dimension.size is not None:
        return _on_lattice(dimension, int(raw))
    value = _of_log1m(float(raw)) if dimension.scale == "log1m" else float(raw)
    return min(max(value, dimension.low), dimension.high)


class BayesOpt(_Penalized):
    """The package bayesian-optimization with its defaults; logarithms are taken for it."""

    def __init__(self, space: SearchSpace, seed: int, budget: int) -> None:
        from bayes_opt import BayesianOptimization

        if int(version("bayesian-optimization").partition(".")[0]) < 3:  # as nevergrad pins it
            raise ImportError("version 3 of bayesian-optimization is needed; install it over nevergrad's")
        warnings.simplefilter("ignore")
        made: dict[str, Any] = {}
        for name, dimension in space.dimensions.items():
            if isinstance(dimension, Choice):
                made[name] = [str(index) for index in range(dimension.size)]
            elif dimension.scale == "log":
                made[name] = (math.log(dimension.low), math.log(dimension.high))
            elif dimension.scale == "log1m":
                made[name] = _log1m_range(dimension)
            elif isinstance(dimension, Int):
                made[name] = (dimension.low, dimension.high, int)
            elif dimension.size is not None:
                made[name] = (0, dimension.size - 1, int)
            else:
                made[name] = (dimension.low, dimension.high)
        self._space = space
        self._optimizer = BayesianOptimization(
            None, made, random_state=seed, verbose=0, allow_duplicate_points=True
        )

    def ask(self) -> Params:
        """See :class:`Searcher`."""
        self._asked = self._optimizer.suggest()
        params: Params = {}
        for name, dimension in self._space.dimensions.items():
            raw = self._asked[name]
            log = not isinstance(dimension, Choice) and dimension.scale == "log"
            params[name] = _value(dimension, math.exp(raw) if log else raw)
        return _active(self._space, params)

    def tell(self, params: Params, value: float | None) -> None:
        """See :class:`Searcher`."""
        self._optimizer.register(self._asked, -self._finite(value))


def _ours(name: str, **options: Any) -> Callable[..., Searcher]:
    return lambda space, seed, budget: Ours(space, seed, budget, name=name, **options)


SEARCHERS: Mapping[str, Callable[[SearchSpace, int, int], Searcher]] = {
    "hpt": _ours("bayes"),
    **{f"hpt-k{k}": _ours("bayes", parallel=k) for k in (4, 8, 12, 16)},
    "hpt-skopt": _ours("bayes", model="skopt"),
    "hpt-sobol": _ours("sobol"),
    "hpt-random": _ours("random"),
    "optuna-tpe": lambda *args: Optuna(*args, sampler="tpe"),
    "optuna-gp": lambda *args: Optuna(*args, sampler="gp"),
    "optuna-cmaes": lambda *args: Optuna(*args, sampler="cmaes"),
    "skopt-gp": lambda *args: Skopt(*args, estimator="GP"),
    "skopt-et": lambda *args: Skopt(*args, estimator="ET"),
    "hyperopt": Hyperopt,
    "nevergrad": Nevergrad,
    "smac": Smac,
    "bayes-opt": BayesOpt,
}
"""All searchers by name."""
