import pytest

from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec


@pytest.fixture
def make_trial():
    """A finished trial; ``objectives`` holds one value a repeat, and none of them means that it failed."""

    def make(number, *objectives, params=None, status=Status.FAILED, seconds=1.0, metrics=None, epochs=3):
        spec = TrialSpec(number, 0, dict(params or {}), tuple(range(len(objectives) or 1)), Origin("random"))
        timing = Timing(0.0, seconds, seconds)
        if not objectives:
            return TrialResult.failure(spec, status, "it broke", timing)
        repeats = [
            RepeatResult(
                seed,
                Status.DONE,
                objective,
                {"validation_loss": objective, **(metrics or {})},
                {"training_loss": [0.5] * (epochs + seed)} if epochs else {},
            )
            for seed, objective in enumerate(objectives)
        ]
        return TrialResult.from_repeats(spec, repeats, timing)

    return make
