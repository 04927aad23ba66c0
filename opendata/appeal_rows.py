"""Rows of the layer of appeals: those that a request asks for, of what the reader may see."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from appeals.filters import AppealFilter, parse_filter
from appeals.models import Appeal
from appeals.querysets import AppealQuerySet
from geo.refusals import Refusals
from opendata.changes import updated_after


def asked_appeals(query: Mapping[str, str], reader: User | AnonymousUser) -> AppealQuerySet:
    """Appeals that match the parameters, newest first. Raises ``Refused``."""
    refusals = Refusals()
    wanted = refusals.read(parse_filter, query, AppealFilter())
    since = refusals.read(updated_after, query, None)
    refusals.check()
    rows: AppealQuerySet = Appeal.objects.visible_to(reader).filtered(wanted).newest_first()
    return rows if since is None else rows.updated_since(since)
