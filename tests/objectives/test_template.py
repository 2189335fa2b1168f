"""Placeholders and the spelling of params."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpt_cli.objectives import template
from hpt_cli.objectives.settings import ArgsSettings

PARAMS = {"learning_rate": 1e-05, "units": 16, "bias": True, "norm": False, "kind": "a b"}


def test_a_brace_that_is_meant_as_one_is_written_twice():
    assert template.fill('{{"x": {x}}}', {"x": "1"}) == '{"x": 1}'


@pytest.mark.parametrize("text", ["{", "}", "{x", "x}", "{ x }", "{}", "{x}}", "{'a': 1}", "{x!r}", "{x:3}"])
def test_other_braces_are_refused(text):
    with pytest.raises(ValueError, match="a brace stands around a name"):
        template.parse(text)


@given(st.text())
def test_doubled_braces_give_any_text_back(text):
    assert template.fill(text.replace("{", "{{").replace("}", "}}"), {}) == text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "--learning_rate 1e-05 --units 16 --bias true --norm false --kind 'a b'"),
        (
            {"form": "--name=value", "names": "dashes"},
            "--learning-rate=1e-05 --units=16 --bias=true --norm=false '--kind=a b'",
        ),
        ({"form": "name=value"}, "learning_rate=1e-05 units=16 bias=true norm=false 'kind=a b'"),
        ({"booleans": "flag"}, "--learning_rate 1e-05 --units 16 --bias --kind 'a b'"),
        (
            {"form": "--name=value", "booleans": "flag_or_no"},
            "--learning_rate=1e-05 --units=16 --bias --no-norm '--kind=a b'",
        ),
    ],
)
def test_args_are_spelled_as_one_likes(settings, words):
    assert shlex.join(template.spelled(PARAMS, ArgsSettings(**settings))) == words


def test_args_alone_become_words_and_values_stay_one():
    words = template.fill_words(["run", "{args}", "{kind}"], {"kind": "a b"}, ["--x", "1"])
    assert words == ["run", "--x", "1", "a b"]


@given(st.text(alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=30))
def test_no_value_is_more_than_one_word_for_a_shell(value):
    line = template.fill_shell("printf %s {x}", {"x": value}, [])
    assert shlex.split(line)[2:] == [value]


def test_a_shell_reads_what_was_quoted():
    value = "$(echo no) `id` 'x' \"y\" ; *"
    line = template.fill_shell("printf %s {x}", {"x": value}, [])
    shown = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    assert shown.stdout == value
