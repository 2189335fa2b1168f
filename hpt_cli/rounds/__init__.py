"""Where to look next: coarse to fine."""

from hpt_cli.rounds.decision import LEAST_FINISHED, LEAST_WIDTH, next_space
from hpt_cli.rounds.plan import Move, RoundPlan

__all__ = ["LEAST_FINISHED", "LEAST_WIDTH", "Move", "RoundPlan", "next_space"]
