"""Files that are there whole or not at all, and the lock over them."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from hpt_cli.errors import CannotWriteError, InputError, StudyInUseError

_MAX_JSON_BYTES = 256 * 2**20  # far above any trial; against a file that is not ours


def publish(path: Path, content: bytes) -> os.stat_result:
    """Write ``path`` so that it is there whole or not at all, also after a power cut; what it then is."""
    draft = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            about = os.fstat(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return about


def publish_json(path: Path, data: Mapping[str, Any]) -> os.stat_result:
    """Publish plain JSON, keys sorted, one line a file's worth of diff where it helps a reader."""
    text = json.dumps(data, allow_nan=False, sort_keys=True, indent=1, ensure_ascii=False)
    return publish(path, (_short_lists(text) + "\n").encode("utf-8", "backslashreplace"))


def read_json(path: str | Path) -> Any:
    """Parse a file of ours.

    Raises:
        ValueError: It is not JSON, no regular file, too large or nested too deeply.
        OSError: It cannot be read.
    """
    try:
        return json.loads(read_content(path))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_content(path: str | Path, folder: int | None = None) -> bytes:
    """What a file of ours holds.

    Args:
        path: Where it is.
        folder: A folder's descriptor, from which ``path`` goes.

    Raises:
        ValueError: It is no regular file, or too large.
        OSError: It cannot be read.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # of a FIFO, open would wait
    descriptor = os.open(path, flags, dir_fd=folder)
    try:
        about = os.fstat(descriptor)  # what Path.open does around it takes seconds for 100,000 files
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("not a regular file")
        size = about.st_size
        if size > _MAX_JSON_BYTES:
            raise ValueError("too large")
        content = os.read(descriptor, size)
        while len(content) < size and (more := os.read(descriptor, size - len(content))):
            content += more
        return content
    finally:
        os.close(descriptor)


def _short_lists(text: str) -> str:
    """Put a list of numbers (a learning curve) on one line; no string has a line break in it."""
    return re.sub(r"\[\n([^\[\]{}\"]*)\]", lambda found: f"[{' '.join(found[1].split())}]", text)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says of a failed write into one message."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else str(error)
        raise CannotWriteError(
            f"cannot write {error.filename or path}: {why}; finished trials are kept, go on when it is mended"
        ) from error


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the right to write into a study's folder.

    Raises:
        StudyInUseError: Another process holds it; the message says which.
        CannotWriteError: The folder is read-only.
    """
    path = folder / ".lock"
    with writing(path):
        file = path.open("a+", encoding="utf-8")
    with file:
        lock_file(file, folder.name)
        yield


_LOOKS = 5
_SECONDS_BETWEEN_LOOKS = 0.02


def lock_file(file: IO[str], name: str) -> None:
    """Lock the open file of a study, and say in it who did.

    Raises:
        StudyInUseError: Another process holds it; the message says which.
        InputError: The file system has no locks.
    """
    try:
        for look in range(_LOOKS):  # who looks at a lock holds it for a moment
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if look == _LOOKS - 1:
                    raise
                time.sleep(_SECONDS_BETWEEN_LOOKS)
    except BlockingIOError:
        raise StudyInUseError(f"study {name} is in use by {_holder_of(file)}") from None
    except OSError as error:  # a file system without locks
        raise InputError(
            f"the folder of study {name} cannot be locked ({os.strerror(error.errno or 0).lower()}); "
            "use a runs folder on a file system with locks: --runs-dir DIR"
        ) from error
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    with suppress(OSError):  # a full disk must not keep a study from being read and ended
        os.ftruncate(file.fileno(), 0)
        # past the file's buffer, which would try again when it is closed
        os.write(file.fileno(), f"process {os.getpid()} on {socket.gethostname()} since {since}".encode())


def lock_holder(path: Path) -> str | None:
    """Who holds the lock of a study, ``process 17 on host since ...``; ``None`` if nobody does."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder_of(file)
    except OSError:  # never locked, or not readable for us, or a file system without locks
        return None
    return None


def _holder_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read(200).strip() or "another process"


def sweep(folder: Path) -> None:
    """Remove what a killed writer had begun."""
    parts = ("trials", "rounds", "reruns", "confirm", "best", ".cache")
    for part in (folder, *(folder / name for name in parts)):
        for draft in part.glob(".tmp-*"):
            with suppress(OSError):
                draft.unlink()
    cache = folder / ".cache"
    if os.path.lexists(cache) and not cache.is_dir():  # nothing of worth, where a folder has to be
        cache.unlink()


def remove_dead_drafts(folder: Path) -> None:
    """Remove the drafts of this study whose maker is gone."""
    for draft in folder.parent.glob(f".new-{folder.name}-*"):
        pid = draft.name.rpartition("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            shutil.rmtree(draft, ignore_errors=True)


def make_part(folder: Path) -> None:
    """Make a part of a study's folder that only some studies have."""
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
