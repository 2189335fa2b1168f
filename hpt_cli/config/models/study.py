"""A whole config: its sections, and what stands beside them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hpt_cli.config.models.data import Data
from hpt_cli.config.models.execution import Execution
from hpt_cli.config.models.network import Network
from hpt_cli.config.models.own_code import Args, Command
from hpt_cli.config.models.search import Search
from hpt_cli.config.models.space import Entry
from hpt_cli.config.models.values import Model, Scalar, Seed

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""A study's name is a folder's: one safe part of a path."""


class Objective(Model):
    """The number a trial is judged by."""

    metric: str = Field(
        default="validation_loss",
        description="`validation_` or `training_` and `loss`, `accuracy`, `balanced_accuracy`, `f1_macro`, "
        "`auc`, `rmse`, `mae` or `r2`.",
    )
    goal: Literal["minimize", "maximize"] | None = Field(
        default=None, description="Whether less or more is better; left out, what the metric's name says."
    )


class Config(Model):
    """A study."""

    name: Annotated[str, Field(pattern=NAME_PATTERN)] | None = Field(
        default=None, description="The folder under `runs/`; left out, the file's name."
    )
    seed: Seed = Field(default=0, description="Root of every draw.")
    data: Data | None = Field(default=None, description="Where the rows come from.")
    objective: Objective = Field(default_factory=Objective, description="The number a trial is judged by.")
    network: Network = Field(  # type: ignore[valid-type]
        default_factory=Network,
        description="What is fixed; a name stands here or under `space`, never in both.",
    )
    command: Command = Field(
        default=None,
        description="Your own program, as one text or a list of words, with placeholders in braces.",
    )
    shell: bool = Field(
        default=False, description="Give the text of `command` to `/bin/sh`, with every value quoted."
    )
    args: Args = Field(
        default_factory=Args,  # type: ignore[arg-type]
        description="How `{args}` is spelled.",
    )
    env: dict[str, Scalar] = Field(
        default_factory=dict,
        description="Environment variables for the command, besides the inherited ones; with placeholders.",
    )
    results: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="A JSON file in `{dir}` that the command writes its results to, if it prints none.",
    )
    function: str | None = Field(
        default=None, description="Your own Python function, as `package.module:name`."
    )
    space: dict[str, Entry] = Field(description="What is searched.")
    constraints: list[str] = Field(
        default_factory=list, description="Expressions that every trial's params make true."
    )
    search: Search = Field(default_factory=Search, description="How the space is searched.")
    execution: Execution = Field(
        default_factory=Execution, description="By what means trials are run; changes no finished result."
    )
