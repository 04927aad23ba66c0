"""Saved reports are made when their day has come, once in the language of each reader, and their letters queued.

What could not be made is told to the owner. A worker that dies while it makes one has queued nothing, and the next round
makes it again; what is made twice is sent once.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from appeals.deadlines import city_day
from appeals.notify.occasions import Recipient, queue
from geo.refusals import Refused
from jobs.outage import is_away
from reports.kinds import KINDS
from reports.making import make_report
from reports.models import ReportIssue, ReportReader, SavedReport
from reports.products import Asked, products_of
from reports.saved import may_save, next_day, question_on

log = structlog.get_logger()

#: From this hour of the city's day on the reports of the day are made.
FROM_HOUR: Final = dt.timedelta(hours=6)
#: What is larger stays out of the letter, which then says where it is.
PDF_BYTES_MAX: Final = 2_000_000
#: Letters wait for a server that is away, and are tried again by hand, well within this time.
ISSUES_KEPT: Final = dt.timedelta(days=60)

KIND: Final = "report"


def issue_due(now: dt.datetime | None = None) -> int:
    """Makes the reports whose day has come and queues their letters; the number of reports that were made."""
    day = city_day((now or timezone.now()) - FROM_HOUR)
    due = SavedReport.objects.kept().filter(next_on__lte=day).order_by("next_on", "pk")
    return sum(_issue(pk, day) for pk in list(due.values_list("pk", flat=True)))


def gets(reader: ReportReader) -> bool:
    """True for whom it is sent to now: chosen, not stopped by the reader, and with the right that a reader must have."""
    return reader.chosen and not reader.stopped and may_save(reader.person)


def occasion_of(saved: SavedReport, on: dt.date, *, failed: bool = False) -> str:
    """Names the report of a day, or its failure, among the occasions of this kind of letters."""
    return f"{saved.pk}/{on}{'/failed' if failed else ''}"


def make_issue(saved: SavedReport, on: dt.date) -> ReportIssue:
    """The report of that day in the language that is active, not kept. Raises ``Refused`` for what it cannot be asked (any more)."""
    form = question_on(saved, on)
    made = make_report(saved.report, form, drawn=True)
    if made is None:
        raise form.refusal()
    asked = Asked(saved.report, form, made)
    pdf = products_of(saved.report)["pdf"].write(asked)
    return ReportIssue(
        saved=saved,
        on=on,
        language=translation.get_language(),
        sentences=list(KINDS[saved.report].notes(made, form.filters_in_words())),
        address=asked.address,
        pdf=pdf if len(pdf) <= PDF_BYTES_MAX else b"",
        pdf_name=asked.file_name("pdf"),
    )


def _issue(pk: int, day: dt.date) -> int:
    saved = SavedReport.objects.kept().select_related("owner").filter(pk=pk, next_on__lte=day).first()
    if saved is None or saved.next_on is None:
        return 0
    # After days without a worker only the last one that was missed.
    on = saved.next_on
    while (following := next_day(saved.rhythm, saved.weekday, on)) <= day:
        on = following
    rows = {row.person_id: row for row in saved.readers.select_related("person")}
    readers = [row for row in rows.values() if gets(row)]
    issues, problem = [], ""
    try:
        for language in sorted({row.language for row in readers}):
            with translation.override(language):
                issues.append(make_issue(saved, on))
    except Exception as error:
        if is_away(error):
            raise
        log.warning("saved report not made", saved=pk, on=str(on), exc_info=not isinstance(error, Refused))
        own = rows.get(saved.owner_id)
        with translation.override(own.language if own else settings.LANGUAGE_CODE):
            problem = (
                str(error)
                if isinstance(error, Refused)
                else _("The program made an error, which stands in its log.")
            )
        readers = []
    with transaction.atomic():
        same = SavedReport.objects.kept().filter(pk=pk, version=saved.version, next_on=saved.next_on)
        if not same.update(next_on=following, issued_on=on, problem=problem):
            # Another worker was as fast, or it was changed meanwhile: then it is made anew in the next round.
            return 0
        ReportIssue.objects.bulk_create(issues, ignore_conflicts=True)
        ReportIssue.objects.filter(on__lt=day - ISSUES_KEPT).delete()
        people = [Recipient(row.person.email, row.language, person=row.person) for row in readers]
        queue(KIND, occasion_of(saved, on), people)
        if problem:
            owner = rows.get(saved.owner_id)
            language = owner.language if owner else settings.LANGUAGE_CODE
            told = Recipient(saved.owner.email, language, person=saved.owner)
            queue(KIND, occasion_of(saved, on, failed=True), [told])
    return int(bool(issues) and not problem)
