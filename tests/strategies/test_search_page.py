"""The page on the search says what is so."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "search.md"


def test_its_example_runs_and_finds_the_optimum(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    def train(params):
        return abs(math.log10(params["learning_rate"]) + 2) + abs(params["units"] - 64) / 100

    exec(code, {"train": train})
    found = ast.literal_eval(capsys.readouterr().out)
    assert train(found) < 0.05
