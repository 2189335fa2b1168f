"""`execution`: by what means trials are run."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from hpt_cli.config.hyperparameters import whole_number
from hpt_cli.config.messages import Refused, shown
from hpt_cli.config.models.values import WHOLE, Model, Seconds, Trials, checked

ENGINES = ("local", "dask")


def _workers(value: Any) -> int | None:
    if value == "auto":
        return None
    if isinstance(value, str) or value is None:
        raise Refused(f"must be auto or a whole number, found {shown(value)}", "write auto")
    number, most = whole_number(value), 4 * (os.cpu_count() or 1)
    if not 1 <= number <= most:
        raise Refused(f"must be 1 to {most} (4 for each core), found {number}", "write auto")
    return number


class Execution(Model):
    """By what means trials are run; changes no finished result."""

    workers: Annotated[
        Any,
        PlainValidator(checked(_workers)),
        WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]}),
    ] = Field(
        default="auto",
        validate_default=True,
        description="Worker processes: `auto` or a number, up to 4 for each core.",
    )
    engine: Literal[ENGINES] = Field(  # type: ignore[valid-type]
        default="local",
        description="Where trials run: in processes on this machine, or on the workers of a Dask cluster.",
    )
    address: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Of a running Dask scheduler, `tcp://host:8786`; left out, a cluster on this machine.",
    )
    trial_timeout: Seconds = Field(
        default=None,
        description="The longest a trial may take: `90s`, `10m`, `1h30m` or seconds; null: no limit.",
    )
    max_failures: Trials = Field(default=20, description="Failed trials after which the study stops.")
    max_first_failures: Trials = Field(
        default=3,
        description="If so many trials, the study's very first, all fail with the same message, it stops: "
        "then it is the code, not the params.",
    )
    retries: Annotated[int, Field(ge=0, le=100), WHOLE] = Field(
        default=1, description="How often a trial is tried again whose worker process died under it."
    )
    threads_per_worker: Annotated[int, Field(ge=1, le=1024), WHOLE] = Field(
        default=1,
        description="BLAS threads of each worker. Part of the study, unlike the rest of this section: it may "
        "change the last bits of a result.",
    )
