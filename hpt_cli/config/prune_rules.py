"""The rules of ``search.prune``: which key goes with which method, and whether there is a rung at all."""

from __future__ import annotations

from hpt_cli.config import models
from hpt_cli.config.hyperparameters import Study
from hpt_cli.config.messages import listed
from hpt_cli.config.yaml_loader import Document
from hpt_cli.pruning import KEYS, PruneSettings, rungs_of


def read_prune(prune: models.Prune, study: Study | None, document: Document) -> PruneSettings:
    """How trials are ended early, each key with its default.

    Args:
        prune: The section.
        study: The network's hyperparameters; ``None`` where trials run own code.
        document: Takes what is wrong.
    """
    path = ("search", "prune")
    given = {key: value for key in KEYS if (value := getattr(prune, key)) is not None}
    for key in given:
        if prune.method not in KEYS[key]:
            what = f"has no effect: search.prune.method is {prune.method}"
            document.refuse((*path, key), what, f"it goes with {listed(KEYS[key])}; or remove it")
    settings = PruneSettings(prune.method, **given)
    if study is None:
        if prune.method != "none":
            what = f"only the built-in network can be pruned so far, found {prune.method}"
            document.refuse((*path, "method"), what, "write method: none")
        return PruneSettings()
    if prune.method == "none" or "epochs" in study.unknown:
        return settings
    epochs = max((int(value) for value in study.values("epochs")), default=1)
    if epochs < 2:
        what = f"{prune.method} needs an epoch to judge before the last, and there is {epochs} in all"
        document.refuse((*path, "method"), what, "write epochs: 2 or more, or method: none")
    elif not rungs_of(settings, epochs):
        what = f"must be below the number of epochs, {epochs}, found {settings.first_rung}"
        document.refuse((*path, "first_rung"), what, f"write first_rung: {max(1, epochs // 9)}")
    return settings
