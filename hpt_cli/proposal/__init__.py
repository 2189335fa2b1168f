"""A first config for somebody's data: ``hpt init``.

What is proposed follows from the data alone, never from a clock: the same file gives the same config.
"""

from hpt_cli.proposal.command import command_draft, command_name
from hpt_cli.proposal.starter import SCHEMA_FILE, Draft, TargetMissingError, data_draft, study_name

__all__ = [
    "SCHEMA_FILE",
    "Draft",
    "TargetMissingError",
    "command_draft",
    "command_name",
    "data_draft",
    "study_name",
]
