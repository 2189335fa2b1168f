"""Ingredients of ``bayes`` that can be left out, to see what each gains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from hpt_cli.strategies import bayes, candidates, surrogate
from hpt_cli.strategies.sobol import sobol_places

Array = np.ndarray


def _set(module: Any, **values: Any) -> Callable[[], None]:
    def apply() -> None:
        for name, value in values.items():
            setattr(module, name, value)

    return apply


def _ranked(values: Array) -> Array:
    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)))


def _prior(**fields: tuple[float, float]) -> Callable[[], None]:
    return _set(surrogate, OBJECTIVE=replace(surrogate.OBJECTIVE, **fields))


def _sobol_start(search: bayes.BayesSearch, *, skip: int = 0) -> Iterator[Sequence[float]]:
    return sobol_places(len(search._space.names), search._rng(0), skip=skip)


WITHOUT: Mapping[str, Callable[[], None]] = {
    "spread": _set(bayes, SPREAD_EVERY=10**9),
    "doubt": _set(bayes, DOUBT_EVERY=10**9),
    "plateaus": _set(surrogate, RISE=0.0),
    "clipping": _set(surrogate, clipped=lambda values: values),
    "clipping-but-ranks": _set(surrogate, clipped=_ranked),
    "short-start": _set(bayes, START=10),
    "center": _set(bayes.BayesSearch, _start_places=_sobol_start),
    "local-candidates": _set(candidates, DISTANCES=(), CLOSER=(), ANYWHERE=1000),
    "closer-looks": _set(candidates, CLOSER=()),
    "noise-estimate": _prior(noise=(-13.0, 0.01)),
    "length-prior": _prior(length=(*surrogate.OBJECTIVE.length[:1], 4.0)),
    "success-model": _set(surrogate, log_success=lambda mean, deviation: 0.0),
}
"""How to leave each out, in this process."""
