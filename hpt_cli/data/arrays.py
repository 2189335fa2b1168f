"""NumPy archives: features and labels as two arrays of one .npz file.

Nothing is unpickled.  The header of every member is read and compared with the member's size before memory is
taken for it, so that a lying header or an archive that unpacks to terabytes ends in a message.
"""

from __future__ import annotations

import lzma
import math
import tokenize
import warnings
import zlib
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy

from hpt_cli.data import settings as limits
from hpt_cli.data.columns import check_finite, judge, read
from hpt_cli.data.files import expansion_limit, open_regular
from hpt_cli.data.idx import image_shape
from hpt_cli.data.messages import Source, listed, shown
from hpt_cli.data.raw import Array, Category, Numbers, Raw

KEYS = (("X", "y"), ("x", "y"), ("data", "target"))
"""Names under which features and labels are looked for."""
DAMAGED = (
    BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)
"""What ``zipfile`` and ``numpy.lib.format`` raise for what is damaged, encrypted or no archive."""


def read_npz(path: Path, target: str | int | None) -> Raw:
    """Features ``X`` (N, D), or images (N, H, W) or (N, H, W, C), and labels ``y`` (N,) of an archive.

    More axes of ``X`` are flattened.

    Raises:
        DataError: With the member and, for a value, its row and column.
    """
    source = Source(str(path), quotes=True)
    file, size = open_regular(path)
    with file:
        try:
            archive = ZipFile(file)
        except DAMAGED:
            raise source.error("is damaged, or not an .npz file; write it again with numpy.savez") from None
        with archive:
            x_key, y_key = _find_keys(archive, source)
            if target not in (None, y_key):
                raise source.error(
                    f"there is no target {shown(target)}; the labels of this file are called {y_key!r}"
                )
            x = _read_member(archive, x_key, expansion_limit(size), source)
            y = _read_member(archive, y_key, expansion_limit(size), source)
    notes: list[str] = []
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise source.error(f"member {y_key!r} has shape {y.shape}; expected one label a row, shape (N,)")
    if x.ndim < 2:
        raise source.error(f"member {x_key!r} has shape {x.shape}; expected rows and features, shape (N, D)")
    if len(x) != len(y):
        raise source.error(
            f"{x_key!r} has {len(x):,} rows and {y_key!r} has {len(y):,}; every row needs one label"
        )
    if x.size == 0:
        raise source.error(f"member {x_key!r} has shape {x.shape}: no data; expected rows and features")
    shape = image_shape(x)
    if shape is None and x.ndim > 2:
        notes.append(
            f"Each row of {x_key!r}, an array of shape {x.shape[1:]}, is read as {x[0].size} features."
        )
    x = x.reshape(len(x), -1)
    if x.shape[1] > limits.MAX_COLUMNS:
        raise source.error(f"{x_key!r} has {x.shape[1]:,} features; the limit is {limits.MAX_COLUMNS:,}")
    if x.dtype.kind not in "biuf":
        raise source.error(f"member {x_key!r} holds {x.dtype} values; expected numbers")
    _check_features(x, x_key, source)
    return Raw(
        source=source,
        numbers=x,
        number_names=tuple(f"{x_key}{column}" for column in range(x.shape[1])),
        categories=(),
        target=_labels(y, y_key, source),
        notes=tuple(notes),
        image_shape=shape,
        by_channel=shape is not None,
    )


def read_features(path: Path) -> Array:
    """The features of an archive that may have no labels.

    Raises:
        DataError: With the member, and for a value its row and column.
    """
    source = Source(str(path), quotes=True)
    file, size = open_regular(path)
    with file:
        try:
            archive = ZipFile(file)
        except DAMAGED:
            raise source.error("is damaged, or not an .npz file; write it again with numpy.savez") from None
        with archive:
            members = [name.removesuffix(".npy") for name in archive.namelist()]
            key = next((key for key, _ in KEYS if members.count(key) == 1), None)
            if key is None:
                raise source.error(
                    f"holds {listed(members, 6) or 'nothing'}; expected a member X (or x, or data)"
                )
            x = _read_member(archive, key, expansion_limit(size), source)
    if x.ndim < 2 or x.size == 0 or x.dtype.kind not in "biuf":
        raise source.error(f"member {key!r} is {x.dtype} of shape {x.shape}; expected rows of numbers")
    _check_features(x.reshape(len(x), -1), key, source)
    return x


def _find_keys(archive: ZipFile, source: Source) -> tuple[str, str]:
    members = [name.removesuffix(".npy") for name in archive.namelist()]
    for x_key, y_key in KEYS:
        if members.count(x_key) == members.count(y_key) == 1:
            return x_key, y_key
    raise source.error(
        f"holds {listed(members, 6) or 'nothing'}; expected the members X and y "
        "(or x and y, or data and target)"
    )


def _read_member(archive: ZipFile, key: str, limit: int, source: Source) -> Array:
    """One array, after its header has been found true."""
    name = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
    size = archive.getinfo(name).file_size
    if size > limit:
        raise source.error(f"member {key!r} unpacks to {size:,} bytes; at most {limit:,} are read")
    try:
        with archive.open(name) as member:
            shape, dtype = _read_header(member)
        if dtype.hasobject:
            raise source.error(
                f"member {key!r} holds Python objects (a pickle), which can run code; "
                "convert it to numbers or texts"
            )
        if math.prod(shape) * dtype.itemsize > size:
            raise source.error(
                f"member {key!r} claims shape {shape}, but is only {size:,} bytes long: damaged"
            )
        with archive.open(name) as member:
            return np.asarray(_without_warnings(npy.read_array, member, allow_pickle=False))
    except (*DAMAGED, SyntaxError, tokenize.TokenError, TypeError, KeyError):
        raise source.error(
            f"member {key!r} is damaged, or not a NumPy array; write it again with numpy.savez"
        ) from None


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = _without_warnings(read, member)
    return shape, dtype


def _without_warnings(read: Any, *args: Any, **kwargs: Any) -> Any:
    # NumPy warns about headers written by Python 2 that they take longer to read, which helps no user.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(*args, **kwargs)


def _check_features(x: Array, key: str, source: Source) -> None:
    if x.dtype.kind != "f":
        return
    for start in range(0, len(x), 4096):  # in blocks: no mask as large as the data
        block = x[start : start + 4096].astype(np.float64)  # 3e38 is no float16
        wrong = np.argwhere(np.abs(block) > limits.LARGEST)
        if wrong.size:
            row, column = start + int(wrong[0][0]), int(wrong[0][1])
            raise source.error(
                f"the number is infinite or above {limits.LARGEST:g} in size; correct it, "
                "or write NaN if unknown",
                row=row,
                column=f"{key}{column}",
            )


def _labels(y: Array, key: str, source: Source) -> Numbers | Category:
    if y.dtype.kind == "b":
        return Category(key, y.astype(np.int64), ("False", "True"))
    if y.dtype.kind in "iuf":
        values = y.astype(np.float64)
        check_finite(values, key, source)
        return Numbers(key, values)
    if y.dtype.kind in "US":
        import pandas as pd

        texts = np.char.decode(y, "utf-8", "replace") if y.dtype.kind == "S" else y
        series = pd.Series(texts.astype(object))
        return read(series, judge(series, key, source, label=True), source)
    raise source.error(f"member {key!r} holds {y.dtype} values; expected numbers or texts as labels")
