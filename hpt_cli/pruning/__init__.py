"""Which trials are not worth training to their end: rungs, brackets, and who goes on."""

from hpt_cli.pruning.brackets import KEYS, METHODS, Bracket, Brackets, PruneSettings, epochs_planned, rungs_of
from hpt_cli.pruning.pruners import NoPruner, Pruner, Verdict, make_pruner

__all__ = [
    "KEYS",
    "METHODS",
    "Bracket",
    "Brackets",
    "NoPruner",
    "PruneSettings",
    "Pruner",
    "Verdict",
    "epochs_planned",
    "make_pruner",
    "rungs_of",
]
