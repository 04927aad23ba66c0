"""What is asked for by e-mail is confirmed and ended by buttons of its own page, where the letter that asks leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar

from django.http import HttpRequest

from appeals.errors import Invalid
from appeals.models import Alert, Follower
from appeals.notify.endings import end

Row = TypeVar("Row", Alert, Follower)


@dataclass(frozen=True)
class Pressed(Generic[Row]):
    """The row after the press, None once it is deleted; and what is to be said of it."""

    row: Row | None
    errors: Sequence[str] = ()
    status: HTTPStatus = HTTPStatus.OK


def pressed(request: HttpRequest, row: Row | None, confirm: Callable[[Row], None]) -> Pressed[Row]:
    """Confirms the row, or deletes it with all that was sent, as the button says.

    Nothing changes by opening the page: programs that look into mailboxes open every link.
    """
    if request.method != "POST" or row is None:
        return Pressed(row)
    match request.POST.get("do"):
        case "end":
            end(type(row).objects.filter(pk=row.pk))
            return Pressed(None)
        case "confirm":
            try:
                confirm(row)
            except Invalid as refusal:
                return Pressed(row, refusal.errors["confirm"], HTTPStatus.CONFLICT)
            # Deleted meanwhile by another press, there is none any more.
            return Pressed(type(row).objects.filter(pk=row.pk).first())
        case _:
            return Pressed(row, status=HTTPStatus.BAD_REQUEST)
