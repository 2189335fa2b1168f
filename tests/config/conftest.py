from __future__ import annotations

from pathlib import Path

import pytest

from hpt_cli.config.load import parse_config
from hpt_cli.errors import ConfigError

MINIMAL = """\
data: {source: digits}
space:
  learning_rate: {low: 1e-4, high: 1, scale: log}
"""


@pytest.fixture
def minimal():
    """The least config: its space starts on line 2."""
    return MINIMAL


@pytest.fixture
def load():
    """Load a config from its text."""

    def load_text(text, overrides=(), options=None):
        text = text.encode() if isinstance(text, str) else text
        return parse_config(text, Path("study.yaml"), overrides, options or {})

    return load_text


@pytest.fixture
def problems(load):
    """The problems of a config that must be refused."""

    def problems_of(text, overrides=(), options=None):
        with pytest.raises(ConfigError) as caught:
            load(text, overrides, options)
        return caught.value.problems

    return problems_of
