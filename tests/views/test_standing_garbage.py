"""Reading a study leaves the search for garbage as it was."""

import gc

import pytest

from hpt_cli.errors import DamagedStudyError
from hpt_cli.views.standing import standing_of


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("damaged", [True, False])
def test_the_collector_is_as_it_was_whatever_happens(make_study, on, damaged):
    store = make_study([], planned=1)
    if damaged:
        (store.folder / "confirm").mkdir(exist_ok=True)
        (store.folder / "confirm" / "000.json").write_text("{}")
    try:
        (gc.enable if on else gc.disable)()
        if damaged:
            with pytest.raises(DamagedStudyError):
                standing_of(store)
        else:
            assert standing_of(store).name == store.name
        assert gc.isenabled() == on
    finally:
        gc.enable()
