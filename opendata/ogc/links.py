"""Links of the OGC API's documents, and the media types that they name."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from web.links import public_link

Document = dict[str, Any]

JSON: Final = "application/json"
HTML: Final = "text/html"


def link(rel: str, path: str, media_type: str, title: str = "") -> dict[str, str]:
    """A link of a document to a path of this site."""
    titled = {"title": title} if title else {}
    return {"rel": rel, "type": media_type, "href": public_link(path), **titled}


def own_links(path: str, media_type: str = JSON) -> list[dict[str, str]]:
    """Links of a document to itself and to its page; the path may have a query, without ``f``."""
    return [
        link("self", path, media_type, _("This document")),
        link("alternate", as_form(path, "html"), HTML, _("The same as a page")),
    ]


def as_form(path: str, name: str) -> str:
    """The path with the format that is asked for."""
    return f"{path}{'&' if '?' in path else '?'}f={name}"
