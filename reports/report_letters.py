"""The letters with which saved reports are sent, and with which an owner hears that one could not be made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from appeals.models import Message
from appeals.notify.occasions import About, File, Subscription, Words
from reports.issuing import KIND, gets
from reports.models import ReportIssue, ReportReader, SavedReport
from reports.saved import may_save


@dataclass(frozen=True)
class ReportsLetters:
    """The letters of one saved report to one reader."""

    reader: ReportReader
    sort = KIND
    choice = None
    forgotten = False

    @property
    def key(self) -> str:
        return str(self.reader.pk)

    @property
    def title(self) -> str:
        return _("The report “%(name)s”") % {"name": self.reader.saved.name}

    @property
    def why(self) -> str:
        return rhythm_words(self.reader.saved) or _("It is not sent at the moment.")

    @property
    def stop_line(self) -> str:
        return _("To stop these letters:")

    @property
    def afterwards(self) -> str:
        return _("The report can be opened as before; only the letters end.")

    @property
    def stopped(self) -> bool:
        return self.reader.stopped

    def stop(self) -> None:
        self._set(stopped=True)

    def resume(self) -> None:
        self._set(stopped=False)

    def _set(self, *, stopped: bool) -> None:
        self.reader.stopped = stopped
        self.reader.save(update_fields=["stopped"])


class _Occasion(NamedTuple):
    saved: int
    on: dt.date
    failed: bool


def _occasion(message: Message) -> _Occasion:
    """What ``reports.issuing.occasion_of`` has named."""
    saved, day, *failed = message.occasion.split("/")
    return _Occasion(int(saved), dt.date.fromisoformat(day), bool(failed))


class ReportMessages:
    """The kind of these letters (``appeals.notify.occasions.Kind``)."""

    def about(self, message: Message) -> About:
        occasion = _occasion(message)
        words = _("Saved report, %(day)s") % {"day": date_format(occasion.on)}
        return About(words, str(message.person), reverse("reports:saved-report", args=[occasion.saved]))

    def is_wanted(self, message: Message) -> bool:
        occasion = _occasion(message)
        if occasion.failed:
            saved = _kept(occasion.saved)
            return saved is not None and may_save(saved.owner)
        reader = self._reader(message)
        return reader is not None and reader.saved.removed_at is None and gets(reader)

    def compose(self, together: Sequence[Message]) -> Words:
        message = together[0]
        occasion = _occasion(message)
        if occasion.failed:
            return failure_words(SavedReport.objects.get(pk=occasion.saved), occasion.on)
        issues = ReportIssue.objects.select_related("saved__owner")
        return issue_words(issues.get(saved=occasion.saved, on=occasion.on, language=message.language))

    def subscription(self, message: Message) -> Subscription | None:
        # Who has a report sent hears that it fails; to end that, it is sent no more.
        reader = None if _occasion(message).failed else self._reader(message)
        return ReportsLetters(reader) if reader is not None else None

    def subscribed(self, key: str) -> Subscription | None:
        reader = ReportReader.objects.filter(pk=key).select_related("saved__owner").first()
        return ReportsLetters(reader) if reader is not None else None

    def _reader(self, message: Message) -> ReportReader | None:
        found = ReportReader.objects.filter(saved=_occasion(message).saved, person=message.person_id)
        return found.select_related("saved", "person").first()


def _kept(pk: int) -> SavedReport | None:
    return SavedReport.objects.kept().select_related("owner").filter(pk=pk).first()


def issue_words(issue: ReportIssue) -> Words:
    """The letter of an issue, in the language that is active, which is the issue's."""
    pdf = bytes(issue.pdf)
    body = render_to_string(
        "reports/letter.txt",
        {
            "issue": issue,
            "rhythm": rhythm_words(issue.saved),
            "pdf_address": ""
            if pdf
            else issue.address.replace(f"/{issue.saved.report}/", f"/{issue.saved.report}.pdf"),
            "city": settings.CITY_NAME.get(issue.language, ""),
        },
    )
    files = (File(issue.pdf_name, pdf, "application/pdf"),) if pdf else ()
    return Words(f"{issue.saved.name}, {date_format(issue.on)}", body, issue.address, files)


def failure_words(saved: SavedReport, on: dt.date) -> Words:
    """The letter to the owner of a report that could not be made."""
    address = settings.PUBLIC_URL + reverse("reports:saved-report", args=[saved.pk])
    subject = _("“%(name)s” could not be made") % {"name": saved.name}
    body = render_to_string(
        "reports/failure.txt", {"saved": saved, "on": on, "address": address, "subject": subject}
    )
    return Words(subject, body, address)


def rhythm_words(saved: SavedReport) -> str:
    """Who sends it and when, as a sentence; empty where it is not sent."""
    if not saved.rhythm:
        return ""
    if saved.rhythm == SavedReport.Rhythm.MONTHLY:
        return _("%(owner)s sends you this report on the 1st of each month.") % {"owner": saved.owner}
    sentences = (
        _("%(owner)s sends you this report every Monday."),
        _("%(owner)s sends you this report every Tuesday."),
        _("%(owner)s sends you this report every Wednesday."),
        _("%(owner)s sends you this report every Thursday."),
        _("%(owner)s sends you this report every Friday."),
        _("%(owner)s sends you this report every Saturday."),
        _("%(owner)s sends you this report every Sunday."),
    )
    return sentences[saved.weekday] % {"owner": saved.owner}
