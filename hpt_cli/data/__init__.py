"""Data: a name or a file in, arrays out: split, scaled on the training part, encoded.

What each library is for: pandas parses tables, pyarrow Parquet; scikit-learn brings the built-in sets and
draws groups; all of them are imported when they are needed.  Splits, medians and scales are what
scikit-learn makes of them, to the last bit, but by a few lines of NumPy: it takes a second to load.  Ours
is what they leave to chance: what counts as a number or as missing, which task the labels set, the message
for every broken file.

What may be said of data is there at once; what reads it is imported when it is first used, so that a study
of a command, which reads its own, does not wait for NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hpt_cli.data.settings import BUILTIN, SCALES, TASKS, DataSettings, SplitSettings

if TYPE_CHECKING:
    from hpt_cli.data.dataset import Dataset, load_dataset
    from hpt_cli.data.store import intact_hash, open_recipe, open_training_data, saved_hash

__all__ = [
    "BUILTIN",
    "SCALES",
    "TASKS",
    "DataSettings",
    "Dataset",
    "SplitSettings",
    "intact_hash",
    "load_dataset",
    "open_recipe",
    "open_training_data",
    "saved_hash",
]

_HOMES = {
    "Dataset": "dataset",
    "intact_hash": "store",
    "load_dataset": "dataset",
    "open_recipe": "store",
    "open_training_data": "store",
    "saved_hash": "store",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
