"""Trains any number of networks: groups them into populations by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hpt_cli.network.architecture import Convolution, front_shapes
from hpt_cli.network.engine import TrainingData
from hpt_cli.network.layout import weight_shapes
from hpt_cli.network.losses import n_outputs, resolve_loss
from hpt_cli.network.optimizers import optimizer_class
from hpt_cli.network.population import Population, State, TrainingOutcome, group_key
from hpt_cli.network.settings import NetworkSettings

# Measured on AMD cores with 0.5 and 1 MB of L2: a population gains 5x at 21 KB a trial, 2.3x at 0.3 MB, 1.5x
# at 0.5 MB, 1.4x at 0.74 MB in groups of four to eight (less in larger ones), and loses a tenth from 1.5 MB.
SOLO_BYTES = 800_000
"""Trials with a larger working set are trained alone."""
SOLO_IMAGE_BYTES = 1_000_000
"""The same for trials with convolutions, which make more calls for as many bytes: four or five together
took 0.4 times their time alone at 190 KB, 0.6 to 0.7 at 630 KB, 0.75 to 0.9 at 1.2 MB."""
GROUP_BYTES = 4_000_000
"""About the working set of a whole group."""
LEAST, MOST = 4, 32
"""About the bounds of a full group's K."""


def working_set(settings: NetworkSettings, data: TrainingData) -> int:
    """Bytes that one training touches at each step: weights, gradients, moments and activations."""
    outputs = n_outputs(resolve_loss(settings.loss, data.task, data.n_classes), data.n_classes)
    shapes = weight_shapes(settings, data.x_train.shape[1], outputs, data.image_shape)
    weights = sum(math.prod(shape) for shape in shapes.values())
    vectors = 3 + len(optimizer_class(settings).moment_names)  # weights, gradients, a spare
    rows = min(settings.batch_size, data.x_train.shape[0])
    row = data.x_train.shape[1] + outputs  # then activations, slopes, centered sums
    row += sum(layer.units * (3 if layer.batch_norm else 2) for layer in settings.dense)
    images = front_shapes(settings.front, data.image_shape)
    for layer, before, after in zip(settings.front, images, images[1:], strict=False):
        row += math.prod(after) * (3 if isinstance(layer, Convolution) and layer.batch_norm else 2)
        if isinstance(layer, Convolution):  # its columns
            row += layer.kernel**2 * before[2] * after[0] * after[1]
    numbers: int = vectors * weights + rows * row
    return 4 * numbers


# Measured: 30 to 70 us a step beside its products, and 6e10 operations a second in these.
_SECONDS_A_STEP, _OPERATIONS_A_SECOND = 1e-4, 1e10


def seconds_at_most(settings: NetworkSettings, data: TrainingData) -> float | None:
    """What a training should not exceed, on a slow machine either; ``None`` for one with convolutions.

    Six operations a weight and row: a product and a sum on the way forward, twice that on the way back.
    """
    if settings.front:
        return None
    outputs = n_outputs(resolve_loss(settings.loss, data.task, data.n_classes), data.n_classes)
    shapes = weight_shapes(settings, data.x_train.shape[1], outputs)
    rows = len(data.x_train)
    operations = 6 * rows * sum(math.prod(shape) for shape in shapes.values())
    steps = math.ceil(rows / settings.batch_size)
    return settings.epochs * (steps * _SECONDS_A_STEP + operations / _OPERATIONS_A_SECOND)


def group(settings: Sequence[NetworkSettings], data: TrainingData) -> list[list[int]]:
    """Which trainings to run together: lists of their indices.

    Equal widths become neighbors, so that they share calls.
    """
    groups: list[list[int]] = []
    by_key: dict[tuple[object, ...], list[int]] = {}
    for index, one in enumerate(settings):
        if working_set(one, data) < (SOLO_IMAGE_BYTES if one.front else SOLO_BYTES):
            by_key.setdefault(group_key(one), []).append(index)
        else:
            groups.append([index])
    for indices in by_key.values():
        indices.sort(key=lambda index: (settings[index].widths, index))
        sizes = [working_set(settings[index], data) for index in indices]
        groups += _shared_out(indices, sizes)
    return groups


def _shared_out(indices: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    """Neighbors in as few groups as their bounds allow, all with about as many bytes.

    A small rest would cost nearly as much time as a full group.
    """
    count = max(math.ceil(len(indices) / MOST), round(sum(sizes) / GROUP_BYTES))
    count = max(1, min(count, len(indices) // LEAST))
    share = sum(sizes) / count
    groups: list[list[int]] = [[] for _ in range(count)]
    before = 0
    for index, size in zip(indices, sizes, strict=True):
        groups[min(int((before + size / 2) / share), count - 1)].append(index)
        before += size
    return [group for group in groups if group]


class Trainings:
    """Any number of trainings under way, in as many populations as it takes.

    What comes out of one does not depend on what else is trained, nor on where it was stopped on its way.

    Args:
        settings: One entry is one training.
        seeds: Its training seed, at least 0: weights, order of the rows and dropout follow from it.
        data: The same for all.
        metric: The full name of the metric that patience watches; its history is kept in any case.
        states: Where each goes on, from :meth:`state`; ``None`` for the start.

    Raises:
        ValueError: Settings or metric do not fit the data.
    """

    def __init__(
        self,
        settings: Sequence[NetworkSettings],
        seeds: Sequence[int],
        data: TrainingData,
        *,
        metric: str,
        states: Sequence[State | None] | None = None,
    ) -> None:
        states = states or [None] * len(settings)
        self._homes: dict[int, tuple[Population, int]] = {}
        self._populations: list[Population] = []
        for together in group(settings, data):
            by_epochs: dict[int, list[int]] = {}
            for index in together:
                state = states[index]
                by_epochs.setdefault(0 if state is None else int(state["epochs"]), []).append(index)
            for indices in by_epochs.values():
                given = [state for index in indices if (state := states[index]) is not None]
                population = Population(
                    [settings[index] for index in indices],
                    [seeds[index] for index in indices],
                    data,
                    metric=metric,
                    states=given or None,
                )
                self._populations.append(population)
                self._homes |= {index: (population, place) for place, index in enumerate(indices)}

    def run(self, until: int | None = None) -> None:
        """Train to the end of epoch ``until`` (counted from 1), or each to its end."""
        for population in self._populations:
            population.run(until)

    def running(self, training: int) -> bool:
        """Whether it has epochs to go."""
        population, place = self._homes[training]
        return population.running(place)

    def outcome(self, training: int) -> TrainingOutcome:
        """What came of it; of one that has epochs to go, what would if it was pruned now."""
        population, place = self._homes[training]
        return population.so_far(place) if population.running(place) else population.outcome(place)

    def state(self, training: int) -> State:
        """Where a running one stands, to go on elsewhere.

        Raises:
            ValueError: It has ended.
        """
        population, place = self._homes[training]
        return population.state(place)

    def drop(self, trainings: Sequence[int]) -> None:
        """End these running ones as they stand."""
        for population in self._populations:
            places = [self._homes[index][1] for index in trainings if self._homes[index][0] is population]
            if places:
                population.drop(places)


def train(
    settings: Sequence[NetworkSettings], seeds: Sequence[int], data: TrainingData, *, metric: str
) -> list[TrainingOutcome]:
    """Train each of the settings with the seed beside it to its end; outcomes in the same order.

    Arguments and errors are those of :class:`Trainings`.
    """
    trainings = Trainings(settings, seeds, data, metric=metric)
    trainings.run()
    return [trainings.outcome(index) for index in range(len(settings))]
