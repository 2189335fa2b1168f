"""``hpt report``: where the page goes, and what it does not write over."""

import os

import pytest


@pytest.fixture
def here(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_the_page_is_named_after_the_study_and_its_path_is_printed(hpt, make_study, make_trial, here):
    make_study(make_trial(0, 0.5))
    result = hpt("report")
    assert (result.exit_code, result.stdout) == (0, "digits.html\n")
    assert [path.name for path in here.iterdir()] == ["digits.html"]  # no draft is left
    assert "best: trial 0" in (here / "digits.html").read_text(encoding="utf-8")


def test_an_earlier_report_is_replaced_and_nothing_else(hpt, make_study, make_trial, here):
    store = make_study(make_trial(0, 0.5))
    page = here / "digits.html"
    page.write_text("my own page")
    result = hpt("report", "digits")
    assert result.exit_code == 2
    assert "digits.html: is there already and not a report; --force writes over it" in result.stderr
    assert page.read_text() == "my own page"
    assert hpt("report", "digits", "--force").exit_code == 0
    store.save(make_trial(1, 0.75))
    assert hpt("report", "digits").exit_code == 0
    assert "best: trial 1" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_leaves_the_one_before(hpt, make_study, make_trial, here, monkeypatch):
    make_study(make_trial(0, 0.5))
    hpt("report")
    before = (here / "digits.html").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = hpt("report")
    assert result.exit_code == 74
    assert "digits.html: the report cannot be written" in result.stderr
    assert "Traceback" not in result.output
    assert (here / "digits.html").read_bytes() == before
    assert len(list(here.iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "no study 'nowhere'"),
        (("-o", "no/page.html"), "there is no folder no"),
        (("-o", "."), "is a folder; name a file: --output digits.html"),
        (("-o", "/dev/null"), "write to standard output with --output -"),
        (("--top", "0"), "0 is not in the range"),
    ],
)
def test_what_is_wrong_is_told(hpt, make_study, make_trial, here, arguments, said):
    make_study(make_trial(0, 0.5))
    result = hpt("report", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert list(here.iterdir()) == []


def test_to_standard_output(hpt, make_study, make_trial, here):
    make_study(make_trial(0, 0.5))
    result = hpt("report", "-o", "-")
    assert result.stdout.startswith("<!DOCTYPE html>")
    assert result.stdout.endswith("</html>\n")
    assert list(here.iterdir()) == []


def test_a_running_study_has_a_page_that_says_so(hpt, make_study, make_trial, here):
    store = make_study(make_trial(0, 0.5))
    with store.lock():
        result = hpt("report")
    assert result.exit_code == 0
    said = f"study digits is being run by process {os.getpid()}"
    assert said in result.stderr
    assert said in (here / "digits.html").read_text(encoding="utf-8")


def test_a_damaged_trial_is_named_as_show_names_it(hpt, make_study, make_trial, here):
    store = make_study(make_trial(0, 0.5), make_trial(1, 0.6))
    store.trial_path(1).write_text("{")
    shown, reported = hpt("show"), hpt("report")
    assert reported.exit_code == 0
    assert reported.stderr == shown.stderr
    assert str(store.trial_path(1)) in reported.stderr


def test_top_is_the_number_of_rows(hpt, make_study, make_trial, here):
    make_study(*(make_trial(number, 0.5 + number / 100) for number in range(5)))
    pages = [hpt("report", "-o", "-", "--top", top).stdout for top in (2, 10)]
    assert [page.count('<td class="right">0.01') for page in pages] != [0, 0]
    assert [page.count("<td>done</td>") for page in pages] == [2, 5]
    assert "2 of 5 trials" in pages[0]
