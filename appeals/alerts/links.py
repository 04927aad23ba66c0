"""The page of an alert, whose address its letters alone name."""

from __future__ import annotations

from typing import Final

from django.core import signing
from django.urls import reverse

from appeals.models import Alert

#: A link is good for this and nothing else, and never expires: letters lie in mailboxes for years.
_PURPOSE: Final = "appeals.alerts"


def path_of(alert: Alert) -> str:
    """Path of the alert's own page, in the language that is active."""
    return reverse("public:alert", args=[signing.dumps(alert.pk, salt=_PURPOSE)])


def alert_of(token: str) -> Alert | None:
    """The alert whose page has that address; None when it is deleted. Raises ``signing.BadSignature`` for no address of ours."""
    return Alert.objects.filter(pk=signing.loads(token, salt=_PURPOSE)).first()
