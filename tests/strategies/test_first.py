"""Points that are tried before those that a strategy chooses."""

import pytest

from hpt_cli.space import Choice, Int, SearchSpace, key
from hpt_cli.strategies import STRATEGIES, make_strategy


@pytest.mark.parametrize("name", STRATEGIES)
class TestEveryStrategy:
    def test_tries_them_first_and_never_again(self, name, small, study):
        points = list(small.points())
        first = [points[3], points[-1]]
        strategy = make_strategy(name, small, seed=[0], parallel=2, first=first)
        results = study(strategy, 1000, lambda params: float(params["units"]), parallel=2)
        asked = [result.params for result in results]
        assert asked[:2] == first
        assert sorted(map(key, asked)) == sorted(map(key, points))
        assert [result.origin.kind for result in results[:3]][:2] == ["enqueued", "enqueued"]
        assert results[2].origin.kind != "enqueued"

    def test_resumes_among_them(self, name, small, study):
        first = list(small.points())[:5]
        results = study(
            make_strategy(name, small, seed=[0], parallel=2, first=first), 9, lambda _: 1.0, parallel=2
        )
        again = make_strategy(name, small, seed=[0], parallel=2, first=first)
        for result in results[:3]:
            again.tell(result.number, result)
        assert again.ask(3) == results[3].params
        assert again.ask(4) == results[4].params


def test_a_grid_also_tries_what_is_not_on_it():
    space = SearchSpace({"units": Int(1, 100, points=3), "kind": Choice(("a",))})
    strategy = make_strategy("grid", space, seed=[0], first=[{"units": 7, "kind": "a"}])
    assert [strategy.ask(number)["units"] for number in range(4)] == [7, 1, 51, 100]
    assert strategy.ask(4) is None
