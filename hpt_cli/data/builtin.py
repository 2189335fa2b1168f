"""The built-in data sets: those inside scikit-learn's wheel, so that nothing is downloaded."""

from __future__ import annotations

import numpy as np

from hpt_cli.data.columns import Reading
from hpt_cli.data.messages import Source, did_you_mean, shown
from hpt_cli.data.raw import Category, Field, Numbers, Raw
from hpt_cli.data.settings import DataSettings

TARGET_NAMES = ("label", "target")
"""Every built-in set answers to both: the word of our configs, and scikit-learn's."""


def read_builtin(settings: DataSettings) -> Raw:
    """One of the sets of :data:`~hpt_cli.data.settings.BUILTIN`.

    Raises:
        DataError: ``target`` is given, and is not what the set's label is called.
    """
    from sklearn import datasets

    name = settings.source
    if settings.target not in (None, -1, *TARGET_NAMES):
        raise Source(name).error(
            f"there is no target {shown(settings.target)}; {did_you_mean(str(settings.target), TARGET_NAMES)}"
            f"this set's target is called 'label' (or 'target'), and may be left out"
        )
    bunch = getattr(datasets, f"load_{name}")()
    target_name = TARGET_NAMES[0]
    target: Numbers | Category
    if name == "diabetes":
        target = Numbers(target_name, np.asarray(bunch.target, dtype=np.float64))
    else:
        levels = tuple(str(level) for level in bunch.target_names)
        target = Category(target_name, np.asarray(bunch.target, dtype=np.int64), levels)
    return Raw(
        source=Source(name, quotes=True),
        numbers=np.asarray(bunch.data, dtype=np.float64),
        number_names=tuple(str(feature) for feature in bunch.feature_names),
        categories=(),
        target=target,
        image_shape=(8, 8, 1) if name == "digits" else None,
        fields=tuple(Field(str(feature)) for feature in bunch.feature_names),
        readings=tuple(Reading(str(feature), "number") for feature in bunch.feature_names),
    )
