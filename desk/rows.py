"""The rows of a desk's list as HTML.

Written here and not in a template: a hundred rows of thirty tags each were two thirds of the work of a page, which people load
all day long. What many rows have in common (a status, so many days left) is drawn once by its own template and kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# Django's looks at each value for a translation that is still to be made, which no column is.
from html import escape
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from appeals.deadlines import WorkingCalendar
from appeals.due import Due, DueState, due_of
from appeals.models import Appeal
from appeals.querysets import ListedAppeal
from appeals.vocabulary import LEGAL_KINDS, OPEN_STATUSES
from web.templatetags.city import icon

#: Letters of an appeal's text that a row shows.
TEXT_SHOWN: Final = 140
#: Looks of a status, of a term, and days that are kept drawn, in all languages.
_KEPT: Final = 4_096


@dataclass(frozen=True)
class Look:
    """What the rows of a list have in common.

    The day with its calendar, the place that their links carry along, and which columns there are.
    """

    calendar: WorkingCalendar
    today: dt.date
    place: str
    office: bool
    assignees: bool
    chosen: bool


def rows_as_html(appeals: Iterable[ListedAppeal], look: Look) -> SafeString:
    """The rows of the table."""
    language = get_language() or ""
    # One address for all of them, with a place for the number.
    before, after = reverse("desk:appeal", args=[0]).split("/0/")
    link, place = f"{before}/", f"{after}/?{escape(look.place)}"
    zone = get_current_timezone()
    return SafeString("".join([_row(appeal, look, language, zone, link, place) for appeal in appeals]))


def _row(appeal: ListedAppeal, look: Look, language: str, zone: dt.tzinfo, link: str, place: str) -> str:
    number, version, status = appeal.number, appeal.version, appeal.status
    due_on, text = appeal.due_on, appeal.text
    due = due_of(appeal, look.calendar, look.today)
    is_open = status in OPEN_STATUSES
    received_at = appeal.submitted_at.astimezone(zone)
    if len(text) > TEXT_SHOWN:
        text = f"{text[: TEXT_SHOWN - 1].rstrip()}…"
    # What people have written or named is escaped here; all else is numbers, days, codes of ours, and parts drawn below.
    return (
        f'<tr class="card-table__row desk-row" id="appeal-{number}" data-appeal="{number}" data-version="{version}"'
        f' data-status="{status}" data-overdue="{int(due.state is DueState.OVERDUE)}" data-lon="{appeal.lon:.6f}" data-lat="{appeal.lat:.6f}">'
        f'<td><time class="desk-row__day" datetime="{due_on}">{_day(due_on, language)}</time>{_due(due, language)}</td>'
        '<td class="desk-row__number number"><label class="desk-row__choose"><input type="checkbox" form="bulk"'
        f' name="chosen" value="{number}:{version}"{" checked" if look.chosen else ""}><span>{number}</span></label>'
        f"{_legal(language) if appeal.kind in LEGAL_KINDS else ''}</td>"
        f'<th scope="row" class="desk-row__what"><a href="{link}{number}{place}" data-key="open">'
        f"{escape(appeal.category_name)}</a>"
        f'<span class="desk-row__text" lang="{escape(appeal.language)}" dir="auto">{escape(text)}</span></th>'
        f'<td class="desk-row__where">{escape(appeal.address or appeal.district_name)}</td>'
        f"{_service(appeal.service_short) if look.office else ''}"
        f'<td class="desk-row__received"><time datetime="{received_at.isoformat()}">'
        f"{_day(received_at.date(), language)}</time></td>"
        f"{_assignee(appeal.assignee_first_name, appeal.assignee_last_name, appeal.assignee_email) if look.assignees else ''}"
        f'<td class="desk-row__status">'
        f"{_status(status, appeal.outcome, appeal.planned_on, appeal.hidden, appeal.escalated_at is not None, look.today, language)}"
        f"{_warned(appeal.warned, due, language) if appeal.warned and is_open else ''}</td></tr>\n"
    )


@lru_cache(maxsize=_KEPT)
def _service(short: str) -> SafeString:
    return format_html('<td class="desk-row__service">{}</td>', short)


@lru_cache(maxsize=_KEPT)
def _legal(language: str) -> SafeString:
    """The mark of an appeal under the law."""
    words = _("An appeal under the law: its term is statutory")
    return format_html(
        ' <span class="desk-row__law" title="{}">{}<span class="visually-hidden">{}</span></span>',
        words,
        icon("law"),
        _("law"),
    )


@lru_cache(maxsize=_KEPT)
def _assignee(first_name: str | None, last_name: str | None, email: str | None) -> SafeString:
    if email is None:
        return SafeString('<td class="desk-row__assignee"> </td>')
    person = User(first_name=first_name or "", last_name=last_name or "", email=email)
    return format_html('<td class="desk-row__assignee">{} {}</td>', icon("person"), str(person))


@lru_cache(maxsize=_KEPT)
def _warned(stage: int, due: Due, language: str) -> SafeString:
    """How much of the term of an open appeal has passed, for what is neither late nor waiting."""
    if not due.days or due.state in {DueState.OVERDUE, DueState.PAUSED}:
        return SafeString("")
    words = _("Half of the term has passed") if stage == 1 else _("80 percent of the term has passed")
    share = "50 %" if stage == 1 else "80 %"
    return format_html(' <span class="status status--accepted" title="{}">{}</span>', words, share)


@lru_cache(maxsize=_KEPT)
def _day(day: dt.date, language: str) -> str:
    return escape(date_format(day, "SHORT_DATE_FORMAT"))


@lru_cache(maxsize=_KEPT)
def _due(due: Due, language: str) -> SafeString:
    return render_to_string("web/_due.html", {"due": due, "brief": True})


@lru_cache(maxsize=_KEPT)
def _status(
    status: str,
    outcome: str,
    planned_on: dt.date | None,
    hidden: bool,
    escalated: bool,
    today: dt.date,
    language: str,
) -> SafeString:
    """The status of such an appeal on that day: whether the day that works are planned for has passed is part of it."""
    such = Appeal(
        status=status,
        outcome=outcome,
        planned_on=planned_on,
        hidden=hidden,
        escalated_at=dt.datetime.combine(today, dt.time(), dt.UTC) if escalated else None,
    )
    return render_to_string("web/_status.html", {"appeal": such, "brief": True})
