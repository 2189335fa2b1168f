"""HTML and SVG made of strings, so that nothing of a user's gets into a page as markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from hpt_cli.views.text import clean, clean_lines

_VOID = ("meta", "br", "line", "rect", "circle", "path")


class Html(str):
    """Markup of ours; any other text is escaped where it becomes part of it."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Html:
    """An element.

    Args:
        name: Of the element.
        children: Markup, or text, which is escaped.
        attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``; what is ``None`` is left out.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID and not children:
        return Html(f"<{name}{said}/>" if name not in ("meta", "br") else f"<{name}{said}>")
    return Html(f"<{name}{said}>{joined(children)}</{name}>")


def joined(children: Iterable[str], between: str = "") -> Html:
    """Markup and text, one after the other; text is escaped, and shows what cannot be seen."""
    return Html(
        between.join(
            child if isinstance(child, Html) else escape(clean_lines(child), quote=False)
            for child in children
        )
    )
