"""Every answer of the page of tasks can be typed, and is linked from the first page of the site."""

import re
import shlex
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from hpt_cli.cli.app import COMMANDS, app
from hpt_cli.config.load import load_config, parse_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto.md").read_text(encoding="utf-8")
TASKS = re.findall(r"^### (.*)$", PAGE, re.MULTILINE)
TYPED = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("hpt ")
]
BASE = {"data": {"source": "wine"}, "space": {"learning_rate": {"low": 1e-3, "high": 1}}}


@pytest.mark.parametrize("line", TYPED)
def test_a_command_is_understood_and_what_it_sets_is_valid(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.csv").touch()
    _, name, *arguments = takewhile(lambda word: word not in (">", ">>"), shlex.split(line))
    with app.get_command(None, name).make_context(name, arguments) as context:
        given = context.params
    if "config_path" in given:
        keys = {"name": given["name"], "search.trials": given["trials"], "seed": given["seed"]}
        short = [f"{key}={value}" for key, value in keys.items() if value is not None]
        load_config(ROOT / "configs" / "digits.yaml", [*given["overrides"], *short])


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_a_piece_of_a_config_is_valid_in_one(block):
    piece = yaml.safe_load(block)
    space = {**BASE["space"], **piece.get("space", {})}
    whole = {**BASE, **piece, "space": space}
    if "data" in piece and str(piece["data"]["source"]).endswith(".csv"):
        whole["data"] = {**piece["data"], "source": str(ROOT / "configs" / "data" / "wine.csv")}
    if "search" in piece:  # an earlier study that is not there
        whole["search"] = {key: value for key, value in piece["search"].items() if key != "warm_start"}
    assert parse_config(yaml.safe_dump(whole).encode(), ROOT / "howto.yaml").name == "howto"


def test_every_task_is_one_click_from_the_first_page():
    links = re.findall(r"\]\(howto\.md#([\w-]+)\)", (ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    assert links == [re.sub(r"[^a-z0-9 -]", "", task.lower()).replace(" ", "-") for task in TASKS]


def test_no_command_of_a_task_is_left_out():
    assert {line.split()[1] for line in TYPED} == set(COMMANDS)
