"""``hpt schema``: what an editor needs to complete and check a config."""

from __future__ import annotations

import click

from hpt_cli.cli import options


@click.command("schema")
@options.debug
def command() -> None:
    """Print the JSON Schema of a config.

    Editors that know it complete keys, show what they mean and mark mistakes while you type.

    \b
    Example:
        hpt schema > hpt.schema.json
        # then, as the first line of a config:
        # yaml-language-server: $schema=hpt.schema.json
    """
    from hpt_cli.config.describe import config_schema
    from hpt_cli.views.machine import to_json

    print(to_json(config_schema()))
