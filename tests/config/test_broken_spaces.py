"""Configs as careless users write them: what is searched, and how.

Each case: name, text, line, key, words of the message.
"""

from __future__ import annotations

import pytest


def below(text: str) -> str:
    """The text, indented as the content of a section."""
    return "".join(f"  {line}\n" for line in text.split("\n"))


FIXED = "data: {source: digits}\nspace: {learning_rate: {low: 1e-4, high: 1}}\n"

SPACE = [
    (
        "no blank after a colon",
        "learning_rate: {low:1e-4, high: 1}",
        3,
        "space.learning_rate.low:1e-4",
        "a colon needs a blank",
    ),
    ("range as a dash", "hidden_layers: 1-3", 3, "space.hidden_layers", "must be a whole number"),
    ("list without brackets", "hidden_units: 16, 32, 64", 3, "space.hidden_units", "must be a whole number"),
    (
        "range as a list of mappings",
        "learning_rate:\n  - low: 1e-4\n  - high: 1",
        4,
        "space.learning_rate[0]",
        "must be one value",
    ),
    (
        "a hard limit inside the range",
        "learning_rate: {low: 1e-4, high: 1, hard_high: 0.5}",
        3,
        "space.learning_rate.hard_high",
        "hard_high must not be below high, found hard_high 0.5 and high 1",
    ),
    (
        "a hard limit that the hyperparameter cannot have",
        "dropout: {low: 0, high: 0.5, hard_high: 1}",
        3,
        "space.dropout.hard_high",
        "must be below 1",
    ),
    ("unknown name", "momentun: {low: 0, high: 0.9}", 3, "space.momentun", "unknown key"),
    ("abbreviation", "lr: {low: 1e-4, high: 1}", 3, "space.lr", "unknown key"),
    ("not searchable", "loss: [mse, cross_entropy]", 3, "space.loss", "cannot be searched"),
    (
        "nested name",
        "batch_norm: {momentum: [0.8, 0.9]}",
        3,
        "space.batch_norm",
        "is one value of its own here",
    ),
    ("schedule without its kind", "schedule: [constant, cosine]", 3, "space.schedule", "unknown key"),
    ("low without high", "learning_rate: {low: 1e-4}", 3, "space.learning_rate.high", "is missing"),
    ("high without low", "learning_rate: {high: 1}", 3, "space.learning_rate.low", "is missing"),
    ("empty mapping", "learning_rate: {}", 3, "space.learning_rate.low", "is missing"),
    ("nothing", "learning_rate:", 3, "space.learning_rate", "must be one value"),
    ("min and max", "learning_rate: {min: 1e-4, max: 1}", 3, "space.learning_rate.min", "unknown key"),
    (
        "low above high",
        "learning_rate: {low: 1, high: 1e-4}",
        3,
        "space.learning_rate.low",
        "must be below high",
    ),
    (
        "low equal to high",
        "learning_rate: {low: 0.1, high: 0.1}",
        3,
        "space.learning_rate.low",
        "low and high are both 0.1",
    ),
    (
        "log from 0",
        "l2: {low: 0, high: 1, scale: log}",
        3,
        "space.l2.scale",
        "the log scale needs low above 0",
    ),
    (
        "learning rate from 0",
        "learning_rate: {low: 0, high: 1, scale: log}",
        3,
        "space.learning_rate.low",
        "must be above 0",
    ),
    (
        "negative learning rate",
        "learning_rate: {low: -1, high: 1}",
        3,
        "space.learning_rate.low",
        "must be above 0",
    ),
    ("log1m up to 1", "dropout: {low: 0, high: 1, scale: log1m}", 3, "space.dropout.high", "must be below 1"),
    (
        "scale of another tool",
        "learning_rate: {low: 1e-4, high: 1, scale: loguniform}",
        3,
        "space.learning_rate.scale",
        "must be linear, log or log1m",
    ),
    (
        "log as a flag",
        "learning_rate: {low: 1e-4, high: 1, log: true}",
        3,
        "space.learning_rate.log",
        "unknown key",
    ),
    (
        "unknown scale",
        "learning_rate: {low: 1e-4, high: 1, scale: lgo}",
        3,
        "space.learning_rate.scale",
        "must be linear, log or log1m",
    ),
    (
        "low as text",
        'learning_rate: {low: "1e-4", high: 1}',
        3,
        "space.learning_rate.low",
        "must be a number",
    ),
    (
        "low as a fraction",
        "learning_rate: {low: 1/1000, high: 1}",
        3,
        "space.learning_rate.low",
        "must be a number",
    ),
    (
        "low as a power",
        "learning_rate: {low: 10^-4, high: 1}",
        3,
        "space.learning_rate.low",
        "must be a number",
    ),
    ("dropout up to 1", "dropout: {low: 0, high: 1}", 3, "space.dropout.high", "must be below 1"),
    (
        "step off the lattice",
        "dropout: {low: 0, high: 0.5, step: 0.2}",
        3,
        "space.dropout.high",
        "high must be low plus a whole number of steps",
    ),
    ("step of 0", "dropout: {low: 0, high: 0.5, step: 0}", 3, "space.dropout.step", "must be above 0"),
    (
        "step on a log scale",
        "learning_rate: {low: 0.1, high: 1, scale: log, step: 0.1}",
        3,
        "space.learning_rate.step",
        "a step needs the linear scale",
    ),
    (
        "step that is text",
        "dropout: {low: 0, high: 0.5, step: small}",
        3,
        "space.dropout.step",
        "must be a number",
    ),
    ("one point", "dropout: {low: 0, high: 0.5, points: 1}", 3, "space.dropout.points", "must be at least 2"),
    (
        "points with a fraction",
        "dropout: {low: 0, high: 0.5, points: 2.5}",
        3,
        "space.dropout.points",
        "must be a whole number",
    ),
    (
        "float for a whole number",
        "hidden_units: {type: float, low: 16, high: 256}",
        3,
        "space.hidden_units.type",
        "hidden_units takes whole numbers",
    ),
    (
        "int for all numbers",
        "dropout: {type: int, low: 0, high: 0.5}",
        3,
        "space.dropout.type",
        "dropout takes all numbers",
    ),
    (
        "type of another language",
        "hidden_units: {type: integer, low: 16, high: 256}",
        3,
        "space.hidden_units.type",
        "must be int or float",
    ),
    (
        "fractional bound of an int",
        "hidden_units: {low: 16.5, high: 256}",
        3,
        "space.hidden_units.low",
        "must be a whole number",
    ),
    (
        "fractional step of an int",
        "hidden_units: {low: 16, high: 256, step: 0.5}",
        3,
        "space.hidden_units.step",
        "must be a whole number",
    ),
    (
        "log1m for an int",
        "hidden_units: {low: 16, high: 256, scale: log1m}",
        3,
        "space.hidden_units.scale",
        "the log1m scale is for floats below 1",
    ),
    (
        "range of a switch",
        "batch_norm: {low: 0, high: 1}",
        3,
        "space.batch_norm",
        "is not a number: it has no range",
    ),
    ("range of names", "activation: {low: relu, high: tanh}", 3, "space.activation.low", "must be a number"),
    ("empty list", "activation: []", 3, "space.activation", "is empty"),
    (
        "unknown choice",
        "activation: [relu, tahn]",
        3,
        "space.activation[1]",
        "must be relu, leaky_relu, tanh, sigmoid, elu",
    ),
    ("choice twice", "activation: [relu, tanh, relu]", 3, "space.activation[2]", "stands twice"),
    ("choice twice as another spelling", "epochs: [10, 1e1]", 3, "space.epochs[1]", "stands twice"),
    ("choices out of bounds", "dropout: [0, 0.5, 1]", 3, "space.dropout[2]", "must be below 1"),
    (
        "switch by yes and no",
        "batch_norm: [yes, no]",
        3,
        "space.batch_norm[0]",
        "yes may mean true or a text",
    ),
    ("switch by 0 and 1", "batch_norm: [0, 1]", 3, "space.batch_norm[0]", "must be true or false"),
    ("null as a choice", "patience: [null, 5]", 3, "space.patience[0]", "must be one value"),
    ("list in a list", "hidden_units: [[64, 32], [128]]", 3, "space.hidden_units[0]", "must be one value"),
    (
        "choices with a range",
        "dropout: {choices: [0.1], low: 0}",
        3,
        "space.dropout.low",
        "does not go with choices",
    ),
    (
        "choices that are a word",
        "activation: {choices: relu}",
        3,
        "space.activation.choices",
        "must be a list",
    ),
    ("empty choices", "activation: {choices: []}", 3, "space.activation.choices", "is empty"),
    ("list without blanks", "hidden_units:\n  -16\n  -32", 3, "space.hidden_units", "must be a whole number"),
    ("range in words", "learning_rate: 1e-4..1", 3, "space.learning_rate", "must be a number"),
    ("range as a call", "learning_rate: loguniform(1e-4, 1)", 3, "space.learning_rate", "must be a number"),
    (
        "two colons in one line",
        "learning_rate: low: 1e-4",
        3,
        "",
        "a second ': ' on one line, or an indentation",
    ),
    (
        "momentum of a fixed adam",
        "momentum: {low: 0.5, high: 0.9}",
        3,
        "space.momentum",
        "has no effect: optimizer is adam, the default",
    ),
    (
        "condition on an unknown name",
        "dropout: {low: 0, high: 0.5, when: {optimiser: sgd}}",
        3,
        "space.dropout.when.optimiser",
        "unknown key",
    ),
    (
        "condition on a value that is never taken",
        "optimizer: [sgd, adam]\ndropout: {low: 0, high: 0.5, when: {optimizer: rmsprop}}",
        4,
        "space.dropout.when",
        "dropout depends on optimizer being 'rmsprop',",
    ),
    (
        "condition on an unknown value",
        "optimizer: [sgd, adam]\ndropout: {low: 0, high: 0.5, when: {optimizer: sdg}}",
        4,
        "space.dropout.when.optimizer",
        "must be sgd, rmsprop, adam or adamw",
    ),
    (
        "condition on itself",
        "dropout: {low: 0, high: 0.5, when: {dropout: 0.5}}",
        3,
        "space.dropout.when.dropout",
        "cannot depend on itself",
    ),
    (
        "conditions in a ring",
        (
            "dropout: {choices: [0.1, 0.2], when: {epochs: 10}}\n"
            "epochs: {choices: [10, 20], when: {dropout: 0.1}}"
        ),
        2,
        "space",
        "the conditions go round in a ring: dropout ->",
    ),
    (
        "condition against the effect",
        "optimizer: [sgd, adam]\nmomentum: {low: 0.5, high: 0.9, when: {optimizer: [sgd, adam]}}",
        4,
        "space.momentum.when.optimizer",
        "momentum has no effect where optimizer is adam",
    ),
    (
        "condition as a word",
        "dropout: {low: 0, high: 0.5, when: sgd}",
        3,
        "space.dropout.when",
        "must be a mapping of keys to values",
    ),
    (
        "condition on a range",
        ("learning_rate: {low: 0.1, high: 1}\ndropout: {low: 0, high: 0.5, when: {learning_rate: 0.1}}"),
        4,
        "space.dropout.when",
        "dropout depends on learning_rate, which has",
    ),
    (
        "condition on what is fixed otherwise",
        "dropout: {low: 0, high: 0.5, when: {optimizer: sgd}}",
        3,
        "space.dropout.when.optimizer",
        "dropout is never active: optimizer is 'adam'",
    ),
    (
        "layer that is never there",
        "hidden_layers: [1, 2]\nhidden_units_3: [16, 32]",
        4,
        "space.hidden_units_3",
        "has no effect: the net has at most 2 hidden",
    ),
    ("layer 0", "hidden_units_0: [16, 32]", 3, "space.hidden_units_0", "unknown key"),
    (
        "own widths for all layers",
        ("hidden_layers: [1, 2]\nhidden_units: [8, 16]\nhidden_units_1: [16, 32]\nhidden_units_2: [16, 32]"),
        4,
        "space.hidden_units",
        "has no effect: every layer has a width of its",
    ),
    (
        "batch norm with one row",
        "batch_norm: [true]\nbatch_size: 1",
        4,
        "space.batch_size",
        "batch norm needs at least 2 rows to train on",
    ),
    (
        "name written twice",
        "dropout: 0.1\ndropout: 0.2",
        4,
        "space.dropout",
        "is written twice: on line 3 and on line 4",
    ),
]

SEARCH = [
    ("unknown strategy", "strategy: bayesien", 4, "search.strategy", "must be grid, random, sobol or bayes"),
    ("bayesian", "strategy: Bayesian", 4, "search.strategy", "must be grid, random, sobol or bayes"),
    (
        "strategy of another tool",
        "strategy: tpe",
        4,
        "search.strategy",
        "must be grid, random, sobol or bayes",
    ),
    (
        "strategy in capitals",
        "strategy: Random",
        4,
        "search.strategy",
        "must be grid, random, sobol or bayes",
    ),
    ("trials of 0", "trials: 0", 4, "search.trials", "must be at least 1"),
    ("trials that is text", "trials: many", 4, "search.trials", "must be a whole number"),
    ("trials with a fraction", "trials: 2.5", 4, "search.trials", "must be a whole number"),
    ("negative trials", "trials: -5", 4, "search.trials", "must be at least 1"),
    ("typing error in trials", "trails: 20", 4, "search.trails", "unknown key"),
    ("n_trials", "n_trials: 20", 4, "search.n_trials", "unknown key"),
    ("repeats of 0", "repeats: 0", 4, "search.repeats", "must be at least 1"),
    ("parallel of 0", "parallel: 0", 4, "search.parallel", "must be at least 1"),
    ("rounds of 0", "rounds: 0", 4, "search.rounds", "must be at least 1"),
    ("rounds as text", "rounds: two", 4, "search.rounds", "must be a whole number"),
    ("empty rounds", "rounds: []", 4, "search.rounds", "is empty"),
    (
        "unknown key in a round",
        "rounds:\n  - {strategy: random, trials: 5}\n  - {strategy: bayes, trial: 5}",
        6,
        "search.rounds[1].trial",
        "unknown key",
    ),
    (
        "unknown strategy in a round",
        "rounds:\n  - {strategy: random}\n  - {strategy: byes}",
        6,
        "search.rounds[1].strategy",
        "must be grid, random, sobol or bayes",
    ),
    (
        "round that is a number",
        "rounds: [5, 10]",
        4,
        "search.rounds[0]",
        "must be a mapping of keys to values",
    ),
    (
        "pruning",
        "prune: {method: asha}",
        4,
        "search.prune.method",
        "must be none, successive_halving, hyperband or median",
    ),
    (
        "pruning by a key of another method",
        "prune: {method: median, reduction: 3}",
        4,
        "search.prune.reduction",
        "has no effect: search.prune.method is median",
    ),
    (
        "pruning after the end",
        "prune: {method: hyperband, first_rung: 30}",
        4,
        "search.prune.first_rung",
        "must be below the number of epochs, 30",
    ),
    ("pruning as a word", "prune: none", 4, "search.prune", "must be a mapping of keys to values"),
    ("pruning with eta", "prune: {method: none, eta: 3}", 4, "search.prune.eta", "unknown key"),
    ("seed under search", "seed: 3", 4, "search.seed", "unknown key"),
    (
        "grid without points",
        "strategy: grid",
        2,
        "space.learning_rate",
        "a grid needs to know how many values to take",
    ),
    ("search is a word", "bayes", 3, "search", "must be a mapping of keys to values"),
    ("too many trials", "trials: 1e9", 4, "search.trials", "must be at most 100000"),
]

CASES = [
    *((name, "data: {source: digits}\nspace:\n" + below(text), *rest) for name, text, *rest in SPACE),
    *((name, FIXED + "search:\n" + below(text), *rest) for name, text, *rest in SEARCH),
]


@pytest.mark.parametrize(
    ("text", "line", "key", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_is_refused_where_it_is_wrong(problems, text, line, key, words):
    found = problems(text)
    first = found[0]
    assert (first.line, first.key) == (line, key)
    assert words in first.what
    assert len(found) <= 2
