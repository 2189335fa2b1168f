"""One BLAS thread for the model: sums that threads share have other bits, and small ones are slower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """Found once a process, which takes milliseconds; entering it takes microseconds."""
    import scipy.linalg  # noqa: F401 - SciPy brings a BLAS of its own, which must be there to be found

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, linear algebra runs on the calling thread alone."""
    with _controller().limit(limits=1, user_api="blas"):
        yield
