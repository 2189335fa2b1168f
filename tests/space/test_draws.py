"""What random draws tell of a space."""

import itertools

import numpy as np
import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace, chance_of_best, survey, trials_for


def look(space, draws=4000, trials=20):
    return survey(space, np.random.default_rng(0), draws=draws, trials=trials)


@pytest.mark.parametrize(
    "dimension",
    [Float(1e-4, 1, "log"), Float(0.5, 0.999, "log1m"), Float(0, 1), Int(1, 512, "log"), Int(0, 48)],
    ids=["log", "log1m", "linear", "log int", "linear int"],
)
def test_draws_are_even_on_a_dimensions_own_scale(dimension):
    histogram = look(SearchSpace({"x": dimension})).dimensions["x"]
    counts = [count for *_, count in histogram.bins]
    assert sum(counts) == histogram.active == 4000
    assert max(abs(count - 200) for count in counts) < 6 * 200**0.5  # six standard deviations
    edges = [low for low, *_ in histogram.bins] + [histogram.bins[-1][1]]
    assert (edges[0], edges[-1]) == (dimension.low, dimension.high)
    assert edges == sorted(edges)


def test_few_values_are_counted_one_by_one():
    found = look(SearchSpace({"a": Int(1, 3), "b": Choice((True, 1, "x")), "c": Float(0, 1, step=0.25)}))
    assert [value for value, _ in found.dimensions["a"].values] == [1, 2, 3]
    assert [count > 1000 for _, count in found.dimensions["b"].values] == [True] * 3
    assert [value for value, _ in found.dimensions["c"].values] == [0, 0.25, 0.5, 0.75, 1]
    assert found.dimensions["c"].bins == ()


def test_a_constraint_shows_in_the_histogram_and_in_what_it_refuses():
    found = look(SearchSpace({"a": Int(1, 4), "b": Int(1, 4)}, ["a + b <= 4", "a != 1"]))
    assert found.dimensions["a"].values[0] == (1, 0)
    assert found.refused_by["a + b <= 4"] + found.refused_by["a != 1"] >= found.refused > found.legal
    assert found.legal == 4000


def test_a_space_that_hardly_allows_anything_is_looked_at_for_a_while_only():
    found = look(SearchSpace({"a": Float(0, 1)}, ["a < 0.001"]), draws=500)
    assert found.legal < 500
    assert found.legal + found.refused == 20 * 500


def test_an_inactive_dimension_is_counted_where_it_is_there():
    space = SearchSpace({"o": Choice(("sgd", "adam")), "m": Float(0, 1, when={"o": ("sgd",)})})
    found = look(space)
    assert found.dimensions["m"].active == found.dimensions["o"].values[0][1]


def test_only_a_linear_scale_over_three_decades_is_top_heavy():
    heavy = {
        scale_and_low: look(SearchSpace({"x": Float(scale_and_low[1], 1, scale_and_low[0])}), 10).dimensions[
            "x"
        ]
        for scale_and_low in itertools.product(("linear", "log"), (1e-3, 1e-2))
    }
    assert [key for key, histogram in heavy.items() if histogram.top_heavy] == [("linear", 1e-3)]


def test_repeats_are_counted_in_finite_spaces_alone():
    assert look(SearchSpace({"a": Float(0, 1)})).repeated is None
    assert look(SearchSpace({"a": Choice((1,))}), trials=20).repeated == 19


def test_fifty_nine_random_trials_find_one_of_the_best_twentieth():
    assert trials_for(0.95) == 59
    assert chance_of_best(59) >= 0.95 > chance_of_best(58)


def test_in_a_finite_space_it_takes_fewer_as_no_point_comes_twice():
    # 100 points, 5 good ones; by counting: choose(95, n) / choose(100, n)
    assert chance_of_best(20, 100) == pytest.approx(1 - 0.3193, abs=1e-4)
    assert chance_of_best(96, 100) == 1
    assert trials_for(0.95, 100) == 45
    assert [trials_for(0.95, size) for size in (1, 5, 20)] == [1, 5, 19]
