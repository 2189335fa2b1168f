"""Configs as careless users write them.

Each case: name, text, line, key, words of the message.
"""

from __future__ import annotations

import pytest


def below(text: str) -> str:
    """The text, indented as the content of a section."""
    return "".join(f"  {line}\n" for line in text.split("\n"))


FIXED = "data: {source: digits}\nspace: {learning_rate: {low: 1e-4, high: 1}}\n"

DATA = [
    ("no source", "target: label", 2, "data.source", "is missing"),
    ("source without a value", "source:", 3, "data.source", "must be text"),
    ("unknown data set", "source: digts", 3, "data.source", "there is no data set or file of that name"),
    (
        "data set of another library",
        "source: mnist",
        3,
        "data.source",
        "there is no data set or file of that name",
    ),
    ("source that is a number", "source: 5", 3, "data.source", "must be text"),
    ("source that is a list", "source: [digits, wine]", 3, "data.source", "must be text"),
    ("path as the key", "path: x.csv", 3, "data.path", "unknown key"),
    ("label as the key", "source: digits\nlabel: y", 4, "data.label", "unknown key"),
    ("target that is a list", "source: digits\ntarget: [a, b]", 4, "data.target", "must be a column's name"),
    ("target that is a fraction", "source: digits\ntarget: 1.5", 4, "data.target", "must be a column's name"),
    (
        "unknown task",
        "source: digits\ntask: classifcation",
        4,
        "data.task",
        "must be auto, classification or regression",
    ),
    (
        "categorical task",
        "source: digits\ntask: categorical",
        4,
        "data.task",
        "must be auto, classification or regression",
    ),
    (
        "unknown scaling",
        "source: digits\nscale: standart",
        4,
        "data.scale",
        "must be standard, minmax or none",
    ),
    ("scaling by a flag", "source: digits\nscale: true", 4, "data.scale", "must be standard, minmax or none"),
    (
        "validation of 1",
        "source: digits\nsplit: {validation: 1}",
        4,
        "data.split.validation",
        "must be below 1",
    ),
    (
        "validation of 0",
        "source: digits\nsplit: {validation: 0}",
        4,
        "data.split.validation",
        "must be above 0",
    ),
    (
        "validation in percent",
        "source: digits\nsplit: {validation: 20}",
        4,
        "data.split.validation",
        "must be below 1",
    ),
    (
        "validation with a percent sign",
        "source: digits\nsplit: {validation: 20%}",
        4,
        "data.split.validation",
        "must be a number",
    ),
    (
        "negative test share",
        "source: digits\nsplit: {test: -0.1}",
        4,
        "data.split.test",
        "must be at least 0",
    ),
    (
        "nothing left to train on",
        "source: digits\nsplit: {validation: 0.5, test: 0.5}",
        4,
        "data.split",
        "validation and test leave nothing to train",
    ),
    (
        "split as a list",
        "source: digits\nsplit: [0.6, 0.2, 0.2]",
        4,
        "data.split",
        "must be a mapping of keys to values",
    ),
    (
        "split as a number",
        "source: digits\nsplit: 0.2",
        4,
        "data.split",
        "must be a mapping of keys to values",
    ),
    (
        "train share",
        "source: digits\nsplit: {train: 0.6, validation: 0.2}",
        4,
        "data.split.train",
        "unknown key",
    ),
    ("val for validation", "source: digits\nsplit: {val: 0.2}", 4, "data.split.val", "unknown key"),
    (
        "stratify by yes",
        "source: digits\nsplit: {stratify: yes}",
        4,
        "data.split.stratify",
        "yes may mean true or a text",
    ),
    (
        "stratify in quotes",
        "source: digits\nsplit: {stratify: 'true'}",
        4,
        "data.split.stratify",
        "must be true or false",
    ),
    (
        "stratify by 1",
        "source: digits\nsplit: {stratify: 1}",
        4,
        "data.split.stratify",
        "must be true or false",
    ),
    (
        "decimal comma",
        "source: digits\nsplit: {validation: '0,2'}",
        4,
        "data.split.validation",
        "must be a number",
    ),
]

REST = [
    ("name with a slash", "name: a/b", 3, "name", "cannot be a name"),
    ("name with a blank", "name: my study", 3, "name", "cannot be a name"),
    ("name that climbs out", "name: ../x", 3, "name", "cannot be a name"),
    ("empty name", "name: ''", 3, "name", "must not be empty"),
    ("name that is a number", "name: 2024", 3, "name", "must be text"),
    ("name that is true", "name: true", 3, "name", "must be text"),
    (
        "name that is too long",
        "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        3,
        "name",
        "cannot be a name",
    ),
    ("name that starts with a dot", "name: .hidden", 3, "name", "cannot be a name"),
    ("negative seed", "seed: -1", 3, "seed", "must be at least 0"),
    ("seed that is text", "seed: abc", 3, "seed", "must be a whole number"),
    ("seed with a fraction", "seed: 1.5", 3, "seed", "must be a whole number"),
    ("seed that is too large", "seed: 99999999999", 3, "seed", "must be at most 4294967295"),
    ("seed of too many digits", "seed: 12345678901234567890", 3, "seed", "has more than 18 digits"),
    ("seed that is none", "seed: None", 3, "seed", "None is not a value in YAML"),
    ("seed that is null", "seed: null", 3, "seed", "must be a whole number"),
    ("octal seed", "seed: 017", 3, "seed", "017 may be read as octal"),
    ("hexadecimal seed", "seed: 0x1F", 3, "seed", "0x1F is not a decimal number"),
    ("seed that is true", "seed: true", 3, "seed", "must be a whole number"),
    (
        "objective as a word",
        "objective: validation_loss",
        3,
        "objective",
        "must be a mapping of keys to values",
    ),
    ("metric without its part", "objective: {metric: accuracy}", 3, "objective.metric", "unknown metric"),
    ("abbreviated metric", "objective: {metric: val_acc}", 3, "objective.metric", "unknown metric"),
    (
        "test metric",
        "objective: {metric: test_accuracy}",
        3,
        "objective.metric",
        "test rows are not for choosing: the best",
    ),
    ("unknown metric", "objective: {metric: validation_precision}", 3, "objective.metric", "unknown metric"),
    (
        "metric with a typing error",
        "objective: {metric: validation_acuracy}",
        3,
        "objective.metric",
        "unknown metric",
    ),
    ("metric that is a number", "objective: {metric: 3}", 3, "objective.metric", "must be text"),
    (
        "goal that contradicts",
        "objective: {metric: validation_accuracy, goal: minimize}",
        3,
        "objective.goal",
        "more validation_accuracy is better: must be",
    ),
    (
        "loss maximized",
        "objective: {metric: validation_loss, goal: maximize}",
        3,
        "objective.goal",
        "less validation_loss is better: must be",
    ),
    (
        "short goal",
        "objective: {metric: validation_loss, goal: min}",
        3,
        "objective.goal",
        "must be minimize or maximize",
    ),
    (
        "direction for goal",
        "objective: {metric: validation_loss, direction: minimize}",
        3,
        "objective.direction",
        "unknown key",
    ),
    (
        "regression metric for classes",
        "objective: {metric: validation_rmse}",
        3,
        "objective.metric",
        "rmse does not judge a classification",
    ),
    ("f1", "objective: {metric: validation_f1}", 3, "objective.metric", "unknown metric"),
    (
        "list of metrics",
        "objective: {metric: [validation_loss, validation_accuracy]}",
        3,
        "objective.metric",
        "must be text",
    ),
    ("constraint as text", "constraints: learning_rate < 0.5", 3, "constraints", "must be a list"),
    (
        "constraint with an unknown name",
        'constraints: ["lr < 0.5"]',
        3,
        "constraints[0]",
        "the constraint 'lr < 0.5' names 'lr', which",
    ),
    (
        "constraint that is no expression",
        'constraints: ["learning_rate <"]',
        3,
        "constraints[0]",
        "the constraint 'learning_rate <' is not an",
    ),
    (
        "constraint with one equals sign",
        'constraints: ["learning_rate = 0.5"]',
        3,
        "constraints[0]",
        "the constraint 'learning_rate = 0.5' is not",
    ),
    (
        "constraint that calls code",
        "constraints: [\"__import__('os').system('ls')\"]",
        3,
        "constraints[0]",
        "the constraint",
    ),
    (
        "constraint with a lambda",
        'constraints: ["(lambda: 1)()"]',
        3,
        "constraints[0]",
        "the constraint '(lambda: 1)()' calls 'lambda:",
    ),
    (
        "constraint that is no comparison",
        'constraints: ["learning_rate + 1"]',
        3,
        "constraints[0]",
        "the constraint 'learning_rate + 1' is not a",
    ),
    (
        "constraint nothing fulfils",
        'constraints: ["learning_rate > 5"]',
        3,
        "constraints",
        "none of 10000 random points fulfils them",
    ),
    ("constraint that is a number", "constraints: [5]", 3, "constraints[0]", "must be text"),
    ("constraint without quotes", "constraints: [{learning_rate: 0.5}]", 3, "constraints[0]", "must be text"),
    ("workers of 0", "execution: {workers: 0}", 3, "execution.workers", "4 for each core"),
    (
        "workers by a word",
        "execution: {workers: all}",
        3,
        "execution.workers",
        "must be auto or a whole number",
    ),
    ("workers of -1", "execution: {workers: -1}", 3, "execution.workers", "4 for each core"),
    ("far too many workers", "execution: {workers: 100000}", 3, "execution.workers", "4 for each core"),
    ("unknown engine", "execution: {engine: ray}", 3, "execution.engine", "must be local or dask"),
    (
        "timeout without a unit of time",
        "execution: {trial_timeout: 10x}",
        3,
        "execution.trial_timeout",
        "must be a duration",
    ),
    (
        "timeout as a clock",
        "execution: {trial_timeout: 1:30}",
        3,
        "execution.trial_timeout",
        "must be a duration",
    ),
    (
        "negative timeout",
        "execution: {trial_timeout: -5}",
        3,
        "execution.trial_timeout",
        "must be above 0 and at most 365 days",
    ),
    (
        "timeout of 0",
        "execution: {trial_timeout: 0}",
        3,
        "execution.trial_timeout",
        "must be above 0 and at most 365 days",
    ),
    ("max_failures of 0", "execution: {max_failures: 0}", 3, "execution.max_failures", "must be at least 1"),
    (
        "max_failures as text",
        "execution: {max_failures: none}",
        3,
        "execution.max_failures",
        "must be a whole number",
    ),
    ("gpu", "execution: {device: gpu}", 3, "execution.device", "unknown key"),
    ("timeout", "execution: {timeout: 10m}", 3, "execution.timeout", "unknown key"),
    ("n_jobs", "execution: {n_jobs: -1}", 3, "execution.n_jobs", "unknown key"),
]

CASES = [
    *((name, "space: {learning_rate: 0.1}\ndata:\n" + below(text), *rest) for name, text, *rest in DATA),
    *((name, FIXED + text + "\n", *rest) for name, text, *rest in REST),
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
