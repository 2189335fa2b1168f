"""Where to look next: coarse to fine."""

from hpt_cli.rounds.cost import Cost, expected_cost
from hpt_cli.rounds.decision import (
    LEAST_FINISHED,
    Decision,
    believed_best,
    decide,
    why_no_belief,
)
from hpt_cli.rounds.plan import Evidence, Move, RoundPlan
from hpt_cli.rounds.ranges import Limits
from hpt_cli.rounds.settings import RefineSettings
from hpt_cli.rounds.situation import Situation, measured_noise, wanted_reruns
from hpt_cli.rounds.words import sentence

__all__ = [
    "LEAST_FINISHED",
    "Cost",
    "Decision",
    "Evidence",
    "Limits",
    "Move",
    "RefineSettings",
    "RoundPlan",
    "Situation",
    "believed_best",
    "decide",
    "expected_cost",
    "measured_noise",
    "sentence",
    "wanted_reruns",
    "why_no_belief",
]
