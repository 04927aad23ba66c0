"""Which borders a request asks about."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from districts.models import BoundaryRevision


class RevisionRefused(ValueError):
    """The ``revision`` parameter is no number; ``errors`` says so in the reader's language."""

    def __init__(self) -> None:
        self.errors = {"revision": [_("A revision is named by its number, such as 1.")]}
        super().__init__(self.errors)


def revision_of(query: Mapping[str, str]) -> BoundaryRevision | None:
    """The published revision of that number, the one in force today without one; None where there is none.

    Drafts are nobody's business yet. Raises ``RevisionRefused``.
    """
    text = query.get("revision", "")
    if not text:
        return BoundaryRevision.objects.in_force(timezone.localdate()).first()
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise RevisionRefused
    return BoundaryRevision.objects.filter(number=int(text), state=BoundaryRevision.State.PUBLISHED).first()
