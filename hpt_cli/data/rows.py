"""Rows to predict, a piece of the file at a time: its size does not matter, only that of a piece."""

from __future__ import annotations

import codecs
import gzip
import importlib
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from hpt_cli.data import settings as limits
from hpt_cli.data.files import (
    BOM,
    IDX,
    MAGIC,
    UTF_16,
    comment_lines,
    damaged_utf8,
    expansion_limit,
    is_damaged_utf8,
    locate,
    odd_bytes,
    open_regular,
)
from hpt_cli.data.messages import Source
from hpt_cli.data.raw import Array, Category, Numbers
from hpt_cli.data.tables import check_names, find_layout, looks_like_header, name_columns

if TYPE_CHECKING:
    import pandas as pd

ROWS = 50_000
"""Rows of a piece."""
BLOCK = 2**20
"""Bytes that are looked at at once."""


class Rows(ABC):
    """An opened file of rows, to be closed.

    Args:
        source: For messages; it holds the columns' names, where there are any.
        notes: What was found while it was opened.
        labels: Of all rows, where they are no column of them.
    """

    labels: Numbers | Category | None = None

    def __init__(self, source: Source, notes: Sequence[str] = ()) -> None:
        self.source = source
        self.notes = tuple(notes)

    def close(self) -> None:  # noqa: B027 - most hold no file open between pieces
        """Let go of the file."""

    @abstractmethod
    def pieces(self, texts: Collection[str]) -> Iterator[tuple[pd.DataFrame | Array, Source]]:
        """The rows in their order, a piece at a time, and the source to tell of problems in it.

        Args:
            texts: Names of the columns whose cells are wanted as they are written.

        Raises:
            DataError: The cells cannot be told apart.
        """


def open_rows(path: Path, *, header: bool = True, names: Sequence[str] = (), label: str = "") -> Rows:
    """Open a table (.csv, .tsv, also .gz, .parquet), an archive with ``X`` (.npz), or images (IDX).

    Args:
        path: Of the file.
        header: Whether the first line of a text holds the columns' names.
        names: Without a header, what the columns of the training table are called.
        label: The one of them that may be absent: the label.

    Raises:
        DataError: It is none of these, or damaged.
    """
    if path.suffix.lower() == ".npy" and path.is_file():
        raise Source(str(path)).error("a lone array; save it as an archive: numpy.savez(FILE, X=X)")
    found, suffix = locate(path.name or str(path), path.parent)
    if suffix == ".parquet":
        return ParquetRows(found)
    if suffix == ".npz":
        from hpt_cli.data.arrays import read_features

        return ArrayRows(Source(str(found), quotes=True), *read_features(found))
    if suffix == IDX:
        from hpt_cli.data.idx import read_images

        return ArrayRows(Source(str(found), quotes=True), *read_images(found))
    return TextRows(found, suffix, header=header, names=names, label=label)


class ArrayRows(Rows):
    """Rows of an array."""

    def __init__(self, source: Source, array: Array, labels: Numbers | Category | None) -> None:
        super().__init__(source)
        self._array, self.labels = array, labels

    def pieces(self, texts: Collection[str]) -> Iterator[tuple[Array, Source]]:  # noqa: ARG002, D102
        for start in range(0, len(self._array), ROWS):
            yield self._array[start : start + ROWS], replace(self.source, parts=((-start, self.source),))


class ParquetRows(Rows):
    """Rows of a Parquet file; pyarrow reads it."""

    def __init__(self, path: Path) -> None:
        place = Source(str(path))
        try:
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError:
            raise place.error(
                "reading Parquet needs pyarrow; install it: pip install 'hpt-cli[parquet]'"
            ) from None
        self._opened, _ = open_regular(path)
        try:
            self._file: Any = parquet.ParquetFile(self._opened)
            names = tuple(str(name) for name in self._file.schema_arrow.names)
        except (OSError, ValueError, KeyError, NotImplementedError):
            self.close()
            raise place.error("is damaged, or not a Parquet file; write it again") from None
        super().__init__(replace(place, quotes=looks_like_header(names), names=names))
        check_names(self.source, columns=1)

    def close(self) -> None:  # noqa: D102
        self._opened.close()

    def pieces(self, texts: Collection[str]) -> Iterator[tuple[pd.DataFrame, Source]]:  # noqa: ARG002, D102
        start = 0
        try:
            for batch in self._file.iter_batches(batch_size=ROWS):
                frame: pd.DataFrame = batch.to_pandas().reset_index(drop=True)
                name_columns(frame)
                yield frame, replace(self.source, parts=((-start, self.source),))
                start += len(frame)
        except (OSError, ValueError, NotImplementedError) as error:
            raise self.source.error(f"is damaged: {error}") from None


class TextRows(Rows):
    """Rows of a text; it is walked through twice before its cells are read, so that no mistake comes late."""

    def __init__(self, path: Path, suffix: str, *, header: bool, names: Sequence[str], label: str) -> None:
        self._path = path
        self._packed = suffix.endswith(".gz")
        place = Source(str(path))
        self._encoding, self._comments, notes = self._look(place)
        separator = "\t" if suffix.startswith(".tsv") else ","
        try:
            layout = find_layout(self._lines, separator, place, header, columns=1)
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            what = f"byte 0x{byte:02x} is neither UTF-8 nor Latin-1; save the file as UTF-8"
            raise place.error(what) from None
        own = layout.names
        if not header and label in names and len(own) == len(names) - 1:
            own = tuple(name for name in names if name != label)
        self._header, self._separator, self._line = header, layout.separator, layout.lines
        quotes = not header or looks_like_header(own)
        super().__init__(
            replace(place, lines=layout.lines, quotes=quotes, names=own), (*notes, *layout.notes)
        )
        check_names(self.source, header=header, columns=1)

    def pieces(self, texts: Collection[str]) -> Iterator[tuple[pd.DataFrame, Source]]:  # noqa: D102
        import pandas as pd

        unclear = self.source.error(
            "the rows cannot be told apart without doubt; write the file again with plain quotes"
        )
        with (
            self._open_text() as text,
            pd.read_csv(
                text,
                sep=self._separator,
                header=0 if self._header else None,
                names=list(self.source.names),
                index_col=False,
                dtype={name: str for name in texts if name in self.source.names},
                keep_default_na=False,
                na_filter=False,
                skiprows=self._comments,
                chunksize=ROWS,
                low_memory=False,
            ) as reader,
        ):
            start = 0
            while start < len(self._line):
                try:
                    frame = reader.get_chunk().reset_index(drop=True)
                except (ValueError, OSError, StopIteration):  # ParserError among them
                    raise unclear from None
                stop = start + len(frame)
                yield frame, replace(self.source, lines=self._line[start:stop])
                start = stop

    def _look(self, place: Source) -> tuple[str, int, list[str]]:
        """The text's encoding, how many lines before its names are comments, and notes."""
        first, line, size = b"", 1, 0
        decoder = codecs.getincrementaldecoder("utf-8")()
        odd: tuple[int, int] | None = None
        several = others = 0
        with self._open() as (file, packed_size):
            limit = expansion_limit(packed_size) if self._packed else limits.MAX_BYTES
            for block in _blocks(file, place):
                if not first:
                    for magic, what in MAGIC.items():
                        if block.startswith(magic):
                            raise place.error(what)
                    first = block
                size += len(block)
                if size > limit:
                    raise place.error(f"unpacks to more than {limit:,} bytes; unpack it and look at it first")
                if (nul := block.find(b"\0")) >= 0 and not first.startswith(UTF_16):
                    what = "holds a NUL byte, so it is not a text; export the table again"
                    raise place.error(what, line=line + block.count(b"\n", 0, nul))
                if odd is None:
                    try:
                        decoder.decode(block)
                    except UnicodeDecodeError as error:
                        byte = error.object[error.start]
                        odd = (byte, line + block.count(b"\n", 0, error.start))
                line += block.count(b"\n")
                counted = (0, 0) if block.isascii() else odd_bytes(block)
                several, others = several + counted[0], others + counted[1]
        if not first.strip(b"\r\n \t" + BOM):
            raise place.error("is empty; expected a line of column names and rows below it")
        head = first.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if first.startswith(UTF_16):
            return "utf-16", 0, ["The file is in UTF-16."]
        skipped, comments = comment_lines(head)
        notes = [f"Lines before the names that start with #, passed over: {comments}."] if comments else []
        if odd is None:
            return "utf-8-sig", skipped, notes
        if is_damaged_utf8(several, others):
            raise place.error(damaged_utf8(odd[0]), line=odd[1])
        what = f"Not UTF-8 (byte 0x{odd[0]:02x} in line {odd[1]:,}), so read as Latin-1 (Windows-1252)."
        return "cp1252", skipped, [what, *notes]

    @contextmanager
    def _open(self) -> Iterator[tuple[IO[bytes], int]]:
        """The unpacked bytes, and the size of the file."""
        file, size = open_regular(self._path)
        with file:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if self._packed else file, size

    @contextmanager
    def _open_text(self) -> Iterator[TextIOWrapper]:
        """The text with lines ending in a line feed, without a byte order mark."""
        with (
            self._open() as (file, _),
            TextIOWrapper(cast(BufferedReader, file), encoding=self._encoding, newline=None) as text,
        ):
            yield text

    def _lines(self) -> Iterator[str]:
        with self._open_text() as text:
            for _ in islice(text, self._comments):
                yield "\n"
            yield from text


def _blocks(file: IO[bytes], place: Source) -> Iterator[bytes]:
    try:
        while block := file.read(BLOCK):
            yield block
    except gzip.BadGzipFile:
        what = "is not compressed with gzip, or is damaged; drop .gz from its name or pack it again"
        raise place.error(what) from None
    except (EOFError, zlib.error):
        raise place.error("the gzip data is damaged or ends too early; copy or download it again") from None
    except OSError as error:
        raise place.error(f"cannot be read: {error.strerror or error}") from None
