"""A trained network as named arrays, and what it says about new rows.

The names are ``layer1.W`` (D, M), ``layer1.b`` (M,), or with batch norm ``layer1.gamma``, ``layer1.beta``,
``layer1.running_mean`` and ``layer1.running_variance`` (corrected for their start, unbiased, float64); last
``output.W`` and ``output.b``.  Convolutions stand before them as ``conv1.W`` (channels out, channels in,
kernel, kernel) and so on, and then ``image_shape`` says what a row is: height, width and channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hpt_cli.network.architecture import ImageShape
from hpt_cli.network.arrays import Array
from hpt_cli.network.network import Inference, Shape
from hpt_cli.network.settings import NetworkSettings


def join_models(settings: Sequence[NetworkSettings], models: Sequence[Mapping[str, Array]]) -> Inference:
    """The inference of several trained networks of one depth, activation and batch norm, side by side.

    Raises:
        ValueError: A model's arrays are not those of its settings.
    """
    n_inputs, image = _inputs(settings[0], models[0])
    shape = Shape(tuple(settings), n_inputs, models[0]["output.W"].shape[1], image)
    layout = shape.layout()
    weights = np.empty(layout.size, models[0]["output.W"].dtype)
    for trial, (shapes, model) in enumerate(zip(layout.trials, models, strict=True)):
        for name, expected in shapes.items():
            if name not in model or model[name].shape != expected:
                found = f"shape {model[name].shape}" if name in model else "nothing"
                raise ValueError(f"model: {name} should have shape {expected}, found {found}")
        layout.put(weights, trial, np.concatenate([model[name].ravel() for name in shapes]))
    inference = Inference(shape, layout, weights)
    if shape.norms:
        joined = [
            np.concatenate([model[f"{name}.running_{kind}"] for model in models])
            for name in shape.norms
            for kind in ("mean", "variance")
        ]
        inference.normalize_by(list(zip(joined[::2], joined[1::2], strict=True)))
    return inference


def _inputs(settings: NetworkSettings, model: Mapping[str, Array]) -> tuple[int, ImageShape | None]:
    """How many numbers a row has, and the image that they are."""
    if not settings.front:
        return model["layer1.W" if settings.dense else "output.W"].shape[0], None
    height, width, channels = (int(side) for side in model["image_shape"])
    return height * width * channels, (height, width, channels)


def predict(settings: NetworkSettings, weights: Mapping[str, Array], x: Array) -> Array:
    """The outputs (N, M) of one trained network for rows ``x`` (N, D).

    They are logits, one a class; the single logit of class 1 under ``binary_cross_entropy``; or the
    standardized target.  Their bits are those of the evaluations during training.

    Args:
        settings: Of the training; widths, activation and batch norm count.
        weights: As :meth:`hpt_cli.network.Population.weights` gives them.
        x: Rows, scaled as the training rows were.

    Raises:
        ValueError: ``weights`` or ``x`` do not fit.
    """
    model = {name: np.asarray(array) for name, array in weights.items()}
    inference = join_models([settings], [model])
    n_inputs, _ = _inputs(settings, model)
    if x.ndim != 2 or x.shape[1] != n_inputs:
        raise ValueError(f"x: expected rows of {n_inputs} numbers, got shape {x.shape}")
    with np.errstate(all="ignore"):  # a saturated sigmoid overflows on its way to 0
        return np.ascontiguousarray(inference.outputs(x)[:, 0].T)
