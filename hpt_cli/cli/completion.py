"""``hpt completion``: what a shell must know to complete commands, options, studies and configs."""

from __future__ import annotations

import click

from hpt_cli.cli import options

_VARIABLE = "_HPT_COMPLETE"  # what Click looks for when it is started under the name hpt


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@options.debug
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the lines that let a shell complete hpt: commands, options, configs, studies, trials.

    They go into a file that the shell reads when it starts.  Bash must be 4.4 or newer.

    \b
    Example:
        hpt completion bash >> ~/.bashrc
        hpt completion zsh >> ~/.zshrc
        hpt completion fish > ~/.config/fish/completions/hpt.fish
    """
    from click.shell_completion import get_completion_class

    make = get_completion_class(shell)
    if make is None:
        raise click.UsageError(f"this version of Click cannot complete in {shell}")
    source = make(ctx.find_root().command, {}, "hpt", _VARIABLE).source()
    if shell == "bash":  # after KEY= the value follows, without a blank
        source = source.replace(
            "    return 0\n", '    [[ "${COMPREPLY[*]}" == *= ]] && compopt -o nospace\n    return 0\n'
        )
    elif shell == "zsh":  # completion has to be on before anything can be added to it
        source = f"autoload -Uz compinit && (( $+functions[compdef] )) || compinit\n{source}"
    print(source.strip())
