"""The best trial's params: for reading, for a YAML file, for a command line."""

from __future__ import annotations

import shlex
from typing import Any

from hpt_cli.ranking import Row
from hpt_cli.space import Params
from hpt_cli.trial import finite
from hpt_cli.views.standing import Standing
from hpt_cli.views.text import clean, exact


def best_json(standing: Standing, best: Row) -> dict[str, Any]:
    """The best trial as plain JSON types."""
    return {
        "study": standing.name,
        "number": best.result.number,
        "params": dict(best.result.params),
        "metric": standing.metric,
        "objective": finite(best.result.objective),
        "metrics": {name: finite(of) for name, of in best.metrics.items()},
    }


def plain_best(standing: Standing, best: Row) -> list[str]:
    """A name, a tab and the whole value on each line."""
    lines = [f"trial\t{best.result.number}", f"{standing.metric}\t{exact(best.result.objective)}"]
    return lines + [f"params.{clean(name)}\t{exact(of)}" for name, of in best.result.params.items()]


def as_yaml(params: Params) -> str:
    """Lines for the ``network`` of a config."""
    import yaml

    return str(yaml.safe_dump(dict(params), sort_keys=False, allow_unicode=True)) if params else ""


def as_args(params: Params) -> str:
    """``--name=value`` for each, quoted for a shell; with ``=``, or ``-1e-4`` would look like an option."""
    return " ".join(shlex.quote(f"--{name}={exact(of)}") for name, of in params.items())
