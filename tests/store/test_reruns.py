import json

import pytest

from hpt_cli.errors import DamagedStudyError
from hpt_cli.records import Damage
from hpt_cli.rerun import Purpose, Rerun, rerun_of, trainings_of
from hpt_cli.seeds import rerun_seed, training_seed
from hpt_cli.store import StudyStore
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

STUDY = {"config": {"objective": {"metric": "validation_loss", "goal": "minimize"}}}
CURVE = {"training_loss": (2.0, 1.0)}


def repeat(seed, objective=0.5):
    return RepeatResult(seed, Status.DONE, objective, {"validation_loss": objective}, CURVE)


def rerun(trial, number, objective=0.5):
    return Rerun(
        trial, number, Purpose.NOISE, repeat(rerun_seed(3, number), objective), Timing(0.0, 1.0, 1.0)
    )


def spec(*seeds):
    return TrialSpec(17, 0, {"rate": 0.1}, seeds, Origin("random"))


@pytest.fixture
def store(tmp_path):
    return StudyStore.create(tmp_path / "moons", config_text=b"", study=STUDY)


def test_what_was_saved_is_read_back_by_trial_and_number(store):
    assert store.reruns() == []
    for trial, number in [(17, 1), (3, 0), (17, 0)]:
        store.save_rerun(rerun(trial, number))
    assert store.reruns() == [rerun(3, 0), rerun(17, 0), rerun(17, 1)]
    assert sorted(path.name for path in (store.folder / "reruns").iterdir()) == [
        "00003-000.json",
        "00017-000.json",
        "00017-001.json",
    ]


def test_a_file_under_the_wrong_name_or_cut_short_is_damage(store):
    store.save_rerun(rerun(17, 0))
    whole = store.rerun_path(17, 0).read_text()
    store.rerun_path(17, 1).write_text(whole)
    store.rerun_path(4, 0).write_text(whole[:50])
    assert (
        [read for read in store.each_rerun() if isinstance(read, Rerun)] == store.reruns() == [rerun(17, 0)]
    )
    damage = [read for read in store.each_rerun() if isinstance(read, Damage)]
    assert [found.path.name for found in damage] == ["00004-000.json", "00017-001.json"]
    assert store.set_aside(damage[0].path).name == "00004-000.json.bad"


def test_a_file_of_a_newer_version_is_said_to_be_one(store):
    store.save_rerun(rerun(17, 0))
    path = store.rerun_path(17, 0)
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 99}))
    with pytest.raises(DamagedStudyError, match="newer version"):
        store.reruns()


@pytest.mark.parametrize(
    "change",
    [{"trial": -1}, {"number": True}, {"purpose": "fun"}, {"objective": None}, {"status": "failed"}],
    ids=str,
)
def test_what_cannot_be_a_rerun_is_refused(change):
    with pytest.raises(ValueError, match=r".+"):
        Rerun.from_json({**rerun(17, 0).to_json(), **change})


def test_a_rerun_survives_json():
    there = rerun(17, 2, objective=1 / 3)
    assert Rerun.from_json(json.loads(json.dumps(there.to_json()))) == there


def test_the_seeds_of_reruns_are_those_of_no_repeat():
    reruns = {rerun_seed(0, number) for number in range(1000)}
    repeats = {training_seed(0, number) for number in range(1000)}
    assert len(reruns) == 1000
    assert not reruns & repeats


def test_a_result_becomes_a_rerun():
    result = TrialResult.from_repeats(spec(5), [repeat(5, 0.1)], Timing(1.0, 3.0, 2.0))
    made = rerun_of(4, 2, 5, Purpose.CONFIRM, result)
    assert made == Rerun(4, 2, Purpose.CONFIRM, repeat(5, 0.1), Timing(1.0, 3.0, 2.0))


def test_a_task_that_went_down_gives_a_failed_rerun():
    lost = TrialResult.failure(spec(5), Status.TIMEOUT, "took too long", Timing(1.0, 3.0, 2.0))
    made = rerun_of(17, 0, 5, Purpose.NOISE, lost)
    assert made.repeat == RepeatResult(5, Status.TIMEOUT, None, error="took too long")


def test_trainings_are_repeats_and_the_reruns_that_ended_well():
    result = TrialResult.from_repeats(spec(5), [repeat(5, 0.1)], Timing(0.0, 1.0, 1.0))
    lost = Rerun(17, 1, Purpose.NOISE, RepeatResult(8, Status.DIVERGED, None), Timing(0.0, 1.0, 1.0))
    assert trainings_of(result, [rerun(17, 0, 0.3), lost, rerun(4, 0)]) == {5: 0.1, rerun_seed(3, 0): 0.3}
