"""Choices that are not all as likely."""

import itertools
import math

import numpy as np
import pytest

from hpt_cli.config import load_config
from hpt_cli.errors import ConfigError
from hpt_cli.space import Choice, Float, SearchSpace, dimension_from_json
from hpt_cli.strategies import make_strategy
from hpt_cli.strategies.encoding import Encoder

WEIGHTED = Choice(("adam", "sgd", "rmsprop"), weights=(3, 1, 2))
SPACE = SearchSpace({"kind": WEIGHTED, "rate": Float(0, 1), "two": Choice((True, False), weights=(9, 1))})


def test_each_owns_its_share_of_the_unit_interval():
    counts = [WEIGHTED.from_unit((index + 0.5) / 600) for index in range(600)]
    assert [counts.count(value) for value in WEIGHTED.choices] == [300, 100, 200]
    assert [WEIGHTED.mass(value) for value in WEIGHTED.choices] == pytest.approx([1 / 2, 1 / 6, 1 / 3])
    for value in WEIGHTED.choices:
        assert WEIGHTED.from_unit(WEIGHTED.to_unit(value)) == value
    assert (WEIGHTED.from_unit(0.0), WEIGHTED.from_unit(1.0)) == ("adam", "rmsprop")


def test_its_json_comes_back():
    assert dimension_from_json(WEIGHTED.to_json()) == WEIGHTED
    assert "weights" not in Choice(("a", "b")).to_json()


def test_choices_that_stay_keep_their_weights():
    assert WEIGHTED.keep(("rmsprop", "adam")) == Choice(("rmsprop", "adam"), weights=(2, 3))
    assert WEIGHTED.keep(("sgd", "adamw")).weights == (1, 2)


@pytest.mark.parametrize("weights", [(1,), (1, 0, 1), (1, -1, 1), (1, math.nan, 1)])
def test_nonsense_is_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Choice(("a", "b", "c"), weights=weights)


@pytest.mark.parametrize("name", ["random", "sobol"])
def test_strategies_draw_by_weight(name):
    strategy = make_strategy(name, SPACE, seed=[0])
    kinds = [strategy.ask(number)["kind"] for number in range(600)]
    # 4 standard deviations of a share of one half among 600 are 0.08
    assert kinds.count("adam") / 600 == pytest.approx(1 / 2, abs=0.08)
    assert kinds.count("sgd") / 600 == pytest.approx(1 / 6, abs=0.08)


def test_a_grid_takes_each_once():
    space = SearchSpace({"kind": WEIGHTED})
    assert [point["kind"] for point in space.grid()] == ["adam", "sgd", "rmsprop"]


def test_places_and_params_agree_for_the_model():
    encode, rng = Encoder(SPACE), np.random.default_rng(0)
    legal = encode.legal(rng.random((200, 3)))
    points = [encode.params(place) for place in legal]
    assert np.allclose(encode.places(points), legal, atol=1e-12)
    features = encode.features(legal)
    for a, b in itertools.combinations(range(12), 2):
        apart = np.linalg.norm(features[a, :3] - features[b, :3])
        assert apart == pytest.approx(float(points[a]["kind"] != points[b]["kind"]), abs=1e-9)
        assert (features[a, 4] == features[b, 4]) == (points[a]["two"] == points[b]["two"])


def test_a_config_names_them(tmp_path):
    path = tmp_path / "study.yaml"
    text = "data: {source: iris}\nspace:\n  optimizer: {choices: [adam, sgd], weights: %s}\n"
    path.write_text(text % "[3, 1]")
    config = load_config(path)
    assert config.space.dimensions["optimizer"] == Choice(("adam", "sgd"), weights=(3, 1))
    again = type(config).from_resolved(config.resolved(), folder=tmp_path, path=path)
    assert again.space == config.space
    for weights, what in [("[3]", "one number for each of the 2"), ("[3, 0]", "must be above 0")]:
        path.write_text(text % weights)
        with pytest.raises(ConfigError, match=what):
            load_config(path)
