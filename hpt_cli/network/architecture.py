"""The layers of a network as plain values: what a list of ``layers`` says, and what images become on the way.

A network is a front of convolutions and poolings, for images; then dense hidden layers; then the output.
``hidden_layers`` and ``hidden_units`` say no front and equal dense layers; the list says everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "elu", "gelu")
PADDINGS = ("same", "valid")
POOLS = ("max", "average")
MAX_WIDTH = 16384
"""Most units of a dense layer, and most channels of a convolution."""
MAX_LISTED = 50
"""Most entries of a list of layers."""

ImageShape = tuple[int, int, int]
"""Height, width, channels."""


@dataclass(frozen=True)
class Convolution:
    """A 2-D convolution, then batch norm, activation and dropout.

    Args:
        channels: M, at least 1.
        kernel: Height and width of the kernel, in pixels.
        stride: Pixels between neighboring places of the kernel.
        padding: ``same``: zeros around the image, so that ceil(size / stride) pixels come out, one more after
            than before it where they cannot be equal; ``valid``: none.
        activation: See :data:`ACTIVATIONS`.
        batch_norm: Over rows, height and width, per channel.
        dropout: Share of the outputs set to 0 in training.
    """

    channels: int
    kernel: int
    stride: int
    padding: str
    activation: str
    batch_norm: bool
    dropout: float

    def pad(self, size: int) -> tuple[int, int]:
        """Zeros before and after an axis of ``size`` pixels."""
        if self.padding == "valid":
            return 0, 0
        total = max((math.ceil(size / self.stride) - 1) * self.stride + self.kernel - size, 0)
        return total // 2, total - total // 2

    def shape(self, image: ImageShape) -> ImageShape:
        """What comes out; a side below 1: the kernel does not fit."""
        height, width = ((size + sum(self.pad(size)) - self.kernel) // self.stride + 1 for size in image[:2])
        return height, width, self.channels


@dataclass(frozen=True)
class Pooling:
    """The greatest or mean number of each window, by channel; pixels that fill no window are left out.

    Args:
        kind: See :data:`POOLS`.
        size: Height and width of a window, in pixels.
        stride: Pixels between neighboring windows.
    """

    kind: str
    size: int
    stride: int

    def shape(self, image: ImageShape) -> ImageShape:
        """What comes out; a side below 1: no window fits."""
        return (image[0] - self.size) // self.stride + 1, (image[1] - self.size) // self.stride + 1, image[2]


@dataclass(frozen=True)
class DenseLayer:
    """A fully connected hidden layer, then batch norm, activation and dropout."""

    units: int
    activation: str
    batch_norm: bool
    dropout: float


FrontLayer = Convolution | Pooling


@dataclass(frozen=True)
class LayerProblem:
    """What is wrong with a list of layers.

    Args:
        position: Of the entry, from 0; ``None``: the list as a whole.
        key: In the entry; ``None``: the entry as a whole.
        what: A sentence, for after the key.
        hint: What to write.
    """

    position: int | None
    key: str | None
    what: str
    hint: str = ""

    def __str__(self) -> str:
        place = "layers" if self.position is None else f"layers[{self.position}]"
        return f"{place}{f'.{self.key}' if self.key else ''}: {self.what}"


@dataclass(frozen=True)
class Key:
    """What may stand under one key of an entry: a whole number, a number, true or false, or a word."""

    kind: type
    about: str
    low: float = 1
    high: float = MAX_WIDTH
    choices: tuple[str, ...] = ()
    default: str = ""


_OVERRIDES = {
    "activation": Key(str, "Its own activation.", choices=ACTIVATIONS, default="the network's"),
    "batch_norm": Key(bool, "Whether it has batch norm.", default="the network's"),
    "dropout": Key(float, "Its own dropout; at least 0, below 1.", 0, 1, default="the network's"),
}
LAYER_OVERRIDES = tuple(_OVERRIDES)
"""Hyperparameters of all layers that a layer may have its own of."""
KEYS: Mapping[str, Mapping[str, Key]] = {
    "conv": {
        "conv": Key(int, "A 2-D convolution with so many channels."),
        "kernel": Key(int, "Height and width of its kernel.", high=1024, default="3"),
        "stride": Key(int, "Pixels between neighboring places of the kernel.", high=1024, default="1"),
        "padding": Key(
            str,
            "`same`: zeros around the image, so that with stride 1 it keeps its size; `valid`: none.",
            choices=PADDINGS,
            default="`same`",
        ),
        **_OVERRIDES,
    },
    "pool": {
        "pool": Key(str, "The greatest or mean number of each window.", choices=POOLS),
        "size": Key(int, "Height and width of a window.", high=1024, default="2"),
        "stride": Key(int, "Pixels between neighboring windows.", high=1024, default="its `size`"),
    },
    "flatten": {"flatten": Key(bool, "An image becomes a row; before the first `dense` it may be left out.")},
    "dense": {"dense": Key(int, "A fully connected layer with so many units."), **_OVERRIDES},
}
"""What an entry may hold, by the key that says which layer it is."""


WIDTH_NAME = re.compile(r"(conv|dense)_([1-9][0-9]?)", re.ASCII)
"""``conv_1`` is the number of channels of the first ``conv`` entry, ``dense_2`` the units of the second
``dense`` entry: names for numbers that the list leaves open."""


def width_names(layers: Sequence[Any]) -> dict[int, str]:
    """By the position of each ``conv`` and ``dense`` entry, its number's name: see :data:`WIDTH_NAME`."""
    counts = {"conv": 0, "dense": 0}
    names: dict[int, str] = {}
    for position, entry in enumerate(layers):
        for kind in counts if isinstance(entry, Mapping) else ():
            if kind in entry:
                counts[kind] += 1
                names[position] = f"{kind}_{counts[kind]}"
    return names


def fill_widths(layers: Sequence[Mapping[str, Any]], widths: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The list with the numbers that it leaves open, from ``widths`` by their names."""
    filled = list(layers)
    for position, name in width_names(layers).items():
        kind = name.partition("_")[0]
        if filled[position][kind] is None and name in widths:
            filled[position] = {**filled[position], kind: widths[name]}
    return filled


def layer_problems(layers: Any, open_widths: Container[str] = ()) -> Iterator[LayerProblem]:
    """Everything that is wrong with a list of layers, whatever it holds.

    Args:
        open_widths: Names of the numbers (:data:`WIDTH_NAME`) that the list may leave open.
    """
    if not isinstance(layers, Sequence) or isinstance(layers, str):
        example = "write layers: [{conv: 8, kernel: 3}, {pool: max}, {dense: 64}]"
        yield LayerProblem(None, None, "must be a list of layers", example)
        return
    if not 1 <= len(layers) <= MAX_LISTED:
        what = f"must list 1 to {MAX_LISTED} layers, found {len(layers)}"
        yield LayerProblem(
            None, None, what, "for a linear model write hidden_layers: 0" if not layers else ""
        )
    flat_since: str | None = None
    names = width_names(layers)
    for position, entry in enumerate(layers):
        kinds = [kind for kind in KEYS if kind in entry] if isinstance(entry, Mapping) else []
        if len(kinds) != 1:
            what = f"must be a mapping with one of {', '.join(KEYS)}" + (
                f", found {' and '.join(kinds)}" if kinds else ""
            )
            yield LayerProblem(position, None, what, "for example {conv: 8, kernel: 3} or {pool: max}")
            continue
        (kind,) = kinds
        for key, value in entry.items():
            if key == kind and value is None and position in names:
                if names[position] not in open_widths:
                    what = f"must be a whole number, or be searched as space.{names[position]}"
                    yield LayerProblem(position, kind, what, f"write {kind}: 16")
                continue
            yield from _key_problems(position, kind, str(key), value)
        if kind in ("conv", "pool", "flatten") and flat_since:
            what = f"a {kind} layer needs an image, and {flat_since} has made a row of it"
            yield LayerProblem(position, kind, what, "write conv and pool before flatten and dense")
        if kind in ("flatten", "dense"):
            flat_since = f"layers[{position}] ({kind})"


def _key_problems(position: int, kind: str, key: str, value: Any) -> Iterator[LayerProblem]:
    known = KEYS[kind].get(key)
    if known is None:
        yield LayerProblem(
            position, key, f"unknown key of a {kind} layer", f"known keys: {', '.join(KEYS[kind])}"
        )
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if known.choices:
        if value not in known.choices:
            yield LayerProblem(position, key, f"must be {' or '.join(known.choices)}{_found(value)}")
    elif known.kind is bool:
        if not isinstance(value, bool) or (key == "flatten" and not value):
            words = "true" if key == "flatten" else "true or false"
            yield LayerProblem(position, key, f"must be {words}{_found(value)}", "")
    elif not number or not math.isfinite(value) or (known.kind is int and value != int(value)):
        words = "a whole number" if known.kind is int else "a number"
        yield LayerProblem(position, key, f"must be {words}{_found(value)}")
    elif known.kind is int and not known.low <= value <= known.high:
        what = f"must be {known.low:g} to {known.high:g}{_found(value)}"
        yield LayerProblem(position, key, what)
    elif known.kind is float and not known.low <= value < known.high:
        what = f"must be at least {known.low:g} and below {known.high:g}{_found(value)}"
        yield LayerProblem(position, key, what)


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return f", found {'true' if value else 'false'}"
    if isinstance(value, int | float):
        return f", found {value:g}"
    return f", found {value!r}" if isinstance(value, str) and len(value) <= 60 and value.isprintable() else ""


def read_layers(
    layers: Sequence[Mapping[str, Any]], *, activation: str, batch_norm: bool, dropout: float
) -> tuple[tuple[FrontLayer, ...], tuple[DenseLayer, ...]]:
    """The front and the dense layers that a list says; what an entry leaves out is the network's.

    Raises:
        ValueError: Something is wrong with the list; the first problem.
    """
    for problem in layer_problems(layers):
        raise ValueError(str(problem))
    front: list[FrontLayer] = []
    dense: list[DenseLayer] = []
    for entry in layers:
        after = (
            str(entry.get("activation", activation)),
            bool(entry.get("batch_norm", batch_norm)),
            float(entry.get("dropout", dropout)),
        )
        if "conv" in entry:
            kernel, stride = int(entry.get("kernel", 3)), int(entry.get("stride", 1))
            padding = str(entry.get("padding", "same"))
            front.append(Convolution(int(entry["conv"]), kernel, stride, padding, *after))
        elif "pool" in entry:
            size = int(entry.get("size", 2))
            front.append(Pooling(str(entry["pool"]), size, int(entry.get("stride", size))))
        elif "dense" in entry:
            dense.append(DenseLayer(int(entry["dense"]), *after))
    return tuple(front), tuple(dense)


def image_problem(layers: Sequence[Mapping[str, Any]], image: ImageShape | None) -> LayerProblem | None:
    """Why a list of layers, which is right in itself, does not fit images of that shape, or ``None``.

    Args:
        image: ``None`` if the rows are no images.
    """
    any_width = dict.fromkeys(width_names(layers).values(), 1)
    filled = fill_widths(layers, any_width)
    front, _ = read_layers(filled, activation="relu", batch_norm=False, dropout=0.0)
    entries = [
        (position, entry) for position, entry in enumerate(layers) if "conv" in entry or "pool" in entry
    ]
    for (position, entry), layer in zip(entries, front, strict=True):
        key = "conv" if "conv" in entry else "pool"
        if image is None:
            what = f"a {key} layer needs images, and the rows of this data are none"
            return LayerProblem(position, key, what, "write dense layers, or hidden_layers and hidden_units")
        height, width, _ = image
        image = layer.shape(image)
        if min(image) < 1:
            key = "kernel" if isinstance(layer, Convolution) else "size"
            size = layer.kernel if isinstance(layer, Convolution) else layer.size
            what = f"{size} x {size} pixels do not fit into an image that is {height} x {width} by then"
            return LayerProblem(position, key, what, f"at most {min(height, width)} fit")
    return None


def front_shapes(front: Sequence[FrontLayer], image: ImageShape | None) -> list[ImageShape]:
    """The image before the front, and after each layer of it.

    Raises:
        ValueError: The front does not fit the image.
    """
    if not front:
        return []
    if image is None:
        raise ValueError("layers: conv and pool need images, and the rows of this data are none")
    shapes = [image]
    for layer in front:
        shapes.append(layer.shape(shapes[-1]))
        if min(shapes[-1]) < 1:
            height, width, _ = shapes[-2]
            raise ValueError(f"layers: {layer} does not fit into an image of {height} x {width} pixels")
    return shapes
