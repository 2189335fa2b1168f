"""``search.enqueue``: what is tried first."""

import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import ConfigError

CONFIG = """\
data: {{source: iris}}
space:
  learning_rate: {{low: 1e-4, high: 1, scale: log}}
  optimizer: [sgd, adam]
  momentum: {{low: 0.5, high: 0.99, scale: log1m}}
  hidden_units: {{low: 4, high: 64}}
  batch_size: [8, 16]
constraints: ["hidden_units * batch_size <= 512"]
search:
  strategy: {strategy}
  trials: 3
  enqueue:
{entries}
"""


def load(tmp_path, *entries, strategy="random"):
    lines = "\n".join(f"    - {{{entry}}}" for entry in entries)
    path = tmp_path / "study.yaml"
    path.write_text(CONFIG.format(entries=lines, strategy=strategy))
    return load_config(path)


def test_what_an_entry_leaves_out_is_drawn_once_and_for_all(tmp_path):
    whole = "learning_rate: 0.1, optimizer: adam, hidden_units: 1e1, batch_size: 8"
    config = load(tmp_path, whole, "learning_rate: 0.2", "momentum: 0.9, hidden_units: 64")
    first, second, third = config.search.enqueue
    assert first == {"learning_rate": 0.1, "optimizer": "adam", "hidden_units": 10, "batch_size": 8}
    assert second["learning_rate"] == 0.2
    assert third["momentum"] == 0.9
    assert third["optimizer"] == "sgd"  # momentum is there with it alone
    assert third["batch_size"] == 8  # the constraint
    assert all(point in config.space for point in config.search.enqueue)
    assert load(tmp_path, whole, "learning_rate: 0.2").search.enqueue == (first, second)


@pytest.mark.parametrize(
    ("entry", "key", "what"),
    [
        ("learning_rate: 3", "learning_rate", "is not in the space, found 3"),
        ("learning_rat: 0.1", "learning_rat", "is not under space"),
        ("optimizer: adamw", "optimizer", "is not in the space, found 'adamw'"),
        ("hidden_units: 4.5", "hidden_units", "must be a whole number, found 4.5"),
        ("hidden_units: true", "hidden_units", "must be a whole number, found true"),
        ("optimizer: adam, momentum: 0.9", "", "momentum is not there where optimizer is 'adam'"),
        ("hidden_units: 64, batch_size: 16", "", "meets the constraint hidden_units * batch_size <= 512"),
    ],
)
def test_an_entry_outside_the_space_is_refused_at_its_line(tmp_path, entry, key, what):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "learning_rate: 0.1", entry)
    (problem,) = caught.value.problems
    assert problem.key == "search.enqueue[1]" + (f".{key}" if key else "")
    assert problem.line == 14
    assert what in problem.what


def test_more_entries_than_trials_and_twice_the_same_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="lists 4 points to try first, and the first round has 3 trials"):
        load(tmp_path, *(f"learning_rate: 0.{n}" for n in range(1, 5)))
    whole = "learning_rate: 0.1, optimizer: adam, hidden_units: 10, batch_size: 8"
    with pytest.raises(ConfigError, match=r"enqueue\[1\]: stands twice"):
        load(tmp_path, whole, whole)


def test_a_grid_grows_by_what_is_not_on_it(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        "data: {source: iris}\nspace: {hidden_units: {low: 4, high: 64, points: 3}}\n"
        "search: {strategy: grid, enqueue: [{hidden_units: 5}, {hidden_units: 64}]}\n"
    )
    assert load_config(path).search.rounds[0].trials == 4
