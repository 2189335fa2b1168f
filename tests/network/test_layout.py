"""Where numbers lie, and that sums and products do not depend on it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpt_cli.network import NetworkSettings
from hpt_cli.network.arrays import column_blocks, find_runs, multipliers, row_adder, row_sums
from hpt_cli.network.layout import Layout, named, spread_columns, weight_shapes


def test_runs_are_neighbors_of_equal_widths() -> None:
    assert find_runs([(2,), (2,), (3,), (2,)]) == [slice(0, 2), slice(2, 3), slice(3, 4)]


def test_column_blocks_are_views_of_each_trials_columns() -> None:
    side_by_side = np.arange(10.0).reshape(2, 5)
    pair, single = column_blocks(side_by_side, [2, 2, 1], [slice(0, 2), slice(2, 3)])
    np.testing.assert_array_equal(pair[1], [[2, 3], [7, 8]])
    np.testing.assert_array_equal(single[0], [[4], [9]])
    pair[0, 0, 1] = -1
    assert side_by_side[0, 1] == -1


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 33, 200])
def test_row_sums_do_not_depend_on_the_columns_beside(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(n, 5)).astype(np.float32)
    together, alone = np.empty(5, np.float32), np.empty(1, np.float32)
    row_adder(5)(x, together)
    for column in range(5):
        row_adder(1)(np.ascontiguousarray(x[:, column : column + 1]), alone)
        assert alone[0] == together[column]


def test_sums_over_rows_do_not_depend_on_the_trials_beside() -> None:
    x = np.random.default_rng(0).normal(size=(4, 1000)).astype(np.float32)
    assert [row_sums(x[k : k + 1])[0] for k in range(4)] == list(row_sums(x))


@pytest.mark.parametrize(("m", "k", "n"), list(itertools.product([1, 2, 5], [1, 3, 37], [1, 2, 8])))
def test_a_product_does_not_depend_on_where_its_matrices_lie(m: int, k: int, n: int) -> None:
    rng = np.random.default_rng(m * k * n)
    a, b = rng.normal(size=(1, m, k)).astype(np.float32), rng.normal(size=(1, k, n)).astype(np.float32)
    plain, elsewhere = np.empty((1, m, n), np.float32), np.empty((1, m, n + 9), np.float32)
    (multiply,) = multipliers([plain], [k])
    multiply(a, b, plain)
    np.testing.assert_allclose(plain[0], a[0] @ b[0], rtol=1e-5, atol=1e-6)
    for shift in range(1, 6):  # columns of wider arrays, aligned differently
        wide_a, wide_b = np.empty((1, m, k + 9), np.float32), np.empty((1, k, n + 9), np.float32)
        wide_a[:, :, shift : shift + k], wide_b[:, :, shift : shift + n] = a, b
        out = elsewhere[:, :, shift : shift + n]
        (multiply,) = multipliers([out], [k])
        multiply(wide_a[:, :, shift : shift + k], wide_b[:, :, shift : shift + n], out)
        assert np.array_equal(out, plain)


def make_layout() -> Layout:
    settings = [NetworkSettings.from_flat({"hidden_units": [width], "batch_norm": True}) for width in (3, 2)]
    return Layout([weight_shapes(one, 4, 2) for one in settings])


def test_a_trials_numbers_are_the_vector_of_its_own_layout() -> None:
    layout = make_layout()
    vector = np.arange(float(layout.size))
    for trial in range(2):
        own = layout.take(vector, trial)
        alone = Layout([layout.trials[trial]])
        assert len(own) == alone.size
        for name, array in named(layout.trials[trial], own).items():
            np.testing.assert_array_equal(array, alone.blocks(own, name, [slice(0, 1)])[0][0])
            np.testing.assert_array_equal(array, layout.blocks(vector, name, [slice(trial, trial + 1)])[0][0])


def test_put_is_the_inverse_of_take() -> None:
    layout = make_layout()
    vector = np.random.default_rng(0).normal(size=layout.size)
    copy = np.zeros_like(vector)
    for trial in range(2):
        layout.put(copy, trial, layout.take(vector, trial))
    np.testing.assert_array_equal(copy, vector)


def test_matrices_come_first() -> None:
    layout = make_layout()
    assert layout.matrices == slice(0, (4 * 3 + 4 * 2) + (3 * 2 + 2 * 2))
    assert layout.names == ("layer1.W", "output.W", "layer1.gamma", "layer1.beta", "output.b")


def test_a_number_a_trial_meets_each_of_its_weights() -> None:
    layout = make_layout()
    spread = layout.spread([1.0, 2.0], np.float32)
    for trial in range(2):
        assert set(layout.take(spread, trial)) == {trial + 1.0}
    assert layout.spread([3.0, 3.0], np.float32).ndim == 0
    np.testing.assert_array_equal(spread_columns([1.0, 2.0], [3, 2], np.float32), [1, 1, 1, 2, 2])
