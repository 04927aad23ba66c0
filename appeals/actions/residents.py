"""What a resident's account has: found by its e-mail address, added from a device, shown, taken along and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.roles import Role
from appeals.actions.abuse_reports import delete_comments
from appeals.actions.support import forget_supports_at, join_supports, supports_at
from appeals.alerts.question import question_in
from appeals.limits import ATTACHED_MAX
from appeals.models import (
    Alert,
    Appeal,
    AppealContact,
    Attachment,
    Comment,
    Follower,
    Message,
    Resident,
    SignInCode,
    Support,
)
from appeals.notify.endings import end
from appeals.notify.proof import own_page
from appeals.notify.sign_in import SIGN_IN
from appeals.querysets import AppealQuerySet
from appeals.search import mailbox
from appeals.vocabulary import LEGAL_KINDS


def contacts_of(resident: Resident) -> QuerySet[AppealContact]:
    """The contacts that name the resident's address, which was proven for each, of the newest appeals first.

    Whoever has them may see what their links show, and nothing else.
    """
    return _naming(resident).filter(email_proven=True)


def unconfirmed_of(resident: Resident) -> QuerySet[AppealContact]:
    """The contacts of appeals that everybody sees whose first letter went to the address, and was not opened; the newest first.

    Anybody may write any address into a form, so that they are whoever's until the reader says whose.
    """
    return _naming(resident).filter(email_proven=False, appeal__in=Appeal.objects.public())


def _naming(resident: Resident) -> QuerySet[AppealContact]:
    return AppealContact.objects.filter(mailbox(resident.email, "email")).order_by("-appeal__number")


def confirm_own(resident: Resident, numbers: Sequence[str]) -> int:
    """The unconfirmed ones of these appeals are the account's now, as if their letters had been opened; how many."""
    given = [int(number) for number in numbers[:ATTACHED_MAX] if number.isdecimal() and len(number) <= 9]
    return unconfirmed_of(resident).filter(appeal__number__in=given).update(email_proven=True)


def supported_by(resident: Resident) -> AppealQuerySet:
    """The appeals that everybody sees and that whoever has the address supports, the newest first."""
    keys = supports_at(resident.email).values("appeal")
    return Appeal.objects.public().filter(pk__in=keys).order_by("-number")


def followed_by(resident: Resident) -> AppealQuerySet:
    """The appeals that everybody sees and of which a browser or letters tell the resident, the newest first."""
    by_letter = mailbox(resident.email, "email") & Q(confirmed_at__isnull=False)
    keys = Follower.objects.filter(Q(resident=resident) | by_letter).values("appeal")
    return Appeal.objects.public().filter(pk__in=keys).order_by("-number")


@dataclass(frozen=True)
class Attached:
    """The numbers of appeals that are the account's now, and of those that name another address and stay as they are."""

    own: tuple[int, ...]
    others: tuple[int, ...]


def attach(resident: Resident, secrets: Sequence[str], *, supporter: str = "") -> Attached:
    """Has the appeals of these secret links name the resident's address, which whoever has signed in reads.

    So does what the device with the secret ``supporter`` supports. A link that opens nothing is passed over.
    """
    own, others = [], []
    with transaction.atomic():
        given = [secret for secret in secrets[:ATTACHED_MAX] if "\x00" not in secret]
        found = AppealContact.objects.filter(secret__in=given).select_related("appeal")
        for contact in found.order_by("pk").select_for_update(of=("self",)):
            if contact.email and contact.email.casefold() != resident.email.casefold():
                others.append(contact.appeal.number)
                continue
            contact.email, contact.email_proven = contact.email or resident.email, True
            contact.save(update_fields=["email", "email_proven"])
            own.append(contact.appeal.number)
        join_supports(supporter, resident.email)
    return Attached(tuple(sorted(own)), tuple(sorted(others)))


def personal_data(resident: Resident) -> dict[str, Any]:
    """All that is kept of whoever has the address, as a document of JSON: what is there is named as the data model names it."""
    contacts = contacts_of(resident).select_related("appeal__category")
    contacts = contacts.prefetch_related("appeal__events", "appeal__attachments__event")
    supports = supports_at(resident.email).filter(appeal__in=supported_by(resident).values("pk"))
    return {
        "email": resident.email,
        "account_since": resident.created_at.isoformat(),
        "signed_in_at": [device.signed_in_at.isoformat() for device in resident.devices.order_by("pk")],
        "appeals": [_appeal(contact) for contact in contacts],
        "supports": _supports(supports),
        "follows": list(followed_by(resident).values_list("number", flat=True)),
        "comments": [
            _comment(comment) for comment in resident.comments.select_related("appeal").order_by("pk")
        ],
        "alerts": [_alert(alert) for alert in Alert.objects.of_address(resident.email).order_by("pk")],
    }


def _supports(supports: QuerySet[Support]) -> list[dict[str, Any]]:
    """Each appeal once, by however many browsers, with the latest answer."""
    found: dict[int, dict[str, Any]] = {}
    for one in supports.select_related("appeal", "reply__value__attribute").order_by("at", "pk"):
        told = found.setdefault(
            one.appeal.number,
            {"number": one.appeal.number, "at": one.at.isoformat(), "answer": None},
        )
        reply = getattr(one, "reply", None)
        if reply is not None and (told["answer"] is None or told["answer"]["at"] < reply.at.isoformat()):
            told["answer"] = {
                "question": reply.value.attribute.description,
                "value": reply.value.name,
                "coordinates": list(reply.point.coords) if reply.point else None,
                "at": reply.at.isoformat(),
            }
    return list(found.values())


def _appeal(contact: AppealContact) -> dict[str, Any]:
    appeal = contact.appeal
    return {
        "number": appeal.number,
        "submitted_at": appeal.submitted_at.isoformat(),
        "kind": appeal.kind,
        "category": appeal.category.name,
        "text": appeal.text,
        "address": appeal.address,
        "coordinates": [appeal.point.x, appeal.point.y],
        "status": appeal.status,
        "link": f"{settings.PUBLIC_URL}{own_page(contact)}",
        "name": contact.name,
        "phone": contact.phone,
        "postal_address": contact.postal_address,
        "letters": not contact.unsubscribed,
        "acts": [
            {
                "what": event.verb,
                "at": event.at.isoformat(),
                "text": event.text,
                "details": event.public_details,
            }
            for event in appeal.events.all()
            if event.actor_role == Role.RESIDENT
        ],
        "files": [
            _file(attachment)
            for attachment in appeal.attachments.all()
            if attachment.event is None or attachment.event.actor_role == Role.RESIDENT
        ],
    }


def _file(attachment: Attachment) -> dict[str, Any]:
    shown = attachment.large or attachment.playable
    return {
        "kind": attachment.kind,
        "sent_at": attachment.created_at.isoformat(),
        "link": f"{settings.PUBLIC_URL}{shown.url}" if shown else "",
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "number": comment.appeal.number,
        "at": comment.at.isoformat(),
        "text": comment.text,
        "language": comment.language,
        "hidden": comment.hidden,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    question = question_in(alert.query)
    return {
        "where": question.where() if question is not None else "",
        "about": question.about() if question is not None else "",
        "daily": alert.daily,
        "asked_at": alert.created_at.isoformat(),
        "confirmed_at": alert.confirmed_at.isoformat() if alert.confirmed_at else None,
    }


def delete_account(resident: Resident, *, data_too: bool) -> None:
    """The account is no more, anywhere, nor are its comments. With ``data_too`` whatever else says who has the address goes.

    That is: name, address and phone in civic reports, with the letters about them, alerts, supports, and what is followed. Of appeals under the
    law they stay: the law has them kept with the file. What the appeals say stays, as it is public.
    """
    with transaction.atomic():
        if data_too:
            civic = contacts_of(resident).exclude(appeal__kind__in=LEGAL_KINDS)
            keys = list(civic.values_list("pk", flat=True))
            Message.objects.filter(contact__in=keys).delete()
            AppealContact.objects.filter(pk__in=keys).update(
                name="", email="", email_proven=False, phone="", postal_address=""
            )
            end(Alert.objects.of_address(resident.email))
            end(Follower.objects.filter(Q(resident=resident) | mailbox(resident.email, "email")))
            forget_supports_at(resident.email)
        Message.objects.filter(kind=SIGN_IN, recipient__iexact=resident.email).delete()
        SignInCode.objects.filter(email__iexact=resident.email).delete()
        delete_comments(Comment.objects.filter(resident=resident))
        resident.delete()
