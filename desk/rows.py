"""The rows of a desk's list as HTML.

Written here and not in a template: fifty rows of thirty tags each were two thirds of the work of a page, which people load
all day long. What many rows have in common (a status, so many days left) is drawn once by its own template and kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from appeals.due import AppealRow, Due, DueState
from appeals.models import Appeal
from appeals.vocabulary import LEGAL_KINDS
from web.templatetags.city import icon

#: Letters of an appeal's text that a row shows.
TEXT_SHOWN: Final = 140
#: Looks of a status, of a term, and days that are kept drawn, in all languages.
_KEPT: Final = 4_096

_ROW: Final = (
    '<tr class="card-table__row desk-row" id="appeal-{number}" data-appeal="{number}" data-version="{version}"'
    ' data-status="{status_code}" data-lon="{lon}" data-lat="{lat}">'
    '<td><time class="desk-row__day" datetime="{due_on}">{due_day}</time>{due}</td>'
    '<td class="desk-row__number number"><label class="desk-row__choose"><input type="checkbox" form="bulk" name="chosen"'
    ' value="{number}:{version}"{checked}><span>{number}</span></label></td>'
    '<th scope="row" class="desk-row__what"><a href="{url}?{place}" data-key="open">{category}</a>{legal}'
    '<span class="desk-row__text" lang="{language}" dir="auto">{text}</span></th>'
    '<td class="desk-row__where">{where}</td>{service}'
    '<td class="desk-row__received"><time datetime="{received_at}">{received_day}</time></td>{assignee}'
    '<td class="desk-row__status">{status}{warned}</td></tr>\n'
)
_NOTHING: Final = SafeString("")


@dataclass(frozen=True)
class Look:
    """What the rows of a list have in common: the place that their links carry along, and which columns there are."""

    place: str
    office: bool
    assignees: bool
    chosen: bool


def rows_as_html(rows: Iterable[AppealRow], look: Look) -> list[SafeString]:
    """Each row of the table, of appeals as ``AppealQuerySet.as_rows`` reads them."""
    language = get_language() or ""
    # One address for all of them, with a place for the number.
    url = reverse("desk:appeal", args=[0]).replace("/0/", "/{}/")
    return [_row(row.appeal, row.due, look, language, url.format(row.appeal.number)) for row in rows]


def _row(appeal: Appeal, due: Due, look: Look, language: str, url: str) -> SafeString:
    received_at = localtime(appeal.submitted_at)
    text = appeal.text
    # What people have written or named is escaped here; all else is numbers, days, codes of ours, and parts drawn below.
    return SafeString(
        _ROW.format(
            number=appeal.number,
            version=appeal.version,
            status_code=escape(appeal.status),
            lon=f"{appeal.lon:.6f}",
            lat=f"{appeal.lat:.6f}",
            due_on=appeal.due_on.isoformat(),
            due_day=_day(appeal.due_on, language),
            due=_due(due, language),
            checked=" checked" if look.chosen else "",
            url=url,
            place=escape(look.place),
            category=escape(appeal.category_name),
            legal=_legal(language) if appeal.kind in LEGAL_KINDS else "",
            language=escape(appeal.language),
            text=escape(f"{text[: TEXT_SHOWN - 1].rstrip()}…" if len(text) > TEXT_SHOWN else text),
            where=escape(appeal.address or appeal.district_name),
            service=_service(appeal.service_short) if look.office else "",
            received_at=received_at.isoformat(),
            received_day=_day(received_at.date(), language),
            assignee=_assignee(appeal) if look.assignees else "",
            status=_status(_Status.of(appeal, language), language),
            warned=_warned(appeal, due, language),
        )
    )


@lru_cache(maxsize=_KEPT)
def _service(short: str) -> SafeString:
    return format_html('<td class="desk-row__service">{}</td>', short)


@lru_cache(maxsize=_KEPT)
def _legal(language: str) -> SafeString:
    """The mark of an appeal under the law."""
    words = _("An appeal under the law: its term is statutory")
    return format_html(' <span class="count" title="{}">{}</span>', words, _("law"))


def _assignee(appeal: Appeal) -> SafeString:
    name = str(appeal.assignee) if appeal.assignee else ""
    drawn = icon("person") if name else _NOTHING
    return format_html('<td class="desk-row__assignee">{} {}</td>', drawn, name)


def _warned(appeal: Appeal, due: Due, language: str) -> SafeString:
    """How much of the term has passed, for what is neither late nor waiting."""
    if not (appeal.warned and due.days and appeal.is_open) or due.state in {
        DueState.OVERDUE,
        DueState.PAUSED,
    }:
        return _NOTHING
    return _share_passed(appeal.warned == 1, language)


@lru_cache(maxsize=_KEPT)
def _share_passed(half: bool, language: str) -> SafeString:
    words = _("Half of the term has passed") if half else _("80 percent of the term has passed")
    share = "50 %" if half else "80 %"
    return format_html(' <span class="status status--accepted" title="{}">{}</span>', words, share)


@lru_cache(maxsize=_KEPT)
def _day(day: dt.date, language: str) -> str:
    return escape(date_format(day, "SHORT_DATE_FORMAT"))


@lru_cache(maxsize=_KEPT)
def _due(due: Due, language: str) -> SafeString:
    return render_to_string("web/_due.html", {"due": due, "brief": True})


@dataclass(frozen=True)
class _Status:
    """What ``web/_status.html`` shows of an appeal, under the appeal's own names."""

    hidden: bool
    status: str
    status_in_words: str
    status_in_brief: str
    plan_has_passed: bool
    escalated_at: bool
    is_open: bool

    @classmethod
    def of(cls, appeal: Appeal, language: str) -> _Status:
        return cls(
            appeal.hidden,
            appeal.status,
            *_status_said(appeal.status, appeal.outcome, appeal.planned_on, language),
            appeal.plan_has_passed,
            appeal.escalated_at is not None,
            appeal.is_open,
        )


@lru_cache(maxsize=_KEPT)
def _status_said(status: str, outcome: str, planned_on: dt.date | None, language: str) -> tuple[str, str]:
    """The status in words and in brief."""
    appeal = Appeal(status=status, outcome=outcome, planned_on=planned_on)
    return str(appeal.status_in_words), str(appeal.status_in_brief)


@lru_cache(maxsize=_KEPT)
def _status(shown: _Status, language: str) -> SafeString:
    return render_to_string("web/_status.html", {"appeal": shown, "brief": True})
