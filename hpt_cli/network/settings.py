"""The hyperparameters of the built-in network: names, types, defaults, bounds.

The one place that lists them: the config's validation, the JSON Schema and ``docs/config.md`` are made from it.
A choice of hyperparameters is a flat dict by these (dotted) names; :meth:`NetworkSettings.from_flat` turns it
into the settings of one training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = bool | int | float | str

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "elu", "gelu")
INITIALIZATIONS = ("auto", "he", "xavier", "normal")
LOSSES = ("auto", "cross_entropy", "binary_cross_entropy", "mse")
OPTIMIZERS = ("sgd", "rmsprop", "adam", "adamw")
SCHEDULES = ("constant", "step", "cosine")


@dataclass(frozen=True)
class Hyperparameter:
    """What may be configured, and searched, under one name.

    Args:
        kind: ``bool``, ``int``, ``float`` or ``str``.
        default: Its value when neither ``network`` nor ``space`` names it; ``None`` switches it off.
        about: One sentence for the docs and for the editor's tooltip.
        low: Least value.
        high: Greatest value.
        open_low: ``low`` itself is excluded.
        open_high: ``high`` itself is excluded.
        choices: All values, where they can be listed.
        searchable: May stand under ``space``.
        when: It has an effect only where the named hyperparameters have one of the listed values.
    """

    kind: type
    default: Value | None
    about: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[Value, ...] = ()
    searchable: bool = True
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)


HYPERPARAMETERS: Mapping[str, Hyperparameter] = {
    "hidden_layers": Hyperparameter(int, 1, "Number of hidden layers.", 0, 50),
    "hidden_units": Hyperparameter(
        int,
        64,
        "Width of every hidden layer; under `network` a list gives each layer its own (then no `hidden_layers`).",
        1,
        16384,
    ),
    "activation": Hyperparameter(
        str, "relu", "Function after each hidden layer (and its batch norm).", choices=ACTIVATIONS
    ),
    "batch_norm": Hyperparameter(
        bool, False, "Normalize each hidden layer over the batch, before its activation."
    ),
    "batch_norm.momentum": Hyperparameter(
        float,
        0.9,
        "Share of the old running mean and variance kept at each step.",
        0,
        1,
        open_high=True,
        when={"batch_norm": (True,)},
    ),
    "batch_norm.epsilon": Hyperparameter(
        float,
        1e-5,
        "Added to the variance inside the root, in squared units of the layer's output.",
        1e-8,
        1,
        when={"batch_norm": (True,)},
    ),
    "batch_norm.affine": Hyperparameter(
        bool, True, "Learn gamma and beta; false fixes them at 1 and 0.", when={"batch_norm": (True,)}
    ),
    "dropout": Hyperparameter(
        float, 0.0, "Share of hidden outputs set to 0 at each training step.", 0, 1, open_high=True
    ),
    "initialization": Hyperparameter(
        str,
        "auto",
        "Spread of the first weights: `he`, `xavier`, `normal` (a standard deviation of `initial_scale`), or "
        "`auto`: He for relu, leaky_relu, elu and gelu, Xavier for tanh and sigmoid.",
        choices=INITIALIZATIONS,
    ),
    "initial_scale": Hyperparameter(
        float, 1.0, "Multiplies the first weights' standard deviation.", 0, 1000, open_low=True
    ),
    "loss": Hyperparameter(
        str,
        "auto",
        "What training minimizes: `auto` takes `binary_cross_entropy` for 2 classes, `cross_entropy` for more, "
        "`mse` for regression.",
        choices=LOSSES,
        searchable=False,
    ),
    "class_weight": Hyperparameter(
        str,
        "none",
        "`balanced` weighs each class by the inverse of its frequency in the training part.",
        choices=("none", "balanced"),
    ),
    "optimizer": Hyperparameter(str, "adam", "How gradients change the weights.", choices=OPTIMIZERS),
    "learning_rate": Hyperparameter(float, 0.01, "Step size of the optimizer.", 0, 1e6, open_low=True),
    "momentum": Hyperparameter(
        float,
        0.0,
        "Share of the last step that is taken again.",
        0,
        1,
        open_high=True,
        when={"optimizer": ("sgd",)},
    ),
    "nesterov": Hyperparameter(
        bool, False, "Look ahead along the momentum before stepping.", when={"optimizer": ("sgd",)}
    ),
    "rho": Hyperparameter(
        float,
        0.9,
        "Share of the old mean square kept by RMSProp.",
        0,
        1,
        open_high=True,
        when={"optimizer": ("rmsprop",)},
    ),
    "beta1": Hyperparameter(
        float,
        0.9,
        "Share of the old first moment kept by Adam.",
        0,
        1,
        open_high=True,
        when={"optimizer": ("adam", "adamw")},
    ),
    "beta2": Hyperparameter(
        float,
        0.999,
        "Share of the old second moment kept by Adam.",
        0,
        1,
        open_high=True,
        when={"optimizer": ("adam", "adamw")},
    ),
    "epsilon": Hyperparameter(
        float,
        1e-8,
        "Added to the root of the second moment, against division by 0.",
        0,
        1,
        open_low=True,
        when={"optimizer": ("rmsprop", "adam", "adamw")},
    ),
    "l2": Hyperparameter(
        float, 0.0, "Adds l2 / 2 times the sum of squared weights (not biases, gamma, beta) to the loss.", 0, 1e6
    ),
    "weight_decay": Hyperparameter(
        float,
        0.01,
        "AdamW's decay: weights shrink by learning_rate * weight_decay at each step.",
        0,
        1e6,
        when={"optimizer": ("adamw",)},
    ),
    "batch_size": Hyperparameter(int, 64, "Rows of one step.", 1, 1_000_000),
    "epochs": Hyperparameter(int, 30, "Passes over the training part.", 1, 1_000_000),
    "patience": Hyperparameter(
        int,
        None,
        "Stop when the objective's metric has not improved for this many epochs, and go back to the best epoch's "
        "weights; left out, train all epochs.",
        1,
        1_000_000,
    ),
    "schedule.kind": Hyperparameter(
        str, "constant", "How the learning rate changes over the epochs.", choices=SCHEDULES
    ),
    "schedule.warmup_epochs": Hyperparameter(
        int, 0, "Epochs over which the learning rate first grows linearly to its full value.", 0, 1_000_000
    ),
    "schedule.every": Hyperparameter(
        int, 10, "Epochs between two drops.", 1, 1_000_000, when={"schedule.kind": ("step",)}
    ),
    "schedule.factor": Hyperparameter(
        float,
        0.1,
        "What a drop multiplies the learning rate by.",
        0,
        1,
        open_low=True,
        when={"schedule.kind": ("step",)},
    ),
    "schedule.final": Hyperparameter(
        float,
        0.0,
        "Share of the learning rate that is left at the last epoch.",
        0,
        1,
        when={"schedule.kind": ("cosine",)},
    ),
}
"""Every hyperparameter by its dotted name.  ``hidden_units_1``, ``hidden_units_2``, ... (a layer's own width, bounded
as ``hidden_units``) come on top."""
