"""What repeats tell: how much a training's seed moves its objective, and what can be told apart despite it.

The model is a table of trials by training seeds: objective = the trial's mean + what the seed does to every
trial + what is left.  Repeat r of every trial trains with the same seed, so that the seed's common effect
drops out of the difference of two trials (the design of randomized blocks); it stays in the interval of one
trial's mean, which is to hold for seeds that were not tried.

Trainings of a trial are a mapping from training seed to objective: repeats and reruns alike.  Pure Python,
and quick enough for a leaderboard: a study of 1000 trials takes some milliseconds.

Source:
    Box, Hunter and Hunter, "Statistics for Experimenters" (2005), chapter 4 (blocks);
    Satterthwaite, "An Approximate Distribution of Estimates of Variance Components", Biometrics Bulletin 2
    (1946), https://doi.org/10.2307/3002019;
    Gupta, "On Some Multiple Decision (Selection and Ranking) Rules", Technometrics 7 (1965),
    https://doi.org/10.1080/00401706.1965.10490251
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

Trainings = Mapping[int, float]
"""A trial's objectives by training seed."""

Z = 1.64
"""How many standard errors a trial must be behind the best to be told from it, if it is the only one to be
compared: in 19 of 20 cases a trial that is as good is not."""
FREEDOM = (10, 30)
"""The spread is measured over the better half of the repeated trials, but over as many as it takes for the
first of these degrees of freedom, and no more than for the second: bad trials are often far noisier, and
nothing is decided among them."""
TRIALS = 10
"""So many trials are looked at in any case, if the better half has them: four with ten repeats each say how
these four vary, not how all do."""
FAR, NEAR_FREEDOM, UNLIKE = 10.0, 4, 0.1
"""Trials that are behind the best by more than so many spreads were perhaps noisier or calmer, as where the
search has left a plateau: they do not count if an F test says so at this level, and if what is near the best
has so many degrees of freedom of its own."""
ROUNDING = 1e-12
"""A spread below this share of the objectives is what rounding left of none."""
OUT_OF_LINE = 0.001
"""A trial is left out of the spread of all, and has its own, if so large a spread is so rare by chance: a
training that now and then goes astray says nothing of the noise of the others."""
OWN_SPREAD = 5
"""From so many trainings on, a trial's interval is by its own spread; with fewer by that of all."""
LEVEL = 0.95
"""Of an interval."""


@dataclass(frozen=True)
class Noise:
    """How far trainings of the same params differ.

    Args:
        spread: Standard deviation of a trial's objective over training seeds, in its units.
        freedom: Degrees of freedom behind ``spread``; at least 1, not always whole.
        paired: What is left of ``spread`` when the seed's common effect is taken off: the difference of two
            trials on n shared seeds has the standard error ``paired * sqrt(2 / n)``.
        paired_freedom: Degrees of freedom behind ``paired``.
        trials: How many trials it was measured on.
        repeated: How many were trained more than once, ``trials`` among them.
    """

    spread: float
    freedom: float
    paired: float
    paired_freedom: float
    trials: int
    repeated: int

    @property
    def common(self) -> float:
        """Standard deviation of the seed's common effect; 0 where none was seen."""
        return math.sqrt(max(self.spread**2 - self.paired**2, 0.0))


@dataclass(frozen=True)
class Interval:
    """Where the mean over all training seeds lies, at :data:`LEVEL`.

    Args:
        mean: Of the trainings that there are.
        low: Lower end.
        high: Upper end.
        trainings: How many there are.
    """

    mean: float
    low: float
    high: float
    trainings: int

    def within(self, limits: tuple[float, float]) -> Interval:
        """What of it is possible for a value that lies between ``limits``: it covers as often as before."""
        if not limits[0] <= self.mean <= limits[1]:
            return self
        return Interval(self.mean, max(self.low, limits[0]), min(self.high, limits[1]), self.trainings)


UNLIMITED = (-math.inf, math.inf)
"""Between which values an objective lies of which nothing is known."""


@dataclass(frozen=True)
class Comparison:
    """Two trials, ``a`` and ``b``.

    Args:
        difference: The mean of ``a`` minus that of ``b``.
        error: Standard error of the difference.
        freedom: Degrees of freedom behind ``error``.
        shared: On how many shared seeds they were compared; 0 if as two separate samples.
    """

    difference: float
    error: float
    freedom: float
    shared: int

    def behind(self, goal: str) -> float:
        """By how many standard errors ``a`` is worse than ``b``; negative if it is better."""
        worse = self.difference if goal == "minimize" else -self.difference
        if self.error > 0:
            return worse / self.error
        return math.copysign(math.inf, worse) if worse else 0.0

    def p_value(self) -> float:
        """How often two equally good trials differ so much, in either direction."""
        t = abs(self.behind("minimize"))
        return 0.0 if math.isinf(t) else 2 * (1 - t_probability(t, self.freedom))


def mean_of(trainings: Trainings) -> float:
    """The mean; exact summation, so that it does not depend on the order."""
    return math.fsum(trainings.values()) / len(trainings)


def measure(trials: Iterable[Trainings], goal: str) -> Noise | None:
    """The noise among the best trials; ``None`` as long as no trial was trained twice.

    Trials with the same seeds are taken together: their table is parted into the seeds' effects and the rest,
    which gives both spreads.  Degrees of freedom of the whole are Satterthwaite's: many trials on two shared
    seeds have seen a common effect once, not many times.

    Args:
        trials: Of each finished trial.
        goal: ``minimize`` or ``maximize``.
    """
    sign = 1.0 if goal == "minimize" else -1.0
    repeated = sorted((t for t in trials if len(t) > 1), key=lambda t: sign * mean_of(t))
    chosen = _in_line(_like_the_best(_better_half(repeated)))
    if not chosen:
        return None
    nil = ROUNDING * max(abs(value) for trainings in chosen for value in trainings.values())
    tables: dict[frozenset[int], list[Trainings]] = {}
    for trainings in chosen:
        tables.setdefault(frozenset(trainings), []).append(trainings)
    found, n = sum(len(trainings) - 1 for trainings in chosen), len(chosen)
    seeds, rest = zip(*(_parted(table) for table in tables.values()), strict=True)
    variance = math.fsum(sum_ for sum_, _ in (*seeds, *rest)) / found
    doubt = math.fsum(sum_**2 / freedom for sum_, freedom in (*seeds, *rest) if freedom) / found**2
    freedom = variance**2 / doubt if doubt > 0 else float(found)
    rest_freedom = sum(freedom for _, freedom in rest)
    spread = math.sqrt(variance) if math.sqrt(variance) > nil else 0.0
    if not rest_freedom:  # no two trials share their seeds
        return Noise(spread, freedom, spread, freedom, n, len(repeated))
    paired = math.sqrt(math.fsum(sum_ for sum_, _ in rest) / rest_freedom)
    paired = paired if paired > nil else 0.0
    return Noise(spread, freedom, paired, float(rest_freedom), n, len(repeated))


def interval(
    trainings: Trainings, noise: Noise | None, limits: tuple[float, float] = UNLIMITED
) -> Interval | None:
    """Student's interval of a trial's mean over training seeds; ``None`` where the noise is not known.

    By the trial's own spread if it has :data:`OWN_SPREAD` trainings or more, which holds whatever the other
    trials' noise is; with fewer by ``noise``, unless its own spread is far greater.  What is not possible for
    a value between ``limits`` is no part of it.

    Raises:
        ValueError: There is no training.
    """
    n = len(trainings)
    if not n:
        raise ValueError("a trial without a training has no mean")
    mean = mean_of(trainings)
    own = sample_spread(list(trainings.values())) if n > 1 else 0.0
    if n >= OWN_SPREAD:
        spread, freedom = own, n - 1.0
    elif noise is None:
        return None
    elif n > 1 and _is_out_of_line(own**2, n - 1, noise.spread**2, noise.freedom):
        spread, freedom = own, n - 1.0
    else:
        spread, freedom = noise.spread, noise.freedom
    half = t_quantile((1 + LEVEL) / 2, freedom) * spread / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n).within(limits)


def compare(a: Trainings, b: Trainings, noise: Noise) -> Comparison:
    """The difference of two trials' means: on shared seeds, or between all trainings, whichever is surer.

    Raises:
        ValueError: One of them has no training.
    """
    if not a or not b:
        raise ValueError("a trial without a training cannot be compared")
    shared = [seed for seed in a if seed in b]
    ends = 1 / len(a) + 1 / len(b)
    # seeds that both have drop out of the difference as far as both weigh them alike
    common = noise.common**2 * max(ends - 2 * len(shared) / (len(a) * len(b)), 0.0)
    apart = common + noise.paired**2 * ends
    if shared and 2 * noise.paired**2 / len(shared) <= apart:
        difference = math.fsum(a[seed] - b[seed] for seed in shared) / len(shared)
        error = noise.paired * math.sqrt(2 / len(shared))
        return Comparison(difference, error, noise.paired_freedom, len(shared))
    freedom = min(noise.freedom, noise.paired_freedom)
    return Comparison(mean_of(a) - mean_of(b), math.sqrt(apart), freedom, 0)


def contenders(
    trials: Mapping[int, Trainings],
    noise: Noise,
    goal: str,
    *,
    z: float = Z,
    together: bool = True,
    best: int | None = None,
    among: int = 0,
) -> tuple[int, ...]:
    """The trials that cannot be told from the best, best first; the best is always one.

    The best of many is a lucky one, and to be behind it is no wonder.  ``together`` allows for that: a trial
    is left out if it is further behind than the best of as many equally good trials would be ahead, with the
    certainty that ``z`` stands for.  Those left out no longer count among the many, and the rest is judged
    again.  So the truly best trial is among the contenders in 19 of 20 studies, however many trials they
    have; without it, each comparison is made as if it were the only one.

    Args:
        trials: By number; those that ended well.
        noise: Of :func:`measure`.
        goal: ``minimize`` or ``maximize``.
        z: Standard errors by which a single trial may be behind; with few degrees of freedom the same
            certainty takes more.
        together: Allow for the number of trials that are compared.
        best: The trial that the others are compared with, where it is not the one with the best mean.
        among: How many trials there are, where those that are surely behind are left out of ``trials``.
    """
    if not trials:
        return ()
    sign = 1.0 if goal == "minimize" else -1.0
    ordered = sorted(trials, key=lambda number: (sign * mean_of(trials[number]), number))
    best = ordered[0] if best is None else best
    left = [number for number in ordered if number != best]
    against = {number: compare(trials[number], trials[best], noise) for number in left}
    compared = max(among, len(ordered))
    while True:
        limit = best_of_equals(compared, z) if together else z
        kept = [
            number
            for number in left
            if against[number].behind(goal) <= _same_certainty(limit, against[number].freedom)
        ]
        if len(kept) + 1 == compared or not together:
            return (best, *kept)
        left, compared = kept, len(kept) + 1


@lru_cache(maxsize=64)
def luck_of_the_best(n: int) -> float:
    """The mean of the greatest of ``n`` normal deviates: 0 for one, 0.56 for two, 1.16 for five."""
    if n < 2:
        return 0.0
    return _over_the_normal_density(lambda x: n * x * normal_probability(x) ** (n - 1))


def sample_spread(values: Sequence[float]) -> float:
    """Standard deviation of a sample, over n - 1.

    Raises:
        ValueError: Fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"a spread takes at least 2 values, got {len(values)}")
    if max(values) == min(values):
        return 0.0  # not the rounding of their mean
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


@lru_cache(maxsize=256)
def best_of_equals(n: int, z: float = Z) -> float:
    """Standard errors by which the best of ``n`` equally good trials is ahead of a given one, at most.

    With the certainty that a normal deviate is below ``z``; for two trials it is ``z`` itself.

    Source:
        Gupta (1965), equation for the constant d: the integral of Phi(x + d sqrt 2)^(n - 1) over the normal
        density equals the certainty.
    """
    certainty = normal_probability(z)

    def kept(d: float) -> float:
        return _over_the_normal_density(lambda x: normal_probability(x + d * math.sqrt(2)) ** (n - 1))

    return z if n <= 2 else _solve(lambda d: kept(d) - certainty, z, z + 8)


def normal_probability(z: float) -> float:
    """That a normal deviate is below ``z``."""
    return math.erfc(-z / math.sqrt(2)) / 2


def t_probability(t: float, freedom: float) -> float:
    """That Student's t with ``freedom`` degrees of freedom (above 0, or infinite) is below ``t``."""
    if math.isinf(freedom):
        return normal_probability(t)
    tail = 0.5 * _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))
    return 1 - tail if t >= 0 else tail


@lru_cache(maxsize=1024)
def t_quantile(probability: float, freedom: float) -> float:
    """What Student's t is below with ``probability``, in (0, 1)."""
    if not 0 < probability < 1 or freedom <= 0:
        raise ValueError(f"no quantile at {probability} with {freedom} degrees of freedom")
    if probability < 0.5:
        return -t_quantile(1 - probability, freedom)
    high = 2.0
    while t_probability(high, freedom) < probability:
        high *= 2
    return _solve(lambda t: t_probability(t, freedom) - probability, 0.0, high)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """The ends of Wilson's interval, at :data:`LEVEL`, for a share of which ``hits`` of ``n`` were seen.

    Args:
        hits: In [0, n]; the mean of several counts over the same n makes the interval no narrower.
        n: Above 0; not whole where rows are worth less than rows of their own, see :mod:`hpt_cli.scoring`.

    Source:
        Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
        American Statistical Association 22 (1927), https://doi.org/10.1080/01621459.1927.10502953
    """
    z = t_quantile((1 + LEVEL) / 2, math.inf)
    share = hits / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _over_the_normal_density(function: Callable[[float], float]) -> float:
    """The mean of a smooth function of a normal deviate."""
    # the trapezoid rule is exact to rounding where the integrand vanishes smoothly at both ends
    step = 0.1
    places = (step * k for k in range(-90, 91))
    return step * math.fsum(math.exp(-(x**2) / 2) * function(x) for x in places) / math.sqrt(2 * math.pi)


def _same_certainty(z: float, freedom: float) -> float:
    """What t with ``freedom`` is below as surely as a normal deviate is below ``z``."""
    certainty = normal_probability(z)
    return t_quantile(certainty, freedom) if certainty < 1 else math.inf


def _better_half(repeated: Sequence[Trainings]) -> list[Trainings]:
    """Of trials that are sorted, the best first."""
    taken: list[Trainings] = []
    found = 0
    for trainings in repeated:
        enough = found >= FREEDOM[1] and len(taken) >= TRIALS
        if enough or (found >= FREEDOM[0] and len(taken) >= len(repeated) / 2):
            break
        taken.append(trainings)
        found += len(trainings) - 1
    return taken


def _in_line(trials: Sequence[Trainings]) -> list[Trainings]:
    """Those whose spread is not far above the median one."""
    own = [(sample_spread(list(trainings.values())) ** 2, len(trainings) - 1) for trainings in trials]
    # a variance over its median under chi squared (Wilson and Hilferty): comparable whatever the repeats
    middle = sorted(variance / (1 - 2 / (9 * free)) ** 3 for variance, free in own)[: (len(own) + 1) // 2]
    if not middle or middle[-1] == 0:
        return list(trials)
    freedom = sum(free for _, free in own) / 2  # a median knows about half of what a mean does
    return [
        trainings
        for trainings, (variance, free) in zip(trials, own, strict=True)
        if not _is_out_of_line(variance, free, middle[-1], freedom)
    ]


def _like_the_best(trials: Sequence[Trainings]) -> list[Trainings]:
    """Of trials that are sorted, without those far behind the best where their spread is another."""
    near: list[Trainings] = []
    for trainings in trials:
        variance, free = _pooled(near)
        away = abs(mean_of(trainings) - mean_of(trials[0]))
        if free >= NEAR_FREEDOM and away > FAR * math.sqrt(variance):
            break
        near.append(trainings)
    far = trials[len(near) :]
    (variance, free), (other, freedom) = _pooled(near), _pooled(far)
    if not far or variance == 0:  # that the best agree to the last digit says nothing of the others
        return list(trials)
    larger = _larger(variance, free, other, freedom) if other else 0.0
    return near if min(larger, 1 - larger) < UNLIKE / 2 else list(trials)


def _pooled(trials: Sequence[Trainings]) -> tuple[float, int]:
    """The variance of trainings around their trial's mean, and its degrees of freedom."""
    free = sum(len(trainings) - 1 for trainings in trials)
    squares = ((len(trainings) - 1) * sample_spread(list(trainings.values())) ** 2 for trainings in trials)
    return (math.fsum(squares) / free, free) if free else (0.0, 0)


def _is_out_of_line(variance: float, free: int, usual: float, freedom: float) -> bool:
    """Whether a variance is far above the usual one."""
    return variance > 0 if usual == 0 else _larger(variance, free, usual, freedom) < OUT_OF_LINE


def _larger(variance: float, free: float, usual: float, freedom: float) -> float:
    """How often a variance is that much larger than another, or more, if they are alike: an F test."""
    ratio = variance / usual
    return _incomplete_beta(freedom / 2, free / 2, freedom / (freedom + free * ratio))


def _parted(table: Sequence[Trainings]) -> tuple[tuple[float, int], tuple[float, int]]:
    """Sums of squares within trials and their degrees of freedom: of the seeds' effects, and of the rest."""
    seeds = list(table[0])
    means = [mean_of(trainings) for trainings in table]
    effects = [
        math.fsum(t[seed] - mean for t, mean in zip(table, means, strict=True)) / len(table) for seed in seeds
    ]
    of_seeds = len(table) * math.fsum(effect**2 for effect in effects)
    rest = math.fsum(
        (t[seed] - mean - effect) ** 2
        for t, mean in zip(table, means, strict=True)
        for seed, effect in zip(seeds, effects, strict=True)
    )
    free = len(seeds) - 1
    return (of_seeds, free), (rest, free * (len(table) - 1))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function I_x(a, b).

    Source:
        NIST Digital Library of Mathematical Functions, 8.17.22, https://dlmf.nist.gov/8.17.E22
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b  # where the fraction converges fast


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 1 / (1 + d1 / (1 + d2 / ...)), from its front by Lentz's method."""
    value, c, d = 1.0, 1.0, 0.0
    for k in range(1, 1000):
        m = k // 2
        if k % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d)
        c = 1 + term / c
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return 1 / value


def _solve(rises: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0, by halving."""
    while (middle := (low + high) / 2) not in (low, high):
        if rises(middle) < 0:
            low = middle
        else:
            high = middle
    return high
