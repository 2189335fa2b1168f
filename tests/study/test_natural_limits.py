"""How far a round may widen what the user wrote."""

import pytest

from hpt_cli.config import load_config
from hpt_cli.planning import natural_limits
from hpt_cli.rounds import Limits

CONFIG = """\
name: own
command: echo {args}
objective: {metric: loss, goal: minimize}
space:
  x: %s
"""


@pytest.mark.parametrize(
    ("dimension", "limits"),
    [
        ("{low: 0.5, high: 2}", Limits(low=0.0, open_low=True)),
        ("{low: -3, high: -0.5}", Limits(high=0.0, open_high=True)),
        ("{low: 0.5, high: 0.99, scale: log1m}", Limits(low=0.0)),
        ("{low: 0, high: 0.99, scale: log1m}", Limits(low=0.0)),
        ("{low: 0.0, high: 1.0}", Limits()),
        ("{low: -1.0, high: 1.0}", Limits()),
    ],
)
def test_a_range_of_own_code_keeps_its_sign(tmp_path, dimension, limits):
    path = tmp_path / "own.yaml"
    path.write_text(CONFIG % dimension)
    assert natural_limits(load_config(path)) == {"x": limits}


@pytest.mark.parametrize(
    "dimension", ["[a, b]", "{low: 1.0e-4, high: 1, scale: log}", "{low: 1, high: 9, type: int}"]
)
def test_of_others_nothing_more_is_known(tmp_path, dimension):
    path = tmp_path / "own.yaml"
    path.write_text(CONFIG % dimension)
    assert natural_limits(load_config(path)) == {}
