"""Where a command writes a file that the user asked for."""

from __future__ import annotations

from pathlib import Path

from hpt_cli.errors import InputError

STDOUT = "-"
"""As a file's name, standard output."""


def check_place(path: Path, name: str) -> None:
    """Whether a file can be put there.

    Args:
        path: Where to.
        name: What a file in a folder would be called.

    Raises:
        InputError: It is no ordinary file, or there is no such folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file: --output {path / name}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}; make it first")
    if path.exists() and not path.is_file():  # what is written takes the place of what was there
        raise InputError(f"{path}: is a device or a pipe; write to standard output with --output -")
