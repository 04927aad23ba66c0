"""One step for many appeals: what would become of each is shown before, what became of each is said after.

Each goes through the ordinary action by itself, with the version that was on the screen: one that cannot be done stops
no other, and is named with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Role, standing_of
from appeals.actions.perform import foresee, perform
from appeals.actors import Person
from appeals.deadlines import LegalClock
from appeals.errors import ActionRefused, Invalid, Stale
from appeals.filters import AppealFilter
from appeals.models import Appeal
from appeals.timeline import steps_of
from appeals.vocabulary import Audience, Verb
from appeals.workflow import VERBS
from desk.doors import for_staff
from desk.queue import PAGE_SIZE, Queue, parse_place
from geo.numbers import whole_number
from web.verb_forms import VerbForm

#: The boxes beside the rows.
CHOSEN: Final = "chosen"
#: Digits of a number and of a version.
_DIGITS_MAX: Final = 12


@dataclass(frozen=True)
class Chosen:
    """A row that was chosen, as it was on the screen."""

    number: int
    version: int

    def __str__(self) -> str:
        return f"{self.number}:{self.version}"


@dataclass(frozen=True)
class Outlook:
    """What would become of one appeal, or what became of it; ``refusal`` says why nothing."""

    chosen: Chosen
    appeal: Appeal | None
    sentences: Sequence[str] = ()
    refusal: str = ""


def bulk_verbs() -> list[Verb]:
    """What may be done to many appeals at once, in the table's order."""
    return [verb for verb in VERBS.values() if verb.bulk]


@require_POST
@for_staff
def bulk_page(request: HttpRequest) -> HttpResponse:
    """What the verb would do to each of the chosen appeals; with ``step=do`` it is done, and said of each."""
    place, _errors = parse_place(QueryDict(request.POST.get("place", "")))
    back = f"{reverse('desk:queue')}?{place.as_query()}"
    chosen = _read_chosen(request.POST.getlist(CHOSEN))
    verb = VERBS.get(request.POST.get("verb", ""))
    if verb is None or not verb.bulk:
        messages.error(request, _("Choose what is to be done with the chosen appeals."))
        return redirect(back)
    if not chosen:
        messages.error(
            request, _("No appeal is chosen. Tick the box beside the number of each that you mean.")
        )
        return redirect(back)
    user = cast("User", request.user)
    clock = LegalClock.read()
    on_desk = Queue.of(user, clock.calendar).appeals(AppealFilter()).with_names()
    rows = on_desk.select_related("assignee", "contact").filter(number__in=[one.number for one in chosen])
    appeals = {appeal.number: appeal for appeal in rows}
    if not appeals:
        messages.error(request, _("None of these appeals is on your desk any more."))
        return redirect(back)
    step = request.POST.get("step", "")
    form = _form(verb, next(iter(appeals.values())), user, request.POST if step else None)
    ready = not verb.asks or (bool(step) and form.is_valid())
    done = ready and step == "do"
    given = form.given() if ready and verb.asks else {}
    outlooks = [
        _done(one, appeals.get(one.number), verb, user, given)
        if done
        else _foreseen(one, appeals.get(one.number), verb, user, clock, given, ready=ready)
        for one in chosen
    ]
    context = {
        "verb": verb,
        "words": verb.words,
        "form": form,
        "appeal": next(iter(appeals.values())),
        "outlooks": outlooks,
        "may": sum(not outlook.refusal for outlook in outlooks),
        "may_not": sum(bool(outlook.refusal) for outlook in outlooks),
        "ready": ready,
        "done": done,
        "place": place.as_query(),
        "back_url": back,
    }
    return render(request, "desk/bulk.html", context, status=400 if step and not ready else 200)


def _form(verb: Verb, appeal: Appeal, user: User, data: QueryDict | None) -> VerbForm:
    """The verb's form; each appeal has its own version beside it."""
    role = Role.OFFICE if standing_of(user).office else Role.SERVICE
    if data is None:
        return VerbForm(verb, role, appeal)
    filled = data.copy()
    filled["version"] = "0"
    return VerbForm(verb, role, appeal, filled)


def _foreseen(
    chosen: Chosen,
    appeal: Appeal | None,
    verb: Verb,
    user: User,
    clock: LegalClock,
    given: dict[str, Any],
    *,
    ready: bool,
) -> Outlook:
    if appeal is None:
        return _gone(chosen)
    try:
        after = foresee(appeal, verb, Person(user), version=chosen.version, clock=clock, **given)
    except Invalid as refusal:
        # As long as the form is empty, what it asks for is no reason.
        return Outlook(chosen, appeal, refusal=str(refusal) if ready else "")
    except ActionRefused as refusal:
        return Outlook(chosen, appeal, refusal=_why(refusal))
    return Outlook(chosen, appeal, [*_differences(appeal, after, verb), *_turned(after, given)])


def _turned(after: Appeal, given: dict[str, Any]) -> list[str]:
    """Why another service gets the appeal than the one that was chosen."""
    chosen = given.get("to_service")
    if chosen is None or chosen.pk == after.service_id:
        return []
    return [_("Services have passed it on often enough: the Mayor's Office decides who answers")]


def _done(chosen: Chosen, appeal: Appeal | None, verb: Verb, user: User, given: dict[str, Any]) -> Outlook:
    if appeal is None:
        return _gone(chosen)
    try:
        after = perform(appeal.pk, verb, Person(user), version=chosen.version, **given)
    except ActionRefused as refusal:
        return Outlook(chosen, appeal, refusal=_why(refusal))
    except OperationalError:
        # A row that somebody else has held for too long: the others are tried all the same.
        return Outlook(
            chosen, appeal, refusal=_("The database did not answer in time; the appeal is as it was.")
        )
    return Outlook(chosen, appeal, [*_differences(appeal, after, verb), *_turned(after, given)])


def _gone(chosen: Chosen) -> Outlook:
    return Outlook(chosen, None, refusal=_("It is not on your desk: it is with another service now."))


def _why(refusal: ActionRefused) -> str:
    if isinstance(refusal, Stale):
        steps = "; ".join(str(step.title) for step in steps_of(refusal.since))
        return _("Somebody has changed it since you opened the list: look at it first. %(steps)s") % {
            "steps": steps
        }
    return str(refusal)


def _differences(before: Appeal, after: Appeal, verb: Verb) -> list[str]:
    """What the verb changes, in sentences; letters among it."""
    changes = []
    if before.status != after.status:
        changes.append(f"{before.get_status_display()} → {after.get_status_display()}")
    if before.service_id != after.service_id:
        changes.append(f"{before.service.short} → {after.service.short}")
    if before.assignee_id != after.assignee_id:
        changes.append(_("Who works on it: %(person)s") % {"person": after.assignee or "—"})
    if before.due_on != after.due_on:
        changes.append(_("Answer due by %(date)s") % {"date": date_format(after.due_on)})
    contact = getattr(before, "contact", None)
    if Audience.AUTHOR in verb.letters and contact is not None and contact.email:
        changes.append(_("The author gets a letter"))
    if Audience.SERVICE in verb.letters and after.service.email:
        changes.append(_("The service gets a letter"))
    return changes or [_("It is written into the history; nothing else changes")]


def _read_chosen(values: Sequence[str]) -> list[Chosen]:
    """The rows among the values (``number:version``), each once, at most a page of them; what is none is left out."""
    chosen: dict[int, Chosen] = {}
    for value in values[:PAGE_SIZE]:
        first, _sign, second = value.partition(":")
        number, version = (whole_number(part, digits=_DIGITS_MAX) for part in (first, second))
        if number is not None and version is not None:
            chosen.setdefault(number, Chosen(number, version))
    return list(chosen.values())
