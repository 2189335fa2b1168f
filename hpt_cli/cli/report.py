"""``hpt report``: a study as one page of HTML."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hpt_cli.cli import options
from hpt_cli.cli.output import STDOUT, check_place
from hpt_cli.errors import CannotWriteError, InputError, brief


@click.command("report")
@options.study
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The page to write; - is stdout.  [default: the study's name and .html]",
)
@options.top
@click.option("--force", is_flag=True, help="Write over a file that is not a report.")
@options.runs_dir
@options.debug
def command(study: str | None, output: str | None, top: int, force: bool, runs_dir: Path) -> None:
    """Write a study as one page of HTML, to look at or to send.

    The page needs nothing else: no network, no script.  It holds the leaderboard, the confirmation, pictures
    of the trials and of each dimension, the best trials' learning curves, the rounds and the config.  An
    earlier report is replaced; the study may be running.  The path of the page goes to stdout.

    STUDY is a name under the runs folder, or a folder; left out, it is the newest.

    \b
    Example:
        hpt report digits
        hpt report digits -o report.html --top 30
    """
    from hpt_cli.cli.running import warn
    from hpt_cli.store import StudyStore
    from hpt_cli.views.page import page
    from hpt_cli.views.standing import standing_of

    store = StudyStore.find(runs_dir, study)
    path = None if output == STDOUT else _place(store.folder.resolve().name, output, force=force)
    standing = standing_of(store)
    warn(store, standing)
    content = page(store, standing, top).encode("utf-8", "backslashreplace")
    if path is None:
        sys.stdout.buffer.write(content)
        return
    from hpt_cli.files import publish

    try:
        publish(path, content)
    except OSError as error:
        raise CannotWriteError(f"{path}: the report cannot be written ({brief(error)})") from error
    print(path)


def _place(study: str, output: str | None, *, force: bool) -> Path:
    """Where the page belongs.

    Raises:
        InputError: There is something else already, no ordinary file, or no such folder.
    """
    from hpt_cli.views.page import BEGINNING

    name = f"{study}.html"
    path = Path(output or name)
    check_place(path, name)
    if force or not path.exists():
        return path
    beginning = BEGINNING.encode()
    try:
        with path.open("rb") as file:
            ours = file.read(len(beginning)) == beginning
    except OSError as error:
        raise InputError(f"{path}: is there already, and cannot be read ({brief(error)})") from error
    if not ours:
        raise InputError(
            f"{path}: is there already and not a report; --force writes over it, --output NAME.html beside it"
        )
    return path
