"""A study as a page: what is on it, and that nothing of a user's is markup."""

import re
from html.parser import HTMLParser

import pytest

from hpt_cli.rounds import Move
from hpt_cli.space import Choice, Float, SearchSpace
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec
from hpt_cli.views.page import BEGINNING, page
from hpt_cli.views.page.axes import Axis, Columns, dimension_axis, objective_axis
from hpt_cli.views.page.figures import draw
from hpt_cli.views.page.markup import Html, tag
from hpt_cli.views.standing import counts, notes, standing_of

EVIL = "<script>alert('&')</script>"
VOID = {"meta", "line", "rect", "circle", "path"}


class Outline(HTMLParser):
    """The tags of a page and its text; fails where one is not closed in order."""

    def __init__(self, content):
        super().__init__()
        self.open, self.tags, self.text, self.pictures = [], [], [], []
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attributes):
        self.tags.append(name)
        if name == "svg":
            self.pictures.append(dict(attributes))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        if name not in VOID:
            assert self.open.pop() == name

    def handle_data(self, text):
        self.text.append(text)

    @property
    def said(self):
        return "".join(self.text)

    def labels(self):
        return [about["aria-label"] for about in self.pictures if "aria-label" in about]


def page_of(store, top=10):
    return page(store, standing_of(store), top)


@pytest.fixture
def make_loss():
    """A trial of two params with a loss, or without."""

    def make(number, loss=None, params=None, error="ValueError: bad luck", status=Status.FAILED):
        params = {"x": (number % 100 + 1) / 101, "kind": "a"} if params is None else params
        spec = TrialSpec(number, 0, params, (1,), Origin("random"))
        timing = Timing(1.7e9, 1.7e9 + 1, 1.0)
        if loss is None:
            return TrialResult.failure(spec, status, error, timing)
        repeat = RepeatResult(1, Status.DONE, loss, {"validation_accuracy": loss})
        return TrialResult.from_repeats(spec, [repeat], timing)

    return make


class TestContent:
    def test_it_says_what_the_terminal_says(self, make_study, make_trial):
        store = make_study([make_trial(0, 0.9, 0.91), make_trial(1, 0.95, 0.93), make_trial(2)], planned=5)
        standing = standing_of(store)
        outline = Outline(page(store, standing, 10))
        assert counts(standing) in outline.said
        assert "best: trial 1" in outline.said
        assert notes(standing) != []
        assert all(note in outline.said for note in notes(standing))
        cells = {text.strip() for text in outline.text}
        assert {"learning_rate", "0.9400 ± 0.014", "0.9050 ± 0.0071", "failed"} <= cells

    def test_every_picture_is_described(self, make_study, make_trial):
        outline = Outline(page_of(make_study([make_trial(n, 0.9 + n / 100) for n in range(4)])))
        labels = outline.labels()
        assert "reached by trial 3" in labels[0]
        assert any("by learning_rate, log scale" in label for label in labels)
        assert any("by optimizer, a column for each choice" in label for label in labels)
        assert any(label.startswith("learning curves of trial 3, loss") for label in labels)
        assert all("aria-label" in about or about.get("aria-hidden") for about in outline.pictures)

    def test_there_is_no_script_and_nothing_is_loaded(self, make_study, make_trial):
        content = page_of(make_study([make_trial(0, 0.9), make_trial(1, 0.8)]))
        assert "script" not in Outline(content).tags
        assert not re.search(r"https?:|url\(|@import|\ssrc=|\shref=", content)

    def test_a_study_without_a_trial_has_a_page(self, make_study):
        outline = Outline(page_of(make_study([], planned=5)))
        assert "no trial is done yet" in outline.said
        assert outline.labels() == []

    def test_where_all_failed_it_says_why(self, make_study, make_trial):
        outline = Outline(page_of(make_study([make_trial(0), make_trial(1)])))
        assert "no trial is done" in outline.said
        assert "bad luck" in outline.said

    def test_a_damaged_trial_is_named(self, make_study, make_trial):
        store = make_study([make_trial(0, 0.9), make_trial(1, 0.8)])
        store.trial_path(1).write_text("{")
        assert f"{store.trial_path(1)}: not a trial's file" in Outline(page_of(store)).said

    def test_a_round_says_what_it_did_and_its_range_is_shaded(self, make_study, make_trial, make_plan):
        old, new = Float(1e-4, 1.0, "log"), Float(1e-3, 0.1, "log")
        space = SearchSpace({"learning_rate": old, "optimizer": Choice(("sgd", "adam"))})
        trials = [make_trial(n, 0.9, params={"learning_rate": 0.01, "optimizer": "sgd"}) for n in range(3)]
        store = make_study(trials, space=space)
        move = Move("learning_rate", "narrow", old, new, "the 3 best <lie> there")
        narrowed = SearchSpace({"learning_rate": new, "optimizer": Choice(("sgd", "adam"))})
        store.save_round(make_plan(4, number=1, moves=[move], space=narrowed))
        content = page_of(store)
        said = Outline(content).said
        assert "the 3 best <lie> there" in said
        assert "shaded: round 1, 0.001..0.1" in said
        assert content.count('class="last"') == 1

    def test_the_config_is_there_as_given(self, make_study, make_trial):
        store = make_study([make_trial(0, 0.9)])
        store.replace_text(f"name: digits # {EVIL}\n\tß".encode())
        assert f"name: digits # {EVIL}\n    ß" in Outline(page_of(store)).said

    def test_another_config_is_not_passed_off_as_the_one_given(self, make_study, make_trial):
        store = make_study([make_trial(0, 0.9)])
        (store.folder / "study.yaml").write_text("name: other")
        assert "not the config as it was given" in Outline(page_of(store)).said


class TestSafety:
    def test_nothing_of_a_users_is_markup(self, make_study, make_loss):
        space = SearchSpace({EVIL: Choice((EVIL, "plain")), "x": Float(0, 1)})
        trials = [
            make_loss(n, 0.1 * n, params={EVIL: EVIL if n % 2 else "plain", "x": n / 5}) for n in range(4)
        ]
        trials.append(make_loss(4, params={EVIL: EVIL, "x": 0.9}, error=EVIL))
        store = make_study(trials, space=space)
        store.replace_text(EVIL.encode())
        content = page_of(store)
        assert "script" not in Outline(content).tags
        assert "<script" not in content
        assert Outline(content).said.count(EVIL) >= 4

    def test_text_is_escaped_and_markup_of_ours_is_not(self):
        inner = tag("b", "<&>", title='"\n')
        assert inner == '<b title="&quot;\\n">&lt;&amp;&gt;</b>'
        assert tag("p", inner, class_=None) == f"<p>{inner}</p>"
        assert isinstance(inner, Html)

    def test_signs_that_cannot_be_seen_are_shown(self):
        assert tag("p", "a\x1b\u202eb") == "<p>a\\x1b\\u202eb</p>"


class TestSize:
    @pytest.fixture(autouse=True)
    def _without_waiting_for_the_disk(self, monkeypatch):
        monkeypatch.setattr("os.fsync", lambda _: None)

    def test_of_many_trials_the_best_and_an_even_sample_are_drawn(self, make_study, make_loss):
        store = make_study([make_loss(n, (n * 7 % 3000) / 3000) for n in range(3000)])
        standing = standing_of(store)
        drawn = draw(standing, 3)
        numbers = [mark.number for mark, _ in drawn.marks]
        best = {row.result.number for row in standing.board.rows[:200]}
        assert len(numbers) == len(set(numbers)) == 2000
        assert best <= set(numbers)
        assert numbers == sorted(numbers)
        thirds = [sum(low <= number < low + 1000 for number in numbers) for low in (0, 1000, 2000)]
        assert max(thirds) - min(thirds) < 100
        content = page(store, standing, 10)
        assert "2000 of 3000 trials are drawn: the best 200 and an even sample" in Outline(content).said
        assert len(content) < 200_000

    def test_a_page_of_many_dimensions_stays_small(self, make_study, make_loss):
        names = [f"weight_of_the_{index}_th_part" for index in range(150)]
        space = SearchSpace({name: Float(0, 1) for name in names})
        trials = [make_loss(n, n / 700, params=dict.fromkeys(names, n / 700)) for n in range(700)]
        content = page_of(make_study(trials, space=space), top=700)
        assert len(content.encode()) < 2_000_000
        assert "90 dimensions more without a picture" in Outline(content).said


class TestAxes:
    def test_one_bad_trial_leaves_room_for_the_others(self):
        axis = objective_axis("r2", "maximize", [0.9 - n / 100 for n in range(20)] + [-1e6])
        assert axis.high == 0.9
        assert axis.low > 0.5
        assert axis.place(-1e6) == axis.place(axis.low)

    def test_losses_of_many_sizes_are_on_a_log_scale(self):
        axis = objective_axis("loss", "minimize", [0.001, 0.01, 0.1, 1.0])
        assert axis.scale == "log"
        assert [label for _, label in axis.ticks()] == ["0.001", "0.01", "0.1", "1"]
        assert axis.place(0.001) < axis.place(0.01) < axis.place(0.1)

    @pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-300, 1e200])
    def test_equal_objectives_have_an_axis(self, value):
        axis = objective_axis("loss", "minimize", [value, value])
        assert axis.place(value) == pytest.approx(0.5, abs=0.25)
        assert len(axis.ticks()) >= 2

    def test_momentum_is_by_its_distance_from_1(self):
        axis = dimension_axis("momentum", Float(0.5, 0.999, "log1m"), [0.9])
        assert [label for _, label in axis.ticks()] == ["0.9", "0.99", "0.999"]
        assert axis.place(0.99) - axis.place(0.9) == pytest.approx(axis.place(0.999) - axis.place(0.99))

    def test_what_was_tried_outside_is_in_the_picture(self):
        axis = dimension_axis("x", Float(0, 1), [2.5, -1])
        assert (axis.low, axis.high) == (-1, 2.5)
        assert dimension_axis("x", Choice(("a", "b")), ["c"]) == Columns(("a", "b", "c"), "x")

    def test_one_choice_is_no_picture(self):
        assert dimension_axis("x", Choice(("a",)), ["a"]) is None

    def test_true_and_1_are_two_columns(self):
        columns = Columns((True, 1))
        assert (columns.column(True), columns.column(1)) == (0, 1)

    @pytest.mark.parametrize("axis", [Axis(-1e308, 1e308), Axis(1e-300, 1e300, "log"), Axis(0, 1e-300)])
    def test_ends_far_apart_or_near_are_no_accident(self, axis):
        places = [place for place, _ in axis.ticks()]
        assert places == sorted(places)
        assert 0 <= places[0] < places[-1] <= 1


def test_it_is_known_by_its_beginning(make_study):
    assert page_of(make_study([])).startswith(BEGINNING)
