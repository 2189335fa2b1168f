"""Coarse to fine on real trainings, and its decision as a config of its own."""

from pathlib import Path

import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import InputError
from hpt_cli.in_flight import StopRequest
from hpt_cli.planning import RefineRequest, preview_refine
from hpt_cli.preparation import prepare_study
from hpt_cli.refined_config import write_refined
from hpt_cli.rounds import Decision
from hpt_cli.study import run_missing

CONFIGS = Path(__file__).parents[2] / "configs"

MIXED = """\
name: mixed
data: {source: iris}
network: {epochs: 3}
space:
  learning_rate: {low: 1e-3, high: 1, scale: log, hard_high: 2}
  hidden_units: {low: 4, high: 32, scale: log}
  optimizer: [sgd, adam]
  momentum: {low: 0.5, high: 0.99, scale: log1m, when: {optimizer: sgd}}
  dropout: {low: 0, high: 0.4, step: 0.1}
constraints: ["hidden_units * learning_rate <= 30"]
search: {strategy: sobol, trials: 24, repeats: 2, refine: {doubt: 0.05}}
"""


def run(config, runs):
    store = prepare_study(config, runs_dir=runs, fresh=False, notify=lambda sentence: None)
    run_missing(store, config, workers=1, observe=lambda event: None, stop=StopRequest())
    return store


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "mixed.yaml").write_text(MIXED)
    config = load_config(folder / "mixed.yaml")
    return folder, config, run(config, folder / "runs")


def test_a_range_that_misses_by_a_decade_is_led_to_the_good_learning_rates(tmp_path):
    config = load_config(CONFIGS / "too_low.yaml")
    store = run(config, tmp_path)
    first, *_, last = (plan.space.dimensions["learning_rate"] for plan in store.rounds())
    assert first.high == 3e-3
    assert last.high > 0.1
    losses = [
        min(trial.objective for trial in store.results() if trial.round == number and trial.objective)
        for number in (0, 2)
    ]
    assert losses[1] < losses[0] / 3


def test_the_decision_as_a_config_validates_and_says_why(mixed):
    folder, config, store = mixed
    plan = preview_refine(store, config, RefineRequest(trials=6))
    path = folder / "fine.yaml"
    write_refined(path, plan, config, store.name)
    text = path.read_text()
    written = load_config(path)
    assert written.name == "fine"
    assert written.search.refine == config.search.refine
    assert written.space.dimensions["learning_rate"].hard_high == 2
    for move in plan.moves:
        if move.name not in written.space.dimensions:
            assert f"# {move.name} is left out" in text
            continue
        dimension = written.space.dimensions[move.name]
        assert dimension.values() == move.new.values() if move.new.size else dimension.low == move.new.low
        assert f"# {move.name}: " in text
        if move.new != move.old:
            assert "  # was " in next(
                line for line in text.splitlines() if line.startswith(f"  {move.name}:")
            )
    assert written.resolved()["network"] == {
        **config.resolved()["network"],
        **{
            name: value for name, value in written.resolved()["network"].items() if name not in config.network
        },
    }
    results = run(written, folder / "runs").results()
    assert len(results) == 6


def test_the_config_finds_its_data_from_where_it_is(tmp_path):
    (tmp_path / "rows.csv").write_text(
        "x,y,label\n" + "".join(f"{n},{n % 7},{'ab'[n % 2]}\n" for n in range(60))
    )
    path = tmp_path / "own.yaml"
    path.write_text(
        "data: {source: rows.csv, target: label}\nnetwork: {epochs: 1}\n"
        "space: {learning_rate: {low: 1e-3, high: 1, scale: log}}\n"
        "search: {strategy: sobol, trials: 6, refine: {reruns: 0}}\n"
    )
    config = load_config(path)
    store = run(config, tmp_path / "runs")
    (tmp_path / "deep").mkdir()
    plan = preview_refine(store, config, RefineRequest())
    assert not isinstance(plan, Decision)
    write_refined(tmp_path / "deep" / "fine.yaml", plan, config, store.name)
    written = load_config(tmp_path / "deep" / "fine.yaml")
    assert (written.folder / written.data.source).resolve() == tmp_path / "rows.csv"


def test_a_file_that_is_there_is_not_written_over(mixed):
    folder, config, store = mixed
    plan = preview_refine(store, config, RefineRequest())
    before = (folder / "mixed.yaml").read_bytes()
    with pytest.raises(InputError, match="is there already"):
        write_refined(folder / "mixed.yaml", plan, config, store.name)
    assert (folder / "mixed.yaml").read_bytes() == before
