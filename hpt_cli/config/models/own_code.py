"""`command` and `args`: how a program of the user's is called."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from hpt_cli.config.messages import Refused, plain_number, safe, shown
from hpt_cli.config.models.values import Model, checked
from hpt_cli.objectives import settings as own


def _words(value: Any) -> str | tuple[str, ...]:
    """A command: one text, or a list of words, of which numbers may be some."""
    if value is None or value == [] or (isinstance(value, str) and not value.strip()):
        raise Refused("is empty", _COMMAND)
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise Refused(f"must be a text or a list of words, found {shown(value)}", _COMMAND)
    for word in value:
        if isinstance(word, dict) and len(word) == 1 and None in word.values():
            name = next(iter(word))
            raise Refused("braces without quotes are a mapping in YAML", f'write "{{{safe(str(name))}}}"')
        if isinstance(word, bool) or not isinstance(word, (str, int, float)):
            raise Refused(f"must be a list of words, found {shown(word)} in it", "quote it")
    return tuple(word if isinstance(word, str) else plain_number(word) for word in value)


_COMMAND = "write command: python train.py --lr {learning_rate}"
Command = Annotated[
    Any,
    PlainValidator(checked(_words)),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
            ]
        }
    ),
]


class Args(Model):
    """How `{args}` is spelled."""

    form: Literal[own.FORMS] = Field("--name value", description="How a param is written.")  # type: ignore[valid-type]
    names: Literal[own.NAMES] = Field(  # type: ignore[valid-type]
        "as_written", description="How its name is written: as under `space`, or with - for _."
    )
    booleans: Literal[own.BOOLEANS] = Field(  # type: ignore[valid-type]
        "value",
        description="How true and false are written: `--bias true`; `--bias` or nothing; `--bias` or "
        "`--no-bias`.",
    )
