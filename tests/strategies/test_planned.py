"""Grid, random and Sobol: what is particular to each."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace, key
from hpt_cli.strategies import make_strategy
from hpt_cli.strategies.draws import Seen, distinct, remaining

SQUARE = SearchSpace({"x": Float(0, 1), "y": Float(0, 1)})


def asked(name, space, n, **options):
    strategy = make_strategy(name, space, **{"seed": [5], **options})
    return [strategy.ask(number) for number in range(n)]


def test_grid_is_the_spaces_grid_in_its_order(mixed):
    grid = list(mixed.grid())
    assert asked("grid", mixed, len(grid) + 1) == [*grid, None]


def test_grid_refuses_a_range_without_points():
    with pytest.raises(ValueError, match="`points` or `step` for x, y"):
        make_strategy("grid", SQUARE, seed=[0]).ask(0)


@pytest.mark.parametrize("name", ["grid", "random", "sobol"])
def test_any_number_may_be_asked_for_at_any_time(name, mixed):
    in_order = asked(name, mixed, 40)
    strategy = make_strategy(name, mixed, seed=[5])
    assert [strategy.ask(number) for number in (30, 31, 31, 7, 39, 0)] == [
        in_order[number] for number in (30, 31, 31, 7, 39, 0)
    ]


def test_random_takes_points_by_their_mass():
    # First points of 3000 seeds: each count within 4.5 standard deviations of its binomial (6 counts: one in
    # 24,000 runs fails).
    space = SearchSpace({"units": Int(1, 3, "log"), "norm": Choice((True, False))})
    counts = {}
    for seed in range(3000):
        (first,) = asked("random", space, 1, seed=[seed])
        counts[key(first)] = counts.get(key(first), 0) + 1
    for params in space.points():
        mass = space.mass(params)
        assert abs(counts[key(params)] - 3000 * mass) < 4.5 * math.sqrt(3000 * mass * (1 - mass))


def test_what_is_left_of_a_space_comes_in_an_order_drawn_by_mass():
    # P(first = i, second = j) = m_i m_j / (1 - m_i); 4000 draws, 6 pairs, 4.5 standard deviations as above
    space = SearchSpace({"units": Int(1, 3, "log")})
    mass = {params["units"]: space.mass(params) for params in space.points()}
    counts = {}
    for seed in range(4000):
        first, second, _ = remaining(space, Seen(), np.random.default_rng(seed))
        pair = first["units"], second["units"]
        counts[pair] = counts.get(pair, 0) + 1
    for (first, second), count in counts.items():
        p = mass[first] * mass[second] / (1 - mass[first])
        assert abs(count - 4000 * p) < 4.5 * math.sqrt(4000 * p * (1 - p))
    assert len(counts) == 6


def test_rare_points_at_the_end_of_a_space_are_found_by_listing_it():
    space = SearchSpace({"units": Int(1, 2000)})
    stuck = iter(lambda: [0.0], None)  # a stream that would never reach them
    found = [params["units"] for params in distinct(space, stuck, Seen(), np.random.default_rng(0))]
    assert found[0] == 1
    assert sorted(found) == list(range(1, 2001))


def test_a_large_finite_space_has_no_repeats():
    space = SearchSpace({"a": Int(0, 400), "b": Int(0, 400)})  # 160,801 points: 5000 draws would repeat 77
    assert len({key(params) for params in asked("random", space, 5000)}) == 5000


def test_sobol_points_are_spread_evenly():
    # a (0, 6, 2)-net: each cell of a 2^k by 2^(6-k) raster holds exactly one of the first 64
    places = np.array([[params["x"], params["y"]] for params in asked("sobol", SQUARE, 64)])
    for k in range(7):
        cells = np.floor(places * [2**k, 2 ** (6 - k)]).astype(int)
        assert len({tuple(cell) for cell in cells}) == 64


def test_planned_strategies_do_not_keep_what_they_asked(mixed):
    strategy = make_strategy("random", mixed, seed=[5])
    strategy.ask(500)
    sizes = [len(value) for value in vars(strategy).values() if isinstance(value, (list, dict, set))]
    assert max(sizes, default=0) < 10


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys\nfrom hpt_cli.space import Int, SearchSpace\n"
        "from hpt_cli.strategies import make_strategy\n"
        "for name in ('grid', 'random', 'sobol', 'bayes'):\n"
        "    make_strategy(name, SearchSpace({'a': Int(0, 9)}), seed=[0]).ask(0)\n"
        "    print(name, 'scipy' in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["grid False False", "random False False"]
    assert [line.split()[2] for line in lines[2:]] == ["False", "False"]
