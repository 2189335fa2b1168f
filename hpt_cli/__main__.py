"""``hpt`` and ``python -m hpt_cli``."""

from __future__ import annotations

import errno
import gc
import sys

from hpt_cli.cli import signals


def main() -> None:
    """Run the command line; the only way out is an exit status."""
    signals.raise_at_once()  # before anything that takes time to import
    gc.set_threshold(50_000)  # nearly all that is imported stays: looking for garbage costs 7 % of a start
    try:
        status = _run()
    except signals.Interruption as interruption:
        print("hpt: stopped", file=sys.stderr)
        status = interruption.exit_status
    signals.ignore()
    sys.exit(status)


def _run() -> int:
    from hpt_cli.cli.streams import make_steady

    output = make_steady()
    from hpt_cli.cli.app import app

    try:
        app.main(prog_name="hpt")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    sys.stdout.flush()
    if output.failure is not None and output.failure.errno != errno.EPIPE:
        why = output.failure.strerror or str(output.failure)
        print(f"hpt: cannot write to standard output: {why.lower()}; what is stored is safe", file=sys.stderr)
        status = status or 74
    return status


if __name__ == "__main__":
    main()
