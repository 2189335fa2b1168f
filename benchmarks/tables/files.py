"""Ten tables as people have them, each with the clean frame that somebody patient would make of it.

A column ``part`` says of each row whether it trains or judges, so that both sides use the same rows.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets

Row = tuple[str, ...]


@dataclass
class Table:
    """A file and what is in it.

    Args:
        name: Of the file.
        content: Its bytes.
        clean: Features with their true types, NaN and None where a cell is missing.
        y: The labels.
        part: Of each row.
        data: More keys of the config's ``data``.
    """

    name: str
    content: bytes
    clean: pd.DataFrame
    y: pd.Series[Any]
    part: np.ndarray[Any, Any]
    target: str | int
    data: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Put the file into a folder."""
        path = folder / self.name
        path.write_bytes(self.content)
        return path


def parts(n: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """60 % of the rows train, 40 % judge: more than usual, so that a difference is seen."""
    return np.where(rng.random(n) < 0.6, "train", "validation")


def text(frame: pd.DataFrame, **how: Any) -> str:
    """The frame as CSV."""
    return str(frame.to_csv(index=False, **how))


def german(value: float, digits: int = 3) -> str:
    """1234.5 as 1.234,500."""
    return f"{value:,.{digits}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def with_gaps(values: Any, share: float, rng: np.random.Generator) -> tuple[pd.Series[Any], Any]:
    """The values with some missing, and where."""
    gaps = rng.random(len(values)) < share
    series = pd.Series(values).astype(object)
    series[gaps] = None
    return series, gaps


def bunch(name: str) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """A built-in set as a frame and labels by name."""
    loaded = getattr(datasets, f"load_{name}")(as_frame=True)
    y = loaded.target
    if name != "diabetes":
        y = y.map(dict(enumerate(map(str, loaded.target_names))))
    return loaded.data, y


def wine() -> Table:
    """Semicolons, decimal commas, question marks."""
    rng = np.random.default_rng(1)
    frame, y = bunch("wine")
    part = parts(len(y), rng)
    clean = frame.copy()
    messy = frame.map(german)
    for name in frame.columns[:4]:
        gaps = rng.random(len(frame)) < 0.15
        clean.loc[gaps, name] = np.nan
        messy.loc[gaps, name] = " ?"
    messy = messy.assign(part=part, cultivar=y)
    return Table("wine.csv", text(messy, sep=";").encode(), clean, y, part, "cultivar")


def cancer() -> Table:
    """No line of names, the label first, tabs."""
    rng = np.random.default_rng(2)
    frame, y = bunch("breast_cancer")
    part = parts(len(y), rng)
    messy = frame.copy()
    messy.insert(0, "y", y.map({"malignant": "M", "benign": "B"}))
    messy["part"] = part
    content = text(messy, sep="\t", header=False).encode()
    data = {"header": False, "split": {"column": "31"}}
    return Table("cancer.tsv", content, frame, messy["y"], part, 0, data)


def iris() -> Table:
    """A byte order mark, CRLF, row numbers, a constant column."""
    rng = np.random.default_rng(3)
    frame, y = bunch("iris")
    part = parts(len(y), rng)
    messy = frame.assign(lab="A", part=part, species="Iris " + y)
    content = messy.to_csv(lineterminator="\r\n").encode("utf-8-sig")
    return Table("iris.csv", content, frame, messy["species"], part, "species")


def digits() -> Table:
    """64 columns, some constant, packed."""
    rng = np.random.default_rng(4)
    frame, y = bunch("digits")
    part = parts(len(y), rng)
    messy = frame.astype(int).assign(digit=y, part=part)
    return Table("digits.csv.gz", gzip.compress(text(messy).encode()), frame, y, part, "digit")


def diabetes() -> Table:
    """A regression in dollars with thousands set apart."""
    rng = np.random.default_rng(5)
    frame, y = bunch("diabetes")
    part = parts(len(y), rng)
    cost = y * 100 + 1000
    messy = frame.round(6).assign(part=part, cost=cost.map(lambda value: f"${value:,.2f}"))
    return Table("diabetes.csv", text(messy).encode(), frame, cost, part, "cost")


def census() -> Table:
    """Categories with blanks and question marks, 20 % of the rows in the rarer class."""
    rng = np.random.default_rng(6)
    n = 2400
    age, hours = rng.integers(17, 80, n), rng.normal(40, 10, n).round()
    school = rng.choice(["HS-grad", "Bachelors", "Masters", "11th"], n, p=[0.5, 0.3, 0.1, 0.1])
    work, gaps = with_gaps(rng.choice(["Private", "State-gov", "Self-emp"], n), 0.1, rng)
    score = 0.04 * (age - 40) + 0.05 * (hours - 40) + 1.6 * np.isin(school, ["Bachelors", "Masters"])
    score += -0.9 * gaps + 0.8 * (work == "Self-emp").to_numpy() + rng.logistic(size=n) - 2.2
    y = pd.Series(np.where(score > 0, ">50K", "<=50K"))
    clean = pd.DataFrame({"age": age, "hours": hours, "school": school, "work": work})
    part = parts(n, rng)
    messy = clean.assign(work=work.fillna("?"), part=part, income=y)
    content = "\n".join(
        ", ".join(map(str, row)) for row in [tuple(messy.columns), *messy.to_numpy().tolist()]
    )
    return Table("census.csv", content.encode(), clean, y, part, "income")


def passengers() -> Table:
    """An id, names, true and false, ages that are missing."""
    rng = np.random.default_rng(7)
    n = 1200
    age, gaps = with_gaps(rng.integers(1, 80, n), 0.2, rng)
    cabin, fare = rng.integers(1, 4, n), rng.lognormal(3, 0.8, n).round(2)
    woman, alone = rng.random(n) < 0.4, rng.random(n) < 0.5
    score = (
        2.2 * woman - 0.9 * (cabin - 2) + 0.5 * (np.log(fare) - 3) - 1.0 * gaps + rng.logistic(size=n) - 0.6
    )
    y = pd.Series(np.where(score > 0, "yes", "no"))
    clean = pd.DataFrame(
        {
            "age": age.astype(float),
            "cabin": pd.Series(cabin).astype(str),
            "fare": fare,
            "sex": np.where(woman, "female", "male"),
            "alone": alone.astype(float),
        }
    )
    part = parts(n, rng)
    messy = clean.assign(age=age, alone=alone, part=part, survived=y)
    messy.insert(0, "name", [f"Passenger, Mr. {number}" for number in rng.permutation(n)])
    messy.insert(0, "passenger_id", np.arange(n) + 1)
    data = {"drop": ["passenger_id"], "categorical": ["cabin"]}
    return Table("passengers.csv", text(messy, na_rep="NA").encode(), clean, y, part, "survived", data)


def visits() -> Table:
    """Dates: what is sold depends on the season and the day of the week."""
    rng = np.random.default_rng(8)
    n = 1500
    days = rng.integers(0, 1400, n)
    dates = pd.Timestamp("2019-01-01") + pd.to_timedelta(days, unit="D")
    late = days / 700
    sold = 20 + 8 * (dates.weekday >= 5) + 0.9 * dates.month + 6 * late + rng.normal(0, 3, n)
    clean = pd.DataFrame(
        {
            "days": (dates - pd.Timestamp("1970-01-01")).days,
            "month": dates.month,
            "weekday": dates.weekday,
            "rain": rng.normal(size=n).round(3),
        }
    )
    part = parts(n, rng)
    written = dates.strftime("%d.%m.%Y")
    messy = pd.DataFrame({"day": written, "rain": clean["rain"], "part": part, "sold": sold.round(2)})
    return Table("visits.csv", text(messy).encode(), clean, pd.Series(sold), part, "sold")


def cities() -> Table:
    """300 levels of unequal frequency in Latin-1, percents."""
    rng = np.random.default_rng(9)
    n = 2500
    city = (rng.zipf(1.5, n) - 1) % 300
    effect = rng.normal(0, 1.5, 300)
    rate = rng.uniform(0, 20, n).round(1)
    score = effect[city] + 0.15 * (rate - 10) + rng.logistic(size=n) * 0.7
    y = pd.Series(np.where(score > 0, "ja", "nein"))
    names = np.array([f"Städtchen {number}" for number in range(300)])[city]
    clean = pd.DataFrame({"ort": names, "satz": rate})
    part = parts(n, rng)
    messy = pd.DataFrame(
        {"ort": names, "satz": [f"{german(value, 1)} %" for value in rate], "part": part, "kauf": y}
    )
    return Table("cities.csv", text(messy, sep=";").encode("latin-1"), clean, y, part, "kauf")


def machines() -> Table:
    """Labels -1 and 1, sentinels for missing cells, one huge column, a comment above the names."""
    rng = np.random.default_rng(10)
    n = 1000
    heat, load = rng.normal(300, 20, n).round(2), rng.exponential(5, n).round(3)
    bytes_read = (rng.lognormal(20, 1, n)).round()
    kind = rng.choice(["T1", "T2", "T3"], n)
    score = (heat - 300) / 15 + 1.2 * (kind == "T2") - 0.4 * (load > 6) * 3 + rng.logistic(size=n) * 0.5
    gaps = rng.random(n) < 0.15
    y = pd.Series(np.where(score > 0.3, 1, -1))
    clean = pd.DataFrame({"heat": heat, "load": load, "read": bytes_read, "kind": kind})
    part = parts(n, rng)
    messy = clean.assign(part=part, failed=y)
    messy.loc[gaps, "heat"] = -999
    clean.loc[gaps, "heat"] = np.nan
    content = "# shift 3, exported by hand\n" + text(messy, sep="|")
    return Table("machines.csv", content.encode(), clean, y, part, "failed", {"na_values": ["-999"]})


TABLES: tuple[Callable[[], Table], ...] = (
    wine,
    cancer,
    iris,
    digits,
    diabetes,
    census,
    passengers,
    visits,
    cities,
    machines,
)
