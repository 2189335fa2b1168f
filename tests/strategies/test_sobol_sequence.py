"""Our Sobol points are SciPy's, bit for bit, without its import."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import qmc

from hpt_cli.strategies import sobol_sequence as sobol_sequence_module
from hpt_cli.strategies.sobol_sequence import sobol_sequence


@pytest.mark.filterwarnings("ignore:The balance properties")
class TestSobolSequence:
    @pytest.mark.parametrize("n_dimensions", [1, 2, 7, 50, 300])
    @pytest.mark.parametrize("seed", range(3))
    def test_points_have_the_bits_of_scipy_s(self, n_dimensions, seed):
        ours = sobol_sequence(n_dimensions, np.random.default_rng(seed))
        theirs = qmc.Sobol(n_dimensions, rng=np.random.default_rng(seed))
        for count in (64, 1, 37, 0, 1000):
            assert np.array_equal(ours.random(count), theirs.random(count))

    @pytest.mark.parametrize("skip", [1, 3, 64, 12345, 2**30 - 64])
    def test_what_is_skipped_is_as_if_it_had_been_drawn(self, skip):
        ours = sobol_sequence(4, np.random.default_rng(5), skip=skip)
        theirs = qmc.Sobol(4, rng=np.random.default_rng(5)).fast_forward(skip)
        assert np.array_equal(ours.random(64), theirs.random(64))

    def test_the_generator_goes_on_as_after_scipy_s(self):
        ours, theirs = np.random.default_rng(2), np.random.default_rng(2)
        for _ in range(2):
            assert np.array_equal(sobol_sequence(3, ours).random(8), qmc.Sobol(3, rng=theirs).random(8))
        assert ours.random() == theirs.random()

    def test_a_scipy_that_keeps_its_table_elsewhere_gives_the_same_points(self, monkeypatch):
        ours = [sobol_sequence(3, np.random.default_rng(1), skip=skip).random(64) for skip in (0, 9)]
        monkeypatch.setattr(sobol_sequence_module, "TABLE", Path("moved.npz"))
        theirs = [sobol_sequence(3, np.random.default_rng(1), skip=skip) for skip in (0, 9)]
        assert [type(points) for points in theirs] == [qmc.Sobol, qmc.Sobol]
        assert np.array_equal(ours, [points.random(64) for points in theirs])

    def test_more_dimensions_than_the_table_has_are_refused(self):
        with pytest.raises(ValueError, match="at most 21201 dimensions, not 21202"):
            sobol_sequence(21202, np.random.default_rng(0))

    def test_scipy_s_statistics_are_not_imported(self):
        code = (
            "import sys, numpy as np; from hpt_cli.space import Float, SearchSpace; "
            "from hpt_cli.strategies import make_strategy; "
            "strategy = make_strategy('bayes', SearchSpace({'x': Float(0.0, 1.0)}), seed=(0,)); "
            "strategy.ask(0); assert 'scipy.stats' not in sys.modules"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
