"""What becomes of the records that own code reports."""

import math

import numpy as np
import pytest

from hpt_cli.objectives.report import Report
from hpt_cli.trial import Status


def report_of(*lines, metric="loss"):
    report = Report(metric)
    for line in lines:
        report.add_line(line)
    return report.result(1)


def test_the_last_line_that_holds_the_metric_counts():
    result = report_of('{"loss": 3}', '{"loss": 0.5, "accuracy": 0.9}', '{"seconds": 2}', "done")
    assert (result.status, result.objective) == (Status.DONE, 0.5)
    assert result.metrics == {"loss": 0.5, "accuracy": 0.9, "seconds": 2.0}


def test_lines_with_an_epoch_make_curves():
    result = report_of('{"epoch": 1, "loss": 3}', '{"epoch": 2, "loss": 2}', '{"loss": 1.5}')
    assert result.history == {"loss": (3.0, 2.0)}
    assert result.objective == 1.5


def test_two_lines_of_one_epoch_are_one_and_what_is_missing_is_no_number():
    result = report_of('{"epoch": 0, "train": 9}', '{"epoch": 0, "loss": 3}', '{"epoch": 1, "loss": 2}')
    assert result.history["loss"] == (3.0, 2.0)
    assert result.history["train"][0] == 9.0
    assert math.isnan(result.history["train"][1])
    assert "epoch" not in result.history


def test_epochs_that_do_not_count_by_one_are_kept():
    result = report_of('{"epoch": 5, "loss": 3}', '{"epoch": 10, "loss": 2}')
    assert result.history == {"loss": (3.0, 2.0), "epoch": (5.0, 10.0)}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_metric_without_a_finite_value_diverged(number):
    result = report_of('{"loss": 1}', f'{{"loss": {number}}}')
    assert (result.status, result.objective) == (Status.DIVERGED, None)
    assert "loss is" in result.error


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((), "no loss: it reported nothing"),
        (("hello", "[1, 2]"), "no loss: it reported nothing"),
        (
            ("{'loss': 0.5}",),
            "no loss: {'loss': 0.5} is not JSON; print it with json.dumps",
        ),
        (
            ('{"los": 1, "accuracy": 2}',),
            "no loss: it reported los, accuracy; set objective.metric: the name of one of these",
        ),
        (('{"loss": "low"}',), "loss is 'low', not a number"),
        (('{"loss": null}',), "loss is null, not a number"),
        (('{"loss": true}',), "loss is True, not a number"),
        (('{"loss": [1]}',), "loss is [1], not a number"),
        (('{"loss": 1}', '{"loss": "x"}'), "loss is 'x', not a number"),
        ((f'{{"loss": 1{"0" * 400}}}',), "loss is a whole number beyond all bounds"),
    ],
)
def test_a_metric_that_is_no_number_is_a_failure_that_says_what_was_found(lines, why):
    result = report_of(*lines)
    assert (result.status, result.error) == (Status.FAILED, why)


def test_a_later_number_mends_it():
    assert report_of('{"loss": null}', '{"loss": 2}').objective == 2.0


def test_a_bare_number_is_the_metric_where_no_line_holds_it():
    assert report_of("7", '{"accuracy": 1}', "0.25").objective == 0.25
    assert report_of('{"loss": 1}', "0.25").objective == 1.0


def test_many_names_are_cut_in_the_error():
    line = "{" + ", ".join(f'"m{n}": {n}' for n in range(20)) + "}"
    names = ", ".join(f"m{n}" for n in range(8))
    assert report_of(line).error == (
        f"no loss: it reported {names} and 12 more; set objective.metric: the name of one of these"
    )


@pytest.mark.parametrize(
    "text", ['{"loss": 2}', '[{"epoch": 0, "loss": 3}, {"loss": 2}]', "2.0", '{"loss": 3}\n{"loss": 2}\n']
)
def test_a_results_file_may_hold_it_in_four_forms(text):
    report = Report("loss")
    report.add_file(text)
    assert report.result(1).objective == 2.0


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.array(2), {"loss": np.int64(2), "name": "x"}])
def test_a_function_may_return_any_kind_of_number(value):
    report = Report("loss")
    report.add_value(value)
    assert report.result(1).objective == 2.0


@pytest.mark.parametrize("value", [None, "2", np.ones(2), [2], True, object()])
def test_what_a_function_returns_must_be_a_number(value):
    report = Report("loss")
    report.add_value(value)
    assert report.result(1).status is Status.FAILED
