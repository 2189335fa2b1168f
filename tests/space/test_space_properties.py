"""What holds for every space: found by hypothesis, with the same examples in every run."""

from __future__ import annotations

import json
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hpt_cli.space import Choice, Float, Int, SearchSpace, key

examples = settings(derandomize=True, deadline=None, max_examples=60, database=None)

units = st.floats(0, 1)
texts = st.text("abc 'é\"", max_size=4)
choices = st.lists(
    st.one_of(st.booleans(), st.integers(-3, 3), st.floats(-2, 2), texts), min_size=1, max_size=4
)


@st.composite
def floats(draw):
    scale = draw(st.sampled_from(["linear", "log", "log1m", "step"]))
    if scale == "step":
        low, step = draw(st.integers(-50, 50)) / 10, draw(st.sampled_from([0.1, 0.25, 1.0, 0.007]))
        return Float(low, round(low + draw(st.integers(1, 40)) * step, 6), step=step)
    if scale == "log":
        low = draw(st.floats(1e-12, 1e6))
        return Float(low, low * draw(st.floats(1.001, 1e6)), "log")
    if scale == "log1m":
        far = draw(st.floats(1e-6, 1.5))
        near = far * draw(st.floats(1e-4, 0.99))
        return Float(1 - far, 1 - near, "log1m")
    low = draw(st.floats(-1e6, 1e6))
    return Float(low, low + draw(st.floats(1e-3, 1e6)))


@st.composite
def ints(draw):
    scale = draw(st.sampled_from(["linear", "log"]))
    low = draw(st.integers(1, 1000)) if scale == "log" else draw(st.integers(-1000, 1000))
    if scale == "linear" and draw(st.booleans()):
        step = draw(st.integers(1, 9))
        return Int(low, low + step * draw(st.integers(1, 30)), step=step)
    return Int(low, low + draw(st.integers(1, 3000)), scale)


@st.composite
def choice(draw):
    distinct = {(isinstance(value, bool), value): value for value in draw(choices)}
    return Choice(tuple(distinct.values()))


@st.composite
def spaces(draw, numeric=True):
    kinds = st.one_of(floats(), ints(), choice()) if numeric else choice()
    dimensions = {}
    for index in range(draw(st.integers(1, 6))):
        dimension = draw(kinds)
        parents = [name for name, other in dimensions.items() if isinstance(other, Choice)]
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            allowed = tuple(dimensions[parent].choices[: draw(st.integers(1, 2))])
            options = {**dimension.to_json(), "when": {parent: allowed}}
            kind = {"float": Float, "int": Int, "choice": Choice}[options.pop("type")]
            dimension = kind(**options)
        dimensions[f"x{index}"] = dimension
    order = draw(st.permutations(list(dimensions)))
    return SearchSpace({name: dimensions[name] for name in order})


@examples
@given(spaces(), st.data())
def test_any_place_in_the_unit_cube_is_a_legal_point_of_plain_types(space, data):
    place = data.draw(st.lists(units, min_size=len(space.names), max_size=len(space.names)))
    params = space.from_unit(place)
    assert params in space
    assert all(type(value) in (bool, int, float, str) for value in params.values())
    assert key(json.loads(json.dumps(params))) == key(params)


@examples
@given(spaces(), st.data())
def test_to_the_unit_cube_and_back_is_the_same_point(space, data):
    place = data.draw(st.lists(units, min_size=len(space.names), max_size=len(space.names)))
    params = space.from_unit(place)
    middle = space.to_unit(params)
    again = space.from_unit(middle)
    assert all(0 <= unit <= 1 for unit in middle)
    assert list(again) == list(params)
    for name, value in params.items():
        dimension = space.dimensions[name]
        if dimension.size is None:  # within what the logarithms round, in units of the range
            assert abs(dimension.to_unit(again[name]) - dimension.to_unit(value)) < 1e-9
        else:
            assert again[name] == value
            assert type(again[name]) is type(value)


@examples
@given(spaces(), st.integers(0, 2**32))
def test_a_draw_is_legal(space, seed):
    assert space.sample(np.random.default_rng(seed)) in space


@examples
@given(spaces())
def test_json_and_back_is_the_same_space(space):
    assert SearchSpace.from_json(json.loads(json.dumps(space.to_json()))) == space


@examples
@given(spaces(numeric=False))
def test_points_are_distinct_as_many_as_the_size_and_have_all_the_mass(space):
    points = list(space.points())
    assert len({key(params) for params in points}) == len(points) == space.size == space.grid_count()
    assert all(params in space for params in points)
    assert points == list(space.grid())
    assert math.isclose(sum(space.mass(params) for params in points), 1, rel_tol=1e-9)
