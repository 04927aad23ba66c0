"""The queue of moderation: what is held and what readers have reported, with what a moderator can do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.roles import Role, standing_of
from appeals.actions.drafts import drop_draft
from appeals.actors import Person
from appeals.models import AbuseReport, Appeal, Attachment, Comment, Event
from appeals.oddities import oddities_in_words
from appeals.querysets import MOST_URGENT
from appeals.timeline import title_of
from appeals.vocabulary import Guard, Verb
from appeals.workflow import CLEAR, HIDE, HIDE_COMMENT, HIDE_FILE, HOLD, REDACT, SHOW
from desk.doors import for_whom, restore_held
from geo.paging import AFTER, BEFORE, PageRequest, parse_page
from geo.refusals import Refused
from web.parameters import left_out
from web.uploads import browser_of
from web.verb_forms import Attempt, VerbForm, attempt

#: Each has its forms, pictures and reports.
PAGE_SIZE: Final = 20
#: Counting stops here.
COUNT_MAX: Final = 100
#: What is done right there, in the order of their buttons; the rest on the page of the appeal.
_VERBS: Final = (CLEAR, SHOW, REDACT, HIDE_FILE, HIDE_COMMENT, HIDE)


@dataclass(frozen=True)
class Reported:
    """What of an appeal was reported, for what reasons, by how many, the oldest first."""

    reports: Sequence[AbuseReport] = ()

    @cached_property
    def keys(self) -> list[int]:
        """Of those that are open."""
        return [report.pk for report in self.reports if report.closed_by_id is None]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason in words and how many gave it, the most frequent first."""
        counted = Counter(AbuseReport.Reason(report.reason) for report in self.reports)
        return [(str(reason.label), n) for reason, n in counted.most_common()]

    @property
    def n_baited(self) -> int:
        """How many of them no person has filled in."""
        return sum(report.baited for report in self.reports)

    @property
    def waits(self) -> bool:
        """True when one of them brings the appeal before a moderator."""
        return any(report.closed_by_id is None and not report.baited for report in self.reports)

    @cached_property
    def comments(self) -> list[Comment]:
        """Those that were reported and that the public sees, each once."""
        found = {report.comment_id: report.comment for report in self.reports}
        return [comment for comment in found.values() if comment is not None and not comment.hidden]

    @property
    def with_words(self) -> list[AbuseReport]:
        """Those that say more than their reason."""
        return [report for report in self.reports if report.words]


@dataclass(frozen=True)
class Row:
    """One appeal of the queue."""

    appeal: Appeal
    reported: Reported
    forms: Sequence[VerbForm]
    #: Where the forms are sent.
    address: str
    #: Why it is held, in words.
    odd: Sequence[str] = ()

    @property
    def files(self) -> list[tuple[Attachment, bool]]:
        """The photos and videos that the public sees, and which of them were reported."""
        reported = {report.attachment_id for report in self.reported.reports}
        return [(file, file.pk in reported) for file in self.appeal.attachments.all() if not file.hidden]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Each step that was reported, in one line, and its words."""
        events = {report.event_id: report.event for report in self.reported.reports}
        return [(title_of(event), event.text) for event in events.values() if event is not None]


def reported_of(appeal: Appeal) -> Reported:
    """All that is kept of what was reported of the appeal, open or closed; one query."""
    return Reported(_with_steps(AbuseReport.objects.filter(appeal=appeal)))


def why_held(appeals: Iterable[Appeal]) -> dict[UUID, list[str]]:
    """Why those of the appeals are held that are, in words, by their keys; one query, none where none is."""
    held = [appeal.pk for appeal in appeals if appeal.is_held]
    steps = Event.objects.filter(appeal__in=held, verb=HOLD.code).order_by("version")
    return {event.appeal_id: oddities_in_words(event.details) for event in steps} if held else {}


def how_many_wait() -> str:
    """How many appeals a moderator has to look at, as a page shows it: empty for none, "100+" for many; one query."""
    waiting = Appeal.objects.to_moderate().order_by()[:COUNT_MAX].count()
    return f"{waiting}+" if waiting == COUNT_MAX else str(waiting or "")


@require_safe
@for_whom(lambda standing: standing.moderates)
def moderation_page(request: HttpRequest) -> HttpResponse:
    """The page of the queue; 400 for a page that is none."""
    return _page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@for_whom(lambda standing: standing.moderates)
def moderate_page(request: HttpRequest, number: int) -> HttpResponse:
    """POST sends one of the row's forms, and leads back to the queue; 400 and 409 with all that was typed. GET shows the appeal."""
    appeal = Appeal.objects.visible_to(request.user).with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    if request.method != "POST":
        restore_held(request, appeal)
        return redirect("desk:appeal", number)
    user = cast("User", request.user)
    role = standing_of(user).role_towards(appeal.service_id)
    reports = Reported(_with_steps(AbuseReport.objects.open().filter(appeal=appeal)))
    by = Person(user, browser=browser_of(request))
    tried = attempt(request, appeal, role, by, comments=reports.comments)
    if not tried.done:
        return tried.shown_in(_page(request, tried=tried, number=number))
    drop_draft(user, appeal, request.POST["verb"])
    messages.success(request, tried.done)
    return redirect("desk:moderation")


def _page(request: HttpRequest, *, tried: Attempt | None = None, number: int | None = None) -> HttpResponse:
    tried, errors, page = tried or Attempt(), dict[str, list[str]](), PageRequest(PAGE_SIZE)
    try:
        page = parse_page(request.GET, MOST_URGENT, size=PAGE_SIZE, both_ways=True)
    except Refused as refusal:
        errors = dict(refusal.errors)
    waiting = Appeal.objects.to_moderate()
    found = MOST_URGENT.page(waiting.by_urgency().with_names().prefetch_related("attachments"), page)
    reports: dict[object, list[AbuseReport]] = {}
    for report in _with_steps(AbuseReport.objects.open().filter(appeal__in=[row.pk for row in found.rows])):
        reports.setdefault(report.appeal_id, []).append(report)
    why = why_held(found.rows)
    standing = standing_of(request.user)
    rows = [
        _row(
            appeal,
            Reported(reports.get(appeal.pk, ())),
            standing.role_towards(appeal.service_id),
            tried if appeal.number == number else None,
            why.get(appeal.pk, ()),
        )
        for appeal in found.rows
    ]
    shown = any(form is tried.form for row in rows for form in row.forms)
    here = reverse("desk:moderation")
    context = {
        "rows": rows,
        "attempt": tried,
        "refusal": tried.message or (tried.form.all_errors if tried.form else ""),
        "kept_text": tried.form.text if tried.form and not shown else "",
        "errors": errors,
        "left_out": left_out(request.GET, {AFTER, BEFORE}),
        "next_url": f"{here}?{AFTER}={found.next}" if found.next else "",
        "previous_url": f"{here}?{BEFORE}={found.previous}" if found.previous else "",
        "first_url": here if found.previous else "",
    }
    return render(request, "desk/moderation.html", context, status=400 if errors else 200)


def _row(appeal: Appeal, reported: Reported, role: Role, tried: Attempt | None, odd: Sequence[str]) -> Row:
    """Without a query: the photos and videos are read with the page."""
    not_met = set[Guard]()
    if not any(not file.hidden for file in appeal.attachments.all()):
        not_met.add(Guard.FILE_SHOWN)
    if not reported.comments:
        not_met.add(Guard.COMMENT_SHOWN)
    if appeal.hidden or not reported.keys:
        not_met.add(Guard.REPORTED)
    offered = [
        verb
        for verb in _VERBS
        if verb.allows(appeal.status, role, hidden=appeal.hidden, held=appeal.is_held, barred=not_met)
    ]
    forms = [_form(verb, role, appeal, reported, tried) for verb in offered]
    return Row(appeal, reported, forms, reverse("desk:moderate", args=[appeal.number]), odd)


def _form(verb: Verb, role: Role, appeal: Appeal, reported: Reported, tried: Attempt | None) -> VerbForm:
    sent = tried.form if tried is not None else None
    form = (
        sent
        if sent is not None and sent.row is verb
        else VerbForm(verb, role, appeal, comments=reported.comments)
    )
    if verb.settles:
        form.reports = reported.keys
    # Every appeal of the page has the same forms.
    form.auto_id = f"{verb.code}-{appeal.number}-%s"
    return form


def _with_steps(reports: QuerySet[AbuseReport]) -> list[AbuseReport]:
    return list(reports.select_related("event__service", "event__to_service", "comment"))
