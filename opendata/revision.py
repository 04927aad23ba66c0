"""Which borders a request asks about."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from districts.models import BoundaryRevision
from geo.numbers import whole_number
from geo.refusals import Refused


def revision_of(query: Mapping[str, str]) -> BoundaryRevision | None:
    """The published revision of that number, the one in force today without one; None where there is none.

    Drafts are not shown. Raises ``Refused`` when the parameter is no number.
    """
    text = query.get("revision", "")
    if not text:
        return BoundaryRevision.objects.in_force(timezone.localdate()).first()
    number = whole_number(text, digits=9)
    if number is None:
        raise Refused({"revision": [_("A revision is named by its number, such as 1.")]})
    return BoundaryRevision.objects.filter(number=number, state=BoundaryRevision.State.PUBLISHED).first()
