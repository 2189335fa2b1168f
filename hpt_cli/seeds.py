"""What each random generator of a study is made from: the study's seed, a purpose, and numbers.

Every generator is ``default_rng(SeedSequence([study seed, PURPOSE, ...]))``; there is no global state, so a
draw depends on nothing but what is named here.
"""

from __future__ import annotations

ASK = 1
"""Choosing params: ``[seed, ASK, round, number within the round]``."""
TRAINING = 2
"""Training repeat r of every trial: ``[seed, TRAINING, r]``, so that trials are compared in pairs."""
SPLIT = 3
"""Which rows are for training, validation and test: ``[seed, SPLIT]``."""
RERUN = 4
"""One more training of a finished trial, for evidence: ``[seed, RERUN, number of the rerun]``."""
ENQUEUE = 6
"""What an entry of ``search.enqueue`` leaves open: ``[seed, ENQUEUE, position]``."""
SCORE = 5
"""Rows of the test part drawn again, for the interval of a score: ``[seed, SCORE]``."""
DECIDE = 6
"""Where to look next: ``[seed, DECIDE, round]``."""


def training_seed(study_seed: int, repeat: int) -> int:
    """The training seed of repeat ``repeat`` (from 0), in [0, 2**32): the same for every trial."""
    from numpy.random import SeedSequence

    return int(SeedSequence([study_seed, TRAINING, repeat]).generate_state(1)[0])


def rerun_seed(study_seed: int, number: int) -> int:
    """The training seed of rerun ``number`` (from 0), in [0, 2**32): the same for every trial."""
    from numpy.random import SeedSequence

    return int(SeedSequence([study_seed, RERUN, number]).generate_state(1)[0])
