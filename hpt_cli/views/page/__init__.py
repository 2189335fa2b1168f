"""A study as one page of HTML, which needs nothing else: no network, no script."""

from __future__ import annotations

from hpt_cli.views.page.sections import BEGINNING, page

__all__ = ["BEGINNING", "page"]
