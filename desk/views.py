"""The desk's pages: each parses, calls a queryset or an action, and renders. They work without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.roles import Role, Standing, standing_of
from appeals.actors import Person
from appeals.deadlines import city_calendar, city_day
from appeals.dossier import dossier_of
from appeals.due import AppealRow, due_of
from appeals.filters import AppealFilter, filter_fields, parse_filter
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, AppealContact
from desk.queue import COUNT_MAX, Queue, Tab
from districts.models import Service
from geo.paging import AFTER
from geo.refusals import Refusals
from web.verb_forms import Attempt, attempt, verb_context


def for_staff(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view for people who belong to a service; others get the log-in page or 403."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not standing_of(request.user).works_here:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@for_staff
def queue_page(request: HttpRequest) -> HttpResponse:
    """The queue of the person's services (of all of them, for the Mayor's Office) by due date, in tabs."""
    standing = standing_of(request.user)
    refusals = Refusals()
    wanted = refusals.read(parse_filter, {**request.GET.dict(), "status": ""}, AppealFilter())
    tab = Tab.parse(request.GET.get("tab", ""))
    asked = refusals.read(tab.page_asked, request.GET, tab.page_asked({}))
    queue = _queue(standing, wanted)
    page = queue.page(tab, asked)
    counts = queue.counts()
    # The tab decides the status, and whoever works for one service alone has no other to choose.
    chosen_by = ["service", "category", "district"] if standing.office else ["category", "district"]
    fields = filter_fields(wanted, refusals.errors, request.GET, names=["q", *chosen_by])

    def address(**changes: str) -> str:
        return f"{reverse('desk:queue')}?{wanted.as_query(**changes)}"

    context = {
        "office": standing.office,
        "tab": tab,
        "tabs": [
            {
                "tab": each,
                "count": counts[each],
                "full": counts[each] >= COUNT_MAX,
                "url": address(tab=each.value),
            }
            for each in Tab
        ],
        "rows": [AppealRow(appeal, due_of(appeal, queue.calendar, queue.today)) for appeal in page.rows],
        "next_url": address(tab=tab.value, after=str(page.next)) if page.next else "",
        "first_url": address(tab=tab.value) if asked.after else "",
        "wanted": wanted,
        "errors": refusals.errors,
        "clear_url": f"{reverse('desk:queue')}?tab={tab.value}",
        "fields": fields,
        "chosen_by": [fields[name] for name in chosen_by],
        "own_services": Service.objects.filter(pk__in=standing.service_ids) if not standing.office else [],
    }
    return render(request, "desk/queue.html", context, status=400 if AFTER in refusals.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def appeal_page(request: HttpRequest, number: int) -> HttpResponse:
    """One appeal with its contact data and a form for each verb that the workflow allows; POST sends one of them.

    409 with everything typed kept when somebody was faster. An appeal that is with another service is shown as the
    public sees it: its contact data is not for this reader.
    """
    standing = standing_of(request.user)
    appeal = _find(request, number)
    role = standing.role_towards(appeal.service_id)
    if role is Role.PUBLIC:
        if request.method == "POST":
            _say_moved(request, appeal)
        return redirect(appeal)
    tried = Attempt()
    if request.method == "POST":
        tried = attempt(request, appeal, role, Person(request.user))  # type: ignore[arg-type]
        if tried.done:
            messages.success(request, tried.done)
            moved_away = standing.role_towards(_find(request, number).service_id) is Role.PUBLIC
            return redirect("desk:queue") if moved_away else redirect("desk:appeal", number)
        appeal = _find(request, number)
        role = standing.role_towards(appeal.service_id)
        if role is Role.PUBLIC:
            # Forwarded by a colleague meanwhile: this reader may no longer see its contact data.
            _say_moved(request, appeal)
            return redirect("desk:queue")
    verbs = verb_context(appeal, role, tried)
    context = verbs | {
        "dossier": dossier_of(appeal, internal=True),
        "appeal": appeal,
        "contact": AppealContact.objects.filter(appeal=appeal).first(),
        "office": standing.office,
        "show_actors": True,
        "awaits_answer": any(form.row.answers for form in verbs["forms"]),
        "next_appeal": _queue(standing, AppealFilter()).next_open(appeal),
    }
    return render(request, "desk/appeal.html", context, status=tried.status)


def _say_moved(request: HttpRequest, appeal: Appeal) -> None:
    """Says that nothing was done, since the appeal went to another service meanwhile, and gives the words back."""
    sentence = _("Nothing was done: appeal %(number)s is with another service now (%(service)s).") % {
        "number": f"№ {appeal.number}",
        "service": appeal.service.short,
    }
    if words := request.POST.get("text", "").strip()[:TEXT_MAX]:
        sentence += " " + _("Your text: %(text)s") % {"text": words}
    messages.error(request, sentence)


def _find(request: HttpRequest, number: int) -> Appeal:
    appeal = Appeal.objects.visible_to(request.user).with_names().filter(number=number).first()
    if appeal is None:
        raise Http404
    return appeal


def _queue(standing: Standing, wanted: AppealFilter) -> Queue:
    return Queue(standing, wanted, city_calendar(), city_day(timezone.now()))
