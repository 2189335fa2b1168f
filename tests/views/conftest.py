import io

import pytest
from rich.console import Console

from hpt_cli.rounds import RoundPlan
from hpt_cli.space import Choice, Float, Int, SearchSpace
from hpt_cli.store import StudyStore
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

SPACE = SearchSpace(
    {
        "learning_rate": Float(1e-4, 1.0, "log"),
        "hidden_units": Int(16, 256, "log"),
        "optimizer": Choice(("sgd", "adam")),
        "momentum": Float(0.5, 0.999, "log1m", when={"optimizer": ("sgd",)}),
    }
)


@pytest.fixture
def space():
    return SPACE


@pytest.fixture
def make_trial():
    """Trial ``number``, with one accuracy a repeat; with none it failed with ``error``."""

    def make(number, *objectives, params=None, error="ValueError: bad luck", seconds=1.25):
        default = {
            "learning_rate": 0.0123456 * (number + 1),
            "hidden_units": 16 + number,
            "optimizer": "adam",
        }
        if number % 2:
            default |= {"optimizer": "sgd", "momentum": 0.9}
        spec = TrialSpec(number, 0, default if params is None else params, (1, 2, 3), Origin("random"))
        timing = Timing(1.7e9, 1.7e9 + seconds, seconds)
        if not objectives:
            return TrialResult.failure(spec, Status.FAILED, error, timing)
        repeats = [
            RepeatResult(
                seed,
                Status.DONE,
                objective,
                {"validation_accuracy": objective, "validation_loss": 1 - objective},
                {"training_loss": [1.0, 0.5, 0.25]},
            )
            for seed, objective in enumerate(objectives)
        ]
        return TrialResult.from_repeats(spec, repeats, timing)

    return make


@pytest.fixture
def make_plan():
    def make(trials, number=0, repeats=1, moves=(), space=SPACE, strategy="random"):
        return RoundPlan(
            number=number,
            first=0,
            space=space,
            strategy=strategy,
            trials=trials,
            repeats=repeats,
            parallel=4,
            origin="config",
            moves=tuple(moves),
        )

    return make


@pytest.fixture
def make_study(tmp_path, make_plan):
    """A study's folder with these trials."""

    def make(results, name="digits", planned=None, space=SPACE):
        planned = len(results) if planned is None else planned
        config = {
            "objective": {"metric": "validation_accuracy", "goal": "maximize"},
            "search": {"rounds": [{"strategy": "random", "trials": planned, "repeats": 1}]},
        }
        study = {"config": config, "folder": str(tmp_path)}
        store = StudyStore.create(tmp_path / "runs" / name, config_text=b"", study=study)
        store.save_round(make_plan(planned, space=space))
        for result in results:
            store.save(result)
        return store

    return make


@pytest.fixture
def terminal():
    """A terminal of a width, and what was written to it; ``encoding`` is what it understands."""

    def make(width=100, height=30, encoding="utf-8", is_terminal=True):
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
        console = Console(
            file=file,
            force_terminal=is_terminal,
            width=width if is_terminal else None,
            height=height if is_terminal else None,
            markup=False,
            emoji=False,
            highlight=False,
            color_system=None,
        )

        def written():
            file.flush()
            return file.buffer.getvalue().decode(encoding)

        return console, written

    return make
