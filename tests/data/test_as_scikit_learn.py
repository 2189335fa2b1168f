"""What is done without loading scikit-learn is what scikit-learn does, to the last bit."""

import subprocess
import sys

import numpy as np
import pytest

from hpt_cli.data.builtin import read_builtin
from hpt_cli.data.drawing import draw, draw_stratified
from hpt_cli.data.prepare import minmax_scale, standard_scale
from hpt_cli.data.settings import BUILTIN, DataSettings, SplitSettings
from hpt_cli.data.split import split_rows
from hpt_cli.errors import DataError

SEEDS = range(40)


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_set_is_that_of_its_loader(name):
    from sklearn import datasets

    theirs = getattr(datasets, f"load_{name}")()
    ours = read_builtin(DataSettings(source=name))
    assert ours.numbers.tobytes() == np.asarray(theirs.data, dtype=np.float64).tobytes()
    assert ours.number_names == tuple(map(str, theirs.feature_names))
    if name == "diabetes":
        assert ours.target.values.tobytes() == theirs.target.tobytes()
    else:
        assert ours.target.codes.tolist() == theirs.target.tolist()
        assert ours.target.levels == tuple(map(str, theirs.target_names))


def test_a_built_in_set_whose_file_is_gone_says_what_to_do(monkeypatch, tmp_path):
    class Elsewhere:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr("hpt_cli.data.builtin.find_spec", lambda _: Elsewhere)
    with pytest.raises(DataError, match=r"digits\.csv\.gz.*install scikit-learn again"):
        read_builtin(DataSettings(source="digits"))


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_are_drawn_as_by_train_test_split(seed):
    from sklearn.model_selection import train_test_split

    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 400))
    size = int(rng.integers(1, n - 1))
    drawing = int(rng.integers(2**32))
    for ours, theirs in zip(
        draw(n, size, drawing),
        train_test_split(np.arange(n), test_size=size, random_state=drawing),
        strict=True,
    ):
        assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_classes_are_shared_out_as_by_train_test_split(seed):
    from sklearn.model_selection import train_test_split

    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 12))
    counts = rng.integers(2, 40, k) if seed % 2 else np.full(k, rng.integers(2, 12))  # equal remainders, too
    y = rng.permutation(np.repeat(rng.permutation(k), counts))
    size = int(rng.integers(k, len(y) - k + 1))
    drawing = int(rng.integers(2**32))
    for ours, theirs in zip(
        draw_stratified(y, size, drawing),
        train_test_split(np.arange(len(y)), test_size=size, random_state=drawing, stratify=y),
        strict=True,
    ):
        assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_of_a_set_are_those_that_train_test_split_makes_in_two_steps(seed):
    from sklearn.model_selection import train_test_split

    from hpt_cli.seeds import SPLIT

    raw = read_builtin(DataSettings(source="wine"))
    split = split_rows(raw, raw.target.codes, SplitSettings(), seed=seed)
    first, second = (int(word) for word in np.random.SeedSequence([seed, SPLIT]).generate_state(2))
    rest, test = train_test_split(np.arange(178), test_size=36, random_state=first, stratify=raw.target.codes)
    train, validation = train_test_split(
        rest, test_size=36, random_state=second, stratify=raw.target.codes[rest]
    )
    assert split.stratified
    assert split.train.tolist() == train.tolist()
    assert split.validation.tolist() == validation.tolist()
    assert split.test.tolist() == test.tolist()


def columns(seed):
    """Numbers of many sizes: far from 0, tiny, huge, constant, constant but for rounding, whole."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 300))
    made = [rng.normal(10.0**place, 10.0 ** rng.integers(-3, 4), n) for place in range(-6, 17, 2)]
    made += [np.full(n, value) for value in (0.0, 0.1, -1e12, 1e-310, 3e38)]
    made += [0.1 + rng.integers(-1, 2, n) * 2.0**-56, rng.integers(0, 3, n) * 1e-16, rng.integers(0, 9, n)]
    made += [rng.choice([-3e38, 3e38], n)]
    return np.column_stack(made)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_scales_are_those_of_its_scalers(seed, order):
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    x = np.asarray(columns(seed), order=order)
    standard, minmax = StandardScaler().fit(x), MinMaxScaler().fit(x)
    for ours, theirs in zip(
        (*standard_scale(x), *minmax_scale(x)),
        (standard.mean_, standard.scale_, minmax.data_min_, 1.0 / minmax.scale_),
        strict=True,
    ):
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_median_of_what_is_there_is_that_of_its_imputer(seed):
    from sklearn.impute import SimpleImputer

    x = columns(seed)
    x[np.random.default_rng(seed).random(x.shape) < 0.3] = np.nan
    x[0] = 1.0  # no column is empty
    theirs = SimpleImputer(strategy="median").fit(x).statistics_
    assert np.nanmedian(x, axis=0).tobytes() == theirs.tobytes()


def test_built_in_data_is_prepared_without_loading_it_or_pandas():
    heavy = "{'sklearn', 'scipy', 'pandas'}"
    code = (
        "import sys; from pathlib import Path; from hpt_cli.data import DataSettings, load_dataset\n"
        "load_dataset(DataSettings(source='digits'), folder=Path(), seed=0)\n"
        f"sys.exit(str({heavy} & sys.modules.keys()) if {heavy} & sys.modules.keys() else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
