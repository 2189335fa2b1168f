"""The commands in the pages are run, and show what the pages say, but for numbers."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def load():
    spec = importlib.util.spec_from_file_location("docs_outputs", ROOT / "docs" / "outputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


outputs = load()


@pytest.mark.parametrize("page", outputs.PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_shows_what_stands_below_it(page, tmp_path):
    """If this fails and the new output is right: make docs."""
    text = page.read_text(encoding="utf-8")
    ran = []
    now = outputs.rewritten(text, outputs.empty_folder(tmp_path / "page"), ran)
    assert len(ran) == len(re.findall(r"^\$ ", text, re.MULTILINE)) > 0
    for result in ran:
        assert result.status in (0, 2), result
        assert "Traceback" not in result.shown
    assert list(outputs.masked(now)) == list(outputs.masked(text))


def test_the_page_of_errors_makes_every_message_by_a_mistake(tmp_path):
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert text.count("\nhpt: ") + text.count("\nError: ") >= 12


class TestComparing:
    def test_numbers_and_pictures_of_them_may_differ(self):
        assert outputs.same("loss 0.123 ± 1e-4 ▁▂█  5%", "loss 12 ± 3.5e+2 ▃ 61%")

    def test_a_machine_may_take_minutes_where_another_takes_seconds(self):
        assert outputs.same(
            "time about 0.2 s a trial, 5 s in all", "time about 1.2 s a trial, 1 min 3 s in all"
        )
        assert outputs.same("time: about 20 to 40 seconds with", "time: about 2 to 4 minutes with")

    def test_which_trial_was_done_first_may_differ(self):
        assert outputs.same("[1/9] trial 0: 0.5, best so far; adam", "[1/9] trial 2: 0.3; sgd")

    @pytest.mark.parametrize("other", ["loss 1 s\nmore", "lose 1 s", "loss one s", "loss 1"])
    def test_words_and_lines_may_not(self, other):
        assert not outputs.same("loss 1 s", other)


class TestRunning:
    def test_what_a_command_shows_takes_the_place_of_what_stood_there(self, tmp_path):
        page = "a\n```console\n$ echo new\nold\n$ true\n$ echo more\n```\nb\n"
        assert (
            outputs.rewritten(page, tmp_path)
            == "a\n```console\n$ echo new\nnew\n$ true\n$ echo more\nmore\n```\nb\n"
        )

    def test_python_is_run_where_the_page_says_so_and_must_work(self, tmp_path):
        block = "```python\nopen('made', 'w').close()\n```\n"
        outputs.rewritten(block, tmp_path)
        assert not (tmp_path / "made").exists()
        outputs.rewritten(f"<!-- run -->\n{block}", tmp_path)
        assert (tmp_path / "made").exists()

    def test_of_a_runs_trials_the_first_two_and_the_last_stay(self):
        lines = ["study", *(f"[{n}/5] trial {n}" for n in range(1, 6)), "best"]
        kept = outputs._shortened(lines)
        assert kept == ["study", "[1/5] trial 1", "[2/5] trial 2", "...", "[5/5] trial 5", "best"]
        assert outputs._shortened(lines[:3]) == lines[:3]
