"""Who is trained again: the contenders as they are believed, not as lucky as they were."""

import pytest

from hpt_cli.confirming import plan_confirmation
from hpt_cli.evidence import NOTHING_ELSE
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult


def study(*trials):
    """A trial for each tuple of objectives, one a repeat."""
    return [
        TrialResult(
            number,
            0,
            {"x": float(number)},
            Status.DONE,
            sum(values) / len(values),
            tuple(RepeatResult(seed, Status.DONE, value, {}, {}) for seed, value in enumerate(values)),
            None,
            Origin("random", "plan"),
            Timing(0.0, 0.0, 0.0),
        )
        for number, values in enumerate(trials)
    ]


def plan(results, *, top=None, believed=None, doubt=""):
    believed = sorted((result.number for result in results), reverse=True) if believed is None else believed
    return plan_confirmation(
        results, NOTHING_ELSE, "minimize", top=top, repeats=3, believed=believed, doubt=doubt
    )


NOISY = study(*[(0.3, 0.5), (0.5, 0.3)] * 7)  # all have the mean 0.4
APART = study((0.11, 0.13), (0.1, 0.15), (0.12, 0.14), (0.9, 0.95), (1.9, 1.8))


class TestWho:
    def test_of_many_contenders_those_believed_best_and_the_best_seen(self):
        chosen = plan(NOISY)
        assert chosen.contenders == 14
        assert chosen.trials == (13, 12, 11, 10, 9, 8, 7, 6, 5, 0)

    def test_the_very_best_believed_is_among_them_contender_or_not(self):
        chosen = plan(APART, believed=[3, 2, 1, 0, 4])
        assert (chosen.trials, chosen.contenders) == ((3, 2, 1, 0), 3)

    @pytest.mark.parametrize(
        ("top", "trials"), [(1, (3,)), (2, (3, 0)), (3, (3, 2, 0)), (5, (3, 2, 1, 0, 4))]
    )
    def test_so_many_as_are_asked_for_contenders_first(self, top, trials):
        assert plan(APART, top=top, believed=[3, 4, 2, 1, 0]).trials == trials

    def test_without_repeats_the_five_believed_best_and_the_best_seen(self):
        results = study(*[(0.1 * n,) for n in range(9)])
        chosen = plan(results)
        assert (chosen.trials, chosen.contenders, chosen.by) == ((8, 7, 6, 5, 0), None, "top")

    def test_where_trainings_do_not_differ_what_was_seen_counts(self):
        chosen = plan(study((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)), top=2)
        assert chosen.trials == (0, 1)
        assert "trainings of one trial do not differ" in chosen.words


class TestWords:
    def test_tell_the_best_believed_from_the_best_seen(self):
        assert plan(NOISY).words == (
            "candidates: 10 of 14 contenders; the best believed by the model before it, which has also seen "
            "what is near a trial, is trial 13, the best seen trial 0"
        )

    def test_are_short_where_the_best_seen_is_believed_best(self):
        assert plan(APART, believed=[0, 1, 2, 3, 4]).words.endswith("is trial 0, the best seen, too")

    def test_name_a_candidate_that_is_no_contender(self):
        words = plan(APART, believed=[3, 2, 1, 0, 4]).words
        assert words.startswith("candidates: all 3 contenders and 1 trial beside; ")

    def test_say_why_there_is_no_model(self):
        few = study((0.1, 0.2), (0.11, 0.19))
        words = plan(few, believed=[0, 1], doubt="no model could be made: too few").words
        assert words == (
            "candidates: all 2 contenders, the best that were seen first (no model could be made: too few)"
        )
