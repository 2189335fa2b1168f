"""Trained models of small tables and images, made once in this process and put into a study's folder."""

import json

import numpy as np
import pytest

from hpt_cli.data import DataSettings, load_dataset
from hpt_cli.objectives.network import NetworkObjective
from hpt_cli.store import StudyStore
from hpt_cli.trial import Origin, TrialSpec

DISTRICTS = ("Nord", "Süd", "West")


def loans(n=160, label=True):
    """A table of every kind of column; ``repaid`` follows from income, district and the missing age."""
    rng = np.random.default_rng(5)
    lines = ["id;age;income;since;district;owner" + (";repaid" if label else "")]
    for row in range(n):
        income, district, gap = int(rng.integers(900, 9000)), int(rng.integers(3)), rng.random() < 0.2
        good = income > 4000 + 1500 * (district == 1) - 3000 * gap
        cells = [
            f"{row:04}",
            ("?" if row % 2 else "") if gap else str(int(rng.integers(18, 80))),
            f"{income // 1000}.{income % 1000:03},{row % 100:02} €" if income > 999 else f"{income},50 €",
            f"{1 + row % 28:02}.{1 + row % 12:02}.202{row % 4}",
            DISTRICTS[district],
            "true" if row % 3 else "FALSE",
        ]
        lines.append(";".join([*cells, "yes" if good else "no"] if label else cells))
    return "\n".join(lines) + "\n"


def prices(n=160):
    rng = np.random.default_rng(6)
    area, rooms = rng.uniform(30, 200, n), rng.integers(1, 7, n)
    price = 3000 * area + 20000 * rooms + rng.normal(0, 5000, n) + 5e4
    rows = (f"{a:.1f},{r},{p:.0f}\n" for a, r, p in zip(area, rooms, price, strict=True))
    return "area,rooms,price\n" + "".join(rows)


@pytest.fixture(scope="session")
def train(tmp_path_factory):
    """Train one network on a source; returns the runs folder, with a study that holds it as its best."""

    def train(name, source, target=None, *, folder=None, fixed=None, **settings):
        home = tmp_path_factory.mktemp(name)
        dataset = load_dataset(DataSettings(str(source), target, **settings), folder=folder or home, seed=0)
        dataset.save(home / "data")
        flat = {"epochs": 60, "hidden_units": 16, "learning_rate": 0.02, "batch_size": 16, **(fixed or {})}
        metric = "validation_accuracy" if dataset.task == "classification" else "validation_r2"
        objective = NetworkObjective(home / "data", flat, metric)
        (result,) = objective.evaluate([TrialSpec(3, 0, {"l2": 1e-4}, (1,), Origin("random"))])
        assert result.error is None
        store = StudyStore.create(home / "runs" / name, config_text=b"", study={"config": {}, "folder": "."})
        store.save_best(3, objective.model(result))
        (home / "metrics.json").write_text(json.dumps(dict(result.repeats[0].metrics)))
        return home / "runs", dataset

    return train


@pytest.fixture(scope="session")
def loans_study(train, tmp_path_factory):
    """The runs folder of a study of loans, its data file, and its prepared data."""
    path = tmp_path_factory.mktemp("loans") / "loans.csv"
    path.write_text(loans(), encoding="utf-8")
    runs, dataset = train("loans", path, "repaid", drop=("id",))
    return runs, path, dataset


@pytest.fixture(scope="session")
def prices_study(train, tmp_path_factory):
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    path.write_text(prices(), encoding="utf-8")
    runs, dataset = train("prices", path, "price")
    return runs, path, dataset


@pytest.fixture(scope="session")
def images_study(train, tmp_path_factory):
    """Images whose class is the brighter half, as an archive of uint8."""
    rng = np.random.default_rng(7)
    y = np.arange(90) % 2
    x = rng.integers(0, 100, (90, 6, 6)).astype(np.uint8)
    x[y == 1, :3] += 100
    x[y == 0, 3:] += 100
    path = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(path, X=x, y=y)
    runs, dataset = train("images", path, fixed={"epochs": 20})
    return runs, path, dataset


@pytest.fixture(scope="session")
def loans_text():
    """The text of a table of loans: its number of rows, and whether it has the labels."""
    return loans
