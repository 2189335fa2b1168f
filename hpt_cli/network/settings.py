"""The hyperparameters of the built-in network: names, types, defaults, bounds.

The one place that lists them: the config's validation, the JSON Schema and ``docs/config.md`` are made from
it. A choice of hyperparameters is a flat dict by these (dotted) names; :meth:`NetworkSettings.from_flat`
turns it into the settings of one training.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpt_cli.network.architecture import (
    ACTIVATIONS,
    MAX_WIDTH,
    WIDTH_NAME,
    DenseLayer,
    FrontLayer,
    Pooling,
    fill_widths,
    read_layers,
)

Value = bool | int | float | str

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
        "Width of every hidden layer; under `network` a list gives each layer its own (then no "
        "`hidden_layers`).",
        1,
        MAX_WIDTH,
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
        "What training minimizes: `auto` takes `binary_cross_entropy` for 2 classes, `cross_entropy` for "
        "more, `mse` for regression.",
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
        float,
        0.0,
        "Adds l2 / 2 times the sum of squared weights (not biases, gamma, beta) to the loss.",
        0,
        1e6,
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
        "Stop when the objective's metric has not improved for this many epochs, and go back to the best "
        "epoch's weights; left out, train all epochs.",
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
        "Share of the learning rate that is left when the last epoch ends.",
        0,
        1,
        when={"schedule.kind": ("cosine",)},
    ),
}
"""Every hyperparameter by its dotted name.  ``hidden_units_1``, ``hidden_units_2``, ... (a layer's own width,
bounded as ``hidden_units``) and ``layers`` (:mod:`hpt_cli.network.architecture`) come on top."""

_LAYER_WIDTH = re.compile(r"hidden_units_([1-9][0-9]*)")


@dataclass(frozen=True)
class NetworkSettings:
    """One training, every hyperparameter resolved; the names are those of :data:`HYPERPARAMETERS`.

    Args:
        front: Convolutions and poolings, from the first; empty for rows that are no images.
        dense: The hidden layers behind it; empty for a linear model.
    """

    front: tuple[FrontLayer, ...]
    dense: tuple[DenseLayer, ...]
    activation: str
    batch_norm: bool
    batch_norm_momentum: float
    batch_norm_epsilon: float
    batch_norm_affine: bool
    dropout: float
    initialization: str
    initial_scale: float
    loss: str
    class_weight: str
    optimizer: str
    learning_rate: float
    momentum: float
    nesterov: bool
    rho: float
    beta1: float
    beta2: float
    epsilon: float
    l2: float
    weight_decay: float
    batch_size: int
    epochs: int
    patience: int | None
    schedule_kind: str
    schedule_warmup_epochs: int
    schedule_every: int
    schedule_factor: float
    schedule_final: float

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each dense hidden layer."""
        return tuple(layer.units for layer in self.dense)

    @property
    def normalizes(self) -> bool:
        """Whether any layer has batch norm."""
        return any(
            not isinstance(layer, Pooling) and layer.batch_norm for layer in (*self.front, *self.dense)
        )

    @property
    def drops(self) -> bool:
        """Whether any layer has dropout."""
        return any(
            not isinstance(layer, Pooling) and layer.dropout > 0 for layer in (*self.front, *self.dense)
        )

    @classmethod
    def from_flat(cls, flat: Mapping[str, object]) -> NetworkSettings:
        """Resolve a choice of hyperparameters by their dotted names; what is missing takes its default.

        ``hidden_units`` may be a list of widths; ``hidden_units_2`` overrides the second layer's; ``layers``
        may list every layer instead, with ``conv_1`` or ``dense_2`` for numbers it leaves open.  What has
        no effect (a width beyond the depth, ``momentum`` under Adam, ``nesterov`` without momentum) is
        ignored: whether it is there on purpose is known to the config alone.

        Raises:
            ValueError: A name that is not known, a value of the wrong type or out of bounds, or values that
                contradict each other; the message begins with the name.
        """
        given = {name: value for name, value in flat.items() if value is not None}
        layers = given.pop("layers", None)
        if isinstance(layers, Sequence) and not isinstance(layers, str):
            open_widths = {name: given.pop(name) for name in list(given) if WIDTH_NAME.fullmatch(name)}
            layers = fill_widths(layers, open_widths)
            for name in given:
                if name in ("hidden_layers", "hidden_units") or _LAYER_WIDTH.fullmatch(name):
                    raise ValueError(f"{name}: layers lists every layer, so leave this out")
        widths = _read_widths(given)
        values = {name: _checked(name, value) for name, value in given.items()}
        for name, known in HYPERPARAMETERS.items():
            if name not in _SHAPE:
                values.setdefault(name, known.default)
        shared = {name: values[name] for name in ("activation", "batch_norm", "dropout")}
        if layers is not None:
            front, dense = read_layers(layers, **shared)  # type: ignore[arg-type]
        else:
            front, dense = (), tuple(DenseLayer(width, **shared) for width in widths)
        settings = cls(front, dense, **{name.replace(".", "_"): value for name, value in values.items()})
        if settings.normalizes and settings.batch_size == 1:
            raise ValueError("batch_size: batch norm needs at least 2 rows in a batch, and this is 1")
        return settings


_SHAPE = ("hidden_layers", "hidden_units")


def _read_widths(given: dict[str, object]) -> list[int]:
    """Take everything about the hidden layers' widths out of ``given``."""
    own_widths: dict[int, int] = {}
    for name in list(given):
        if match := _LAYER_WIDTH.fullmatch(name):
            own_widths[int(match[1])] = _width(name, given.pop(name))
    listed = given.pop("hidden_units", HYPERPARAMETERS["hidden_units"].default)
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        if "hidden_layers" in given:
            raise ValueError("hidden_layers: hidden_units lists a width for each layer, so leave this out")
        widths = [_width("hidden_units", width) for width in listed]
    else:
        depth = _checked(
            "hidden_layers", given.pop("hidden_layers", HYPERPARAMETERS["hidden_layers"].default)
        )
        widths = [_width("hidden_units", listed)] * depth
    return [own_widths.get(layer, width) for layer, width in enumerate(widths, 1)]


def _width(name: str, value: object) -> int:
    width: int = _checked("hidden_units", value, shown=name)
    return width


def _checked(name: str, value: object, shown: str = "") -> Any:
    """``value`` as the type of hyperparameter ``name``; a ValueError says what is wrong with it."""
    shown = shown or name
    known = HYPERPARAMETERS.get(name)
    if known is None:
        raise ValueError(f"{shown}: the network has no such hyperparameter")
    plain = isinstance(value, known.kind) and (known.kind is bool or not isinstance(value, bool))
    if not plain:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if known.kind is float and number:
            value = float(value)  # type: ignore[arg-type]
        elif known.kind is int and isinstance(value, float) and value.is_integer():
            value = int(value)
        else:
            raise ValueError(f"{shown}: expected {_KIND[known.kind]}, got {value!r}")
    if known.choices and value not in known.choices:
        raise ValueError(f"{shown}: expected one of {', '.join(map(str, known.choices))}, got {value!r}")
    if known.kind in (int, float):
        _check_bounds(shown, known, float(value))  # type: ignore[arg-type]
    return value


_KIND = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def _check_bounds(name: str, known: Hyperparameter, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value}")
    low, high = known.low, known.high
    if low is not None and (value < low or (known.open_low and value == low)):
        raise ValueError(
            f"{name}: must be {'greater than' if known.open_low else 'at least'} {low:g}, got {value:g}"
        )
    if high is not None and (value > high or (known.open_high and value == high)):
        raise ValueError(
            f"{name}: must be {'less than' if known.open_high else 'at most'} {high:g}, got {value:g}"
        )
