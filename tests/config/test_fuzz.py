"""Whatever is written, a config is a study or a ConfigError, and a study survives its own resolved form."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hpt_cli.config import StudyConfig
from hpt_cli.config.load import parse_config
from hpt_cli.errors import ConfigError
from hpt_cli.network import HYPERPARAMETERS

PATH = Path("study.yaml")
WORDS = st.sampled_from(
    [
        *(
            "data",
            "source",
            "target",
            "split",
            "validation",
            "test",
            "objective",
            "metric",
            "goal",
            "network",
        ),
        *("space", "constraints", "search", "strategy", "trials", "repeats", "rounds", "prune", "execution"),
        *("low", "high", "scale", "type", "step", "points", "when", "choices", "digits", "diabetes", "grid"),
        *("random", "bayes", "log", "log1m", "int", "float", "relu", "tanh", "sgd", "adam", "auto", "none"),
        *("validation_loss", "minimize", "1e-4", "017", "yes", "10m", "hidden_units_1", "hidden_units_51"),
        *HYPERPARAMETERS,
    ]
)
SCALARS = (
    WORDS
    | st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.integers()
    | st.floats()
    | st.sampled_from([0, 1, 0.1, 0.5, 0.9, 1e-4, 2, 16, 64])
    | st.text(max_size=5)
)
TREES = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), below, max_size=4)
    ),
    max_leaves=20,
)
NUMBERS = st.sampled_from([0, 0.1, 0.5, 0.9, 1, 1e-4, 3, 16, 64]) | st.floats(0, 10)
ENTRIES = (
    TREES
    | st.fixed_dictionaries(
        {"low": NUMBERS, "high": NUMBERS},
        optional={
            "scale": st.sampled_from(["linear", "log", "log1m"]),
            "type": st.sampled_from(["int", "float"]),
            "step": NUMBERS,
            "points": st.integers(1, 5),
            "when": st.dictionaries(WORDS, SCALARS | st.lists(SCALARS, max_size=3), max_size=2),
        },
    )
    | st.lists(SCALARS, min_size=1, max_size=3)
    | st.fixed_dictionaries(
        {"choices": st.lists(SCALARS, min_size=1, max_size=3)},
        optional={"when": st.dictionaries(WORDS, SCALARS, max_size=2)},
    )
)
NAMES = st.sampled_from([*HYPERPARAMETERS, "hidden_units_1", "hidden_units_2", "hidden_units_60"])
LAYERS = st.lists(
    st.dictionaries(st.sampled_from(["conv", "kernel", "pool", "dense", "dropout"]), SCALARS, max_size=3),
    max_size=3,
)
CONFIGS = st.fixed_dictionaries(
    {
        "data": st.just({"source": "digits"}) | TREES,
        "space": st.dictionaries(NAMES | st.just("conv_1"), ENTRIES, min_size=1, max_size=5),
    },
    optional={
        "network": st.dictionaries(NAMES | st.just("layers"), SCALARS | TREES | LAYERS, max_size=4),
        "search": st.dictionaries(
            st.sampled_from(["strategy", "trials", "rounds", "parallel", "repeats", "prune"]),
            TREES,
            max_size=3,
        ),
        "constraints": st.lists(
            st.sampled_from(["learning_rate < 0.5", "epochs * batch_size < 9", "dropout"])
        ),
        "objective": TREES,
        "execution": TREES,
    },
)


def legal(name):
    """A strategy of values that a hyperparameter can have."""
    spec = HYPERPARAMETERS["hidden_units" if name.startswith("hidden_units_") else name]
    if spec.kind is bool:
        return st.booleans()
    if spec.choices:
        return st.sampled_from(spec.choices)
    low, high = spec.low or 0, min(spec.high, 60)
    if spec.kind is int:
        return st.integers(int(low), int(high))
    inside = {"exclude_min": spec.open_low, "exclude_max": spec.open_high}
    return st.sampled_from([0.25, 0.5]) | st.floats(low, high, **inside)


@st.composite
def legal_entries(draw, name):
    """What may stand under ``space``, as far as that can be said of one name."""
    values = legal(name)
    when = {}
    if draw(st.integers(0, 4)) == 0:
        parent = draw(NAMES)
        when = {"when": {parent: draw(legal(parent) | st.lists(legal(parent), min_size=1, max_size=2))}}
    form = draw(st.sampled_from(["value", "list", "choices", "range", "range"]))
    if form == "value":
        return draw(values)
    numeric = HYPERPARAMETERS["hidden_units" if name.startswith("hidden_units_") else name].kind in (
        int,
        float,
    )
    if form == "range" and numeric:
        low, high = sorted([draw(values), draw(values)])
        options = {"scale": draw(st.sampled_from(["linear", "log", "log1m"]))}
        if draw(st.booleans()):
            options["points"] = draw(st.integers(2, 4))
        return {"low": low, "high": high, **options, **when}
    chosen = draw(st.lists(values, min_size=1, max_size=3, unique=True))
    return {"choices": chosen, **when} if form == "choices" else chosen


@st.composite
def nearly_right(draw):
    """A config that is wrong, if at all, by what its keys do to each other."""
    names = draw(
        st.lists(NAMES.filter(lambda name: name not in ("loss", "hidden_units_60")), min_size=1, unique=True)
    )
    cut = draw(st.integers(1, len(names)))
    return {
        "data": {"source": draw(st.sampled_from(["digits", "diabetes"]))},
        "space": {name: draw(legal_entries(name)) for name in names[:cut]},
        "network": {name: draw(legal(name)) for name in names[cut:]},
        "search": {"strategy": draw(st.sampled_from(["grid", "random", "bayes"]))},
        "constraints": draw(
            st.lists(st.sampled_from(["learning_rate < 0.5", "epochs * batch_size < 900", "dropout <= 0.9"]))
        ),
    }


QUICK = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def check(text: bytes, overrides: tuple[str, ...] = ()) -> None:
    config, error = None, None
    try:
        config = parse_config(text, PATH, overrides)
    except ConfigError as refusal:
        error = refusal
    if error is not None:
        assert error.problems
        message = str(error)
        message.encode()
        assert all(char.isprintable() or char == "\n" for char in message)
        for problem in error.problems:
            assert 0 <= problem.line <= text.count(b"\n") + text.count(b"\r") + 3
            assert "pydantic" not in message
            assert len(problem.what) < 300
        return
    stored = json.loads(json.dumps(config.resolved(), sort_keys=True, allow_nan=False))
    again = StudyConfig.from_resolved(stored, folder=config.folder, path=PATH)
    assert again.resolved() == config.resolved()
    assert again.space == config.space


@QUICK
@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"? ? ? a")
def test_bytes(text):
    check(text)


@QUICK
@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"%@`#?<~ \n\t01.e_") | st.characters(), max_size=60))
def test_text(text):
    check(text.encode("utf-8", "replace"))


@QUICK
@given(TREES)
def test_any_tree(tree):
    check(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "replace"))


@settings(QUICK, max_examples=400)
@given(CONFIGS)
def test_almost_configs(tree):
    check(yaml.safe_dump(tree, sort_keys=False).encode("utf-8", "replace"))


@settings(QUICK, max_examples=300)
@given(nearly_right())
def test_nearly_right_configs(tree):
    check(yaml.safe_dump(tree, sort_keys=False).encode())


@QUICK
@given(st.lists(st.text(max_size=20) | st.builds("{}.{}={}".format, WORDS, WORDS, SCALARS), max_size=3))
def test_overrides(overrides):
    check(b"data: {source: digits}\nspace: {learning_rate: 0.1}\n", tuple(overrides))
