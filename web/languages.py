"""The same page in another language."""

from __future__ import annotations

from django.conf import settings


def in_language(path: str, code: str) -> str:
    """The address of the page in the language; pages outside of the language prefixes lead to that language's map.

    ``path`` is a path of this site with or without a query. Works for addresses that match no page too, so that an
    error page can be switched like any other.
    """
    head, _, rest = path.lstrip("/").partition("/")
    if head in dict(settings.LANGUAGES):
        return f"/{code}/{rest}"
    return f"/{code}/"
