"""The command ``hpt``: finds the command's module when it is called, and turns our errors into messages."""

from __future__ import annotations

import difflib
import importlib
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import click

from hpt_cli import __version__
from hpt_cli.cli import options
from hpt_cli.errors import HptError

COMMANDS: Mapping[str, str] = {
    "init": "Write a first config for your data.",
    "run": "Run a study, or go on with it, and show its leaderboard.",
    "refine": "Search on where a study's best may be: from coarse to fine.",
    "why": "Say what each round did to a dimension, and why.",
    "show": "Rank a study's finished trials, best first.",
    "report": "Write a study as one page of HTML, to look at or to send.",
    "plan": "Check a config and show what it would do; run nothing.",
    "trial": "Show all that is known of one trial.",
    "logs": "Print what own code wrote in a trial.",
    "best": "Print the best trial's params.",
    "confirm": "Train the contenders on new seeds, choose one, and test it.",
    "predict": "Apply the best model to the rows of a file.",
    "verify": "Train trials again and say whether every bit agrees.",
    "list": "Compare the studies: how far each has come, and the best of each.",
    "completion": "Print what a shell needs to complete hpt.",
    "schema": "Print the JSON Schema of a config, for editors.",
}
"""Every command and its line in the help; each is ``command`` in the module of its name beside this one."""


class HptGroup(click.Group):
    """Imports a command when it is called; an ``HptError`` becomes a message and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands, those that one needs first at the top."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"hpt_cli.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(COMMANDS)}"
            ctx.fail(f"no such command {name!r}; {hint}")
        ctx.meta[options.WORDS] = tuple(args[1:])
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except HptError as error:
            from hpt_cli.views.text import clean, folded

            if ctx.meta.get(options.DEBUG):
                traceback.print_exc()
            for line in f"hpt: {error}".split("\n"):
                print(folded(clean(line), sys.stderr), file=sys.stderr)
            raise SystemExit(error.exit_status) from error


@click.group(cls=HptGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hpt", message="%(prog)s %(version)s")
@options.debug
def app() -> None:
    """Tune hyperparameters: one YAML file in, a leaderboard that can be believed out.

    \b
    Example:
        hpt run configs/digits.yaml
        hpt show digits --top 3
    """
