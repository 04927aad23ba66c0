"""Refusals of the actions, and of what is sent, as problem documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from appeals.errors import Busy, Conflict
from geo.numbers import whole_number
from geo.refusals import Refused
from rates.taking import Limit, take
from web.api.problems import Problem


def length_told(request: Request) -> int:
    """Bytes of the body, none of which has been read. Raises ``Problem`` (411) when nobody says."""
    length = whole_number(request.META.get("CONTENT_LENGTH") or "")
    if length is None:
        raise Problem(HTTPStatus.LENGTH_REQUIRED, _("The length of what is sent must be told first."))
    return length


@contextmanager
def unreadable_is_counted(limit: Limit, sender: str) -> Iterator[None]:
    """Counts a body that cannot be read at all like any other that is refused. Raises ``TooMany`` when there were too many."""
    try:
        yield
    except APIException:
        take(limit, sender)
        raise


@contextmanager
def refusals_as_problems() -> Iterator[None]:
    """Turns ``Refused`` into 400 with the fields' sentences, ``Conflict`` into 409, ``Busy`` into 503."""
    try:
        yield
    except Refused as refusal:
        raise Problem(
            HTTPStatus.BAD_REQUEST, _("Some fields need correction."), errors=refusal.errors
        ) from refusal
    except Conflict as refusal:
        raise Problem(HTTPStatus.CONFLICT, str(refusal)) from refusal
    except Busy as refusal:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, str(refusal), headers={"Retry-After": str(refusal.retry_after_s)}
        ) from refusal
