"""Settings that are allowed and do something else than who wrote them expects."""

import pytest

from hpt_cli.config.fit_notes import fit_notes

CONFIG = "data: {{source: iris}}\nspace: {{{space}}}\nnetwork: {{{network}}}\n"


@pytest.mark.parametrize(
    ("network", "space", "says"),
    [
        ("batch_size: 64, epochs: 20", "l2: [0, 0.1]", None),
        ("batch_size: 128", "l2: [0, 0.1]", "batch_size 128 is more than the 90 training rows"),
        ("", "batch_size: [32, 128]", "batch_size up to 128 is more than the 90"),
        ("", "batch_size: {low: 8, high: 256}", "batch_size up to 256"),
        ("epochs: 20, patience: 5", "l2: [0, 0.1]", None),
        ("epochs: 20, patience: 20", "l2: [0, 0.1]", "patience 20 ends no training of 20 epochs early"),
        ("patience: 20", "epochs: {low: 10, high: 40}", None),
        ("epochs: 20, schedule: {warmup_epochs: 5}", "l2: [0, 0.1]", None),
        (
            "epochs: 20, schedule: {warmup_epochs: 20}",
            "l2: [0, 0.1]",
            "warmup_epochs 20 does not end within 20",
        ),
        ("epochs: 20", "schedule.warmup_epochs: [0, 30]", "warmup_epochs up to 30 does not end"),
    ],
)
def test_a_setting_that_does_something_else_is_told(network, space, says, load):
    notes = fit_notes(load(CONFIG.format(network=network, space=space)), rows=90)
    assert len(notes) == (says is not None)
    assert says is None or says in notes[0]
