"""Trials from the cache are what their files say, whatever happened to either."""

import dataclasses
import math
import os
import pickle
import time

import pytest

from hpt_cli import records, summary
from hpt_cli.listing import TrialFile
from hpt_cli.store import StudyStore
from hpt_cli.summary import Notes, read_summary
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, TrialSpec

LONG_AGO = time.time() - 1000
CONFIG = {"objective": {"metric": "loss", "goal": "minimize"}}


def make_trial(number, value=0.5):
    spec = TrialSpec(number, 0, {"b": 0.1 * number, "a": "x", "c": True}, (1, 2), Origin("bayes", "model"))
    timing = Timing(1.0, 2.0, 1.0)
    if value is None:
        return TrialResult.failure(spec, Status.TIMEOUT, "took longer than 3 s", timing)
    repeats = [
        RepeatResult(
            seed, Status.DONE, value + seed, {"loss": value, "auc": math.nan}, {"loss": [9.0, value]}
        )
        for seed in spec.seeds
    ]
    return TrialResult.from_repeats(spec, repeats, timing)


def age(path, seconds=LONG_AGO):
    os.utime(path, (seconds, seconds))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Ten trials that are old enough to be kept, of which one failed."""
    monkeypatch.setattr(summary, "_FILES_WORTH_KEEPING", 1)
    store = StudyStore.create(tmp_path / "many", config_text=b"", study={"config": CONFIG})
    for number in range(10):
        store.save(make_trial(number, None if number == 4 else 1 / (number + 1)))
        age(store.trial_path(number))
    return store


def known(results):
    """All that a leaderboard can ask for."""
    return [
        (
            *(result.number, result.round, result.status, result.objective, dict(result.params)),
            *(result.error, result.origin, result.timing),
            [(r.seed, r.status, r.objective, repr(r.metrics), r.error, r.epochs) for r in result.repeats],
        )
        for result in results
    ]


@pytest.fixture
def files_read(monkeypatch):
    """The numbers of the trials whose files are opened from now on."""
    numbers = []
    read = records.read_trial
    monkeypatch.setattr(
        records,
        "read_trial",
        lambda folder, number, *rest: (numbers.append(number), read(folder, number, *rest))[1],
    )
    return numbers


def test_a_summary_holds_all_but_the_curves(store):
    for _ in range(2):  # from the files, then from the cache
        results = read_summary(store).results
        assert known(results) == known(store.results())
        assert [repeat.history for repeat in results[0].repeats] == [{}, {}]
        assert [repeat.epochs for repeat in results[0].repeats] == [2, 2]


def test_unchanged_files_are_read_once(store, files_read):
    read_summary(store)
    read_summary(store)
    assert files_read == list(range(10))


def test_only_new_files_are_read(store, files_read):
    read_summary(store)
    store.save(make_trial(10))
    assert len(read_summary(store).results) == 11
    assert files_read == [*range(10), 10]


@pytest.mark.parametrize("what", ["size", "time", "inode"])
def test_a_file_that_differs_in_one_thing_is_read_again(store, what):
    read_summary(store)
    path = store.trial_path(3)
    text = path.read_text()
    if what == "size":
        path.write_text(text.replace('"number": 3', '"number": 33'))
        age(path)
    elif what == "time":
        path.write_text(text.replace('"number": 3', '"number": 5'))
        age(path, LONG_AGO + 1)
    else:
        other = path.with_name("other")
        other.write_text(text.replace('"number": 3', '"number": 5'))
        age(other)
        other.replace(path)
    found = read_summary(store)
    assert [result.number for result in found.results] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert [damage.path for damage in found.damage] == [path]


def test_a_young_file_is_read_but_not_kept(store, files_read):
    for number in range(10):
        age(store.trial_path(number), time.time() - (0 if number == 7 else 100))
    read_summary(store)
    read_summary(store)
    assert files_read == [*range(10), 7]


def test_removed_trials_are_gone(store):
    read_summary(store)
    store.trial_path(2).unlink()
    store.trial_path(9).unlink()
    assert known(read_summary(store).results) == known(store.results())


def test_damage_is_told_every_time_and_never_kept(store):
    store.trial_path(6).write_text("{")
    age(store.trial_path(6))
    for _ in range(2):
        found = read_summary(store)
        assert [damage.path for damage in found.damage] == [store.trial_path(6)]
        assert known(found.results) == known(store.results())


def test_a_damaged_cache_is_made_anew(store):
    expected = known(read_summary(store).results)
    cache = store.folder / ".cache" / "summary"
    content = cache.read_bytes()
    step = len(content) // 40
    broken = [content[:end] for end in range(0, len(content), step)]
    broken += [
        content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(0, len(content), step)
    ]
    broken += [b"", b"\n" * 100, b"{}", content + b"x", content[len(content) // 2 :]]
    for wrong in broken:
        cache.write_bytes(wrong)
        assert known(read_summary(store).results) == expected
        assert cache.read_bytes() == content


def test_where_no_cache_can_be_written_the_files_are_read(store):
    (store.folder / ".cache").write_text("not a folder")
    for _ in range(2):
        assert known(read_summary(store).results) == known(store.results())
    assert sorted(path.name for path in store.folder.iterdir() if path.name.startswith(".tmp")) == []


def test_a_small_study_needs_no_cache(store, monkeypatch):
    monkeypatch.setattr(summary, "_FILES_WORTH_KEEPING", 11)
    read_summary(store)
    assert not (store.folder / ".cache").exists()


@pytest.mark.parametrize("value", [10**30, 2**63, 1e30, 1.0, True, "\ud800", "a\nb", 5e-324], ids=repr)
def test_every_param_comes_back_from_the_cache_as_what_it_was(store, value):
    spec = TrialSpec(10, 0, {"x": value}, (1,), Origin("random"))
    store.save(TrialResult.failure(spec, Status.FAILED, "it broke", Timing(0.0, 1.0, 1.0)))
    age(store.trial_path(10))
    for _ in range(2):
        back = read_summary(store).results[10].params["x"]
        assert (type(back), back) == (type(value), value)


def test_params_come_in_the_order_that_is_asked_for(store):
    for _ in range(2):
        assert list(read_summary(store, ["c", "b"]).results[1].params) == ["c", "b", "a"]


def test_a_remembered_trial_is_a_value_like_any_other(store):
    read_summary(store)
    result = read_summary(store).results[5]
    assert known([pickle.loads(pickle.dumps(result))]) == known([result])
    assert dataclasses.replace(result, round=8).round == 8
    assert "TIMEOUT" in repr(read_summary(store).results[4])
    with pytest.raises(AttributeError):
        result.objektive  # noqa: B018
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.number = 3


class TestNotes:
    """What the loop writes down of the trials that it publishes."""

    def publish(self, store, notes, numbers):
        for number in numbers:
            result = make_trial(number, None if number % 7 == 3 else 1 / (number + 1))
            store.save(result)
            age(store.trial_path(number))
            found = store.trial_path(number).stat()
            notes.add(TrialFile(number, found.st_size, found.st_mtime_ns, found.st_ino), result)

    def test_no_file_is_read_that_the_loop_wrote(self, store, files_read):
        notes = Notes(store)
        self.publish(store, notes, [13, 10, 12, 11])
        notes.save()
        found = read_summary(store).results
        assert files_read == list(range(10))
        assert known(found) == known(store.results())

    def test_what_it_noted_is_added_to_what_is_known(self, store, files_read):
        read_summary(store)
        notes = Notes(store)
        self.publish(store, notes, [10, 4])  # 4 was there, and is another one now
        notes.save()
        files_read.clear()
        found = read_summary(store)
        assert files_read == []
        assert known(found.results) == known(store.results())

    def test_a_file_that_is_changed_after_it_was_noted_is_read(self, store, files_read):
        notes = Notes(store)
        self.publish(store, notes, [10, 11])
        notes.save()
        store.trial_path(10).write_text("{")
        found = read_summary(store)
        assert [damage.path for damage in found.damage] == [store.trial_path(10)]
        assert 11 not in files_read

    def test_what_is_as_young_as_the_clocks_tick_is_held_back(self, store, files_read):
        notes = Notes(store)
        notes.add(store.save(make_trial(10)), make_trial(10))
        notes.save()
        read_summary(store)
        assert files_read == list(range(11))
        age(store.trial_path(10))

    def test_what_a_published_file_is_said_to_be_is_what_it_is(self, store):
        said = store.save(make_trial(10))
        assert said == store.trial_files()[10]

    def test_few_trials_are_not_worth_it(self, store, monkeypatch):
        monkeypatch.setattr(summary, "_FILES_WORTH_KEEPING", 3)
        notes = Notes(store)
        self.publish(store, notes, [10, 11])
        notes.save()
        assert not (store.folder / ".cache").exists()

    def test_much_is_written_down_before_the_end(self, store, monkeypatch, files_read):
        monkeypatch.setattr(summary, "_BYTES_HELD", 500)
        notes = Notes(store)
        self.publish(store, notes, range(10, 20))
        read_summary(store)
        assert len(files_read) < 15
        assert known(read_summary(store).results) == known(store.results())
