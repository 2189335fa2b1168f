"""Whatever is told, a search over a space as people have them goes on inside it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpt_cli.space import Choice, Float, Int, SearchSpace, key
from hpt_cli.strategies import make_strategy


def wide():
    """20 dimensions of every kind, conditions on conditions, a constraint."""
    dimensions = {f"rate{i}": Float(1e-4, 1, "log") for i in range(4)}
    dimensions |= {f"momentum{i}": Float(0.5, 0.999, "log1m", when={"kind": ("a", "b")}) for i in range(3)}
    dimensions |= {f"units{i}": Int(1, 500, "log") for i in range(4)}
    dimensions |= {f"drop{i}": Float(0, 1, step=0.1, when={"depth": (2, 3)}) for i in range(3)}
    dimensions |= {"depth": Int(1, 4, when={"deep": (True,)}), "deep": Choice((True, False))}
    dimensions |= {"kind": Choice(("a", "b", "c"))}
    dimensions |= {f"choice{i}": Choice(("x", 1, 2.5, False)) for i in range(3)}
    return SearchSpace(dimensions, ["units0 * units1 <= 50000"])


OBJECTIVES = st.one_of(
    st.none(), st.floats(), st.sampled_from([0.0, 1.0, -1e300, 4e7]), st.floats(min_value=0, max_value=1)
)


@pytest.mark.parametrize("parallel", [1, 3])
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(told=st.lists(OBJECTIVES, min_size=6, max_size=11), maximize=st.booleans())
def test_every_suggestion_is_legal_and_new(parallel, told, maximize):
    space, seen = wide(), set()
    assert len(space.names) == 20
    goal = "maximize" if maximize else "minimize"
    strategy = make_strategy("bayes", space, seed=[len(told)], parallel=parallel, goal=goal)
    for number in range(len(told)):
        if number >= parallel:
            strategy.tell(number - parallel, told[number - parallel])
        params = strategy.ask(number)
        assert params in space
        assert key(params) not in seen
        seen.add(key(params))
