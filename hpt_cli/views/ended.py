"""Why a study ended before all of its trials were run, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpt_cli.endings import Ended, Reason
from hpt_cli.views.text import duration, number, plural


def ended_note(study: Mapping[str, Any], finished: int, planned: int) -> str | None:
    """How a study ended and how to go on; ``None`` if it has not, or has all of its trials.

    Args:
        study: What ``study.json`` has.
        finished: Trials with a result.
        planned: Trials of all rounds.
    """
    ended = Ended.from_study(study)
    if ended is None or ended.reason not in _ENDINGS or finished >= planned:
        return None
    how, setting = _ENDINGS[ended.reason](ended, study["config"]["search"])
    of = f"{finished} of {plural(planned, 'trial')}"
    return f"ended after {of}{how}; the same command goes on with {setting}"


def _by_budget(ended: Ended, search: Mapping[str, Any]) -> tuple[str, str]:
    budget = search.get("budget") or ended.seconds or 0.0
    return f" by its budget of {duration(budget)}", f"--set search.budget={2 * budget:g}s"


def _by_target(ended: Ended, search: Mapping[str, Any]) -> tuple[str, str]:
    target = search.get("target")
    reached = "" if target is None else f", {number(target)}"
    return f": trial {ended.trial} reached the target{reached}", "--set search.target=null"


def _by_failures(_ended: Ended, _search: Mapping[str, Any]) -> tuple[str, str]:
    return " by its failures", "--retry-failed when the cause is mended"


_ENDINGS = {Reason.BUDGET: _by_budget, Reason.TARGET: _by_target, Reason.FAILURES: _by_failures}
