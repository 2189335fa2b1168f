import os
import subprocess
from contextlib import chdir

import pytest
from click.testing import CliRunner

from hpt_cli.cli.app import app


@pytest.fixture(scope="session")
def in_process():
    """``hpt`` in this process, which has imported what takes a second or two; its workers are processes.

    For tests of what a command does, not of how its process starts and ends.
    """

    def run(*arguments, folder=None):
        with chdir(folder or os.curdir):
            result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)

    return run
