"""Whether there is anything where ``data.source`` leads; what is in it is judged when it is read."""

from __future__ import annotations

import difflib
import os
import re
import stat
from pathlib import Path

from hpt_cli.config.messages import did_you_mean, safe, shown
from hpt_cli.config.yaml_loader import Document, KeyPath
from hpt_cli.data.settings import BUILTIN

_ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".npz", ".parquet", "ubyte", "ubyte.gz")
"""Of files that a typing error may have meant."""
_MOST_LISTED = 8
_START = "relative paths start at the config's folder"


def check_source(source: str, folder: Path, document: Document, key: KeyPath = ("data", "source")) -> None:
    """Refuse a source that is neither a built-in set nor an existing file or folder.

    Args:
        source: What the config says.
        folder: The config's.
        document: Takes the problem.
        key: Where the config says it.
    """
    path = folder / os.path.expanduser(source)  # noqa: PTH111 - Path.expanduser() raises where there is no home
    if source in BUILTIN:
        return
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source):
        what = f"is a URL, and data is read from files, found {shown(source)}"
        document.refuse(key, what, "download it first, and write the file's path")
        return
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        document.refuse(key, *_nothing_there(source, path))
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "that is not a file's name").lower()
        document.refuse(key, f"cannot be opened: {reason}, found {shown(source)}")
    else:
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            what = f"is not a regular file (a pipe or a device), found {shown(source)}"
            document.refuse(key, what, "copy its content to a file")


def _nothing_there(source: str, path: Path) -> tuple[str, str]:
    """What is wrong, and the name that was probably meant."""
    beside = _data_files(path.parent)
    bare = path.parent / source == path  # no folder was named: a built-in set may be meant as well
    known = {name.casefold(): name for name in (*(BUILTIN if bare else ()), *beside)}
    near = difflib.get_close_matches(path.name.casefold(), known, n=1)
    meant = f"did you mean '{safe(str(Path(source).with_name(known[near[0]])))}'?" if near else ""
    if bare and not path.suffix:
        what = f"there is no data set or file of that name, found {shown(source)}"
        return what, meant or did_you_mean(source, BUILTIN, "built-in")
    if not path.parent.is_dir():
        return f"there is no such folder, found {shown(source)}", _START
    listed = ", ".join(safe(name) for name in beside[:_MOST_LISTED])
    more = f" and {len(beside) - _MOST_LISTED} more" if len(beside) > _MOST_LISTED else ""
    there = f"in that folder: {listed}{more}" if beside else _START
    return f"there is no such file, found {shown(source)}", meant or there


def _data_files(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.name.lower().endswith(_ENDINGS))
    except (OSError, ValueError):
        return []
