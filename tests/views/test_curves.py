"""Pictures made of text: bars, curves, and a trial's learning curves."""

import dataclasses

import pytest

from hpt_cli.trial import RepeatResult, Status, TrialResult
from hpt_cli.views.charts import curves, end_row, spark
from hpt_cli.views.curves import mean_history, plain_curves, show_curves


class TestSpark:
    def test_the_greatest_count_is_a_line_high_and_none_is_blank(self):
        assert spark([0, 1, 4, 8]) == " ▁▄█"
        assert spark([0, 1, 4, 8], ascii_only=True) == " .=@"

    def test_of_nothing_it_is_blank(self):
        assert (spark([0, 0]), spark([])) == ("  ", "")


class TestPicture:
    def test_a_falling_line_goes_from_the_top_left_to_the_bottom_right(self):
        lines = curves({"loss": [3.0, 2.0, 1.0, 0.0]}, width=4, height=4, low=0, high=3, ascii_only=True)
        assert lines == ["l   ", " l  ", "  l ", "   l"]

    def test_dots_are_two_across_and_four_down(self):
        # the 8 dots of the diagonal of one column of two signs: left ones at the top, right ones below
        (line,) = curves({"loss": [1.0, 0.0]}, width=1, height=1, low=0, high=1)
        assert line == chr(0x2800 + 0x01 + 0x02 + 0x20 + 0x80)

    def test_a_jump_is_drawn_without_a_gap(self):
        lines = curves({"loss": [0.0, 5.0]}, width=2, height=6, low=0, high=5, ascii_only=True)
        assert all("l" in line for line in lines)

    def test_where_a_value_is_missing_there_is_a_gap(self):
        (line, _) = curves({"loss": [1.0, None, 1.0]}, width=3, height=2, low=0, high=1, ascii_only=True)
        assert line == "l l"

    def test_curves_that_meet_are_marked(self):
        series = {"training": [1.0, 0.0], "validation": [0.0, 0.0]}
        assert curves(series, width=2, height=2, low=0, high=1, ascii_only=True) == ["t ", "v*"]

    def test_a_curve_ends_on_the_line_of_its_last_value(self):
        assert end_row([1.0, 0.0, None], height=8, low=0, high=1) == 7
        assert end_row([None], height=8, low=0, high=1) is None


@pytest.fixture
def make_curves(make_trial):
    """A trial with these histories, one a repeat."""

    def make(*histories):
        result = make_trial(0, *([0.9] * len(histories)))
        repeats = tuple(
            RepeatResult(seed, Status.DONE, 0.9, {}, history) for seed, history in enumerate(histories)
        )
        return dataclasses.replace(result, repeats=repeats)

    return make


HISTORY = {
    "training_loss": [1.0, 0.5, 0.1],
    "validation_loss": [1.1, 0.7, 0.4],
    "validation_accuracy": [0.2, 0.7, 0.9],
}


class TestLearningCurves:
    @pytest.mark.parametrize("width", [120, 80, 40])
    def test_both_curves_are_drawn_and_named_where_they_end(self, make_curves, terminal, width):
        console, written = terminal(width)
        show_curves(console, make_curves(HISTORY))
        lines = written().splitlines()
        assert max(map(len, lines)) <= width
        training, validation = ("t 0.1", "v 0.4") if width < 60 else ("training 0.1", "validation 0.4")
        ends = [line.rstrip() for line in lines]
        (last,) = [row for row, line in enumerate(ends) if line.endswith(training)]
        (above,) = [row for row, line in enumerate(ends) if line.endswith(validation)]
        assert above < last
        assert ends[last + 1].endswith("epoch 3")

    def test_a_loss_over_many_sizes_is_on_a_log_scale(self, make_curves, terminal):
        console, written = terminal()
        show_curves(console, make_curves({"training_loss": [100.0, 10.0, 1.0]}))
        assert written().strip().startswith("loss on a log scale")

    def test_a_flat_curve_and_a_single_epoch_are_no_accident(self, make_curves, terminal):
        console, written = terminal()
        show_curves(console, make_curves({"validation_loss": [0.5, 0.5], "validation_accuracy": [0.5]}))
        assert "validation 0.5" in written()
        assert "accuracy" not in written()

    def test_a_diverged_curve_is_drawn_as_far_as_it_is_finite(self, make_curves, terminal):
        console, written = terminal()
        show_curves(console, make_curves({"validation_loss": [1.0, 9.0, float("inf")]}))
        assert "validation 9" in written()

    def test_ascii_is_enough(self, make_curves, terminal):
        console, written = terminal(encoding="ascii")
        show_curves(console, make_curves(HISTORY))
        assert written().isascii()
        assert {"t", "v"} <= set(written())

    def test_repeats_are_averaged_as_far_as_all_of_them_got(self, make_curves):
        result = make_curves({"validation_loss": [1.0, 0.5, 0.2]}, {"validation_loss": [2.0, 1.5]})
        assert mean_history(result) == {"validation_loss": [1.5, 1.0]}

    def test_a_pipe_gets_at_most_twelve_epochs_with_the_first_and_the_last(self, make_curves):
        lines = plain_curves(make_curves({"training_loss": [1.0 / (epoch + 1) for epoch in range(100)]}))
        assert lines[0] == "epoch\ttraining_loss"
        assert [int(line.split("\t")[0]) for line in lines[1:]] == [
            *(1, 10, 19, 28, 37, 46, 55, 64, 73, 82, 91),
            100,
        ]

    def test_a_trial_without_repeats_has_none(self, make_trial, terminal):
        failed: TrialResult = make_trial(0)
        console, written = terminal()
        show_curves(console, failed)
        assert (written(), plain_curves(failed)) == ("", [])
