"""All that is kept about one appeal as one file for whoever checks the city's work: PDF to read, JSON to compute with.

Both are written from ``whole_file``. Who took such a file, and which, stands with the appeal for good.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.posts import Right
from accounts.roles import Role
from appeals.deadlines import city_day
from appeals.dossier import Dossier, dossier_of
from appeals.models import Appeal, Attachment, CalendarDay, LegalTerm, Message
from appeals.redactions import Redacted, redactions_of
from appeals.timeline import Step
from desk.coded import Coded
from desk.doors import for_whom
from desk.models import ContactSeen, FileTaken
from desk.row_changes import in_words
from districts.models import Category, Service
from history.models import RowChange


class Form(enum.StrEnum):
    """A kind of file."""

    PDF = "pdf"
    JSON = "json"


_TYPES: Final = {Form.PDF: "application/pdf", Form.JSON: "application/json; charset=utf-8"}
_ROLES: Final = {
    Role.PUBLIC: gettext_lazy("Resident"),
    Role.RESIDENT: gettext_lazy("Author"),
    Role.SERVICE: gettext_lazy("Service"),
    Role.OFFICE: gettext_lazy("Mayor's Office"),
    Role.SYSTEM: gettext_lazy("Platform"),
}


@require_POST
@for_whom(lambda standing: standing.may(Right.FILES))
def take_file(request: HttpRequest, number: int, form: Form) -> HttpResponse:
    """The appeal's whole file; that it was taken is recorded with its digest before it leaves."""
    user, now = cast("User", request.user), timezone.now()
    with transaction.atomic():
        # Nothing is added to the appeal while it is read: the file is of one moment.
        locked = Appeal.objects.visible_to(user).select_for_update(of=("self",), no_key=True)
        if locked.filter(number=number).first() is None:
            raise Http404
        appeal = Appeal.objects.with_names().select_related("assignee").get(number=number)
        whole = whole_file(appeal, user, now)
        made = _as_pdf(number, whole) if form is Form.PDF else _as_json(whole)
        digest = hashlib.sha256(made).hexdigest()
        FileTaken.objects.create(appeal=appeal, by=user, at=now, form=form, digest=digest)
    response = HttpResponse(made, content_type=_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="appeal-{number}-{now:%Y%m%d-%H%M}.{form}"'
    return response


def _as_pdf(number: int, whole: dict[str, Any]) -> bytes:
    # A web process starts an eighth sooner without what draws it, which the first who asks loads.
    from desk.full_file_pdf import as_pdf

    return as_pdf(number, whole)


def _as_json(whole: dict[str, Any]) -> bytes:
    """UTF-8; moments in ISO 8601 with the city's offset."""
    return json.dumps(whole, cls=_Encoder, ensure_ascii=False, indent=2).encode()


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, dt.datetime):
            return timezone.localtime(o).isoformat()
        return super().default(o)


def whole_file(appeal: Appeal, reader: User, now: dt.datetime) -> dict[str, Any]:
    """All that is kept about the appeal, names in the reader's language; a fixed number of queries.

    Longitude and latitude in degrees (EPSG:4326). ``sha256`` of a file is that of what was received.
    """
    dossier = dossier_of(appeal, reader, internal=True, now=now)
    letters = Message.objects.filter(event__appeal=appeal).select_related("event")
    taken = FileTaken.objects.filter(appeal=appeal).select_related("by").order_by("at", "pk")
    seen = ContactSeen.objects.filter(appeal=appeal).select_related("by").order_by("at", "pk")
    steps = [_step(step) for step in dossier.steps]
    return {
        "made_at": now,
        "made_for": _person(reader),
        "appeal": _appeal(dossier),
        "author": _author(appeal),
        "term": {
            "due_on": appeal.due_on,
            "extended_working_days": appeal.extended_days,
            "pauses": appeal.pauses,
            "explanation": dossier.due_explanation.sentences,
            "law": dossier.due_explanation.law,
        },
        "routing": _routing(dossier),
        "files": [_file(file) for file in dossier.attachments],
        "steps": steps,
        "redactions": [_redaction(one) for one in redactions_of(appeal)],
        "letters": [_letter(letter) for letter in letters.order_by("event__version", "pk")],
        "city_changes": list(_city_changes(dossier, now)),
        "author_seen": [
            {"at": one.at, "by": _person(one.by), "how": Coded(one.how, one.get_how_display())}
            for one in seen
        ],
        "taken_before": [
            {"at": one.at, "by": _person(one.by), "form": one.form, "sha256": one.digest} for one in taken
        ],
    }


def _appeal(dossier: Dossier) -> dict[str, Any]:
    appeal = dossier.appeal
    return {
        "number": appeal.number,
        "id": appeal.pk,
        "version": appeal.version,
        "kind": appeal.get_kind_display(),
        "category": appeal.category.name,
        "text": appeal.text,
        "language": appeal.language,
        "address": appeal.address,
        "longitude": appeal.point.x,
        "latitude": appeal.point.y,
        "district": appeal.district.name if appeal.district else None,
        "service": appeal.service.name,
        "assignee": _person(appeal.assignee),
        "status": appeal.status_in_words,
        "hidden": appeal.hidden,
        "submitted_at": appeal.submitted_at,
        "answered_at": appeal.answered_at,
        "closed_at": appeal.closed_at,
        "escalated_at": appeal.escalated_at,
        "source": Coded(appeal.source, str(appeal.channel.label)) if appeal.channel else appeal.source,
        "external_id": appeal.external_id,
        "repeats": appeal.duplicate_of.number if appeal.duplicate_of else None,
        "repeated_by": [other.number for other in dossier.repetitions],
        "linked": [other.number for other in dossier.linked],
        "supporters": appeal.supporters,
    }


def _author(appeal: Appeal) -> dict[str, Any] | None:
    contact = getattr(appeal, "contact", None)
    if contact is None:
        return None
    return {
        name: getattr(contact, name) for name in ("name", "postal_address", "phone", "email", "email_proven")
    }


def _routing(dossier: Dossier) -> dict[str, Any] | None:
    explanation = dossier.explanation
    if explanation is None:
        return None
    return {
        "rule": explanation.rule,
        "explanation": explanation.sentence,
        "border": explanation.border,
        "borders_of_revision": explanation.revision.number,
    }


def _file(file: Attachment) -> dict[str, Any]:
    return {
        "id": file.pk,
        "kind": Coded(file.kind, file.get_kind_display()),
        "state": Coded(file.state, file.get_state_display()),
        "sha256": bytes(file.digest).hex(),
        "file": (file.playable or file.large).name,
        "hidden": file.hidden,
        "covered": file.covered,
        "whole_file": file.whole_large.name or None,
        "received_at": file.created_at,
    }


def _step(step: Step) -> dict[str, Any]:
    event = step.event
    return {
        "version": event.version,
        "at": event.at,
        "verb": event.verb,
        "what": step.title,
        "who": _person(event.actor),
        "as": Coded(event.actor_role, _ROLES[Role(event.actor_role)]),
        "from_status": Coded(event.from_status, event.get_from_status_display()),
        "to_status": Coded(event.to_status, event.get_to_status_display()),
        "service": event.service.name,
        "to_service": event.to_service.name if event.to_service else None,
        "text": event.text,
        "details": event.details,
        "public": event.public,
        "files": [_file(file) for file in step.attachments],
    }


def _redaction(one: Redacted) -> dict[str, Any]:
    redaction = one.redaction
    deed = Coded("put_back", _("Put back")) if one.puts_back else Coded("taken_out", _("Taken out"))
    if one.by_author:
        deed = Coded("corrected", _("Corrected by the author"))
    return {
        "version": redaction.event.version,
        "at": redaction.event.at,
        "who": _person(redaction.event.actor),
        "what": deed,
        "reason": redaction.event.text,
        "of_version": redaction.of_event.version if redaction.of_event else None,
        "field": Coded(redaction.field, redaction.get_field_display()),
        "before": redaction.before,
        "after": redaction.after,
    }


def _letter(letter: Message) -> dict[str, Any]:
    return {
        "version": letter.event.version if letter.event else None,
        "recipient": letter.recipient,
        "audience": Coded(letter.audience, letter.get_audience_display()),
        "channel": Coded(letter.channel, letter.get_channel_display()),
        "state": Coded(letter.state, letter.get_state_display()),
        "attempts": letter.attempts,
        "sent_at": letter.sent_at,
        "error": letter.error,
    }


def _city_changes(dossier: Dossier, now: dt.datetime) -> Iterator[dict[str, Any]]:
    """What became of the appeal's category, of the services that had it and of the days and terms of its clock meanwhile."""
    appeal = dossier.appeal
    until = appeal.closed_at or now
    services = {appeal.service_id, *(step.event.service_id for step in dossier.steps)}
    days = [city_day(appeal.submitted_at), max(appeal.due_on, city_day(until))]
    changes = RowChange.objects.between(appeal.submitted_at, until)
    found = (
        changes.of(Category, appeal.category_id)
        | changes.of(Service, *services)
        | changes.of(LegalTerm)
        | changes.of(CalendarDay).filter(row_key__range=[day.isoformat() for day in days])
    )
    for change in in_words(list(found.order_by("at", "pk"))):
        for line in change.lines:
            yield {
                "at": change.at,
                "by": change.who,
                "what": f"{change.what}: {change.row} — {change.done}",
                "column": line.label,
                "before": line.before,
                "after": line.after,
            }


def _person(person: User | None) -> str | None:
    return f"{person} <{person.email}>" if person else None
