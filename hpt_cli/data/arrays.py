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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from hpt_cli.data.raw import TEST, VALIDATION, Array, Category, Numbers, Raw

KEYS = (("X", "y"), ("x", "y"), ("data", "target"), ("images", "labels"))
"""Names under which features and labels are looked for."""
PARTS = {"train": -1, "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "test": TEST}
"""What stands behind the first two of them where an archive has parts; -1 is to be drawn from."""
Parts = list[tuple[tuple[str, str], int]]
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
    with _opened(path, source) as (archive, size):
        x_key, y_key, parts = _find_keys(archive, source)
        if target not in (None, y_key):
            raise source.error(
                f"there is no target {shown(target)}; the labels of this file are called {y_key!r}"
            )
        read = [_read_pair(archive, *keys, expansion_limit(size), source) for keys, _ in parts]
    notes: list[str] = []
    x, y, given = _join(read, parts, source)
    if given is not None:
        said = ", ".join(
            f"{len(own):,} in {keys[0]!r}" for (keys, _), (own, _) in zip(parts, read, strict=True)
        )
        notes.append(f"The file has parts of its own: {said}.")
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
        given=given,
    )


def _read_pair(archive: ZipFile, x_key: str, y_key: str, limit: int, source: Source) -> tuple[Array, Array]:
    """Features and labels under two names, a label for each row."""
    x = _read_member(archive, x_key, limit, source)
    y = _read_member(archive, y_key, limit, source)
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
    return x, y


def _join(
    read: Sequence[tuple[Array, Array]], parts: Parts, source: Source
) -> tuple[Array, Array, Array | None]:
    """All rows of the parts, and the part of each row; ``None`` where the archive has no parts."""
    (x, y), *others = read
    if not others:
        return x, y, None
    for (own, _), ((x_key, _), _) in zip(others, parts[1:], strict=True):
        if own.shape[1:] != x.shape[1:] or own.dtype != x.dtype:
            raise source.error(
                f"member {x_key!r} is {own.dtype} of shape {own.shape}, and {parts[0][0][0]!r} {x.dtype} of "
                f"shape {x.shape}; all parts must be alike"
            )
    given = np.repeat([part for _, part in parts], [len(own) for own, _ in read])
    return np.concatenate([x for x, _ in read]), np.concatenate([y for _, y in read]), given


def read_features(path: Path) -> tuple[Array, Numbers | Category | None]:
    """The features of an archive, and its labels if it has some under the name that goes with them.

    Raises:
        DataError: With the member, and for a value its row and column.
    """
    source = Source(str(path), quotes=True)
    with _opened(path, source) as (archive, size):
        members = [name.removesuffix(".npy") for name in archive.namelist()]
        known = [*(key for key, _ in KEYS), *(f"{x}_{own}" for x in "Xx" for own in ("test", "train"))]
        key = next((key for key in known if members.count(key) == 1), None)
        if key is None:
            raise source.error(
                f"holds {listed(members, 6) or 'nothing'}; expected a member X (or x, data, images, X_test)"
            )
        x = _read_member(archive, key, expansion_limit(size), source)
        y_key = dict(KEYS).get(key, f"y{key[1:]}")
        labels = None
        if members.count(y_key) == 1:
            _, read = _read_pair(archive, key, y_key, expansion_limit(size), source)
            labels = _labels(read, y_key, source)
    if x.ndim < 2 or x.size == 0 or x.dtype.kind not in "biuf":
        raise source.error(f"member {key!r} is {x.dtype} of shape {x.shape}; expected rows of numbers")
    _check_features(x.reshape(len(x), -1), key, source)
    return x, labels


@contextmanager
def _opened(path: Path, source: Source) -> Iterator[tuple[ZipFile, int]]:
    """An archive, and how many bytes its file has."""
    file, size = open_regular(path)
    with file:
        try:
            archive = ZipFile(file)
        except DAMAGED:
            raise source.error("is damaged, or not an .npz file; write it again with numpy.savez") from None
        with archive:
            yield archive, size


def _find_keys(archive: ZipFile, source: Source) -> tuple[str, str, Parts]:
    """What features and labels are called, and the members that hold them, part by part."""
    members = [name.removesuffix(".npy") for name in archive.namelist()]

    def there(keys: tuple[str, str]) -> bool:
        return all(members.count(key) == 1 for key in keys)

    for x_key, y_key in KEYS:
        if there((x_key, y_key)):
            return x_key, y_key, [((x_key, y_key), -1)]
    for x_key, y_key in KEYS[:2]:
        parts = [((f"{x_key}_{name}", f"{y_key}_{name}"), part) for name, part in PARTS.items()]
        found = [(keys, part) for keys, part in parts if there(keys)]
        if found and found[0][1] == -1:
            return x_key, y_key, found
    raise source.error(
        f"holds {listed(members, 6) or 'nothing'}; expected the members X and y (or x and y, data and "
        "target, or images and labels), or X_train, y_train, X_test and y_test"
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
