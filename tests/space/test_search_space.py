"""The whole space: conditions, counting, walking, drawing, JSON."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace, key


def mixed():
    """Every kind of dimension; two levels of conditions, and a child that stands before its parent."""
    return SearchSpace(
        {
            "momentum": Float(0.5, 0.999, "log1m", points=3, when={"optimizer": ("sgd",)}),
            "optimizer": Choice(("sgd", "adam")),
            "nesterov": Choice((True, False), when={"optimizer": ("sgd",)}),
            "layers": Int(1, 3),
            "units_3": Int(4, 8, when={"layers": (3,)}),
        }
    )


def finite():
    return SearchSpace(
        {
            "units": Int(1, 9, "log"),
            "dropout": Float(0, 0.5, step=0.1),
            "nesterov": Choice((True, False), when={"optimizer": ("sgd",)}),
            "optimizer": Choice(("sgd", "adam")),
        },
        ["units * dropout <= 2"],
    )


class TestConditions:
    def test_an_inactive_dimension_is_absent_and_the_order_is_the_files(self):
        space = mixed()
        assert list(space.from_unit([0.5, 0.0, 0.0, 0.99, 0.0])) == list(space.names)
        assert list(space.from_unit([0.5, 0.9, 0.0, 0.0, 0.0])) == ["optimizer", "layers"]

    def test_a_grandchild_is_inactive_when_its_parent_is(self):
        space = SearchSpace(
            {
                "c": Choice((1, 2), when={"b": (1,)}),
                "b": Choice((1, 2), when={"a": (True,)}),
                "a": Choice((True, False)),
            }
        )
        assert space.from_unit([0, 0, 0]) == {"c": 1, "b": 1, "a": True}
        assert space.from_unit([0, 0, 0.9]) == {"a": False}
        assert {"a": False, "c": 1} not in space
        assert space.size == 4  # a false; b 2; b 1 with c 1 or 2

    def test_all_named_conditions_must_hold(self):
        both = {"a": ("x",), "b": (1, 2)}
        space = SearchSpace({"a": Choice(("x", "y")), "b": Int(1, 3), "c": Choice((5,), when=both)})
        assert {"a": "x", "b": 2, "c": 5} in space
        assert {"a": "x", "b": 3} in space
        assert {"a": "y", "b": 2, "c": 5} not in space
        assert {"a": "x", "b": 2} not in space

    def test_what_is_fixed_settles_a_condition(self):
        space = SearchSpace(
            {"momentum": Choice((0.5, 0.9), when={"optimizer": ("sgd",)})}, fixed={"optimizer": "sgd"}
        )
        assert space.size == 2
        assert {"momentum": 0.5} in space

    @pytest.mark.parametrize(
        ("dimensions", "fixed", "says"),
        [
            ({"a": Int(0, 1, when={"b": (1,)}), "b": Int(0, 1, when={"a": (1,)})}, {}, "a ring: a -> b -> a"),
            ({"a": Int(0, 1, when={"a": (1,)})}, {}, "a ring: a -> a"),
            ({"a": Int(0, 1, when={"bb": (1,)}), "bbb": Int(0, 1)}, {}, "names 'bb'.*did you mean 'bbb'"),
            ({"a": Int(0, 1, when={"b": (1, 7)}), "b": Int(0, 3)}, {}, "b being 7, which it never is"),
            ({"a": Int(0, 1, when={"b": (True,)}), "b": Int(0, 3)}, {}, "b being True, which it never is"),
            ({"a": Int(0, 1, when={"b": (0.5,)}), "b": Float(0, 3)}, {}, "no separate values"),
            ({"a": Int(0, 1, when={"b": ("sgd",)})}, {"b": "adam"}, "never be active, because b is fixed"),
        ],
    )
    def test_conditions_that_cannot_be_met_are_refused(self, dimensions, fixed, says):
        with pytest.raises(ValueError, match=says):
            SearchSpace(dimensions, fixed=fixed)


class TestCounting:
    def test_a_grid_walks_in_the_files_order_and_counts_inactive_combinations_once(self):
        space = SearchSpace(
            {
                "momentum": Choice((0.5, 0.9), when={"optimizer": ("sgd",)}),
                "optimizer": Choice(("sgd", "adam")),
                "units": Int(1, 2),
            }
        )
        assert list(space.grid()) == [
            {"momentum": 0.5, "optimizer": "sgd", "units": 1},
            {"momentum": 0.5, "optimizer": "sgd", "units": 2},
            {"optimizer": "adam", "units": 1},
            {"optimizer": "adam", "units": 2},
            {"momentum": 0.9, "optimizer": "sgd", "units": 1},
            {"momentum": 0.9, "optimizer": "sgd", "units": 2},
        ]
        assert space.grid_count() == space.size == 6

    def test_a_mixed_grid_has_as_many_points_as_it_says(self):
        points = list(mixed().grid())
        assert len({key(params) for params in points}) == len(points) == mixed().grid_count()
        assert len(points) == (3 * 2 + 1) * (2 + 5)
        assert all(params in mixed() for params in points)

    def test_a_grid_names_every_dimension_that_does_not_say_its_values(self):
        space = SearchSpace({"a": Float(0, 1), "b": Int(0, 1000), "c": Int(0, 1)})
        for ask in (space.grid, space.grid_count):
            with pytest.raises(ValueError, match=r"`points` or `step` for a, b$"):
                ask()

    def test_a_grid_too_large_to_count_under_constraints_says_so(self, monkeypatch):
        monkeypatch.setattr("hpt_cli.space.search_space.GRID_LIMIT", 10_000)  # a million take seconds
        dimensions = {name: Float(0, 1, points=100) for name in "abcd"}
        assert SearchSpace(dimensions).grid_count() == 10**8
        with pytest.raises(ValueError, match="up to 100000000 combinations"):
            SearchSpace(dimensions, ["a < b"]).grid_count()

    def test_the_points_of_a_finite_space_are_distinct_legal_and_as_many_as_its_size(self):
        space = finite()
        points = list(space.points())
        assert len({key(params) for params in points}) == len(points) == space.size
        assert all(params in space for params in points)
        by_hand = sum(units * (k / 10) <= 2 for units in range(1, 10) for k in range(6)) * 3
        assert space.size == by_hand

    def test_the_masses_of_all_points_sum_to_the_share_that_the_constraints_let_pass(self):
        space = finite()
        free = SearchSpace(space.dimensions)
        assert math.isclose(sum(free.mass(params) for params in free.points()), 1, rel_tol=1e-12)
        passed = sum(free.mass(params) for params in free.points() if space.allows(params))
        assert sum(space.mass(params) for params in space.points()) == pytest.approx(passed)

    def test_many_conditional_children_do_not_make_a_small_space_look_large(self):
        kinds = tuple("abcdefgh")
        children = {f"x_{kind}": Int(1, 10, when={"kind": (kind,)}) for kind in kinds}
        assert SearchSpace({"kind": Choice(kinds), **children}).size == 80

    def test_a_large_space_is_counted_without_walking_through_it(self):
        assert SearchSpace({name: Int(0, 999) for name in "abc"}).size == 10**9
        assert SearchSpace({name: Int(0, 999) for name in "abc"}, ["a < b"]).size == 10**9  # an upper bound
        assert SearchSpace({"a": Float(0, 1), "b": Int(0, 1)}).size is None

    def test_a_continuous_space_has_no_list_of_points(self):
        with pytest.raises(ValueError, match="without a step"):
            next(mixed().points())

    def test_an_empty_space_is_one_point(self):
        space = SearchSpace({})
        assert (space.size, list(space.points()), space.from_unit([])) == (1, [{}], {})


class TestDrawing:
    def test_draws_are_legal(self):
        rng = np.random.default_rng(0)
        assert all(space.sample(rng) in space for space in (mixed(), finite()) for _ in range(300))

    def test_draws_follow_the_masses(self):
        # each count within 4.5 standard deviations of its binomial: of 18 counts, one in 8,000 runs fails
        space = SearchSpace({"a": Int(1, 9, "log"), "b": Choice(("x", "y"))})
        rng, n = np.random.default_rng(4), 20_000
        counts = {}
        for _ in range(n):
            drawn = key(space.sample(rng))
            counts[drawn] = counts.get(drawn, 0) + 1
        for params in space.points():
            mass = space.mass(params)
            assert abs(counts[key(params)] - n * mass) < 4.5 * math.sqrt(n * mass * (1 - mass))

    def test_constraints_that_refuse_everything_end_in_words(self):
        with pytest.raises(ValueError, match="refused 10000 draws in a row"):
            SearchSpace({"a": Float(0, 1)}, ["a > 2"]).sample(np.random.default_rng(0))


class TestMembership:
    def test_names_types_bounds_and_constraints_all_count(self):
        space = finite()
        legal = {"units": 3, "dropout": 0.2, "nesterov": True, "optimizer": "sgd"}
        assert legal in space
        assert dict(reversed(legal.items())) in space
        assert {**legal, "units": 3.0} not in space
        assert {**legal, "units": 10} not in space
        assert {**legal, "dropout": 0.25} not in space
        assert {**legal, "nesterov": 1} not in space
        assert {**legal, "extra": 1} not in space
        assert {**legal, "optimizer": "adam"} not in space
        assert {**legal, "units": 9, "dropout": 0.5} not in space
        assert "text" not in space


class TestKey:
    def test_the_same_point_has_one_key_whatever_its_order_and_number_types(self):
        assert key({"a": 1, "b": 0.0}) == key({"b": -0.0, "a": 1.0})

    def test_different_points_have_different_keys(self):
        values = [True, False, 1, 0, "1", "True", "true", 1.5, "a,b=1", 'a"', 2**40, 2**40 + 1]
        assert len({key({"a": value}) for value in values}) == len(values)
        assert key({"a": "1,b=2"}) != key({"a": 1, "b": 2})
        assert key({}) != key({"a": 1})


class TestReplace:
    def test_some_dimensions_change_and_all_else_stays(self):
        space = finite()
        narrowed = space.replace({"units": Int(2, 4, "log")})
        assert narrowed.names == space.names
        assert narrowed.constraints == space.constraints
        assert narrowed.dimensions["units"] == Int(2, 4, "log")
        assert narrowed.dimensions["dropout"] == space.dimensions["dropout"]
        assert space.dimensions["units"] == Int(1, 9, "log")

    def test_a_parent_may_lose_a_value_that_a_condition_names(self):
        space = mixed().replace({"layers": Int(1, 2)})
        assert space.grid_count() == (3 * 2 + 1) * 2
        assert SearchSpace.from_json(space.to_json()) == space

    def test_an_unknown_dimension_is_refused(self):
        with pytest.raises(ValueError, match="no dimension unit"):
            finite().replace({"unit": Int(1, 2)})


class TestJson:
    @pytest.mark.parametrize("make", [mixed, finite])
    def test_text_and_back_is_the_same_space(self, make):
        space = make()
        again = SearchSpace.from_json(json.loads(json.dumps(space.to_json())))
        assert again == space
        assert again.names == space.names
        assert (
            json.loads(json.dumps(space.to_json(), sort_keys=True))["dimensions"][0]["name"] == space.names[0]
        )

    def test_a_space_survives_pickling(self):
        assert pickle.loads(pickle.dumps(finite())) == finite()

    def test_spaces_that_differ_only_in_type_or_order_are_different(self):
        assert SearchSpace({"a": Choice((True,))}) != SearchSpace({"a": Choice((1,))})
        pair = {"a": Int(0, 1), "b": Int(0, 1)}
        assert SearchSpace(pair) != SearchSpace(dict(reversed(pair.items())))


def test_the_space_is_imported_without_numpy():
    code = "import sys, hpt_cli.space, hpt_cli.trial, hpt_cli.rounds; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
