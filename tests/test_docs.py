"""What the pages say can be typed can be typed."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from hpt_cli.cli import describe
from hpt_cli.cli.app import COMMANDS, app
from hpt_cli.config.load import parse_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TYPED = sorted(
    {
        line.partition(" #")[0].removeprefix("$ ").strip()
        for page in (ROOT / "README.md", *sorted((ROOT / "configs").rglob("*.yaml")))
        for line in re.findall(r"^(?:\$ |#   )(hpt .*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
)


@pytest.mark.parametrize("line", TYPED)
def test_a_command_that_a_page_shows_is_understood(line):
    _, name, *arguments = shlex.split(line)
    command = app.get_command(None, name)
    assert command is not None
    command.make_context(name, arguments, resilient_parsing=False).close()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_lists_every_command(name):
    assert f"| `hpt {name}" in README


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name):
    shown = CliRunner().invoke(app, [name, "--help"]).output
    assert "Example:" in shown
    assert f"hpt {name}" in shown.partition("Example:")[2]


def test_the_readmes_config_is_valid():
    text, *_ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    config = parse_config(text.encode(), ROOT / "wines.yaml")
    assert config.name == "wines"
    assert config.space.dimensions["momentum"].when == {"optimizer": ("sgd",)}


def test_the_readmes_ratios_are_those_of_the_run_that_it_links():
    run, *_ = re.findall(r"\]\((benchmarks/results/study-[\d-]+\.json)\)", README)
    rows = json.loads((ROOT / run).read_text(encoding="utf-8"))["rows"]
    ratios = {(row["who"], row["batch_norm"]): f"{row['ratio']:.1f}" for row in rows}
    said = re.findall(r"(\d\.\d) times", README)
    assert said == [ratios["optuna + torch", "searched"], ratios["RandomizedSearchCV", "off"]]


def test_every_target_of_the_makefile_that_the_readme_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets


def listed(entries):
    """The pages of a navigation, in order."""
    for entry in entries:
        for value in entry.values():
            yield from listed(value) if isinstance(value, list) else [value]


def test_every_page_is_in_the_sites_navigation():
    """If this fails: name the page in mkdocs.yml, and link it from docs/index.md."""
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    assert sorted(listed(navigation)) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_the_page_of_commands_is_current():
    """If this fails: python -m hpt_cli.cli.describe docs"""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == describe.page()
