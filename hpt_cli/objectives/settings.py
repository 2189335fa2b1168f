"""What a config says of the user's own code: plain frozen values, light enough for a view to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMS = ("--name value", "--name=value", "name=value")
"""How ``{args}`` writes a param."""
NAMES = ("as_written", "dashes")
"""How ``{args}`` writes a name: ``learning_rate`` or ``learning-rate``."""
BOOLEANS = ("value", "flag", "flag_or_no")
"""How ``{args}`` writes true and false: ``--b true``; ``--b`` or nothing; ``--b`` or ``--no-b``."""

RESERVED = ("args", "dir", "params", "python", "repeat", "results", "seed", "trial")
"""Names that no dimension of own code may have: they are placeholders, or what a function is given."""


@dataclass(frozen=True)
class ArgsSettings:
    """How ``{args}`` is spelled.

    Args:
        form: One of :data:`FORMS`.
        names: One of :data:`NAMES`.
        booleans: One of :data:`BOOLEANS`; flags need a form with dashes.
    """

    form: str = "--name value"
    names: str = "as_written"
    booleans: str = "value"


@dataclass(frozen=True)
class CommandSettings:
    """A program that trains.

    Args:
        words: The program and its arguments, with placeholders; of a shell, one text.
        shell: Whether the one text is given to ``/bin/sh``, with every value quoted.
        args: How ``{args}`` is spelled.
        env: Environment variables that are set besides the inherited ones, with placeholders.
        results: A file in the trial's own folder that the command writes its results to; ``None`` if none.
    """

    words: tuple[str, ...]
    shell: bool = False
    args: ArgsSettings = ArgsSettings()
    env: Mapping[str, str] = field(default_factory=dict)
    results: str | None = None

    def to_json(self) -> dict[str, Any]:
        """By the keys of a config's root."""
        return {
            "command": self.words[0] if self.shell else list(self.words),
            "shell": self.shell,
            "args": {"form": self.args.form, "names": self.args.names, "booleans": self.args.booleans},
            "env": dict(self.env),
            "results": self.results,
        }


@dataclass(frozen=True)
class FunctionSettings:
    """A Python function that trains.

    Args:
        module: Dotted; it is looked for in the config's folder first.
        name: Of the function, dotted if it is an attribute of something in the module.
    """

    module: str
    name: str

    def to_json(self) -> dict[str, Any]:
        """By the keys of a config's root."""
        return {"function": f"{self.module}:{self.name}"}


OwnCode = CommandSettings | FunctionSettings


def own_code_from_json(resolved: Mapping[str, Any]) -> OwnCode | None:
    """The inverse of ``to_json``; ``None`` where a resolved config holds neither.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: It is not what ``to_json`` has written.
    """
    if "function" in resolved:
        module, _, name = resolved["function"].partition(":")
        return FunctionSettings(str(module), str(name))
    if "command" in resolved:
        command = resolved["command"]
        return CommandSettings(
            words=(command,) if resolved["shell"] else tuple(map(str, command)),
            shell=bool(resolved["shell"]),
            args=ArgsSettings(**resolved["args"]),
            env={str(name): str(value) for name, value in resolved["env"].items()},
            results=resolved["results"],
        )
    return None
