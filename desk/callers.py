"""An appeal for somebody who phones or comes in: taken down at the desk, and sent as the same appeal as any other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from appeals.actions.support import support_for
from appeals.actors import Person
from appeals.errors import Conflict, NotAllowed
from appeals.identifiers import new_secret, new_uuid7
from appeals.intake.parse import SENT, reach_of, submission_schema, uuid7
from appeals.intake.receive import receive
from appeals.models import Appeal, AppealContact, Attachment, Event
from appeals.vocabulary import Channel, Kind
from appeals.workflow import SUBMIT_FOR
from desk.doors import for_whom, held_form, hold_form
from desk.qr import qr_svg
from districts.choices import category_groups
from districts.models import Place
from districts.places import WORDS_MIN
from geo.numbers import whole_number
from geo.refusals import Refused, ValueRefused
from rates.senders import sender_of
from rates.taking import TooMany
from web.form_files import take_files
from web.limits import refused
from web.links import public_link
from web.place_field import SeveralPlaces, degrees_of
from web.preview import Preview, preview_of
from web.uploads import holders_of

#: What is typed or chosen, as the form names it.
FIELDS: Final = (*(name for name in SENT if name != "uploads"), "coordinates", "channel")
#: Those that are kept where a session has ended: all but what names the appeal.
KEPT: Final = tuple(name for name in FIELDS if name not in {"id", "secret"})
#: For so long whoever has taken an appeal down is shown the author's link: one shift.
RECEIPT_AGE: Final = dt.timedelta(hours=12)

_CHANNELS: Final = tuple(channel for channel in Channel if channel.has_staff_write)

_for_those_who_take_down = for_whom(lambda standing: standing.everywhere in SUBMIT_FOR.roles)


@dataclass
class Written:
    """What the form shows: the values typed so far, what is wrong with them, the places to choose among, the files.

    ``preview`` says who would answer, and which appeals are perhaps the same.
    """

    values: dict[str, str]
    errors: dict[str, list[str]] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    uploads: list[Attachment] = field(default_factory=list)
    preview: Preview | None = None

    @property
    def person(self) -> dict[str, str]:
        """What is typed of how to reach the author."""
        return {name: self.values[name] for name in ("phone", "email")}


@require_http_methods(["GET", "HEAD", "POST"])
def new_page(request: HttpRequest) -> HttpResponseBase:
    """The form; POST takes the appeal down, or says that another one concerns the caller too.

    Appeals that are perhaps the same are shown before anything is sent. What is sent after the session has ended is in the
    form again after the log-in.
    """
    if request.method == "POST" and not request.user.is_authenticated:
        hold_form(request, {name: request.POST.get(name, "") for name in KEPT})
    return _new_page(request)


@_for_those_who_take_down
def _new_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        held = held_form(request)
        uploads = list(Attachment.objects.held_by(holders_of(request)).filter(pk__in=held.uploads))
        return _form(request, Written(_fresh() | dict(held.values), uploads=uploads))
    written = Written({name: request.POST.get(name, "") for name in FIELDS})
    try:
        appeal_id = uuid7(written.values["id"])
    except ValueRefused:
        # Never our own form: it may keep its words, under identifiers of ours.
        written.values |= {name: _fresh()[name] for name in ("id", "secret")}
        appeal_id = UUID(written.values["id"])
    try:
        written.errors |= take_files(request, appeal_id, written.uploads)
        if "concerns" in request.POST:
            return _concerns(request, written)
        if (shown := _shown_before(request, written, appeal_id)) is not None:
            return shown
        return _taken_down(request, written, appeal_id)
    except TooMany as refusal:
        written.errors = {"id": [str(refusal)]}
        return refused(_form(request, written, status=HTTPStatus.TOO_MANY_REQUESTS), refusal)
    except Refused as refusal:
        # What was found out about the place says more than that its coordinates are missing.
        written.errors = {**refusal.errors, **written.errors}
        return _form(request, written, status=HTTPStatus.BAD_REQUEST)


def _fresh() -> dict[str, str]:
    blank = dict.fromkeys(FIELDS, "") | {"language": get_language() or "", "channel": Channel.PHONE.value}
    return blank | {"id": str(new_uuid7()), "secret": new_secret(), "kind": Kind.REPORT.value}


def _shown_before(request: HttpRequest, written: Written, appeal_id: UUID) -> HttpResponse | None:
    """The form with who would answer and what is perhaps the same; None when that was seen and the appeal is to be sent."""
    values = written.values
    given = {name: values[name] for name in ("lon", "lat")}
    try:
        values["lon"], values["lat"] = degrees_of({**values, "place": request.POST.get("place", "")})
    except ValueRefused as refusal:
        written.errors["point"] = [str(refusal)]
        if isinstance(refusal, SeveralPlaces):
            written.places = refusal.places
    asked = "ask" in request.POST
    if written.errors:
        return _form(request, written, status=HTTPStatus.BAD_REQUEST) if asked else None
    try:
        written.preview = preview_of(values, written.uploads, holders_of(request))
    except Refused:
        if asked:
            raise
        return None
    written.preview.alike[:] = [other for other in written.preview.alike if other.appeal.pk != appeal_id]
    seen = set(request.POST.getlist("seen"))
    if not asked and all(str(other.appeal.number) in seen for other in written.preview.alike):
        return None
    if asked and not request.POST.get("place"):
        # The address may be another one when it is sent.
        values |= given
    return _form(request, written)


def _taken_down(request: HttpRequest, written: Written, appeal_id: UUID) -> HttpResponse:
    values = written.values
    if values["channel"] not in _CHANNELS:
        written.errors["channel"] = [_("Say how the appeal came in.")]
    # The answer leads to the author's link, so that there must be a key to it.
    values["secret"] = values["secret"] or new_secret()
    try:
        _submission, result = receive(
            {**values, "uploads": [str(upload.pk) for upload in written.uploads]},
            language=get_language() or "",
            source=values["channel"],
            sender=sender_of(request),
            holders=holders_of(request),
            by=Person(cast("User", request.user)),
            refused=written.errors,
        )
    except Conflict as refusal:
        known = AppealContact.objects.filter(appeal=appeal_id, secret=values["secret"]).first()
        if known is None:
            written.errors = {"id": [str(refusal)]}
            return _form(request, written, status=HTTPStatus.CONFLICT)
        messages.info(request, _("This appeal had been received already; it was not sent a second time."))
        return redirect("desk:taken", known.appeal.number)
    return redirect("desk:taken", result.appeal.number)


def _concerns(request: HttpRequest, written: Written) -> HttpResponse:
    """The caller supports the chosen appeal, whose number is what they are told."""
    number = whole_number(request.POST["concerns"])
    appeal = None if number is None else Appeal.objects.public().filter(number=number).first()
    if appeal is None:
        messages.error(request, _("This appeal is not public: nobody can support it."))
        return _form(request, written, status=HTTPStatus.CONFLICT)
    by = Person(cast("User", request.user))
    try:
        support_for(appeal, **reach_of(written.person), by=by, sender=sender_of(request))
    except NotAllowed:
        messages.error(request, _("This appeal is closed: nobody can support it any more."))
        return _form(request, written, status=HTTPStatus.CONFLICT)
    messages.success(
        request,
        _("Appeal %(number)s concerns the caller too: that is counted.") % {"number": f"№ {appeal.number}"},
    )
    return redirect("desk:appeal", appeal.number)


def _form(request: HttpRequest, written: Written, *, status: int = HTTPStatus.OK) -> HttpResponse:
    context = {
        "written": written,
        "values": written.values,
        "errors": written.errors,
        "channels": _CHANNELS,
        "kinds": Kind,
        "groups": category_groups(),
        "languages": settings.LANGUAGES,
        "fields": submission_schema()["properties"],
        "words_min": WORDS_MIN,
    }
    return render(request, "desk/caller.html", context, status=status)


@require_safe
@_for_those_who_take_down
def taken_page(request: HttpRequest, number: int) -> HttpResponse:
    """What the caller is told: number, who answers, by when, and the link; for whoever has just taken it down.

    Others, and later, are led to the appeal: the link acts in the author's name.
    """
    appeal = _just_taken(request, number)
    if appeal is None:
        return redirect("desk:appeal", number)
    path = reverse("public:follow", args=[appeal.contact.secret])
    context = {"appeal": appeal, "follow_path": path, "files": appeal.attachments.count()}
    return render(request, "desk/taken.html", context)


@require_safe
@_for_those_who_take_down
def receipt_page(request: HttpRequest, number: int) -> HttpResponse:
    """The same on paper for the caller, in the language of the appeal, as codes that a phone reads; for the same time."""
    appeal = _just_taken(request, number)
    if appeal is None:
        return redirect("desk:appeal", number)
    with override(appeal.language):
        public_url = public_link(appeal.get_absolute_url())
        own_url = public_link(reverse("public:follow", args=[appeal.contact.secret]))
        context = {
            "appeal": appeal,
            "now": timezone.now(),
            "shown_url": public_url.partition("://")[2],
            "public_code": qr_svg(public_url, _("The appeal on the site")),
            "own_code": qr_svg(own_url, _("Your own link")),
        }
        return render(request, "desk/receipt.html", context)


def _just_taken(request: HttpRequest, number: int) -> Appeal | None:
    """The appeal, if the person has taken it down during this shift."""
    since = timezone.now() - RECEIPT_AGE
    began = (
        Event.objects.filter(
            appeal__number=number, verb=SUBMIT_FOR.code, actor=cast("User", request.user), at__gte=since
        )
        .select_related("appeal__service", "appeal__category", "appeal__district", "appeal__contact")
        .first()
    )
    return began.appeal if began else None
