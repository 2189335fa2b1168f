"""Write the real output into the pages again: ``python docs/outputs.py`` (or ``make docs``).

Every block of a page that begins with ``$ hpt`` is run, in the order of the page, in an empty folder that
sees ``configs/`` and ``docs/``; what the command shows in a terminal takes the place of what stood there.
``$ hpt run`` alone keeps its place empty: its last screen is the picture, ``docs/leaderboard.svg``.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md",)
WIDTH = 100  # columns of the terminal
BLOCK = re.compile(r"```console\n(\$ hpt .*?)```\n", re.DOTALL)
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(command: str, folder: Path) -> str:
    """What ``command`` shows in a terminal of WIDTH columns, without colors."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
    program = [sys.executable, "-m", "hpt_cli", *shlex.split(command)[1:]]
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        program, cwd=folder, stdin=follower, stdout=follower, stderr=follower, env=environment
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
    if process.returncode not in (0, 2):  # 2: the page shows what a mistake is answered with
        raise SystemExit(f"{command} ended with {process.returncode}:\n{shown.decode()}")
    text = ESCAPES.sub("", shown.decode()).replace("\r\n", "\n")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def rewrite(page: Path, folder: Path) -> None:
    """Run the commands of one page and put in what they show."""

    def run(block: re.Match[str]) -> str:
        lines = []
        for command in re.findall(r"^\$ (hpt .*)$", block[1], re.MULTILINE):
            print("$", command, file=sys.stderr)
            shown = in_terminal(command.partition(" #")[0], folder)
            lines.append(f"$ {command}")
            if not command.startswith("hpt run"):
                lines.append(shown)
        return "```console\n" + "\n".join(lines) + "\n```\n"

    page.write_text(BLOCK.sub(run, page.read_text()))


def picture(folder: Path) -> None:
    """Draw the leaderboard as a terminal shows it."""
    from rich.console import Console

    from hpt_cli.store import StudyStore
    from hpt_cli.views.leaderboard import show
    from hpt_cli.views.standing import standing_of

    with Path(os.devnull).open("w") as nowhere:
        console = Console(
            record=True, force_terminal=True, width=WIDTH + 10, file=nowhere, markup=False, highlight=False
        )
        store = StudyStore.find(folder / "runs", "digits")
        os.chdir(folder)
        standing = standing_of(StudyStore.find(Path("runs"), store.name))
        show(console, standing, standing.board.rows[:8])
        console.save_svg(str(ROOT / "docs" / "leaderboard.svg"), title="hpt show digits --top 8")


def main() -> None:
    """Write every page again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("configs", "docs"):
            (folder / part).symlink_to(ROOT / part)
        for page in PAGES:
            rewrite(ROOT / page, folder)
        picture(folder)


if __name__ == "__main__":
    main()
