"""What repeats tell.  Where chance is involved, each tolerance says how many standard deviations it is."""

import math
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hpt_cli.noise import (
    Comparison,
    best_of_equals,
    compare,
    contenders,
    interval,
    mean_of,
    measure,
    normal_probability,
    sample_spread,
    t_probability,
    t_quantile,
)


def table(rng, means, repeats, common=0.0, own=1.0):
    """Trials on shared seeds: a seed's effect on all of them, and what is each training's own."""
    effects = rng.normal(0, common, repeats)
    return {
        number: {seed: float(mean + effects[seed] + rng.normal(0, own)) for seed in range(repeats)}
        for number, mean in enumerate(means)
    }


class TestSpread:
    def test_without_repeats_it_is_not_known(self):
        assert measure([{1: 0.5}, {1: 0.7}, {2: 0.1}], "minimize") is None
        assert measure([], "minimize") is None

    def test_a_worked_example(self):
        # means 2 and 5; seed effects -1 and 1; nothing else
        noise = measure([{1: 1.0, 2: 3.0}, {1: 4.0, 2: 6.0}], "minimize")
        assert noise.spread == pytest.approx(math.sqrt(2))  # each trial's own is sqrt 2
        assert noise.paired == 0
        assert noise.paired_freedom == 1
        assert noise.freedom == pytest.approx(1)  # the two trials saw the same effect
        assert noise.common == pytest.approx(math.sqrt(2))

    def test_one_repeated_trial_gives_the_spread_of_a_sample(self):
        noise = measure([{1: 1.0, 2: 2.0, 3: 6.0}, {1: 9.0}], "minimize")
        assert noise.spread == pytest.approx(sample_spread([1.0, 2.0, 6.0]))
        assert (noise.freedom, noise.trials) == (2, 1)
        assert noise.paired == noise.spread  # that it is shared cannot be known from one trial

    def test_a_deterministic_objective_has_none(self):
        noise = measure([{1: 0.5, 2: 0.5}, {1: 0.7, 2: 0.7}], "minimize")
        assert (noise.spread, noise.paired) == (0, 0)
        assert contenders({0: {1: 0.5, 2: 0.5}, 1: {1: 0.7, 2: 0.7}, 2: {1: 0.5}}, noise, "minimize") == (
            0,
            2,
        )

    def test_it_is_measured_where_the_best_are(self):
        rng = np.random.default_rng(1)
        good = table(rng, np.zeros(20), 3)
        bad = {100 + n: t for n, t in table(rng, np.full(60, 1e4), 3, own=1e3).items()}
        noise = measure([*bad.values(), *good.values()], "minimize")
        assert noise.trials == 15  # for 30 degrees of freedom
        assert noise.spread < 2

    def test_of_a_small_study_the_better_half_counts(self):
        rng = np.random.default_rng(1)
        good = table(rng, np.zeros(7), 3)
        bad = {100 + n: t for n, t in table(rng, np.full(7, 1e4), 3, own=1e3).items()}
        assert measure([*bad.values(), *good.values()], "minimize").trials == 7

    @pytest.mark.parametrize("place", range(3))
    def test_a_trial_that_now_and_then_goes_astray_is_left_out(self, place):
        rng = np.random.default_rng(2)
        trials = list(table(rng, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 3, own=0.1).values())
        trials.insert(place, {0: place - 1.0, 1: place + 8.0, 2: place - 8.5})
        noise = measure(trials, "minimize")
        assert noise.spread < 0.2
        found = interval(trials[place], noise)
        assert found.high - found.low > 10
        assert interval(trials[place + 1], noise).high - trials[place + 1][0] < 1

    def test_where_most_do_not_vary_those_that_do_count(self):
        # an accuracy on few rows: many repeats agree to the last digit
        trials = [{1: 1.0, 2: 1.0}, {1: 1.0, 2: 1.0}, {1: 0.9, 2: 1.0}]
        assert measure(trials, "maximize").spread == pytest.approx(0.1 / math.sqrt(2) / math.sqrt(3))

    def test_many_repeats_of_few_trials_do_not_speak_for_all(self):
        rng = np.random.default_rng(1)
        noise = measure(table(rng, np.zeros(40), 9).values(), "minimize")
        assert (noise.trials, noise.repeated) == (10, 40)

    @pytest.mark.parametrize(("here", "there"), [(0.01, 0.4), (0.4, 0.01)])
    def test_far_behind_the_best_it_may_be_another_one(self, here, there):
        rng = np.random.default_rng(4)
        left = table(rng, [9.0, 9.5, 10.0], 3, own=there)
        best = {100 + n: t for n, t in table(rng, [0.0, 0.01, 0.02], 3, own=here).items()}
        noise = measure([*left.values(), *best.values()], "minimize")
        assert noise.trials == 3
        assert here / 3 < noise.spread < here * 3

    def test_far_behind_the_best_it_counts_where_it_is_alike(self):
        rng = np.random.default_rng(4)
        trials = table(rng, [9.0, 9.5, 10.0, 0.0, 0.1, 0.2], 3, own=0.1)
        assert measure(trials.values(), "minimize").trials == 5  # for 10 degrees of freedom

    def test_what_rounding_leaves_of_none_is_none(self):
        offsets = [0.1, 0.7, 1.3]
        alike = [{seed: mean / 3 + off for seed, off in enumerate(offsets)} for mean in range(1, 8)]
        noise = measure(alike, "minimize")
        assert noise.paired == 0
        assert noise.spread == pytest.approx(0.6)

    @pytest.mark.parametrize("repeats", [2, 5])
    def test_both_spreads_are_unbiased(self, repeats):
        rng = np.random.default_rng(2)
        found = [
            measure(table(rng, rng.normal(0, 3, 8), repeats, 0.7, 0.7).values(), "maximize")
            for _ in range(1000)
        ]
        for values, truth in (
            ([noise.spread**2 for noise in found], 0.98),
            ([noise.paired**2 for noise in found], 0.49),
        ):
            # 4 standard errors of the mean: 1 in 16,000 by accident
            assert abs(np.mean(values) - truth) < 4 * np.std(values) / math.sqrt(len(values))


class TestInterval:
    def test_from_five_trainings_on_it_is_student_s(self):
        from scipy import stats

        values = [0.3, 0.5, 0.1, 0.4, 0.9]
        found = interval(dict(enumerate(values)), None)
        expected = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
        assert_allclose((found.low, found.high), expected, rtol=1e-12)
        assert (found.mean, found.trainings) == (pytest.approx(np.mean(values)), 5)

    def test_what_is_not_possible_is_no_part_of_it(self):
        values = dict(enumerate([0.01, 0.02, 0.0, 0.05, 0.3]))
        assert interval(values, None).low < 0
        found = interval(values, None, (0.0, 1.0))
        assert (found.low, found.high) == (0.0, interval(values, None).high)
        assert interval(values, None, (1.0, 2.0)) == interval(values, None)  # it is of another kind

    def test_with_fewer_it_takes_the_spread_of_all(self):
        noise = measure([{1: 1.0, 2: 2.0, 3: 6.0}], "minimize")
        found = interval({7: 4.0}, noise)
        assert found.high - 4.0 == pytest.approx(4.302652729911275 * noise.spread)
        assert interval({7: 4.0}, None) is None

    @pytest.mark.parametrize(("repeats", "common"), [(3, 0.0), (3, 0.5), (5, 1.0)])
    def test_it_holds_its_promise(self, repeats, common):
        rng = np.random.default_rng(3)
        studies = 1500
        held = 0
        for _ in range(studies):
            trials = table(rng, [1.0] * 12, repeats, common)
            found = interval(trials[0], measure(trials.values(), "minimize"))
            held += found.low <= 1.0 <= found.high
        # 3.6 standard deviations of a binomial share (0.0056): 1 in 3000 by accident
        assert held / studies == pytest.approx(0.95, abs=0.02)


class TestComparison:
    def test_shared_seeds_take_the_common_effect_off(self):
        rng = np.random.default_rng(4)
        trials = table(rng, [0.0, 1.0, *rng.normal(0, 3, 10)], 4, common=5.0, own=0.1)
        found = compare(trials[1], trials[0], measure(trials.values(), "minimize"))
        assert found.shared == 4
        assert found.difference == pytest.approx(1.0, abs=4 * 0.1 / math.sqrt(2))  # 4 standard errors
        assert found.error < 0.15
        assert found.p_value() < 1e-3

    def test_without_a_shared_seed_they_are_two_samples(self):
        noise = measure([{1: 1.0, 2: 3.0}, {1: 4.0, 2: 6.0}], "minimize")
        found = compare({1: 1.0, 2: 3.0}, {3: 5.0}, noise)
        assert (found.difference, found.shared) == (-3.0, 0)
        assert found.error == pytest.approx(noise.spread * math.sqrt(1 / 2 + 1))

    def test_more_trainings_win_where_seeds_have_no_effect(self):
        noise = measure([{1: 0.0, 2: 2.0}, {1: 5.0, 2: 3.0}], "minimize")  # their means over seeds are equal
        assert noise.common == 0
        many = {seed: float(seed % 2) for seed in range(20)}
        found = compare(many, {0: 0.5, 100: 0.7, 101: 0.6}, noise)
        assert found.shared == 0
        assert found.error == pytest.approx(noise.paired * math.sqrt(1 / 20 + 1 / 3))

    def test_the_error_is_that_of_the_difference(self):
        rng = np.random.default_rng(5)
        ratios = []
        for _ in range(1500):
            trials = table(rng, np.zeros(10), 3, common=2.0)
            found = compare(trials[0], trials[1], measure(trials.values(), "minimize"))
            ratios.append(found.difference / found.error)
        # t with 18 to 20 degrees of freedom: variance 1.12; 4 standard errors of a variance are 0.18
        assert np.var(ratios) == pytest.approx(1.12, abs=0.18)

    def test_behind_is_towards_the_worse(self):
        found = Comparison(difference=0.2, error=0.1, freedom=9, shared=3)
        assert found.behind("minimize") == pytest.approx(2)
        assert found.behind("maximize") == pytest.approx(-2)
        assert Comparison(0.1, 0.0, 9, 3).behind("minimize") == math.inf
        assert Comparison(0.0, 0.0, 9, 3).behind("minimize") == 0
        assert Comparison(0.1, 0.0, 9, 3).p_value() == 0


class TestContenders:
    def test_clear_winners_stand_alone_and_the_best_comes_first(self):
        rng = np.random.default_rng(6)
        trials = table(rng, [9.0, 0.0, 9.0, 9.0], 3, own=0.1)
        noise = measure(trials.values(), "minimize")
        assert contenders(trials, noise, "minimize") == (1,)
        assert 1 not in contenders(trials, noise, "maximize")
        assert len(contenders(trials, noise, "maximize")) >= 2
        assert contenders({}, noise, "minimize") == ()

    @pytest.mark.parametrize("spread_out", [False, True])
    def test_the_truly_best_is_among_them_in_19_of_20_studies(self, spread_out):
        rng = np.random.default_rng(7)
        kept = size = 0
        studies = 400
        for _ in range(studies):
            means = np.sort(rng.exponential(3, 40)) if spread_out else np.zeros(40)
            trials = table(rng, means, 3, common=1.0)
            found = contenders(trials, measure(trials.values(), "minimize"), "minimize")
            kept += 0 in found
            size += len(found)
        # it is 0.95 at least; 3.2 standard deviations below are 0.915: 1 in 1400 by accident
        assert kept / studies > 0.915
        assert size / studies > 37 if not spread_out else size / studies < 20

    def test_one_by_one_the_best_of_many_looks_better_than_it_is(self):
        rng = np.random.default_rng(8)
        sizes = dict.fromkeys((True, False), 0)
        for _ in range(20):
            trials = table(rng, np.zeros(40), 3)
            noise = measure(trials.values(), "minimize")
            for together in sizes:
                sizes[together] += len(contenders(trials, noise, "minimize", together=together))
        assert sizes[False] < 0.8 * sizes[True]


class TestQuantiles:
    @pytest.mark.parametrize("freedom", [1.0, 1.7, 4.0, 29.0, 1e4])
    @pytest.mark.parametrize("probability", [0.001, 0.5, 0.6, 0.95, 0.975, 0.9999])
    def test_t_agrees_with_scipy(self, freedom, probability):
        from scipy import stats

        t = stats.t.ppf(probability, freedom)
        assert_allclose(t_quantile(probability, freedom), t, rtol=1e-9, atol=1e-12)
        assert_allclose(t_probability(t, freedom), probability, rtol=1e-9)

    @pytest.mark.parametrize(("probability", "freedom"), [(0.0, 3), (1.0, 3), (0.9, 0)])
    def test_nonsense_is_refused(self, probability, freedom):
        with pytest.raises(ValueError, match="no quantile"):
            t_quantile(probability, freedom)

    @pytest.mark.parametrize(("n", "d"), [(3, 1.916), (5, 2.160), (10, 2.417)])
    def test_the_best_of_equals_agrees_with_gupta_s_table(self, n, d):
        # Dunnett's one-sided 5 % points for n - 1 treatments and infinite freedom are the same numbers
        assert best_of_equals(n, 1.6448536) == pytest.approx(d, abs=2e-3)

    def test_of_two_it_is_a_single_comparison(self):
        assert best_of_equals(2) == 1.64
        assert normal_probability(1.6448536269514722) == pytest.approx(0.95)


def test_equal_values_have_no_spread():
    assert sample_spread([0.1 + 0.2] * 3) == sample_spread([17 / 18] * 5) == 0
    with pytest.raises(ValueError, match="at least 2"):
        sample_spread([1.0])


def test_the_mean_does_not_depend_on_the_order():
    values = {seed: 0.1 * seed for seed in range(50)}
    assert mean_of(values) == mean_of(dict(reversed(values.items())))


def test_it_brings_in_nothing_heavy():
    code = "import sys, hpt_cli.noise; print(sorted({'numpy', 'scipy', 'statistics'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
