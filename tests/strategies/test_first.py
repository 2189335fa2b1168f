"""Points that are tried before those that a strategy chooses."""

import pytest

from hpt_cli.space import Choice, Float, Int, SearchSpace, key
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


@pytest.mark.parametrize("name", ["random", "sobol", "bayes"])
def test_probes_lie_outside_and_are_called_so(name, study):
    space = SearchSpace({"x": Float(0.4, 0.6), "kind": Choice(("a", "b"))})
    probes = [{"x": 0.1, "kind": "a"}, {"x": 0.5, "kind": "gone"}]
    strategy = make_strategy(name, space, seed=[0], parallel=1, first=probes, first_are="probe")
    results = study(strategy, 8, lambda params: params["x"], parallel=1)
    assert [result.params for result in results[:2]] == probes
    assert [result.origin.kind == "probe" for result in results] == [True, True] + [False] * 6
    assert all(result.params in space for result in results[2:])


class TestBayesIsToldItsProbes:
    SPACE = SearchSpace({"x": Float(0.4, 0.6)})

    def ask(self, number, told, parallel=2):
        """What trial ``number`` is, where only these objectives of the trials before were different."""
        options = {"seed": [0], "parallel": parallel, "first_are": "probe"}
        strategy = make_strategy("bayes", self.SPACE, first=[{"x": 0.0}, {"x": 0.2}], **options)
        for before in range(number - parallel + 1):
            strategy.ask(before)
            strategy.tell(before, told.get(before, 0.5))
        return strategy.ask(number)

    def test_it_looks_toward_a_good_one(self):
        own = {2: 0.5, 3: 0.45, 4: 0.55}
        below = self.ask(6, {0: 0.1, 1: 0.3, **own})
        above = self.ask(6, {0: 0.9, 1: 0.7, **own})
        assert below["x"] == 0.4  # its end of the space
        assert above["x"] > 0.42

    def test_but_only_as_far_as_parallel_lets_it(self):
        """Of two probes, trial 2 may know the first and not the second, done or not."""
        options = {"seed": [0], "parallel": 2, "first_are": "probe"}
        asked = []
        for second in (None, 0.0, 9.0):
            strategy = make_strategy("bayes", self.SPACE, first=[{"x": 0.0}, {"x": 0.2}], **options)
            for number, objective in enumerate([0.1, second]):
                strategy.ask(number)
                if objective is not None:
                    strategy.tell(number, objective)
            asked.append(strategy.ask(2))
        assert asked[0] == asked[1] == asked[2]

    def test_its_own_start_is_as_long_as_without(self, study):
        strategy = make_strategy("bayes", self.SPACE, seed=[0], first=[{"x": 0.0}] * 2, first_are="probe")
        results = study(strategy, 10, lambda params: params["x"], parallel=1)
        assert [result.origin.kind for result in results] == ["probe"] * 2 + ["start"] * 4 + ["model"] * 4
