"""Opening what a user named: regular files only, of a bounded size, with words for everything else."""

from __future__ import annotations

import errno
import gzip
import os
import re
import stat
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from hpt_cli.data import settings as limits
from hpt_cli.data.messages import Source, did_you_mean, escaped, listed
from hpt_cli.data.settings import BUILTIN

SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".npz", ".parquet")
IDX = "idx"
"""Stands for the suffix of MNIST's files, and of their folder."""
IDX_ENDINGS = ("ubyte", "ubyte.gz")
OTHERS = {
    ".pkl": "a pickle can run code when it is opened; save the arrays with numpy.savez(FILE, X=X, y=y)",
    ".pickle": "a pickle can run code when it is opened; save the arrays with numpy.savez(FILE, X=X, y=y)",
    ".joblib": "a pickle can run code when it is opened; save the arrays with numpy.savez(FILE, X=X, y=y)",
    ".npy": "one array has no labels; save both with numpy.savez(FILE, X=X, y=y)",
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".ods": "save the sheet as CSV",
    ".zip": "unpack it first",
    ".gz": "only .csv.gz, .tsv.gz and -ubyte.gz are unpacked here",
    ".txt": "name it .csv if commas, .tsv if tabs are between the cells",
}
BOM = b"\xef\xbb\xbf"
_ASCII = bytes(range(128))
_SEVERAL_BYTES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
MAGIC = {
    b"\x1f\x8b": "is compressed with gzip; add .gz to its name",
    b"PK\x03\x04": "is a zip archive (a spreadsheet?); save the table as CSV",
    b"\x93NUMPY": "is a NumPy array; save features and labels with numpy.savez(FILE, X=X, y=y)",
    b"PAR1": "is a Parquet file; name it .parquet",
    b"%PDF": "is a PDF; export the table as CSV",
    b"\x89PNG": "is a picture; expected a table",
    b"SQLite format": "is a database; export the table as CSV",
}
TEXTS = {
    b"<": "is a web page or XML, no table; was a page saved in place of the file behind it?",
    b"version https://git-lfs": "is only a pointer of Git LFS; get the file itself: git lfs pull",
    b"@relation": "is an ARFF file; export the table as CSV",
    b'[{"': "is JSON; export the table as CSV",
    b'{"': "is JSON; export the table as CSV",
}
"""How texts begin that are no tables, in small letters."""


def locate(source: str, folder: Path) -> tuple[Path, str]:
    """The path that a config means, and its suffix (``.csv.gz`` counts as one).

    Raises:
        DataError: The name's ending is none that is read, or there is nothing of that name.
    """
    if "\0" in source:
        raise Source(source).error("the path holds a NUL character; correct it")
    path = folder / Path(source).expanduser() if source.startswith("~/") else folder / source
    name = path.name.lower()
    suffix = next((s for s in sorted(SUFFIXES, key=len, reverse=True) if name.endswith(s)), "")
    known = f"a path must end in {', '.join(SUFFIXES)}"
    try:
        status = path.stat()
    except OSError as error:
        raise _unreachable(error, source, path) from None
    if stat.S_ISDIR(status.st_mode):
        if any(entry.name.endswith(IDX_ENDINGS) for entry in _entries(path)):
            return path, IDX
        raise Source(str(path)).error("is a folder; name a file in it")
    if name.endswith(IDX_ENDINGS):
        return path, IDX
    if not suffix:
        why = OTHERS.get(path.suffix.lower(), f"not a kind of file that is read; {known}")
        raise Source(str(path)).error(why)
    return path, suffix


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing if it cannot be listed."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _unreachable(error: OSError, source: str, path: Path) -> Exception:
    """What to say about a path that leads nowhere: most often a typing error, so the nearest name is told."""
    place = Source(str(path))
    if error.errno != errno.ENOENT:
        return place.error(f"cannot be opened: {error.strerror}")
    if path.is_symlink():
        return place.error(f"is a link to {escaped(str(path.readlink()))}, where nothing is")
    if not path.parent.is_dir():
        return place.error(
            "there is no such file, and no such folder; relative paths start at the config's folder"
        )
    if path.name == source and not path.suffix and not path.name.endswith(IDX_ENDINGS):
        return place.error(
            f"there is no such file, and no built-in set of that name; {did_you_mean(source, BUILTIN)}"
            f"built in are {', '.join(BUILTIN)}"
        )
    endings = (*SUFFIXES, *IDX_ENDINGS)
    beside = sorted(entry.name for entry in _entries(path.parent) if entry.name.lower().endswith(endings))
    hint = did_you_mean(path.name, beside) or (f"in that folder are {listed(beside)}; " if beside else "")
    return place.error(f"there is no such file; {hint}relative paths start at the config's folder")


def open_regular(path: Path) -> tuple[BinaryIO, int]:
    """The opened file and its size in bytes.  A FIFO or a device is refused without waiting for it.

    Raises:
        DataError: Not a regular file, empty, larger than 2 GiB, or not to be opened.
    """
    place = Source(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise place.error(f"cannot be opened: {error.strerror}") from None
    file = os.fdopen(descriptor, "rb")
    status = os.fstat(descriptor)
    problem = ""
    if not stat.S_ISREG(status.st_mode):
        problem = "is not a regular file (a pipe or a device); copy its content to a file"
    elif status.st_size == 0:
        problem = "is empty; expected data"
    elif status.st_size > limits.MAX_BYTES:
        problem = f"has {status.st_size:,} bytes; the limit is {limits.MAX_BYTES:,}"
    if problem:
        file.close()
        raise place.error(problem)
    return file, status.st_size


def expansion_limit(size: int) -> int:
    """How many bytes a compressed file of ``size`` bytes may grow to before it counts as a bomb."""
    return min(limits.MAX_BYTES, max(limits.FREE_EXPANSION, limits.MAX_EXPANSION * size))


def read_bytes(path: Path, *, compressed: bool) -> bytes:
    """The bytes of a file, unpacked.

    Raises:
        DataError: Damaged or too large.
    """
    place = Source(str(path))
    file, size = open_regular(path)
    with file:
        try:
            return _unpack(file, place, expansion_limit(size)) if compressed else file.read()
        except OSError as error:
            raise place.error(f"cannot be read: {error.strerror or error}") from None


def read_text(path: Path, *, compressed: bool) -> tuple[bytes, list[str]]:
    r"""A text file as UTF-8, unpacked, lines ending in ``\n``, and what deserves to be told about it.

    A byte order mark is taken off; lines before the names that start with ``#`` are made empty; a text that
    is no UTF-8 is read as Windows-1252, of which Latin-1's letters are a part.

    Raises:
        DataError: Damaged, too large, or not a text.
    """
    place = Source(str(path))
    content = read_bytes(path, compressed=compressed)
    for magic, what in MAGIC.items():
        if content.startswith(magic):
            raise place.error(what)
    content, notes = _as_utf8(content, place)
    if (
        b"\r" in content
    ):  # pandas 3.1 shifts the cells of a row that starts with "\r," between lines that end in "\n"
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    content, comments = _without_comments(content)
    if comments:
        notes.append(f"Lines before the names that start with #, passed over: {comments}.")
    if not content.strip():
        raise place.error("is empty; expected a line of column names and rows below it")
    if (nul := content.find(b"\0")) >= 0:
        what = "holds a NUL byte, so it is not a text; export the table again"
        if not content[1:40:2].strip(b"\0") or not content[0:40:2].strip(b"\0"):
            what = "seems to be UTF-16 without its first mark; save it as UTF-8"
        raise place.error(what, line=_line(content, nul))
    beginning = content[:200].lstrip().lower()
    for start, what in TEXTS.items():
        if beginning.startswith(start):
            raise place.error(what)
    start = content[: limits.MAX_LINE]
    if len(content) > limits.MAX_LINE and b"\n" not in start:
        raise place.error(
            f"the first line does not end within {limits.MAX_LINE:,} bytes: not a table", line=1
        )
    return content, notes


def _as_utf8(content: bytes, place: Source) -> tuple[bytes, list[str]]:
    """The text in UTF-8 without its byte order mark, and a note if it was in another encoding."""
    if content.startswith(UTF_16):
        try:
            return content.decode("utf-16").encode(), ["The file is in UTF-16."]
        except UnicodeError:
            raise place.error("is damaged UTF-16; save it as UTF-8") from None
    while content.startswith(BOM):  # two of them, where a file with one was saved again
        content = content[len(BOM) :]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        odd, line = content[error.start], _line(content, error.start)
        if is_damaged_utf8(*odd_bytes(content)):
            raise place.error(damaged_utf8(odd), line=line) from None
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError as second:
            what = f"byte 0x{content[second.start]:02x} is neither UTF-8 nor Latin-1; save the file as UTF-8"
            raise place.error(what, line=_line(content, second.start)) from None
        note = f"Not UTF-8 (byte 0x{odd:02x} in line {line:,}), so read as Latin-1 (Windows-1252)."
        return text.encode(), [note]
    return content, []


def odd_bytes(content: bytes) -> tuple[int, int]:
    """How many characters of several bytes are UTF-8, and how many other bytes are not ASCII."""
    characters = _SEVERAL_BYTES.findall(content)
    beyond_ascii = len(content.translate(None, _ASCII))
    return len(characters), beyond_ascii - sum(map(len, characters))


def is_damaged_utf8(characters: int, others: int) -> bool:
    """Whether a text with bytes that are no UTF-8 is meant as such all the same."""
    return characters > others


def damaged_utf8(odd: int) -> str:
    """What to say of it."""
    return f"byte 0x{odd:02x} is not UTF-8, as the other characters of the file are; correct it"


def _without_comments(content: bytes) -> tuple[bytes, int]:
    """The text with its first lines emptied that start with ``#``, and how many those are."""
    lines, comments = comment_lines(content)
    if not comments:
        return content, 0
    start = 0
    for _ in range(lines):
        end = content.find(b"\n", start)
        start = len(content) if end < 0 else end + 1
    return b"\n" * lines + content[start:], comments


def comment_lines(content: bytes) -> tuple[int, int]:
    """How many lines before the names are comments or empty, and how many of them are comments.

    A last one that has as many cells as the line below it is a line of names.
    """
    lines, start = [], 0
    while content.startswith(b"#", start) or content.startswith(b"\n", start):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        lines.append(content[start:end])
        start = end + 1
    below = content[start : content.find(b"\n", start)]
    if lines and any(lines[-1].count(mark) == below.count(mark) > 0 for mark in (b",", b";", b"\t", b"|")):
        lines.pop()
    comments = sum(line.startswith(b"#") for line in lines)
    return (len(lines), comments) if comments else (0, 0)


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _unpack(file: BinaryIO, place: Source, limit: int) -> bytes:
    unpacked = BytesIO()
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            while block := stream.read(2**20):
                unpacked.write(block)
                if unpacked.tell() > limit:
                    raise place.error(f"unpacks to more than {limit:,} bytes; unpack it and look at it first")
    except gzip.BadGzipFile:
        raise place.error(
            "is not compressed with gzip, or is damaged; drop .gz from its name or pack it again"
        ) from None
    except (EOFError, zlib.error):
        raise place.error("the gzip data is damaged or ends too early; copy or download it again") from None
    return unpacked.getvalue()
