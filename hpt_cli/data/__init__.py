"""Data: a name or a file in, arrays out: split, scaled on the training part, encoded.

What each library is for: pandas parses tables, pyarrow Parquet; scikit-learn brings the built-in sets,
draws the split, fills gaps, scales and encodes; all of them are imported when they are needed.  Ours is what
they leave to chance: what counts as a number or as missing, which task the labels set, the message for every
broken file.
"""

from hpt_cli.data.dataset import Dataset, load_dataset
from hpt_cli.data.settings import BUILTIN, SCALES, TASKS, DataSettings, SplitSettings
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
