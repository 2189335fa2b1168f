"""Every config of the repository runs: a few epochs here, some whole in ``make smoke`` and ``make run``."""

from pathlib import Path

import pytest

from hpt_cli.config import load_config
from hpt_cli.in_flight import StopRequest
from hpt_cli.preparation import prepare_study
from hpt_cli.study import run_missing
from hpt_cli.trial import Status

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_it_runs_to_its_end(tmp_path, path):
    config = load_config(path, ["network.epochs=2"])
    store = prepare_study(config, runs_dir=tmp_path, fresh=False, notify=lambda sentence: None)
    run_missing(store, config, workers=2, observe=lambda event: None, stop=StopRequest())
    results = store.results()
    assert len(results) == sum(plan.trials for plan in store.rounds())
    assert len(store.rounds()) == len(config.search.rounds)
    ended = {Status.DONE, Status.DIVERGED} | ({Status.PRUNED} if path.stem == "prune" else set())
    assert {result.status for result in results} <= ended
    assert store.best_number() is not None
