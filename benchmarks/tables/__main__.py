"""``python -m benchmarks.tables``: scores of the same network on the same rows, read by us and by hand."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.report import keep
from benchmarks.tables.files import TABLES, Table
from hpt_cli.data import DataSettings, SplitSettings, load_dataset
from hpt_cli.network import NetworkSettings, train

SEEDS = range(5)
UNITS, RATE, BATCH, EPOCHS = 32, 3e-3, 32, 40


def ours(table: Table, folder: Path) -> list[float]:
    """Validation scores of networks trained on the file as it is: accuracy, or R2."""
    data = dict(table.data)
    split = SplitSettings(**{"column": "part", **data.pop("split", {})})
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    settings = DataSettings(table.write(folder).name, table.target, split=split, **lists)
    dataset = load_dataset(settings, folder=folder, seed=0)
    metric = "validation_accuracy" if dataset.task == "classification" else "validation_r2"
    flat = {"hidden_units": UNITS, "learning_rate": RATE, "batch_size": BATCH, "epochs": EPOCHS}
    network = NetworkSettings.from_flat({**flat, "hidden_layers": 1, "optimizer": "adam"})
    outcomes = train([network] * len(SEEDS), list(SEEDS), dataset.training_data(), metric=metric)
    return [outcome.metrics[metric] for outcome in outcomes]


def by_hand(table: Table) -> list[float]:
    """The same of scikit-learn's pipeline on the clean frame."""
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    warnings.simplefilter("ignore", ConvergenceWarning)
    clean, y = table.clean, table.y
    numbers = [name for name in clean if pd.api.types.is_numeric_dtype(clean[name])]
    texts = [name for name in clean if name not in numbers]
    x = clean.assign(**{name: clean[name].fillna("missing") for name in texts})
    prepare = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
                numbers,
            ),
            ("texts", OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50), texts),
        ],
        sparse_threshold=0,
    )
    train_rows = table.part == "train"
    scores = []
    for seed in SEEDS:
        how: dict[str, Any] = {
            "hidden_layer_sizes": (UNITS,),
            "learning_rate_init": RATE,
            "batch_size": BATCH,
            "max_iter": EPOCHS,
            "n_iter_no_change": EPOCHS,
            "random_state": seed,
        }
        if y.dtype.kind == "f":
            model = TransformedTargetRegressor(MLPRegressor(**how), transformer=StandardScaler())
        else:
            model = MLPClassifier(**how)
        pipeline = make_pipeline(prepare, model)
        pipeline.fit(x[train_rows], y[train_rows])
        scores.append(float(pipeline.score(x[~train_rows], y[~train_rows])))
    return scores


def main() -> None:
    """Compare on every table, print a line for each, and write them beside the other results."""
    rows = []
    print(f"{'table':12} {'hpt':>16} {'scikit-learn':>16} {'difference':>11} {'noise':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for make in TABLES:
            table = make()
            a, b = ours(table, Path(folder)), by_hand(table)
            judged = int(np.sum(table.part != "train"))
            share = float(np.mean(b))
            # of five seeds each, and, for an accuracy, of the rows that were drawn to judge
            drawn = 0.0 if table.y.dtype.kind == "f" else share * (1 - share) / judged
            noise = float(np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(SEEDS) + drawn))
            rows.append({"table": make.__name__, "hpt": a, "sklearn": b, "noise": noise})
            mean = f"{np.mean(a):.4f} +- {np.std(a, ddof=1):.4f}", f"{share:.4f} +- {np.std(b, ddof=1):.4f}"
            print(
                f"{make.__name__:12} {mean[0]:>16} {mean[1]:>16} {np.mean(a) - share:>+11.4f} {noise:>7.4f}"
            )
    print(f"kept in {keep('tables', rows)}")


if __name__ == "__main__":
    main()
