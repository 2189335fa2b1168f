"""Completion in real shells: what is offered after a press of Tab."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hpt_cli.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def place(tmp_path, make_study, make_trial):
    """A folder with configs, a study beside the tests' others, and ``hpt`` on the path."""
    (tmp_path / "bin").mkdir()
    starter = tmp_path / "bin" / "hpt"
    starter.write_text(f'#!/bin/sh\nexec {sys.executable} -m hpt_cli "$@"\n')
    starter.chmod(0o755)
    (tmp_path / "wine.yaml").write_text(
        "seed: 1\nnetwork: {epochs: 2}\nsearch: {trials: 3, strategy: random}\n"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "iris.yml").write_text("seed: 1\n")
    (tmp_path / "people.csv").write_text("age; sex;income\n1;f;2\n")
    (tmp_path / "notes.txt").write_text("")
    make_study(make_trial(0, 0.5), make_trial(17, 0.6), name="digits")
    make_study(name="wines")
    return tmp_path


@pytest.fixture
def environment_of(place, environment):
    return {
        **environment,
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "HOME": str(place),
        "TERM": "dumb",
    }


def offered_by_bash(words, place, env):
    """What bash would offer for the last of ``words``."""
    script = (
        'source <(hpt completion bash)\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
        '_hpt_completion hpt 2>/dev/null\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    start = ["bash", "--norc", "-c", script, "bash"]
    return subprocess.run(
        [*start, *words], cwd=place, env=env, capture_output=True, text=True, check=True
    ).stdout.split()


OFFERED = {
    ("hpt", ""): [*COMMANDS],
    ("hpt", "sh"): ["show"],
    ("hpt", "show", ""): ["digits", "wines"],
    ("hpt", "best", "w"): ["wines"],
    ("hpt", "run", ""): ["more/iris.yml", "wine.yaml"],
    ("hpt", "run", "more/"): ["more/iris.yml"],
    ("hpt", "run", "wine.yaml", "--set", "s"): ["seed=", "search.trials=", "search.strategy="],
    ("hpt", "trial", "--study", "di"): ["digits"],
    ("hpt", "trial", "--study", "digits", ""): ["0", "17"],
    ("hpt", "trial", "0", "d"): ["digits"],
    ("hpt", "verify", "w"): ["wines"],
    ("hpt", "report", "w"): ["wines"],
    ("hpt", "why", "-s", "digits", "o"): ["optimizer"],
    ("hpt", "refine", "digits", "--strategy", ""): ["grid", "random", "sobol", "bayes"],
    ("hpt", "init", "people.csv", "--target", ""): ["age", "sex", "income"],
    ("hpt", "init", "people.csv", "--drop", "a"): ["age"],
    ("hpt", "completion", ""): ["bash", "zsh", "fish"],
}


@pytest.mark.parametrize("words", OFFERED, ids=" ".join)
def test_what_bash_offers(words, place, environment_of):
    assert offered_by_bash(words, place, environment_of) == OFFERED[words]


def test_where_nothing_is_known_nothing_is_said(place, environment_of, tmp_path):
    empty = {**environment_of, "HPT_RUNS_DIR": str(tmp_path / "none")}
    assert offered_by_bash(("hpt", "show", "x"), place, empty) == []
    assert offered_by_bash(("hpt", "trial", ""), place, empty) == []
    assert offered_by_bash(("hpt", "run", "none.yaml", "--set", ""), place, empty) == []


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_offers_studies(place, environment_of):
    code = (
        "zmodload zsh/zpty; zpty z zsh -f -i; "
        "zpty -w z 'source <(hpt completion zsh); bindkey \"^I\" complete-word; PS1=rea; PS1+=dy'; "
        "zpty -r -m z out '*ready*'; "  # waits until it is there
        "zpty -n -w z $'hpt best wi\\t'; zpty -r -m z out '*wines*' && print found"
    )
    done = subprocess.run(
        ["zsh", "-f", "-c", code],
        cwd=place,
        env=environment_of,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "found" in done.stdout


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_offers_studies(place, environment_of):
    code = "hpt completion fish | source; complete -C 'hpt best wi'; complete -C 'hpt run wi'"
    done = subprocess.run(
        ["fish", "-N", "-c", code],
        cwd=place,
        env=environment_of,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["wines", "wine.yaml"]
