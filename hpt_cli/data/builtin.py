"""The built-in data sets: those inside scikit-learn's package, so that nothing is downloaded.

Their files are read from where the package lies, without loading it: that would take a second at each start
of a command.  The values are those of its own loaders, bit for bit.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hpt_cli.data.columns import Reading
from hpt_cli.data.messages import Source, did_you_mean, shown
from hpt_cli.data.raw import Array, Category, Field, Numbers, Raw
from hpt_cli.data.settings import DataSettings
from hpt_cli.errors import DataError

TARGET_NAMES = ("label", "target")
"""Every built-in set answers to both: the word of our configs, and scikit-learn's."""

_NUCLEUS = (
    *("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points"),
    *("symmetry", "fractal dimension"),
)
_MEASURED = ("mean {}", "{} error", "worst {}")  # of the nuclei in a picture
FEATURES: dict[str, tuple[str, ...]] = {
    "digits": tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)),
    "wine": (
        *("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids"),
        *(
            "nonflavanoid_phenols",
            "proanthocyanins",
            "color_intensity",
            "hue",
            "od280/od315_of_diluted_wines",
        ),
        "proline",
    ),
    "breast_cancer": tuple(measured.format(name) for measured in _MEASURED for name in _NUCLEUS),
    "iris": tuple(f"{part} {side} (cm)" for part in ("sepal", "petal") for side in ("length", "width")),
    "diabetes": ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
}
"""What scikit-learn calls the features; its files do not say it."""


def read_builtin(settings: DataSettings) -> Raw:
    """One of the sets of :data:`~hpt_cli.data.settings.BUILTIN`.

    Raises:
        DataError: ``target`` is given, and is not what the set's label is called; or the set's file is not
            where scikit-learn keeps it.
    """
    name = settings.source
    if settings.target not in (None, -1, *TARGET_NAMES):
        raise Source(name).error(
            f"there is no target {shown(settings.target)}; {did_you_mean(str(settings.target), TARGET_NAMES)}"
            f"this set's target is called 'label' (or 'target'), and may be left out"
        )
    numbers, target = _READERS.get(name, _read_listed)(name)
    features = FEATURES[name]
    return Raw(
        source=Source(name, quotes=True),
        numbers=numbers,
        number_names=features,
        categories=(),
        target=target,
        image_shape=(8, 8, 1) if name == "digits" else None,
        fields=tuple(Field(feature) for feature in features),
        readings=tuple(Reading(feature, "number") for feature in features),
    )


def _read_digits(_: str) -> tuple[Array, Category]:
    """8x8 images with values of 0 to 16, and the digit that each shows."""
    table = _numbers("digits.csv.gz", ",", np.uint8).astype(np.float64)  # 20 times faster than read as floats
    levels = tuple(str(digit) for digit in range(10))
    return table[:, :-1], Category(TARGET_NAMES[0], table[:, -1].astype(np.int64), levels)


def _read_diabetes(_: str) -> tuple[Array, Numbers]:
    """Standardized over all rows and divided by the root of their number, as scikit-learn hands them out."""
    x = _numbers("diabetes_data_raw.csv.gz")
    x = (x - np.mean(x, axis=0)) / np.std(x, axis=0) / len(x) ** 0.5
    return x, Numbers(TARGET_NAMES[0], _numbers("diabetes_target.csv.gz"))


def _read_listed(name: str) -> tuple[Array, Category]:
    """A file whose first line has the numbers of rows and features, and the names of the classes."""
    path = _path("wine_data.csv" if name == "wine" else f"{name}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        (_, _, *levels), *rows = csv.reader(file)
    table = np.array(rows, dtype=np.float64)
    return table[:, :-1], Category(TARGET_NAMES[0], table[:, -1].astype(np.int64), tuple(levels))


_READERS: dict[str, Callable[[str], tuple[Array, Category | Numbers]]] = {
    "digits": _read_digits,
    "diabetes": _read_diabetes,
}


def _numbers(file_name: str, delimiter: str | None = None, dtype: npt.DTypeLike = np.float64) -> Array:
    with gzip.open(_path(file_name), "rt", encoding="utf-8") as file:
        table: Array = np.loadtxt(file, delimiter=delimiter, dtype=dtype)
    return table


def _path(file_name: str) -> Path:
    """A file of scikit-learn's package."""
    package = find_spec("sklearn")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder, "datasets", "data", file_name)
        if path.is_file():
            return path
    raise DataError(
        f"{file_name}, which a built-in set is read from, is not in the installed scikit-learn; "
        "install scikit-learn again"
    )
