"""How the learning rate changes over the epochs."""

from __future__ import annotations

import math

from hpt_cli.network.settings import NetworkSettings


def learning_rate(settings: NetworkSettings, epoch: int) -> float:
    """The learning rate of ``epoch`` (from 0); it changes between epochs only.

    Warm-up of w epochs grows linearly and reaches the full rate in the epoch after them: 1 / (w + 1),
    2 / (w + 1), ...  What follows counts from there: ``step`` multiplies by ``factor`` after each ``every``
    epochs; ``cosine`` falls along half a cosine and would reach the share ``final`` when the last epoch ends,
    so that no epoch is trained at a rate of 0.

    Source:
        Cosine: Loshchilov and Hutter, "SGDR" (2017), https://arxiv.org/abs/1608.03983, without restarts.
    """
    warmup = settings.schedule_warmup_epochs
    if epoch < warmup:
        return settings.learning_rate * (epoch + 1) / (warmup + 1)
    since = epoch - warmup
    share = 1.0
    if settings.schedule_kind == "step":
        share = settings.schedule_factor ** (since // settings.schedule_every)
    elif settings.schedule_kind == "cosine":
        progress = since / (settings.epochs - warmup)
        final = settings.schedule_final
        share = final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2
    return settings.learning_rate * share
