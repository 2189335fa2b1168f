"""Python functions as trials."""

import os
import sys
from pathlib import Path

import pytest

from hpt_cli.trial import Status


@pytest.mark.parametrize(
    "code",
    [
        "def train(rate): return rate * 20",
        "def train(rate): return {'loss': rate * 20, 'name': 'x'}",
        "def train(params): return params['rate'] * 20",
        "def train(**all): return all['rate'] * 20",
        "class train:\n    def __new__(cls, rate): return rate * 20",
        "import numpy\ndef train(rate): return numpy.float32(rate * 20)",
        "def train(rate):\n    yield {'loss': 9}\n    return rate * 20",
    ],
)
def test_it_returns_the_metric_in_many_ways(function, code):
    result = function(code)
    assert result.error is None
    assert result.objective == pytest.approx(2.0)


def test_what_it_yields_are_epochs(function):
    result = function("def train(rate):\n    for e in range(3): yield {'loss': 3 - e, 'other': e}")
    assert result.repeats[0].history == {"loss": (3.0, 2.0, 1.0), "other": (0.0, 1.0, 2.0)}
    assert result.objective == 1.0


def test_seed_trial_and_folder_come_where_the_signature_has_them(function, spec, tmp_path):
    code = """
import os
def train(rate, seed, trial, dir):
    open(os.path.join(dir, "weights"), "w").close()
    return seed * 1000 + trial
"""
    result = function(code, spec({"rate": 0.1}, seeds=(5, 4)))
    assert [repeat.objective for repeat in result.repeats] == [5017.0, 4017.0]
    assert (tmp_path / "work" / "00017" / "1" / "weights").exists()


def test_global_generators_do_not_depend_on_what_ran_before(function, spec):
    code = "import random, numpy\ndef train(rate): return random.random() + numpy.random.random()"
    first, again = function(code), function(code)
    other = function(code, spec({"rate": 0.1}, seeds=(6,)))
    assert first.objective == again.objective != other.objective


def test_what_it_prints_is_in_the_log_and_nowhere_else(function, log, capfd):
    code = """
import os, sys
def train(rate):
    print("by print"); print("by error", file=sys.stderr); os.write(1, b"by the system\\n")
    os.system("echo by a child")
    return 1
"""
    function(code)
    assert capfd.readouterr() == ("", "")
    assert [line for line in log().splitlines() if line.startswith("by")] == [
        "by print",
        "by error",
        "by the system",
        "by a child",
    ]


def test_an_error_is_told_with_the_users_own_lines(function, log, capfd):
    code = (
        "def train(rate):\n    return inner(rate)\n\ndef inner(rate):\n    raise ValueError(f'bad {rate}')\n"
    )
    result = function(code)
    assert (result.status, result.reason) == (Status.FAILED, "ValueError: bad 0.1")
    assert "in inner" in result.error
    assert "in train" in log()
    assert "hpt_cli" not in log()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("train = 3", "TypeError: "),
        ("def train(rate): raise SystemExit(2)", "SystemExit: 2"),
        ("def train(rate): return 'much'", "loss is 'much', not a number"),
        ("def train(rate): return {'los': 1}", "no loss: it reported los; set objective.metric: los"),
        ("def train(rate): return None", "loss is null, not a number"),
        ("def train(wrong): return 1", "TypeError: train() got an unexpected keyword argument 'rate'"),
        ("def train(rate):\n    yield {'loss': 1}\n    raise KeyError('x')", "KeyError: 'x'"),
    ],
)
def test_a_failure_says_why(function, code, reason):
    result = function(code)
    assert result.status is Status.FAILED
    assert result.reason.startswith(reason)


def test_it_runs_in_the_configs_folder_and_leaves_the_process_as_it_was(function, tmp_path):
    here, out = Path.cwd(), sys.stdout
    (tmp_path / "beside.txt").write_text("4")
    code = "from pathlib import Path\ndef train(rate): return float(Path('beside.txt').read_text())"
    assert function(code).objective == 4.0
    assert (Path.cwd(), sys.stdout) == (here, out)
    assert os.fstat(1)
