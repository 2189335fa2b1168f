"""`search`: how the space is searched, by which rounds, and which trials are ended early."""

from __future__ import annotations

from dataclasses import Field as DataclassField
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field, Tag, create_model

from hpt_cli.config.models.values import MAX_TRIALS, REAL, WHOLE, Model, Scalar, Seconds, Trials, either
from hpt_cli.pruning import METHODS
from hpt_cli.rounds.settings import RefineSettings

STRATEGIES = ("grid", "random", "sobol", "bayes")
Strategy = Literal[STRATEGIES]  # type: ignore[valid-type]
Repeats = Annotated[int, Field(ge=1, le=1000), WHOLE]


class Round(Model):
    """One round; what is left out is as in `search`."""

    strategy: Strategy | None = Field(
        default=None, description="How params are chosen; left out, `search.strategy`."
    )
    trials: Trials | None = Field(
        default=None, description="Trials of this round; left out, `search.trials`."
    )
    repeats: Repeats | None = Field(
        default=None, description="Trainings a trial; left out, `search.repeats`."
    )


class Prune(Model):
    """How poor trials are ended early."""

    method: Literal[METHODS] = Field(  # type: ignore[valid-type]
        default="none",
        description="`none` trains every trial to its end. `successive_halving` and `hyperband` judge the "
        "trials of a bracket against each other at each rung; `median` ends a trial that is worse than the "
        "median of earlier ones was at the same epoch.",
    )
    reduction: Annotated[int, Field(ge=2, le=100), WHOLE] | None = Field(
        default=None, description="At each rung of a bracket one of so many trials goes on: 3 if left out."
    )
    first_rung: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = Field(
        default=None,
        description="The first epoch at whose end trials are judged: a ninth of all if left out.",
    )
    bracket: Annotated[int, Field(ge=2, le=MAX_TRIALS), WHOLE] | None = Field(
        default=None,
        description="Trials of a bracket of `successive_halving`; left out, so many that one of them is "
        "trained to its end: 9 with two rungs.",
    )
    every: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = Field(
        default=None, description="Epochs between two looks of the `median` rule: 1 if left out."
    )
    least: Annotated[int, Field(ge=1, le=MAX_TRIALS), WHOLE] | None = Field(
        default=None,
        description="So many earlier trials must have come to an epoch for their `median` to count: 5 if "
        "left out.",
    )


def _refine_number(number: DataclassField[Any]) -> Any:
    bounds = Field(**number.metadata["bounds"])
    kind = Annotated[int, bounds, WHOLE] if number.type == "int" else Annotated[float, bounds, REAL]
    return (kind, Field(default=number.default, description=number.metadata["about"]))


Refine = create_model(
    "Refine",
    __base__=Model,
    __doc__="How boldly a round moves on from the one before.",
    **{number.name: _refine_number(number) for number in fields(RefineSettings)},
)
"""Fields of the settings."""


class Search(Model):
    """How the space is searched."""

    strategy: Strategy = Field(default="bayes", description="How params are chosen.")
    trials: Trials | None = Field(
        default=None, description="Trials in each round: 20 if left out; of a grid, always the whole product."
    )
    repeats: Repeats = Field(
        default=1, description="Trainings of each trial, every one with a seed of its own."
    )
    parallel: Annotated[int, Field(ge=1, le=256), WHOLE] = Field(
        default=4,
        description="How many trials may be open when the next is chosen. Part of the study: it changes what "
        "is chosen, the number of workers does not.",
    )
    model: Literal["gp", "skopt"] = Field(
        default="gp",
        description="What `bayes` believes by: our own Gaussian process, or scikit-optimize's.",
    )
    budget: Seconds = Field(
        default=None,
        description="How long the study may take, all its runs together: `20m`, `8h` or seconds; null: no "
        "limit. May change between two runs.",
    )
    target: Annotated[float, REAL] | None = Field(
        default=None,
        description="The study ends when a trial's objective is as good as this; null: all trials are run. "
        "May change between two runs.",
    )
    rounds: Annotated[
        Annotated[int, Field(ge=1, le=100), WHOLE, Tag("number")]
        | Annotated[Annotated[list[Round], Field(min_length=1, max_length=100)], Tag("list")],
        either("list", "number", list),
    ] = Field(default=1, description="Coarse to fine: how many rounds, or a list of them.")
    refine: Refine = Field(  # type: ignore[valid-type]
        default_factory=Refine, description="How a round moves on from the one before (refine.md)."
    )
    enqueue: list[dict[str, Scalar]] = Field(
        default_factory=list,
        description="Params to try first, before the strategy chooses: `[{learning_rate: 0.01}]`. What an "
        "entry leaves out is drawn from the space.",
    )
    warm_start: list[Annotated[str, Field(min_length=1)]] = Field(
        default_factory=list,
        description="Folders of earlier studies whose trials `bayes` learns from, with doubt, where they fit "
        "the space. They are copied when the study is made.",
    )
    prune: Prune = Field(default_factory=Prune, description="How poor trials are ended early.")
