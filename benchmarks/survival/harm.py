"""What can happen to a file of a study."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path


def cut(path: Path, chance: random.Random) -> None:
    """Lose the end."""
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(max(len(content) - 2, 1))])


def empty(path: Path, chance: random.Random) -> None:
    """Lose everything, as after a power cut on a file system that promises little."""
    path.write_bytes(b"")


def garble(path: Path, chance: random.Random) -> None:
    """Hold something else."""
    path.write_bytes(chance.randbytes(300))


def flip(path: Path, chance: random.Random) -> None:
    """Lose one byte's worth of a bad sector."""
    content = bytearray(path.read_bytes() or b" ")
    content[chance.randrange(len(content))] = 0
    path.write_bytes(content)


def duplicate(path: Path, chance: random.Random) -> None:
    """Hold what another file of its folder holds."""
    others = [other for other in sorted(path.parent.iterdir()) if other.is_file() and other != path]
    if others:
        shutil.copyfile(chance.choice(others), path)


def replace_by_folder(path: Path, chance: random.Random) -> None:
    """Be a folder."""
    path.unlink()
    path.mkdir()


def make_unreadable(path: Path, chance: random.Random) -> None:
    """Be not readable: a link to itself, which not even root can follow."""
    path.unlink()
    path.symlink_to(path.name)


def lose(path: Path, chance: random.Random) -> None:
    """Be gone."""
    path.unlink()


HARMS: tuple[Callable[[Path, random.Random], None], ...] = (
    cut,
    empty,
    garble,
    flip,
    duplicate,
    replace_by_folder,
    make_unreadable,
    lose,
)
READERS = ("show", "best", "why", "verify", "list", "refine", "trial", "logs")
"""Commands that read what is there."""
