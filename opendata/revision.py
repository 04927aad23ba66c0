"""Which borders a request asks about."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from districts.models import BoundaryRevision
from geo.refusals import Refused


def revision_of(query: Mapping[str, str]) -> BoundaryRevision | None:
    """The published revision of that number, the one in force today without one; None where there is none.

    Drafts are not shown. Raises ``Refused`` when the parameter is no number.
    """
    text = query.get("revision", "")
    if not text:
        return BoundaryRevision.objects.in_force(timezone.localdate()).first()
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise Refused({"revision": [_("A revision is named by its number, such as 1.")]})
    return BoundaryRevision.objects.filter(number=int(text), state=BoundaryRevision.State.PUBLISHED).first()
