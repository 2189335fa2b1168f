"""A study's finished trials without their curves, taken from a cache where their files have not changed.

To rank 100,000 trials takes their objectives; to parse 100,000 files for those takes seconds.  The cache,
``.cache/summary``, keeps of each file its size, time and inode, and what a leaderboard can ask for.  A file
that differs in one of them is read again; one that is too young to tell is never kept.  The cache can be
thrown away, is checked as a whole, and is written by whoever reads enough files for it to be worth it, and
by the loop, which knows what it has written; whether that works makes no difference to what is read.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from hpt_cli import quick_json
from hpt_cli.listing import TrialFile
from hpt_cli.records import Damage
from hpt_cli.store import StudyStore
from hpt_cli.trial import Origin, RepeatResult, Status, Timing, TrialResult, finite

_FORM = f"hpt summary 2 {sys.byteorder}".encode()
"""Begins the file; whoever changes what follows it changes the number."""

_FILES_WORTH_KEEPING = 500  # it takes some hundredths of a second to read so many, or so many bytes
_BYTES_WORTH_KEEPING = 2**21
_BYTES_HELD = 2**24  # by the loop, until it writes them down
_NANOSECONDS_TO_SETTLE = 2e9  # FAT's clock, the coarsest: within a tick a file can change unnoticed
_STATUSES = tuple(Status)
_PLACES = {status: place for place, status in enumerate(_STATUSES)}
_SLOW = b" "  # begins a line that only the standard library reads as it was meant


@dataclass(frozen=True)
class Summary:
    """What is known of a study's trials without their curves.

    Args:
        results: By number; what it takes to parse is parsed when it is asked for.
        damage: The files among the trials that cannot be read as one.
    """

    results: Sequence[TrialResult]
    damage: Sequence[Damage]


def read_summary(store: StudyStore, names: Sequence[str] = ()) -> Summary:
    """The finished trials of a study, which may be running, in a folder that may be read-only.

    Args:
        store: The study.
        names: The order in which params are wanted, which a trial's file does not keep.
    """
    listed = store.trial_files()
    known = _Table.load(_path(store))
    damage: list[Damage] = []
    if not known.is_of(listed):
        known = _updated(known, store, listed, damage)
    return Summary(known.results({name: place for place, name in enumerate(names)}), damage)


def _updated(known: _Table, store: StudyStore, listed: Sequence[TrialFile], damage: list[Damage]) -> _Table:
    """The table of all ``listed`` files, saved if that is worth it.

    Damaged files are added to ``damage``, and are not in the table.
    """
    places = {number: place for place, number in enumerate(known.numbers)}
    kept = {
        file.number
        for file in listed
        if (place := places.get(file.number)) is not None and known.has(place, file)
    }
    table = _Table()
    old = []  # places of those that can no longer change unnoticed
    fresh_files = fresh_bytes = 0
    now = time.time_ns()
    reads = store.each_trial([file.number for file in listed if file.number not in kept])
    for file in listed:
        if file.number in kept:
            old.append(len(table.numbers))
            table.add(file, *known.entry(places[file.number]))
            continue
        read = next(reads)
        if isinstance(read, Damage):
            damage.append(read)
            continue
        if now - file.mtime_ns > _NANOSECONDS_TO_SETTLE:
            old.append(len(table.numbers))
            fresh_files += 1
            fresh_bytes += file.size
        table.add(file, *_entry_of(read))
    if fresh_files >= _FILES_WORTH_KEEPING or fresh_bytes >= _BYTES_WORTH_KEEPING:
        (table if len(old) == len(table.numbers) else _Table.of((table, at) for at in old)).save(_path(store))
    return table


def _path(store: StudyStore) -> Path:
    return store.folder / ".cache" / "summary"


class Notes:
    """What the loop notes of the trials that it publishes: their first summary is then there at once.

    Args:
        store: The study, whose lock is held: nobody else writes its trials.
    """

    def __init__(self, store: StudyStore) -> None:
        self._path = _path(store)
        self._table = _Table()
        self._count = 0

    def add(self, file: TrialFile, result: TrialResult) -> None:
        """Note a trial, and the file that it was published as."""
        self._table.add(file, *_entry_of(result))
        self._count += 1
        if len(self._table.lines) > _BYTES_HELD:
            self.save()

    def save(self) -> None:
        """Add what was noted to the cache, if that is worth it; what may change unnoticed is held back."""
        if self._count < _FILES_WORTH_KEEPING:
            return
        settled = time.time_ns() - _NANOSECONDS_TO_SETTLE
        known, noted = _Table.load(self._path), self._table
        entries = {number: (known, place) for place, number in enumerate(known.numbers)}
        young = []
        for place, (number, written) in enumerate(zip(noted.numbers, noted.times, strict=True)):
            if written < settled:
                entries[number] = (noted, place)
            else:
                young.append((noted, place))
        _Table.of(entries[number] for number in sorted(entries)).save(self._path)
        self._table = _Table.of(young)


class _Table:
    """Trials as columns, and a line of JSON for each: 100,000 are there at once, and parsed one by one."""

    def __init__(self) -> None:
        self.numbers, self.sizes, self.times, self.inodes = array("Q"), array("Q"), array("q"), array("Q")
        self.statuses, self.objectives, self.ends = array("B"), array("d"), array("Q")
        self.lines = bytearray()

    @property
    def _columns(self) -> tuple[array[Any], ...]:
        return (*self._keys, self.statuses, self.objectives, self.ends)

    @property
    def _keys(self) -> tuple[array[int], ...]:
        return (self.numbers, self.sizes, self.times, self.inodes)

    def add(self, file: TrialFile, status: int, objective: float, line: bytes) -> None:
        """Add a trial behind the others: its file, and of what that holds the rest of :func:`_entry_of`."""
        self.numbers.append(file.number)
        self.sizes.append(file.size)
        self.times.append(file.mtime_ns)
        self.inodes.append(file.inode)
        self.statuses.append(status)
        self.objectives.append(objective)
        self.lines += line
        self.ends.append(len(self.lines))

    def line(self, place: int) -> bytes:
        """What is known of the trial at ``place``, as :func:`_line_of` wrote it."""
        return bytes(self.lines[self.ends[place - 1] if place else 0 : self.ends[place]])

    def file(self, place: int) -> TrialFile:
        """The file that the trial at ``place`` was read from, as it was then."""
        return TrialFile(self.numbers[place], self.sizes[place], self.times[place], self.inodes[place])

    def entry(self, place: int) -> tuple[int, float, bytes]:
        """The trial at ``place``, as :func:`_entry_of` has it."""
        return self.statuses[place], self.objectives[place], self.line(place)

    @classmethod
    def of(cls, entries: Iterable[tuple[_Table, int]]) -> _Table:
        """A table of the trials at places of others."""
        table = cls()
        for other, place in entries:
            table.add(other.file(place), *other.entry(place))
        return table

    def has(self, place: int, file: TrialFile) -> bool:
        """Whether the entry at ``place`` was made from the file as it is."""
        return self.file(place) == file

    def is_of(self, listed: Sequence[TrialFile]) -> bool:
        """Whether the table is made from exactly these files as they are."""
        if len(listed) != len(self.numbers):
            return False
        now = zip(*listed, strict=True) if listed else [()] * len(self._keys)
        return all(
            array(known.typecode, found) == known for known, found in zip(self._keys, now, strict=True)
        )

    def results(self, order: Mapping[str, int]) -> list[TrialResult]:
        """Every trial, with its params in an order."""
        return [
            _remembered(
                number, _STATUSES[status], None if math.isnan(objective) else objective, (self, place, order)
            )
            for place, (number, status, objective) in enumerate(
                zip(self.numbers, self.statuses, self.objectives, strict=True)
            )
        ]

    @classmethod
    def load(cls, path: Path) -> _Table:
        """What :meth:`save` wrote; an empty table where there is nothing, or something else."""
        table = cls()
        with suppress(OSError):
            head, _, body = path.read_bytes().partition(b"\n")
            if head == _head(body):
                count, start = int.from_bytes(body[:8], sys.byteorder), 8
                for column in table._columns:
                    end = start + count * column.itemsize
                    column.frombytes(body[start:end])
                    start = end
                table.lines += body[start:]
        return table

    def save(self, path: Path) -> None:
        """Write the table, whole or not at all; a folder that cannot be written is left as it is."""
        count = len(self.numbers).to_bytes(8, sys.byteorder)
        body = b"".join([count, *(column.tobytes() for column in self._columns), self.lines])
        draft = path.with_name(f".tmp-{path.name}-{os.getpid()}")
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            try:
                draft.write_bytes(_head(body) + b"\n" + body)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)


class _Remembered(TrialResult):
    """A trial of the table: number, status and objective at once, the rest as soon as any of it is wanted."""

    __slots__ = ("_source",)

    def __getattr__(self, name: str) -> Any:
        """Reached for what is not set yet."""
        if name.startswith("_"):
            raise AttributeError(name)
        table, place, order = self._source
        for field, value in _fields(table.line(place), order).items():
            object.__setattr__(self, field, value)
        return object.__getattribute__(self, name)


_Source = tuple[_Table, int, Mapping[str, int]]


def _remembered(number: int, status: Status, objective: float | None, source: _Source) -> _Remembered:
    result = object.__new__(_Remembered)
    set_ = object.__setattr__  # the class is frozen
    set_(result, "number", number)
    set_(result, "status", status)
    set_(result, "objective", objective)
    set_(result, "_source", source)
    return result


def _entry_of(result: TrialResult) -> tuple[int, float, bytes]:
    """A trial but its number: the place of its status, its objective or NaN, and its line."""
    objective = math.nan if result.objective is None else result.objective
    return _PLACES[result.status], objective, _line_of(result)


def _line_of(result: TrialResult) -> bytes:
    """All of a trial but number, status, objective and the curves; names sorted, as its file has them."""
    repeats = [
        [
            repeat.seed,
            repeat.status,
            finite(repeat.objective),
            {name: finite(value) for name, value in repeat.metrics.items()},
            repeat.error,
            repeat.epochs,
        ]
        for repeat in result.repeats
    ]
    origin, timing = result.origin, result.timing
    fields = [
        result.round,
        result.params,
        repeats,
        result.error,
        [origin.strategy, origin.kind],
        [timing.started, timing.finished, timing.seconds],
    ]
    return quick_json.dumps(fields) or _SLOW + json.dumps(fields, sort_keys=True).encode()


def _fields(line: bytes, order: Mapping[str, int]) -> dict[str, Any]:
    """The inverse of :func:`_line_of`, by the names of a result's fields."""
    loads = json.loads if line.startswith(_SLOW) else quick_json.loads
    round_, params, repeats, error, origin, timing = loads(line)
    return {
        "round": round_,
        "params": dict(sorted(params.items(), key=lambda entry: order.get(entry[0], len(order)))),
        "repeats": tuple(
            RepeatResult(
                seed,
                Status(status),
                objective,
                {name: math.nan if value is None else value for name, value in metrics.items()},
                {},
                why,
                epochs,
            )
            for seed, status, objective, metrics, why, epochs in repeats
        ),
        "error": error,
        "origin": Origin(*origin),
        "timing": Timing(*timing),
    }


def _head(body: bytes) -> bytes:
    """The first line, which no other form, machine or content shares."""
    return _FORM + b" " + blake2b(body, digest_size=16).hexdigest().encode()
