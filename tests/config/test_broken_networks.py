"""Configs as careless users write them: what is fixed.

Each case: name, text, line, key, words of the message.
"""

from __future__ import annotations

import pytest


def below(text: str) -> str:
    """The text, indented as the content of a section."""
    return "".join(f"  {line}\n" for line in text.split("\n"))


FIXED = "data: {source: digits}\nspace: {learning_rate: {low: 1e-4, high: 1}}\n"

NETWORK = [
    ("unknown hyperparameter", "leraning_rate: 0.1", 4, "network.leraning_rate", "unknown key"),
    ("abbreviation", "lr: 0.1", 4, "network.lr", "unknown key"),
    ("camel case", "learningRate: 0.1", 4, "network.learningRate", "unknown key"),
    ("hyphens", "batch-size: 32", 4, "network.batch-size", "unknown key"),
    ("network without a mapping", "relu", 3, "network", "must be a mapping of keys to values"),
    (
        "both fixed and searched",
        "learning_rate: 0.1",
        2,
        "space.learning_rate",
        "stands under network (line 4) and under space",
    ),
    (
        "unknown activation",
        "activation: rlu",
        4,
        "network.activation",
        "must be relu, leaky_relu, tanh, sigmoid, elu",
    ),
    (
        "activation in capitals",
        "activation: ReLU",
        4,
        "network.activation",
        "must be relu, leaky_relu, tanh, sigmoid, elu",
    ),
    (
        "activation that is a list",
        "activation: [relu, tanh]",
        4,
        "network.activation",
        "must be relu, leaky_relu, tanh, sigmoid, elu",
    ),
    ("range under network", "dropout: {low: 0, high: 0.5}", 4, "network.dropout", "must be a number"),
    ("unknown optimizer", "optimizer: adamax", 4, "network.optimizer", "must be sgd, rmsprop, adam or adamw"),
    ("epochs of 0", "epochs: 0", 4, "network.epochs", "must be at least 1"),
    ("epochs with a fraction", "epochs: 10.5", 4, "network.epochs", "must be a whole number"),
    ("epochs in quotes", 'epochs: "30"', 4, "network.epochs", "must be a whole number"),
    ("epochs with a suffix", "epochs: 1k", 4, "network.epochs", "must be a whole number"),
    ("negative batch size", "batch_size: -32", 4, "network.batch_size", "must be at least 1"),
    ("batch size that is a power", "batch_size: 2**6", 4, "network.batch_size", "must be a whole number"),
    ("batch size with a comma", "batch_size: 1,024", 4, "network.batch_size", "must be a whole number"),
    ("dropout of 1", "dropout: 1", 4, "network.dropout", "must be below 1"),
    ("dropout in percent", "dropout: 50%", 4, "network.dropout", "must be a number"),
    ("negative dropout", "dropout: -0.5", 4, "network.dropout", "must be at least 0"),
    ("layers as a list", "hidden_layers: [64, 32]", 4, "network.hidden_layers", "must be a whole number"),
    ("too many layers", "hidden_layers: 51", 4, "network.hidden_layers", "must be at most 50"),
    ("units of 0", "hidden_units: 0", 4, "network.hidden_units", "must be at least 1"),
    (
        "list of units and layers",
        "hidden_layers: 2\nhidden_units: [64, 32]",
        4,
        "network.hidden_layers",
        "the list network.hidden_units (line 5) says",
    ),
    ("empty list of units", "hidden_units: []", 4, "network.hidden_units", "must list 1 to 50 widths"),
    ("list of units with a 0", "hidden_units: [64, 0]", 4, "network.hidden_units", "must be at least 1"),
    (
        "list of units with text",
        "hidden_units: [64, many]",
        4,
        "network.hidden_units",
        "must be a whole number",
    ),
    (
        "list of units and a layer's own",
        "hidden_units: [64, 32]\nhidden_units_1: 16",
        5,
        "network.hidden_units_1",
        "the list network.hidden_units (line 4) says",
    ),
    (
        "units of a layer that is not there",
        "hidden_layers: 2\nhidden_units_3: 16",
        5,
        "network.hidden_units_3",
        "has no effect: the net has at most 2 hidden",
    ),
    (
        "units that no layer has",
        "hidden_layers: 2\nhidden_units: 64\nhidden_units_1: 32\nhidden_units_2: 16",
        5,
        "network.hidden_units",
        "has no effect: every layer has a width of its",
    ),
    (
        "units without layers",
        "hidden_layers: 0\nhidden_units: 64",
        5,
        "network.hidden_units",
        "has no effect: the net has no hidden layer",
    ),
    ("batch norm by yes", "batch_norm: yes", 4, "network.batch_norm", "yes may mean true or a text"),
    ("batch norm by on", "batch_norm: on", 4, "network.batch_norm", "on may mean true or a text"),
    ("batch norm by 1", "batch_norm: 1", 4, "network.batch_norm", "must be true or false"),
    ("batch norm in quotes", 'batch_norm: "true"', 4, "network.batch_norm", "must be true or false"),
    (
        "batch norm with a typing error inside",
        "batch_norm: {momentun: 0.9}",
        4,
        "network.batch_norm.momentun",
        "unknown key",
    ),
    (
        "batch norm momentum of 1",
        "batch_norm: {momentum: 1}",
        4,
        "network.batch_norm.momentum",
        "must be below 1",
    ),
    ("empty batch norm", "batch_norm: {}", 4, "network.batch_norm", "must be true or false"),
    (
        "batch norm twice",
        "batch_norm: {momentum: 0.9}\nbatch_norm.momentum: 0.8",
        4,
        "network.batch_norm.momentum",
        "is written twice: on line 4 and on line 5",
    ),
    (
        "batch norm momentum without batch norm",
        "batch_norm.momentum: 0.8",
        4,
        "network.batch_norm.momentum",
        "has no effect: batch_norm is false, the",
    ),
    (
        "batch norm with one row",
        "batch_norm: true\nbatch_size: 1",
        5,
        "network.batch_size",
        "batch norm needs at least 2 rows to train on",
    ),
    (
        "momentum of adam",
        "momentum: 0.9",
        4,
        "network.momentum",
        "has no effect: optimizer is adam, the default",
    ),
    (
        "momentum of a fixed adam",
        "optimizer: adam\nmomentum: 0.9",
        5,
        "network.momentum",
        "has no effect: optimizer is adam",
    ),
    (
        "weight decay of sgd",
        "optimizer: sgd\nweight_decay: 0.1",
        5,
        "network.weight_decay",
        "has no effect: optimizer is sgd",
    ),
    ("beta of sgd", "optimizer: sgd\nbeta1: 0.8", 5, "network.beta1", "has no effect: optimizer is sgd"),
    ("unknown schedule", "schedule: cosin", 4, "network.schedule.kind", "must be constant, step or cosine"),
    (
        "step's key in a cosine schedule",
        "schedule: {kind: cosine, every: 5}",
        4,
        "network.schedule.every",
        "has no effect: schedule.kind is cosine",
    ),
    (
        "schedule as a list",
        "schedule: [cosine, step]",
        4,
        "network.schedule.kind",
        "must be constant, step or cosine",
    ),
    ("patience of 0", "patience: 0", 4, "network.patience", "must be at least 1"),
    ("infinite l2", "l2: .inf", 4, "network.l2", "must be a number"),
    ("l2 that is not a number", "l2: nan", 4, "network.l2", "must be a number"),
    ("number that overflows", "l2: 1e999", 4, "network.l2", "is too large for a number"),
    ("number that underflows", "l2: 1e-999", 4, "network.l2", "is too small: it would be 0"),
    ("unknown loss", "loss: hinge", 4, "network.loss", "must be auto, cross_entropy,"),
    ("fraction", "l2: 1/10", 4, "network.l2", "must be a number"),
    ("number with letters", "l2: 1e-4x", 4, "network.l2", "must be a number"),
    ("full-width digits", "l2: １", 4, "network.l2", "must be a number"),
    ("null where a value is due", "epochs: null", 4, "network.epochs", "must be a whole number"),
    ("key without a value", "epochs:", 4, "network.epochs", "must be a whole number"),
    ("sexagesimal", "epochs: 1:30", 4, "network.epochs", "must be a whole number"),
    ("date", "epochs: 2024-01-02", 4, "network.epochs", "must be a whole number"),
]

CASES = [
    *((name, FIXED + "network:\n" + below(text), *rest) for name, text, *rest in NETWORK),
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
