import fcntl
import json
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hpt_cli.errors import CannotWriteError, DamagedStudyError, StudyInUseError, StudyNotFoundError
from hpt_cli.files import locked, publish, publish_json
from hpt_cli.listing import study_names
from hpt_cli.rounds import RoundPlan
from hpt_cli.space import Choice, Float, SearchSpace
from hpt_cli.store import StudyStore
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

STUDY = {"config": {"objective": {"metric": "validation_loss", "goal": "minimize"}}}
SPACE = SearchSpace({"rate": Float(1e-4, 1, "log"), "norm": Choice((True, False))})


def result(number, objective=0.5):
    spec = TrialSpec(number, 0, {"rate": 0.1, "norm": True}, (1,), Origin("random"))
    repeat = RepeatResult(
        1, Status.DONE, objective, {"validation_loss": objective}, {"training_loss": (2.0, 1.0)}
    )
    return TrialResult.from_repeats(spec, [repeat], Timing(0.0, 1.0, 1.0))


def make(folder):
    return StudyStore.create(folder, config_text=b"name: moons\n", study=STUDY)


@pytest.fixture
def store(tmp_path):
    return make(tmp_path / "runs" / "moons")


def test_a_new_study_keeps_the_config_byte_for_byte(store):
    assert (store.folder / "study.yaml").read_bytes() == b"name: moons\n"
    assert StudyStore(store.folder).goal == "minimize"


def test_making_a_study_leaves_nothing_beside_it(store):
    assert [path.name for path in store.folder.parent.iterdir()] == ["moons"]


def test_a_study_that_is_there_is_never_overwritten(store):
    with pytest.raises(FileExistsError):
        make(store.folder)
    assert [path.name for path in store.folder.parent.iterdir()] == ["moons"]


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotWriteError, match="cannot write"):
        make(tmp_path / "file" / "moons")


@pytest.mark.parametrize(
    "value", [10**30, -(2**63) - 1, 2**63, 1e30, 1.0, True, "\ud800", "a\nb", 0.1 + 0.2, 5e-324], ids=repr
)
def test_every_param_comes_back_as_what_it_was(store, value):
    spec = TrialSpec(0, 0, {"x": value}, (1,), Origin("random"))
    store.save(TrialResult.failure(spec, Status.FAILED, "it broke", Timing(0.0, 1.0, 1.0)))
    back = store.read_trial(0).params["x"]
    assert (type(back), back) == (type(value), value)


def test_what_was_saved_is_read_back_in_order(store):
    for number in (2, 0, 11):
        store.save(result(number))
    assert store.results() == [result(0), result(2), result(11)]
    assert store.read_trial(2) == result(2)


def test_a_missing_trial_names_those_that_are_there(store):
    for number in (0, 1, 2, 5):
        store.save(result(number))
    with pytest.raises(StudyNotFoundError, match="0 to 2, 5"):
        store.read_trial(7)


def test_learning_curves_are_lines_and_text_is_left_alone(store):
    publish_json(store.folder / "x.json", {"curve": [1.5, 2.5, None], "text": "[1,2,\n 3]", "none": []})
    text = (store.folder / "x.json").read_text()
    assert "[1.5, 2.5, null]" in text
    assert json.loads(text) == {"curve": [1.5, 2.5, None], "text": "[1,2,\n 3]", "none": []}


def test_a_round_is_read_back(store):
    plan = RoundPlan(0, 0, SPACE, "random", 20, 2, 4, "config", ())
    store.save_round(plan)
    assert store.rounds() == [plan]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"number": 3}', b"[" * 100_000, b"null"], ids=repr
)
def test_a_damaged_trial_is_named_and_can_be_set_aside(store, content):
    store.save(result(0))
    store.trial_path(3).write_bytes(content)
    assert store.results() == [result(0)]
    (damage,) = store.damage()
    aside = store.set_aside(damage.path)
    assert aside.read_bytes() == content
    assert store.damage() == []


def test_setting_aside_twice_keeps_both(store):
    asides = set()
    for content in (b"one", b"two"):
        store.trial_path(3).write_bytes(content)
        asides.add(store.set_aside(store.damage()[0].path))
    assert sorted(path.read_bytes() for path in asides) == [b"one", b"two"]


def test_a_copied_trial_is_damage(store):
    store.save(result(0))
    store.trial_path(1).write_bytes(store.trial_path(0).read_bytes())
    (damage,) = store.damage()
    assert "holds trial 0" in damage.why


def test_foreign_files_are_left_alone(store):
    (store.folder / "trials" / "notes.txt").write_text("mine")
    (store.folder / "trials" / "0.json").write_text("{}")
    assert (store.results(), store.damage()) == ([], [])


def test_a_trial_of_a_newer_version_is_refused_and_not_set_aside(store):
    store.trial_path(0).write_text(json.dumps({**result(0).to_json(), "schema": 2}))
    with pytest.raises(DamagedStudyError, match="newer version"):
        store.results()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 99, "config": {}}', '{"schema": 99'], ids=repr)
def test_a_study_that_cannot_be_understood_is_refused(store, text):
    (store.folder / "study.json").write_text(text)
    with pytest.raises(DamagedStudyError, match=r"study\.json"):
        StudyStore(store.folder)


def test_a_half_written_file_is_swept_by_the_next_writer(store):
    draft = store.folder / "trials" / ".tmp-00000.json-123"
    draft.write_text("{")
    with store.lock():
        assert not draft.exists()


def test_a_failed_write_leaves_no_draft_behind(tmp_path):
    target = tmp_path / "taken"
    target.mkdir()
    (target / "inside").touch()
    with pytest.raises(OSError):
        publish(target, b"content")  # a folder with content cannot be replaced by a file
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_only_one_process_writes(store):
    script = "import sys; from pathlib import Path; from hpt_cli.store import StudyStore\n" + (
        "with StudyStore(Path(sys.argv[1])).lock():\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(store.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(StudyInUseError, match=f"process {other.pid} on "), store.lock():
        pass
    assert (store.holder() or "").startswith(f"process {other.pid} on ")
    other.kill()
    other.communicate()
    assert store.holder() is None
    with store.lock():  # a dead process holds nothing
        pass


def test_who_looks_at_the_lock_at_the_same_moment_keeps_nobody_out(store):
    with store.lock():
        pass
    with (store.folder / ".lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        done = threading.Timer(0.03, fcntl.flock, (looking, fcntl.LOCK_UN))
        done.start()
        with store.lock():
            pass
        done.join()


class TestFind:
    def test_by_name_by_folder_and_the_newest(self, tmp_path):
        runs = tmp_path / "runs"
        for age, name in enumerate(["old", "new"]):
            store = make(runs / name)
            for part in (store.folder, store.folder / "trials", store.folder / "rounds"):
                os.utime(part, (1000 + age, 1000 + age))
        assert StudyStore.find(runs, "old").name == "old"
        assert StudyStore.find(Path("nowhere"), str(runs / "old")).name == "old"
        assert StudyStore.find(runs, None).name == "new"
        assert study_names(runs) == ["new", "old"]
        (runs / "old" / ".cache").mkdir()  # who only looks at a study does not make it the newest
        assert StudyStore.find(runs, None).name == "new"

    def test_what_is_not_there_is_refused_with_what_is(self, tmp_path):
        make(tmp_path / "moons")
        with pytest.raises(StudyNotFoundError, match="there are: moons"):
            StudyStore.find(tmp_path, "mons")
        with pytest.raises(StudyNotFoundError, match="no study"):
            StudyStore.find(tmp_path / "empty", None)


def test_best_belongs_to_a_trial_only_when_it_is_whole(store):
    assert store.best_number() is None
    store.save_best(4, {"params.yaml": b"rate: 0.1\n", "model.npz": b"weights"})
    assert store.best_number() == 4
    assert (store.folder / "best" / "params.yaml").read_bytes() == b"rate: 0.1\n"


def test_a_study_is_locked_on_a_disk_without_room_for_the_holders_name(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # every write fails, as on a full disk
    try:
        with locked(tmp_path), pytest.raises(StudyInUseError, match="another process"), locked(tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / ".lock").read_bytes() == b""
