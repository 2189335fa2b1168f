"""A config as text, with the reasons beside the values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from hpt_cli.data import Dataset
from hpt_cli.data.messages import escaped, shown
from hpt_cli.proposal.settings import Proposal

_PLAIN = re.compile(r"(\.\.?/)*[A-Za-z_][A-Za-z0-9_./-]*")
# What YAML, or another reader of it, takes for something else than text.
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "none", "nan", "inf"}
_LISTED_CLASSES = 4
_SPLIT = "  split: {validation: 0.2, test: 0.2} # the rest is for training; no search sees the test rows"


def data_config(
    dataset: Dataset,
    proposal: Proposal,
    *,
    name: str,
    schema: str,
    written_by: str,
    data: Mapping[str, object],
    about: Sequence[str] = (),
) -> str:
    """The YAML of a study on data.

    Args:
        dataset: As the config will load it.
        proposal: Its settings.
        name: The study's.
        schema: Where an editor finds the JSON Schema, relative to the config.
        written_by: The command.
        data: Keys of ``data`` and their values, in order.
        about: Lines on the columns, put as comments beside ``data``.
    """
    lines = [
        *heading(name, schema, written_by),
        "",
        "data:",
        *_data(dataset, data),
        *(f"  # {escaped(line)}" for line in about),
        *([] if "split" in data else [_SPLIT]),
        "",
        *_objective(dataset, proposal),
        "",
        *_network(dataset, proposal),
        "",
        *_space(proposal),
        "",
        *_search(proposal),
    ]
    return "\n".join(lines) + "\n"


def minimal_config(data: Mapping[str, object]) -> str:
    """The least YAML that has this ``data``: to have its settings read by the config's own rules."""
    lines = ["data:", *(f"  {key}: {scalar(value)}" for key, value in data.items())]
    return "\n".join([*lines, "space: {learning_rate: 0.1}"]) + "\n"


def heading(name: str, schema: str, written_by: str) -> list[str]:
    """The first lines of every config: for editors, for people, and the study's name and seed."""
    return [
        f"# yaml-language-server: $schema={schema}",
        f"# Written by: {escaped(written_by)}",
        "# Change what you like: `hpt plan` checks it and shows what it would do, `hpt run` does it.",
        f"name: {scalar(name)} # the study's folder under runs/",
        "seed: 0 # the same seed gives the same study, bit for bit",
    ]


def scalar(value: object) -> str:
    """A value, or a list of them, as YAML that reads back as the same."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {scalar(of)}" for key, of in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=not (isinstance(value, str) and value.isprintable()))


def _data(dataset: Dataset, data: Mapping[str, object]) -> list[str]:
    lines = [f"  {key}: {scalar(value)}" for key, value in data.items()]
    said = ""
    if dataset.classes:
        names = ", ".join(map(shown, dataset.classes[:_LISTED_CLASSES]))
        more = ", ..." if len(dataset.classes) > _LISTED_CLASSES else ""
        said = f" # {dataset.n_classes} classes: {escaped(names)}{more}"
    return [*lines, f"  task: {dataset.task}{said}"]


def _objective(dataset: Dataset, proposal: Proposal) -> list[str]:
    if dataset.task == "regression":
        why = ["# The root of the mean squared error, in the label's own units; less is better."]
    elif proposal.skew is not None:
        why = [
            f"# {proposal.skew:.0%} of the training rows are of one class: accuracy would flatter. Here all",
            "# classes count the same. Others: validation_accuracy, validation_f1_macro, validation_auc.",
        ]
    elif proposal.metric == "validation_loss":
        why = [
            f"# With {len(dataset.y_validation)} validation rows, trials would tie in accuracy.",
            "# Others: validation_accuracy, validation_balanced_accuracy, validation_f1_macro.",
        ]
    else:
        why = [
            "# Others: validation_loss, validation_balanced_accuracy, validation_f1_macro, validation_auc."
        ]
    return [*why, f"objective: {{metric: {proposal.metric}}}"]


def _network(dataset: Dataset, proposal: Proposal) -> list[str]:
    rows = f"{len(dataset.y_train):,} training rows"
    lines = [
        "network: # what is the same in all trials",
        f"  batch_size: {proposal.batch_size} # of {rows}",
        f"  epochs: {proposal.epochs} # at most so many ...",
        f"  patience: {proposal.patience} # ... and so many without a better one; then back to the best",
    ]
    if dataset.image_shape is not None:
        height, width, _ = dataset.image_shape
        lines += [
            f"  # The rows are images of {height} x {width} pixels. For convolutions, take hidden_layers and",
            "  # hidden_units out below, and write here:",
            "  # layers: [{conv: 8, kernel: 3}, {pool: max}, {conv: 16, kernel: 3}, {dense: 64}]",
        ]
    return lines


def _space(proposal: Proposal) -> list[str]:
    low, high = proposal.units
    lines = [
        "space: # what is searched",
        "  learning_rate: {low: 1e-4, high: 1, scale: log} # each decade alike",
        "  hidden_layers: {low: 1, high: 3}",
        f"  hidden_units: {{low: {low}, high: {high}, scale: log}} # width of each layer",
        "  batch_norm: [true, false]",
        "  dropout: {low: 0, high: 0.5, step: 0.1}",
        "  l2: {low: 1e-6, high: 1e-2, scale: log}",
    ]
    if proposal.skew is not None:
        lines.append("  class_weight: [none, balanced] # balanced: rare classes weigh more")
    return lines


def _search(proposal: Proposal) -> list[str]:
    lines = [
        "search:",
        "  strategy: bayes # a model of the results so far chooses what to try next",
        f"  trials: {proposal.trials} # {_rough(proposal.seconds)} on two cores; see `hpt plan`",
    ]
    if proposal.repeats > 1:
        why = "few rows: each trial is trained so often, and judged by the mean"
        lines.append(f"  repeats: {proposal.repeats} # {why}")
    return lines


def _rough(seconds: float) -> str:
    if seconds < 45:
        return "less than a minute"
    return "about a minute" if seconds < 90 else f"about {seconds / 60:.0f} minutes"
