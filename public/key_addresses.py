"""Pages whose address is the key to them, such as those that letters lead to."""

from __future__ import annotations

from django.http import HttpResponse


def guarded(response: HttpResponse) -> HttpResponse:
    """The address is a key: it must not leak to other sites, to search engines or into a frame.

    ``same-origin`` rather than ``no-referrer``: under the latter a browser sends the page's own forms with the origin
    ``null``, which the check against forged requests refuses.
    """
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
