"""What results depend on besides config and seed: versions, BLAS, processor.

The same versions on the same kind of machine give the same bits; another BLAS kernel may round differently.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

from hpt_cli import __version__


def describe_environment() -> dict[str, Any]:
    """Versions, BLAS builds and processor, for ``study.json``."""
    from importlib.metadata import version

    import numpy as np  # noqa: F401 - its BLAS must be loaded to be seen
    from threadpoolctl import threadpool_info

    packages = ("numpy", "scipy", "scikit-learn", "scikit-optimize")
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    # SciPy may bring a BLAS of its own; training goes through NumPy's, where it can be told
    numpys = [library for library in libraries if "numpy" in Path(library["filepath"]).parent.name]
    return {
        "versions": {"hpt": __version__, "python": platform.python_version()}
        | {package: version(package) for package in packages},
        "blas": sorted(
            {
                f"{library['internal_api']} {library['version']} {library.get('architecture', '')}".strip()
                for library in numpys or libraries
            }
        ),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def usable_cores() -> int:
    """Cores that this process may use, at least 1."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
