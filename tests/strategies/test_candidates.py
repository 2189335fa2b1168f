"""The points a model chooses from, and how they become numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace, key
from hpt_cli.strategies.candidates import Candidates, any_left
from hpt_cli.strategies.draws import Seen, digest
from hpt_cli.strategies.encoding import Encoder


@pytest.fixture
def best():
    """The best candidate of a space by a score, around ``centers``, that is not among ``taken``."""

    def find(space, score, centers=(), taken=(), seed=0):
        encode = Encoder(space)
        had = {digest(params) for params in taken}
        places = encode.places(centers)
        strides = np.ones(encode.n_dimensions)
        rng = np.random.default_rng(seed)
        return Candidates(space, encode).best(score, places, strides, had.__contains__, rng)

    return find


class TestCandidates:
    def test_only_legal_places_are_scored(self, mixed, best):
        scored, encode = [], Encoder(mixed)

        def score(places):
            scored.extend(encode.params(place) for place in places)
            return np.zeros(len(places))

        rng = np.random.default_rng(0)
        assert best(mixed, score, [mixed.sample(rng) for _ in range(5)]) in mixed
        assert len({key(params) for params in scored}) > 500
        without_constraints = SearchSpace(mixed.dimensions)
        assert all(params in without_constraints for params in scored)

    def test_a_constraint_that_refuses_nearly_all_is_kept(self, best):
        # what is most promising lies where it forbids; one place in a hundred is allowed
        space = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)}, ["x + y < 0.14"])
        chosen = best(space, lambda places: places.sum(axis=1))
        assert 0.12 < chosen["x"] + chosen["y"] < 0.14
        none = SearchSpace(space.dimensions, ["x + y < 1e-9"])
        assert best(none, lambda places: places.sum(axis=1)) is None

    def test_the_later_looks_close_in_on_the_best(self, best):
        space = SearchSpace({f"x{index}": Float(0, 1) for index in range(4)})
        target = np.array([0.3, 0.7, 0.5, 1.0])
        chosen = best(space, lambda places: -((places - target) ** 2).sum(axis=1))
        assert np.abs(np.array(list(chosen.values())) - target).max() < 0.05

    def test_what_is_taken_is_not_chosen(self, small, best):
        points = list(small.points())
        assert best(small, lambda places: np.ones(len(places)), taken=points[:-1]) == points[-1]
        assert best(small, lambda places: np.ones(len(places)), taken=points) is None

    def test_the_last_point_of_a_larger_space_is_found(self):
        space = SearchSpace({"a": Int(1, 100), "b": Int(1, 100)})
        taken, everything = Seen(), list(space.points())
        for params in everything[:-1]:
            taken.add(params)
        assert any_left(space, taken, np.random.default_rng(0)) == everything[-1]
        assert any_left(space, taken, np.random.default_rng(0)) is None


class TestEncoding:
    def test_ranges_are_0_to_1_on_their_scale_and_two_choices_are_1_apart(self):
        dimensions = {
            "rate": Float(1e-4, 1, "log"),
            "units": Int(1, 3),
            "norm": Choice((True, False)),
            "optimizer": Choice(("sgd", "adam", "rmsprop")),
            "constant": Choice(("x",)),
            "momentum": Float(0, 0.9, when={"optimizer": ("sgd",)}),
        }
        encode = Encoder(SearchSpace(dimensions))
        point = {"rate": 0.01, "units": 2, "norm": True, "optimizer": "adam", "constant": "x"}
        others = [{**point, "rate": 1.0}, {**point, "norm": False}, {**point, "optimizer": "rmsprop"}]
        rows = encode.features(encode.places([point, *others]))
        assert rows.shape == (4, len(encode.groups)) == (4, 7)
        assert rows[0].tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0, math.sqrt(0.5), 0.0, 0.5])
        assert np.linalg.norm(rows[1:] - rows[0], axis=1).tolist() == pytest.approx([0.5, 1, 1])

    def test_a_point_of_a_wider_round_lies_outside(self):
        encode = Encoder(SearchSpace({"rate": Float(1e-3, 1e-1, "log"), "units": Int(4, 8, "log")}))
        place = encode.places([{"rate": 1.0, "units": 16}])[0]
        assert place[0] == pytest.approx(1.5)
        assert place[1] > 1.5
        assert encode.fits({"rate": 1.0})
        assert not encode.fits({"other": 1.0})

    def test_legal_places_are_those_of_the_points_they_stand_for(self, mixed, small):
        rng = np.random.default_rng(0)
        for space in (mixed, small):
            encode = Encoder(space)
            anywhere = rng.random((300, len(space.names)))
            legal = encode.legal(anywhere)
            points = [space.from_unit(row) for row in anywhere.tolist()]
            assert [encode.params(place) for place in legal] == points
            np.testing.assert_allclose(legal, encode.places(points), atol=1e-12)
            assert encode.allowed(legal).tolist() == [space.allows(params) for params in points]
            np.testing.assert_array_equal(encode.legal(np.where(np.isnan(legal), 0.5, legal)), legal)

    def test_a_condition_on_a_condition_and_on_what_is_fixed(self):
        space = SearchSpace(
            {
                "c": Float(0, 1, when={"b": (2, 3)}),
                "b": Int(1, 4, when={"a": ("x",), "mode": ("on",)}),
                "a": Choice(("x", "y", "z")),
            },
            fixed={"mode": "on"},
        )
        encode = Encoder(space)
        legal = encode.legal(np.array([[0.3, 0.3, 0.1], [0.3, 0.9, 0.1], [0.3, 0.3, 0.9]]))
        assert np.isnan(legal).tolist() == [[False] * 3, [True, False, False], [True, True, False]]
