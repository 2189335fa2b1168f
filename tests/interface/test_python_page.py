"""What the page on Python shows can be typed, in its order."""

import os
import re
import subprocess
import sys
from pathlib import Path

import hpt_cli

PAGE = Path(__file__).parent.parent.parent / "docs" / "python.md"


def test_its_examples_run_one_after_the_other(tmp_path):
    examples = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    said = {}
    for name, code in examples:
        (tmp_path / name).write_text(code, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error", name],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(hpt_cli.__file__).parent.parent)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), name
        said[name] = done.stdout.splitlines()
    assert said["wine.py"][0].startswith("{'learning_rate': ")
    assert "'kind': 'a'" in said["tune.py"][0]
    assert len(said["look.py"]) == 3 + 8 + 1 + 7
    assert said["predict.py"][0].endswith("(178, 3)")
    assert said["errors.py"][:2] == [
        "ConfigError 2",
        "config: space.learning_rate.low: must be above 0, found 0",
    ]
    assert sorted(line.split()[0] for line in said["follow.py"]) == ["0", "1", "2"]
