"""Rows drawn at random, also with the classes in equal shares: as scikit-learn draws them.

scikit-learn itself is not loaded: that takes a second.  The draws come from NumPy's ``RandomState``, whose
streams NumPy promises never to change.
"""

from __future__ import annotations

import numpy as np

from hpt_cli.data.raw import Array


def draw(n: int, size: int, seed: int) -> tuple[Array, Array]:
    """``size`` of ``n`` rows: the positions that are left, and those taken, each in drawn order.

    Source:
        ``sklearn.model_selection.ShuffleSplit``, whose draw for this seed it is.
    """
    order = np.random.RandomState(seed).permutation(n)
    return order[size:], order[:size]


def draw_stratified(y: Array, size: int, seed: int) -> tuple[Array, Array]:
    """As :func:`draw`, with the classes of ``y`` (N,) in both parts as they are in all.

    Source:
        ``sklearn.model_selection.StratifiedShuffleSplit``, whose draw for this seed it is.
    """
    random = np.random.RandomState(seed)
    _, y, counts = np.unique(y, return_inverse=True, return_counts=True)
    rows_of = np.split(np.argsort(y, kind="stable"), np.cumsum(counts)[:-1])
    to_keep = _shares(counts, len(y) - size, random)
    to_take = _shares(counts - to_keep, size, random)
    kept, taken = [], []
    for rows, n_kept, n_taken in zip(rows_of, to_keep, to_take, strict=True):
        drawn = rows[random.permutation(len(rows))]
        kept.append(drawn[:n_kept])
        taken.append(drawn[n_kept : n_kept + n_taken])
    return random.permutation(np.concatenate(kept)), random.permutation(np.concatenate(taken))


def _shares(counts: Array, size: int, random: np.random.RandomState) -> Array:
    """How many rows of each class are among ``size``: rounded down, then one more by the largest remainders.

    Equal remainders draw lots.
    """
    exact = counts / counts.sum() * size
    shares: Array = np.floor(exact)
    remainders = exact - shares
    lacking = size - int(shares.sum())
    for remainder in np.unique(remainders)[::-1]:
        if lacking <= 0:
            break
        equal = np.flatnonzero(remainders == remainder)
        lucky = random.choice(equal, size=min(len(equal), lacking), replace=False)
        shares[lucky] += 1
        lacking -= len(lucky)
    return shares.astype(np.int64)
