import dataclasses
import threading
from contextlib import suppress

import pytest

from hpt_cli.errors import InterruptedStudyError
from hpt_cli.events import (
    Notice,
    RerunFinished,
    RerunsStarted,
    RoundFinished,
    RoundStarted,
    StudyStarted,
    TrialFinished,
    TrialStarted,
)
from hpt_cli.evidence import Evidence
from hpt_cli.in_flight import SECONDS_TO_FINISH
from hpt_cli.ranking import rank
from hpt_cli.rerun import Purpose, Rerun, WantedReruns
from hpt_cli.rounds import Cost
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialSpec
from hpt_cli.views.live import LiveView
from hpt_cli.views.plain import PlainView
from hpt_cli.views.progress import Progress
from hpt_cli.views.watch import make_view


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress(clock):
    return Progress("validation_accuracy", "maximize", clock)


def started(number):
    return TrialStarted(TrialSpec(number, 0, {}, (), Origin("random")))


def begin(watcher, plan, *, finished=(), workers=2):
    watcher(StudyStarted("digits", tuple(finished), plan.trials, workers))
    watcher(RoundStarted(plan, len(finished)))


class TestProgress:
    def test_trials_that_wait_for_a_worker_are_not_running(self, progress, make_plan):
        begin(progress.take, make_plan(9))
        for number in range(4):
            progress.take(started(number))
        assert progress.running == 2

    def test_earlier_sessions_count_but_set_no_pace(self, progress, clock, make_plan, make_trial):
        begin(progress.take, make_plan(10), finished=[make_trial(n, 0.5) for n in range(4)])
        assert (progress.finished, progress.seconds_left()) == (4, None)
        progress.take(started(4))
        for number in (4, 5):
            clock.now += 3
            progress.take(TrialFinished(make_trial(number, 0.5)))
        assert progress.seconds_left() == 12  # 4 more at 3 s each
        clock.now += 2
        assert progress.seconds_left() == 10
        clock.now += 100
        assert progress.seconds_left() == 0

    def test_a_dearer_round_sets_its_own_pace_and_what_was_expected_counts_at_first(
        self, progress, clock, make_plan, make_trial
    ):
        begin(progress.take, make_plan(4))
        for number in range(4):
            progress.take(started(number))
            clock.now += 3
            progress.take(TrialFinished(make_trial(number, 0.5)))
        plan = dataclasses.replace(make_plan(10, number=1), first=4)
        progress.take(RoundStarted(plan, 0, Cost((80.0, 120.0), 2, 20.0)))
        progress.take(started(4))
        assert progress.seconds_left() == 100
        clock.now += 40
        progress.take(TrialFinished(make_trial(4, 0.5)))
        assert progress.seconds_left() == 180  # one trial of 40 s and two expected ones of 10 s, 9 to come

    def test_the_top_is_ranked_with_ties(self, progress, make_plan, make_trial):
        begin(progress.take, make_plan(9))
        for number, accuracy in enumerate([0.5, 0.7, 0.7, 0.6]):
            progress.take(TrialFinished(make_trial(number, accuracy)))
        progress.take(TrialFinished(make_trial(4)))
        rows = progress.top(3).rows
        assert [(row.rank, row.result.number) for row in rows] == [(1, 1), (1, 2), (3, 3)]
        assert progress.best.result.number == 1

    def test_reruns_count_as_on_the_leaderboard_those_of_before_and_those_of_now(
        self, progress, make_plan, make_trial
    ):
        finished = tuple(make_trial(number, accuracy) for number, accuracy in enumerate([0.9, 0.8, 0.7, 0.6]))

        def rerun(trial, accuracy):
            repeat = RepeatResult(100, Status.DONE, accuracy, {"validation_accuracy": accuracy})
            return Rerun(trial, 0, Purpose.NOISE, repeat, Timing(0.0, 1.0, 1.0))

        progress.take(StudyStarted("digits", finished, 9, 2, Evidence([rerun(0, 0.5)])))
        progress.take(RoundStarted(make_plan(9), 4))
        assert (progress.best.result.number, progress.best.mean) == (1, 0.8)
        progress.take(RerunsStarted(WantedReruns((1, 3), (0,), Purpose.NOISE, "why"), 0, finished[1::2]))
        progress.take(RerunFinished(rerun(1, 0.4)))
        progress.take(RerunFinished(rerun(3, 0.9)))
        means = [(row.result.number, pytest.approx(row.mean)) for row in progress.top(5).rows]
        assert means == [(3, 0.75), (0, 0.7), (2, 0.7), (1, 0.6)]
        evidence = Evidence([rerun(0, 0.5), rerun(1, 0.4), rerun(3, 0.9)])
        board = rank(finished, "maximize", None, evidence)
        assert [row.result.number for row in board.rows] == [number for number, _ in means]
        progress.take(TrialFinished(make_trial(4, 0.74)))
        assert [row.result.number for row in progress.top(2).rows] == [3, 4]

    def test_an_exhausted_round_is_planned_no_more(self, progress, make_plan):
        begin(progress.take, make_plan(9))
        progress.take(RoundFinished(make_plan(6), exhausted=True))
        assert progress.planned == 6


class TestPlainView:
    def test_there_is_one_line_a_trial(self, terminal, progress, make_plan, make_trial):
        console, written = terminal(is_terminal=False)
        with PlainView(console, progress) as view:
            begin(view.observe, make_plan(3, repeats=2), finished=[make_trial(0, 0.5)])
            view.observe(started(1))
            view.observe(TrialFinished(make_trial(1, 0.6, 0.7)))
            view.observe(TrialFinished(make_trial(2, error="a \x1b[31m long " + "story " * 50 + "\nthe log")))
            view.observe(Notice("something was set aside"))
        lines = written().splitlines()
        assert lines[:3] == [
            "study digits: 3 trials, 1 finished before; 2 workers",
            "round 0: random, 3 trials of 2 repeats",
            "[2/3] trial 1: validation_accuracy 0.65 +- 0.071, best so far; "
            "learning_rate 0.02469, hidden_units 17, optimizer sgd, momentum 0.9; 1.25 s",
        ]
        assert lines[3].startswith(r"[3/3] trial 2: failed: a \x1b[31m long story")
        assert lines[4:] == ["note: something was set aside"]

    def test_a_trial_that_took_too_long_timed_out(self, terminal, progress, make_trial):
        console, written = terminal(is_terminal=False)
        late = dataclasses.replace(make_trial(0), status=Status.TIMEOUT, error="took longer than 2 s")
        PlainView(console, progress).observe(TrialFinished(late))
        assert "trial 0: timed out: took longer than 2 s; " in written()

    def test_a_trial_that_is_not_better_is_not_called_so(self, terminal, progress, make_plan, make_trial):
        console, written = terminal(is_terminal=False)
        view = PlainView(console, progress)
        for number, accuracy in enumerate([0.5, 0.5, 0.4, 0.6]):
            view.observe(TrialFinished(make_trial(number, accuracy)))
        assert ["best so far" in line for line in written().splitlines()] == [True, False, False, True]


class TestLiveView:
    @pytest.fixture
    def watched(self, terminal, progress, clock, make_plan, make_trial):
        """A view of a study in the middle, drawn at a given width."""

        def draw(width=100, height=30, encoding="utf-8", stopping=False):
            console, written = terminal(width, height, encoding)
            view = LiveView(console, progress)
            begin(view.observe, make_plan(20))
            for number in range(8):
                view.observe(started(number))
            for number, accuracy in enumerate([0.5, 0.9, 0.7, 0.6, 0.8, 0.4]):
                clock.now += 1
                view.observe(TrialFinished(make_trial(number, accuracy)))
            view.observe(TrialFinished(make_trial(6)))
            if stopping:
                view.stopping()
            console.print(view.render())
            return written()

        return draw

    def test_it_shows_what_a_person_waits_for(self, watched):
        lines = watched().splitlines()
        assert lines[0].startswith("digits  ━")
        assert lines[0].endswith("7 of 20 trials  about 11 s left")  # 6 s for 7, so 11.1 s for 13
        assert lines[1] == "6 done, 1 failed, 1 running  round 0: random"
        assert lines[2] == "best: trial 1  validation_accuracy 0.9"
        assert [line.split()[-9] for line in lines[-5:]] == ["1", "4", "2", "3", "0"]

    @pytest.mark.parametrize(("width", "height"), [(120, 30), (80, 24), (50, 12), (40, 8)])
    def test_it_fits_the_terminal(self, watched, width, height):
        lines = watched(width, height).splitlines()
        assert max(map(len, lines)) <= width
        assert len(lines) < height

    def test_a_narrow_terminal_has_no_room_for_the_bar(self, watched):
        assert watched(40, 20).splitlines()[0] == "digits  7 of 20 trials  about 11 s left"

    def test_ascii_is_enough(self, watched):
        assert watched(encoding="ascii").isascii()

    def test_it_says_that_it_stops_and_how_long_that_takes(self, watched):
        said = f"7 of 20 trials  stopping: trials in flight have {SECONDS_TO_FINISH:g} s; again to stop"
        assert said in watched(stopping=True)
        narrow = watched(50, 12, stopping=True).splitlines()
        assert max(map(len, narrow)) <= 50
        assert "stopping" in "".join(narrow)

    def test_when_it_is_stopped_what_was_reached_stays_to_be_seen(
        self, terminal, progress, make_plan, make_trial
    ):
        console, written = terminal()
        with suppress(InterruptedStudyError), LiveView(console, progress) as view:
            begin(view.observe, make_plan(20))
            view.observe(started(0))
            view.observe(TrialFinished(make_trial(0, 0.9)))
            view.stopping()
            raise InterruptedStudyError(2, "stopped by SIGINT")
        last = written().rpartition("digits  ")[2]
        assert "1 of 20 trials" in last
        assert "best: trial 0  validation_accuracy 0.9" in last
        assert not any(word in last for word in ("stopping", "running", "left"))
        assert "\x1b[2K" not in last  # nothing is erased after it

    def test_it_shows_a_notice_above(self, terminal, progress, make_plan):
        console, written = terminal()
        with LiveView(console, progress) as view:
            begin(view.observe, make_plan(20))
            view.observe(Notice("round 0 ends after 6 of 20 trials: \x1b[2J"))
        assert r"note: round 0 ends after 6 of 20 trials: \x1b[2J" in written()

    def test_it_starts_and_ends_and_leaves_no_thread(self, terminal, progress):
        console, written = terminal()
        with LiveView(console, progress):
            pass
        assert not any(thread.name == "live view" for thread in threading.enumerate())
        assert written().endswith("\x1b[?25h") or "\x1b[?25h" in written()  # the cursor is shown again


def test_without_a_terminal_the_view_is_plain(terminal, progress):
    assert isinstance(make_view(terminal(is_terminal=False)[0], progress), PlainView)
    assert isinstance(make_view(terminal()[0], progress), LiveView)


def test_a_dumb_terminal_gets_plain_lines(terminal, progress, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(make_view(terminal()[0], progress), PlainView)
