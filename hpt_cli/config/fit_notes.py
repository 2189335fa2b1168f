"""Sentences on settings that are allowed, and do something else than who wrote them expects."""

from __future__ import annotations

from hpt_cli.config.hyperparameters import Study
from hpt_cli.config.settings import StudyConfig
from hpt_cli.space import Choice


def fit_notes(config: StudyConfig, rows: int) -> list[str]:
    """What deserves to be known of a config beside its data.

    Args:
        config: A study of the built-in network.
        rows: How many there are to train on.
    """
    return [note for note in (_batches(config, rows), _patience(config), _warmup(config)) if note]


def _bounds(config: StudyConfig, name: str) -> tuple[float, float] | None:
    """The least and the largest value that a number can have in the study; ``None`` where it is off."""
    dimension = config.space.dimensions.get(name)
    if dimension is None:
        value = Study(config.network, config.space.dimensions).fixed(name)
        values: list[object] = [value]
    elif isinstance(dimension, Choice):
        values = list(dimension.choices)
    else:
        values = [dimension.low, dimension.high]
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    return (min(numbers), max(numbers)) if numbers else None


def _batches(config: StudyConfig, rows: int) -> str:
    batches = _bounds(config, "batch_size")
    if batches is None or batches[1] <= rows:
        return ""
    some = (
        f"batch_size {batches[0]:g} is" if batches[0] == batches[1] else f"batch_size up to {batches[1]:g} is"
    )
    return f"{some} more than the {rows:,} training rows: such an epoch is one step with all of them."


def _patience(config: StudyConfig) -> str:
    patience, epochs = _bounds(config, "patience"), _bounds(config, "epochs")
    if patience is None or epochs is None or patience[0] < epochs[1]:
        return ""
    return (
        f"patience {patience[0]:g} ends no training of {epochs[1]:g} epochs early; it only goes back to the "
        "best epoch at the end."
    )


def _warmup(config: StudyConfig) -> str:
    warmup, epochs = _bounds(config, "schedule.warmup_epochs"), _bounds(config, "epochs")
    if warmup is None or epochs is None or warmup[1] < epochs[0] or not warmup[1]:
        return ""
    some = "schedule.warmup_epochs" if warmup[0] == warmup[1] else "schedule.warmup_epochs up to"
    late = f"{some} {warmup[1]:g} does not end within {epochs[0]:g} epochs"
    return f"{late}: the full learning rate is never reached."
