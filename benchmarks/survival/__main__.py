"""Kill, interrupt, damage and crowd studies through the command line alone, and count what was lost.

``python -m benchmarks.survival --kills 200`` (``make bench-survival``) prints a table.  Every count but
the first column's should be 0; a signal counts only if the study was running when it came.  What it does at
random it does again with the same ``--seed``.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.survival import scenes
from benchmarks.survival.study import KINDS, Study

COLUMNS = ("times", "lost", "repeated", "bits", "traceback", "orphan", "hang", "status")

SCENES = {
    "kill": (scenes.kill, 1.0),
    "interrupt": (scenes.interrupt, 0.3),
    "worker killed": (scenes.kill_workers, 0.2),
    "two at once": (scenes.two_at_once, 0.07),
    "full disk": (scenes.full_disk, 0.07),
    "damage": (scenes.damage, 0.2),
    "closed pipe": (scenes.closed_pipe, 0.035),
    "clock": (scenes.clock, 0.07),
}
"""By name: what is done, and how often for each kill."""


def main() -> None:
    """Run every scene over every strategy and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="SIGKILLs over all strategies (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the random instants")
    parser.add_argument("--only", choices=sorted(SCENES), help="one scene")
    parser.add_argument("--kind", choices=KINDS, help="one kind of study")
    options = parser.parse_args()
    # A shell's `&` and nohup leave signals ignored, which studies would inherit and rightly ignore too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    chance = random.Random(options.seed)
    home = Path(tempfile.mkdtemp(prefix="hpt-survival-"))
    print("\t".join(("scene", "study", *COLUMNS)))
    total: Counter[str] = Counter()
    studies: dict[str, Study] = {}
    try:
        for name, (scene, share) in SCENES.items():
            if options.only not in (None, name):
                continue
            kinds = (options.kind,) if options.kind else KINDS
            for kind in kinds:
                study = studies.get(kind) or studies.setdefault(kind, Study(home / kind, kind))
                found: Counter[str] = Counter()
                scene(study, chance, max(1, math.ceil(options.kills * share / len(kinds))), found)
                print("\t".join((name, kind, *(str(found[column]) for column in COLUMNS))), flush=True)
                total += found
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("\t".join(("all", "", *(str(total[column]) for column in COLUMNS))))
    sys.exit(any(total[column] for column in COLUMNS[1:]))


if __name__ == "__main__":
    main()
