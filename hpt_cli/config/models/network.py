"""`network`: what is fixed; a field for every hyperparameter of the registry."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema, create_model

from hpt_cli.config.hyperparameters import check_setting
from hpt_cli.config.models.values import Model, checked
from hpt_cli.config.schema import setting_schema
from hpt_cli.network.settings import HYPERPARAMETERS


def _setting(name: str) -> Any:
    value_type = Annotated[
        Any,
        PlainValidator(checked(lambda value: check_setting(name, value))),
        WithJsonSchema(setting_schema(name)),
    ]
    return (value_type, Field(default=None, alias=name, description=HYPERPARAMETERS[name].about))


Network = create_model(
    "Network",
    __base__=Model,
    __doc__="What is fixed; a name stands here or under `space`, never in both.",
    **{name.replace(".", "_"): _setting(name) for name in HYPERPARAMETERS},
)
"""Fields of the registry, by dotted name."""
