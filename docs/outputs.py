"""The commands in the pages, run: ``python docs/outputs.py`` (or ``make docs``) writes what they show.

Every ``console`` block is run, in the order of the page, in an empty folder of the page that sees
``configs/`` and ``docs/``; what a command shows in a terminal takes the place of what stood there.  A line
that begins with ``$`` is a command; ``hpt run`` and its kin show their plain lines, of which the first and
the last stay.  ``python`` blocks that follow a line ``<!-- run -->`` are run, too, and may print nothing.

What follows the clock, the machine or its rounding, is masked where :func:`same` compares two outputs: every
number, the widths that follow from them, and which trials were done first.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = tuple(ROOT / "docs" / name for name in ("tutorial.md", "own-code.md", "errors.md"))
WIDTH = 100  # columns of the terminal
BLOCK = re.compile(r"```console\n(\$ .*?)```\n|<!-- run -->\n```python\n(.*?)```\n", re.DOTALL)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
RUNS = re.compile(r"hpt (run|refine|confirm)\b(?!.*--dry-run)")
BRIEF = re.compile(r"hpt (init|run)\b")
TRIAL = re.compile(r"\[\d+/\d+\] ")
KEPT = 2  # lines of a run's trials, before the dots
NUMBER = re.compile(r"[-+]?(\d[\d,]*\.?\d*|\.\d+)(e[-+]?\d+)?%?")
SPAN = re.compile(
    r"#( to #)? (s|seconds|min|minutes|h|hours)\b( # (s|min)\b)?"
)  # a slower machine's is longer
PICTURE = re.compile(r"[▁▂▃▄▅▆▇█━─⠀-⣿]+")


class Ran(NamedTuple):
    """A command of a page, and what it showed."""

    command: str
    shown: str
    status: int


def in_terminal(command: str, folder: Path) -> Ran:
    """What a shell's ``command`` shows in a terminal of WIDTH columns, without colors."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in ("COLUMNS", "LINES", "HPT_RUNS_DIR")
        },
        "TERM": "dumb" if RUNS.match(command) else "xterm",
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHON": sys.executable,
    }
    script = f'hpt() {{ "$PYTHON" -m hpt_cli "$@"; }}\npython() {{ "$PYTHON" "$@"; }}\n{command}'
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        stdin=subprocess.DEVNULL,  # nobody is there to be asked
        stdout=follower,
        stderr=follower,
        env=environment,
    ) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the terminal's other end is closed
                break
            if not part:
                break
            shown += part
    os.close(leader)
    text = ESCAPES.sub("", shown.decode()).replace("\r\n", "\n")
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return Ran(command, "\n".join(_shortened(lines) if RUNS.match(command) else lines), process.returncode)


def _shortened(lines: list[str]) -> list[str]:
    """A run's lines with dots for all but the first and the last of its trials."""
    kept: list[str] = []
    trials = [index for index, line in enumerate(lines) if TRIAL.match(line)]
    for index, line in enumerate(lines):
        if index not in trials[KEPT:-1]:
            kept.append(line)
        elif index == trials[KEPT]:
            kept.append("...")
    return kept


def rewritten(page: str, folder: Path, ran: list[Ran] | None = None, *, brief: bool = False) -> str:
    """A page's text with what its commands show now.

    Args:
        page: Its text.
        folder: Where its commands are run.
        ran: Takes each of them.
        brief: Leave out what ``hpt init`` and ``hpt run`` show.
    """

    def run(block: re.Match[str]) -> str:
        if block[1] and block[1].startswith("$ make"):
            return block[0]  # sets up an environment: too long, and nothing to show
        if block[2] is not None:
            _run_python(block[2], folder)
            return block[0]
        lines = []
        for command in re.findall(r"^\$ (.*)$", block[1], re.MULTILINE):
            result = in_terminal(command, folder)
            if ran is not None:
                ran.append(result)
            told = result.shown and not (brief and BRIEF.match(command))
            lines += [f"$ {command}", *([result.shown] if told else [])]
        return "```console\n" + "\n".join(lines) + "\n```\n"

    return BLOCK.sub(run, page)


def _run_python(code: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)


def same(page: str, other: str) -> bool:
    """Whether two texts of a page differ in numbers and pictures of numbers alone."""
    return list(masked(page)) == list(masked(other))


def masked(page: str) -> Iterator[str]:
    """The lines of a page without what may differ."""
    for line in page.splitlines():
        if TRIAL.match(line):  # which trial is done first, and is the best so far, is the workers' affair
            yield "[#/#] trial"
            continue
        masked = SPAN.sub("# s", NUMBER.sub("#", PICTURE.sub("", line)))
        yield re.sub(r"\s+", " ", masked).strip()


def empty_folder(path: Path) -> Path:
    """Make ``path`` a folder in which a page's commands can be run."""
    path.mkdir()
    for part in ("configs", "docs"):
        (path / part).symlink_to(ROOT / part)
    return path


def picture(folder: Path) -> None:
    """Draw the leaderboard as a terminal shows it."""
    from rich.console import Console

    from hpt_cli.store import StudyStore
    from hpt_cli.views.leaderboard import show
    from hpt_cli.views.standing import standing_of

    with Path(os.devnull).open("w") as nowhere:
        console = Console(
            record=True, force_terminal=True, width=110, file=nowhere, markup=False, highlight=False
        )
        store = StudyStore.find(folder / "runs", "digits")
        os.chdir(folder)
        standing = standing_of(StudyStore.find(Path("runs"), store.name))
        show(console, standing, standing.board.rows[:8])
        console.save_svg(str(ROOT / "docs" / "leaderboard.svg"), title="hpt show digits --top 8")


def main(names: list[str]) -> None:
    """Write the pages of these names again, or every page and the picture."""
    with tempfile.TemporaryDirectory() as name:
        for page in (README, *PAGES):
            text = page.read_text(encoding="utf-8")
            if (names and page.name not in names) or not BLOCK.search(text):
                continue
            print(page.name, file=sys.stderr)
            folder = empty_folder(Path(name) / page.stem)
            page.write_text(rewritten(text, folder, brief=page == README), encoding="utf-8")
            if page == README:
                picture(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
