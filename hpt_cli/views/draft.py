"""What ``hpt init`` found and wrote."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from hpt_cli.views.console import FAINT
from hpt_cli.views.text import clean

if TYPE_CHECKING:
    from hpt_cli.proposal import Draft


def show_draft(console: Console, draft: Draft, written: Sequence[Path]) -> None:
    """The notes on the data, the files, and what to type next."""
    wide = not console.is_terminal
    for note in draft.notes:
        console.print(Text.assemble(("note: ", FAINT), clean(note)), soft_wrap=wide)
    for file in written:
        console.print(Text.assemble(("written: ", FAINT), clean(str(file))), soft_wrap=wide)
    config = shlex.quote(str(draft.path))
    console.print(
        Text.assemble(("next: ", FAINT), f"hpt plan {config}", (", then ", FAINT), f"hpt run {config}")
    )
