"""The pages of saved reports: the list with what can be saved, one report with whom it is sent to, and its letter as it would be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from appeals.periods import NAMED
from geo.numbers import key_or_0, whole_number
from geo.refusals import Errors, Refused
from rates.senders import sender_of
from rates.taking import REPORT_WORK, charged
from reports import saved as actions
from reports.forms import ReportForm
from reports.issuing import make_issue
from reports.kinds import KINDS
from reports.models import NAME_MAX, SavedReport
from reports.report_letters import issue_words
from reports.sentences import asked_words, period_words


def _for_planners(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """The view for whoever may save reports; others get the log-in page or 403."""

    @never_cache
    @login_required
    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not actions.may_save(_user(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inside


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


@require_safe
def first(request: HttpRequest) -> HttpResponse:
    """Whoever shortens the address of a report comes to the first of them, a planner to those that are saved."""
    query = request.META.get("QUERY_STRING", "")
    if query or not actions.may_save(_user(request)):
        return redirect(reverse("reports:heatmap") + (f"?{query}" if query else ""))
    return redirect("reports:saved")


@require_http_methods(["GET", "HEAD", "POST"])
@_for_planners
def saved_page(request: HttpRequest) -> HttpResponse:
    """The saved reports, and the question of the address under a name; POST saves it, or puts back a removed one."""
    user = _user(request)
    if request.method != "POST":
        report, data = request.GET.get("report", ""), request.GET.dict()
        return _list(request, user, report, data, {}, {"shared": ""})
    if request.POST.get("do") == "restore":
        row = get_object_or_404(actions.removed_lately(user), pk=key_or_0(request.POST.get("saved", "")))
        try:
            actions.restore(user, row, _version(request))
            messages.success(request, _("“%(name)s” is back.") % {"name": row.name})
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("reports:saved")
    report, data = request.POST.get("report", ""), request.POST.dict()
    try:
        row = actions.save(
            user, data.get("name", ""), report, data, data.get("period", ""), shared="shared" in data
        )
    except Refused as refusal:
        return _list(request, user, report, data, refusal.errors, data)
    messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
    return redirect("reports:saved-report", row.pk)


def _list(
    request: HttpRequest, user: User, report: str, data: dict[str, str], errors: Errors, given: dict[str, str]
) -> HttpResponse:
    """``data`` holds the question that can be saved, ``given`` what was typed into its form."""
    context: dict[str, Any] = {"errors": errors, "given": given, "name_max": NAME_MAX}
    if report:
        # Of the days: the period is a choice of this form's own.
        asking = {name: data[name] for name in data if name != "period" or request.method != "POST"}
        try:
            form = actions.question(report, asking)
        except Refused as refusal:
            context["errors"] = refusal.errors | errors
        else:
            asked = form.query
            context["new"] = {
                "report": report,
                "said": _said(report, form),
                "fields": [(name, str(form.data[name])) for name in form.fields if form.data.get(name)],
                "periods": actions.periods_for(report, asked),
                "period": given.get("period", actions.period_of(asked)),
                "back": f"{reverse(f'reports:{report}')}?{asked.as_query()}",
            }
    rows = SavedReport.objects.kept().seen_by(user).select_related("owner")
    context |= {
        "rows": [(row, *_shown(row)) for row in rows],
        "removed": actions.removed_lately(user),
    }
    return render(request, "reports/saved.html", context, status=400 if errors or context["errors"] else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@_for_planners
def saved_report_page(request: HttpRequest, saved: int) -> HttpResponse:
    """A saved report: what it asks, its name, to whom and when it is sent. POST does one thing; 404 for one that is not theirs to see."""
    user = _user(request)
    row = get_object_or_404(SavedReport.objects.kept().seen_by(user).select_related("owner"), pk=saved)
    errors: Errors = {}
    if request.method == "POST":
        try:
            said, path = _done(request, user, row)
        except Refused as refusal:
            errors = refusal.errors
        else:
            messages.success(request, said)
            return redirect(path)
    readers = {reader.person_id: reader for reader in row.readers.all()}
    chosen = {person for person, reader in readers.items() if reader.chosen} or {user.pk}
    posted = request.POST if errors and request.POST.get("do") == "plan" else None
    if posted is not None:
        chosen = set(_keys(posted.getlist("reader")))
    said, problem, address = _shown(row)
    context = {
        "saved": row,
        "said": said,
        "problem": problem,
        "url": address,
        "own": row.owner_id == user.pk,
        "errors": errors,
        "name_max": NAME_MAX,
        "name": request.POST.get("name", row.name) if errors else row.name,
        "rhythms": SavedReport.Rhythm.choices,
        "rhythm": posted.get("rhythm", "") if posted is not None else row.rhythm,
        "weekdays": WEEKDAYS.items(),
        "weekday": _weekday(posted) if posted is not None else row.weekday,
        "colleagues": [
            (person, person.pk in chosen, person.pk in readers and readers[person.pk].stopped)
            for person in actions.colleagues()
        ],
        "sent_to": [
            reader.person
            for reader in row.readers.filter(chosen=True, stopped=False).select_related("person")
        ]
        if row.rhythm
        else [],
    }
    return render(request, "reports/saved_report.html", context, status=400 if errors else 200)


def _done(request: HttpRequest, user: User, row: SavedReport) -> tuple[str, str]:
    """Does what the form says: what happened, in words, and the path that follows. Raises ``Refused``, ``PermissionDenied``."""
    posted, version = request.POST, _version(request)
    here = reverse("reports:saved-report", args=[row.pk])
    match posted.get("do"):
        case "rename":
            actions.rename(user, row, version, posted.get("name", ""), shared="shared" in posted)
            return _("Saved as “%(name)s”.") % {"name": actions.named(posted.get("name", ""))}, here
        case "plan":
            rhythm = posted.get("rhythm", "")
            readers = _keys(posted.getlist("reader"))
            actions.plan(user, row, version, rhythm, _weekday(posted), readers, get_language())
            return _("It will be sent as you chose.") if rhythm else _(
                "It is not sent by e-mail any more."
            ), here
        case "remove":
            actions.remove(user, row, version)
            said = _("“%(name)s” is removed. It can be put back below.") % {"name": row.name}
            return said, reverse("reports:saved")
    raise Refused({"": [_("Nothing was done: there is no such step.")]})


@require_safe
@_for_planners
def letter_page(request: HttpRequest, saved: int) -> HttpResponse:
    """The letter as it would be sent today, in the reader's language; why there is none (400)."""
    row = get_object_or_404(
        SavedReport.objects.kept().seen_by(_user(request)).select_related("owner"), pk=saved
    )
    context: dict[str, Any] = {"saved": row}
    with charged(REPORT_WORK, sender_of(request)):
        try:
            issue = make_issue(row, timezone.localdate())
            context |= {"issue": issue, "letter": issue_words(issue), "bytes": len(issue.pdf)}
        except Refused as refusal:
            context["problem"] = str(refusal)
    return render(request, "reports/saved_letter.html", context, status=400 if "problem" in context else 200)


def _shown(row: SavedReport) -> tuple[str, str, str]:
    """What it asks now in words, why it cannot be asked any more, and its path; of the last two one is empty."""
    try:
        form = actions.question_on(row, timezone.localdate())
    except Refused as refusal:
        return "", str(refusal), ""
    said = _said(row.report, form)
    if row.period:
        said = f"{said} ({NAMED[row.period]})"
    return said, "", actions.path_of(row)


def _said(report: str, form: ReportForm) -> str:
    asked, filters = form.query, form.filters_in_words()
    since, until = (asked.done.on, asked.done.on) if asked.done else (asked.wanted.since, asked.wanted.until)
    if against := asked.against:
        filters = [
            (
                pgettext("number of appeals, head of a column", "Second period"),
                period_words(against.since, against.until),
            ),
            *filters,
        ]
    return f"{KINDS[report].title}: {asked_words(since, until, filters)}"


def _version(request: HttpRequest) -> int:
    return key_or_0(request.POST.get("version", ""))


def _keys(texts: Iterable[str]) -> list[int]:
    return [key_or_0(text) for text in texts]


def _weekday(posted: Any) -> int | None:
    return whole_number(posted.get("weekday", ""), digits=1)
