"""The keys that say what a table's columns are and how its rows are split."""

import json

import pytest

from hpt_cli.config import StudyConfig, changes
from hpt_cli.config.load import load_config, parse_config
from hpt_cli.data import load_dataset
from hpt_cli.errors import ConfigError, DataError

REST = "\nspace: {learning_rate: {low: 1e-4, high: 1, scale: log}}\n"


@pytest.fixture
def read(tmp_path):
    """Read a config whose ``data`` is given; the files that it may name are there."""
    for name in ("people.csv", "later.csv"):
        (tmp_path / name).write_text("a,b,y\n")

    def read(data):
        return parse_config(f"data: {{{data}}}{REST}".encode(), tmp_path / "study.yaml")

    return read


@pytest.fixture
def refused(read):
    """The problems of such a config, as one text."""

    def refused(data):
        with pytest.raises(ConfigError) as caught:
            read(data)
        return str(caught.value)

    return refused


def test_columns_are_named_in_lists_and_one_alone_is_a_list_of_one(read):
    data = read("source: people.csv, target: y, drop: id, features: [a, b], categorical: [b, 3]").data
    assert (data.drop, data.features, data.categorical) == (("id",), ("a", "b"), ("b", 3))


def test_cells_that_mean_missing_are_kept_as_they_are_written(read):
    assert read("source: people.csv, na_values: [-999, unknown, -0.5]").data.na_values == (
        "-999",
        "unknown",
        "-0.5",
    )


@pytest.mark.parametrize(
    ("split", "validation", "test"),
    [
        ("{}", 0.2, 0.2),
        ("{validation: 0.3, test: 0}", 0.3, 0.0),
        ("{validation: later.csv}", "later.csv", 0.2),
        ("{validation: 0.1, test: later.csv}", 0.1, "later.csv"),
    ],
)
def test_a_part_is_a_share_or_a_file(split, validation, test, read):
    data = read(f"source: people.csv, split: {split}").data
    assert (data.split.validation, data.split.test) == (validation, test)


def test_what_was_resolved_opens_as_the_same(read, tmp_path):
    config = read(
        "source: people.csv, target: y, drop: [id], features: [a, b], categorical: [b], header: true, "
        "decimal: ',', na_values: ['-'], max_levels: 9, unlabeled: drop, split: {group: who, test: later.csv}"
    )
    resolved = json.loads(json.dumps(config.resolved()))
    again = StudyConfig.from_resolved(resolved, folder=tmp_path, path=tmp_path / "study.json")
    assert again.data == config.data
    assert changes(resolved, again.resolved()) == []


def test_a_study_from_before_these_keys_goes_on(read, tmp_path):
    config = read("source: people.csv, target: y")
    old = json.loads(json.dumps(config.resolved()))
    for key in (
        "drop",
        "features",
        "categorical",
        "header",
        "decimal",
        "na_values",
        "max_levels",
        "unlabeled",
    ):
        del old["data"][key]
    for key in ("column", "group", "time"):
        del old["data"]["split"][key]
    opened = StudyConfig.from_resolved(old, folder=tmp_path, path=tmp_path / "study.json")
    assert opened.data == config.data
    assert changes(old, config.resolved()) == []
    assert changes(old, read("source: people.csv, target: y, drop: [a]").resolved()) == [
        "data.drop: [] -> ['a']"
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("source: people.csv, drop: [a, a]", ("data.drop", "twice")),
        ("source: people.csv, drop: [[a]]", ("data.drop", "list of columns")),
        ("source: people.csv, drop: [true]", ("data.drop", "column's name")),
        ("source: people.csv, target: y, drop: [y]", ("data.drop", "names the target 'y'")),
        ("source: people.csv, drop: [a], categorical: [a]", ("data.categorical", "which drop leaves out")),
        ("source: people.csv, header: 0", ("data.header", "true or false")),
        ("source: people.csv, decimal: ';'", ("data.decimal", "found ';'")),
        ("source: people.csv, max_levels: 1", ("data.max_levels", "at least 2")),
        ("source: people.csv, na_values: [[a]]", ("data.na_values", "list of cells")),
        ("source: people.csv, dorp: [a]", ("data.dorp", "did you mean 'drop'?")),
        ("source: people.csv, split: {gruop: a}", ("data.split.gruop", "did you mean 'group'?")),
        ("source: people.csv, split: {group: a, time: b}", ("data.split", "exclude each other")),
        ("source: people.csv, split: {validation: 1.5}", ("data.split.validation", "below 1")),
        ("source: people.csv, split: {validation: 20%}", ("data.split.validation", "write 0.2")),
        ("source: people.csv, split: {validation: none.csv}", ("data.split.validation", "no such file")),
        ("source: people.csv, split: {test: later.csv, column: a}", ("data.split.test", "remove one")),
        ("source: people.csv, split: {validation: 0.6, test: 0.5}", ("data.split", "nothing to train on")),
        ("source: digits, drop: [a]", ("data.drop", "built-in set")),
        ("source: iris, split: {group: a}", ("data.split.group", "built-in set")),
    ],
)
def test_what_cannot_be_is_refused_at_its_key(data, says, refused):
    message = refused(data)
    assert len(message.splitlines()) <= 2, message
    assert "study.yaml:1: " in message
    for part in says:
        assert part in message


def test_columns_that_are_not_there_are_told_with_the_configs_other_mistakes(tmp_path):
    (tmp_path / "t.csv").write_text(
        "age,city,income\n" + "".join(f"{n},b{n % 3},{n % 2}\n" for n in range(30))
    )
    text = """\
data:
  source: t.csv
  target: incme
  drop: [agee, city]
  split: {group: town}
space: {learning_rat: {low: 1e-4, high: 1, scale: log}}
"""
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "c.yaml")
    found = {(problem.line, problem.key): problem for problem in caught.value.problems}
    assert sorted(found) == [
        (3, "data.target"),
        (4, "data.drop"),
        (5, "data.split.group"),
        (6, "space.learning_rat"),
    ]
    assert found[3, "data.target"].what == "there is no column 'incme'"
    assert found[3, "data.target"].hint == "did you mean 'income'?"
    (tmp_path / "c.yaml").write_text(text.replace("learning_rat:", "learning_rate:"))
    config = load_config(tmp_path / "c.yaml")
    with pytest.raises(DataError) as told:
        load_dataset(config.data, folder=tmp_path, seed=0)
    first, second, third = str(told.value).splitlines()
    assert first.endswith("there is no column 'incme' for data.target; did you mean 'income'?")
    assert second.endswith("there is no column 'town' for data.split.group")
    assert third.endswith(
        "there is no column 'agee' for data.drop; did you mean 'age'? the columns are 'age', 'city', 'income'"
    )
