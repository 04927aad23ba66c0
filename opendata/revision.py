"""Which borders a request asks about, and what is said where there are none such."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from districts.models import BoundaryRevision
from geo.numbers import whole_number
from geo.refusals import Refused
from web.api.problems import problem


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


def no_such_revision() -> HttpResponse:
    """The answer, 404, to whoever named a number that ``revision_of`` does not find."""
    return problem(HTTPStatus.NOT_FOUND, _("There are no published borders of that number."))
