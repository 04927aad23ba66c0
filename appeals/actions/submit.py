"""The one door through which appeals come in, whoever brings them."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Role
from appeals.actions.attachments import attach
from appeals.actors import Person
from appeals.deadlines import LegalClock, city_day
from appeals.errors import Conflict, Invalid, NotAllowed
from appeals.identity import READERS, clean_text, missing_identity
from appeals.limits import TEXT_MAX
from appeals.models import Appeal, AppealContact, Event, RoutingDecision
from appeals.notify.queue import queue_messages
from appeals.oddities import ODD, Oddity, oddities_of
from appeals.vocabulary import Audience, Held, Status
from appeals.workflow import HOLD, SUBMIT, SUBMIT_FOR
from districts.explanation import refusal_in_words
from districts.models import Category
from districts.routing import Pin, Route, RoutingError, route
from geo.points import DECIMALS, city_point
from geo.refusals import ValueRefused
from rates.proofs import take_or_ask
from rates.senders import is_known_person
from rates.taking import SUBMIT as SUBMISSIONS
from rates.taking import SUBMIT_PROVEN


def appeal_text(value: object) -> str:
    """The words of an appeal. Raises ``ValueRefused``."""
    text = clean_text(value, TEXT_MAX)
    if not text:
        raise ValueRefused(_("Tell in a few words what it is about."))
    return text


def place_of(lon: object, lat: object) -> Point:
    """The place of an appeal, EPSG:4326, of degrees. Raises ``ValueRefused``."""
    # What is stored is what the open data will show, so that both count a pin in the same cell.
    point = city_point(lon, lat)
    return Point(round(point.x, DECIMALS), round(point.y, DECIMALS), srid=point.srid)


@dataclass(frozen=True)
class Submission:
    """An appeal as it comes in, checked field by field. ``point`` is EPSG:4326, lon/lat; ``secret`` may be empty."""

    id: UUID
    kind: str
    category: Category
    text: str
    point: Point
    language: str
    secret: str = ""
    address: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    postal_address: str = ""
    uploads: tuple[UUID, ...] = ()
    source: str = "web"
    external_id: str = ""

    @property
    def identity(self) -> dict[str, str]:
        """Who the author is and how to reach them, by the names of ``AppealContact``."""
        return {name: getattr(self, name) for name in READERS}

    def fingerprint(self) -> bytes:
        """SHA-256 of all that was sent: two submissions are the same when these are.

        Without a secret, of what everybody may read: whoever repeats that learns nothing of how to reach the author.
        """
        contact = [self.name, self.email, self.phone] if self.secret else ["", "", ""]
        if self.secret and self.postal_address:
            # Beside it: what was sent before there was such a field is still the same.
            contact.append(self.postal_address)
        content = [
            self.kind,
            self.category.code,
            self.text,
            f"{self.point.x:.7f} {self.point.y:.7f}",
            self.language,
            self.secret,
            self.address,
            *contact,
            sorted(str(upload) for upload in self.uploads),
        ]
        return hashlib.sha256(orjson.dumps(content)).digest()


@dataclass(frozen=True)
class Submitted:
    """The appeal, and whether this submission made it (False: it had come before)."""

    appeal: Appeal
    created: bool


def submit(
    submission: Submission,
    *,
    sender: str | None,
    by: Person | None = None,
    holders: Collection[str] | None = None,
    at: dt.datetime | None = None,
    baited: bool = False,
    proof: str | None = None,
) -> Submitted:
    """The routed appeal, committed with its contact, decision, first event and messages.

    Sent again, after a lost answer, the same content under the same UUID gives the same appeal; all else is counted
    against the ``sender`` (``rates.senders``; None is the platform itself), refused or not. ``by`` is whoever of the staff
    takes down what the author says, by the channel that is the submission's source. ``holders`` are whose uploads it may take
    (None: anybody's, for the platform itself). What looks odd, such as where it is ``baited`` (``appeals.oddities``), is held
    unless somebody who is known brings it: nobody reads it before the Mayor's Office. ``proof`` is that of
    ``rates.proofs.take_or_ask``. Raises ``NotAllowed`` where the
    workflow's table does not let them; ``TooMany``;
    ``Conflict`` for other content under a known UUID; ``Invalid`` for a point outside the city, an unknown upload, and an
    appeal under the law that does not say who its author is.
    """
    at = at or timezone.now()
    known = _known(submission)
    if known is not None and _same(known, submission):
        return Submitted(known, created=False)
    many = sender is not None and take_or_ask(SUBMISSIONS, SUBMIT_PROVEN, sender, proof)
    if known is not None:
        raise Conflict
    if missing := missing_identity(submission.kind, submission.identity):
        raise Invalid(missing)
    decision = route_or_refuse(submission.point, submission.category, at)
    try:
        with transaction.atomic():
            # Undone with the rest where the same submission is committed by another request meanwhile: it counts once.
            odd: list[Oddity] = []
            if sender is not None and by is None and not is_known_person(sender):
                odd = oddities_of(submission.text, sender=sender, baited=baited, many=many)
            due_on = LegalClock.held().due_on(submission.kind, at, category=submission.category.pk)
            return Submitted(_write(submission, decision, due_on, by, holders, at, odd), created=True)
    except IntegrityError:
        # The same submission may have been committed by another request between the look-up and the insert.
        known = _known(submission)
        if known is not None and not _same(known, submission):
            raise Conflict from None
        if known is not None:
            return Submitted(known, created=False)
        if AppealContact.objects.filter(secret=submission.secret).exists():
            raise Invalid({"secret": [_("This secret has been used before: make another one.")]}) from None
        raise


def _known(submission: Submission) -> Appeal | None:
    return Appeal.objects.with_names().filter(pk=submission.id).first()


def _same(appeal: Appeal, submission: Submission) -> bool:
    return bytes(appeal.fingerprint) == submission.fingerprint()


def route_or_refuse(point: Point, category: Category, at: dt.datetime) -> Route:
    """Decision for that place, EPSG:4326, and category; ``Invalid`` when nobody can be asked, such as outside the city."""
    pin = Pin(point.x, point.y, category.pk)
    try:
        return route(pin, on=city_day(at))
    except RoutingError as refusal:
        raise Invalid(refusal_in_words(refusal)) from None


def stored_decision(appeal_id: UUID, decision: Route, at: dt.datetime) -> RoutingDecision:
    """The decision as a row to be kept beside the appeal."""
    return RoutingDecision(
        appeal_id=appeal_id,
        revision_id=decision.revision_id,
        district_id=decision.district_id,
        service_id=decision.service_id,
        area_id=decision.area_id,
        rule=decision.rule,
        border_m=decision.border_m,
        rivals=[
            {
                "area": rival.area_id,
                "service": rival.service_id,
                "priority": rival.priority,
                "area_m2": round(rival.area_m2),
            }
            for rival in decision.rivals
        ],
        decided_at=at,
    )


def new_appeal(submission: Submission, decision: Route, due_on: dt.date, at: dt.datetime) -> Appeal:
    """The appeal as it begins, not saved."""
    return Appeal(
        id=submission.id,
        kind=submission.kind,
        category=submission.category,
        text=submission.text,
        language=submission.language,
        address=submission.address,
        point=submission.point,
        district_id=decision.district_id,
        service_id=decision.service_id,
        status=Status.NEW,
        submitted_at=at,
        due_on=due_on,
        source=submission.source,
        external_id=submission.external_id,
        fingerprint=submission.fingerprint(),
    )


def new_contact(submission: Submission, appeal: Appeal) -> AppealContact:
    """How to reach the author, not saved; a secret is made where the client made none."""
    return AppealContact(
        appeal=appeal,
        secret=submission.secret or secrets.token_urlsafe(24),
        **submission.identity,
    )


def first_event(appeal: Appeal, role: Role = Role.RESIDENT, by: Person | None = None) -> Event:
    """The event with which the appeal's history begins, not saved. ``by`` took down what the author said.

    Raises ``NotAllowed`` where they may not.
    """
    taken = {} if by is None else _taken_down(appeal, by)
    return Event(
        appeal=appeal,
        version=1,
        at=appeal.submitted_at,
        to_status=Status.NEW,
        service_id=appeal.service_id,
        **{"verb": SUBMIT.code, "actor_role": role, **taken},
    )


def _held(appeal: Appeal, odd: Sequence[Oddity]) -> Event:
    return Event(
        appeal=appeal,
        version=appeal.version,
        verb=HOLD.code,
        at=appeal.submitted_at,
        actor_role=Role.SYSTEM,
        from_status=appeal.status,
        to_status=appeal.status,
        service_id=appeal.service_id,
        details={ODD: list(odd)},
    )


def _taken_down(appeal: Appeal, by: Person) -> dict[str, object]:
    role = by.role_towards(appeal)
    if role not in SUBMIT_FOR.roles:
        raise NotAllowed
    details = {"channel": appeal.source}
    return {"verb": SUBMIT_FOR.code, "actor": by.user, "actor_role": role.speaks_as, "details": details}


def insert(
    appeal: Appeal,
    contact: AppealContact | None,
    decision: Route,
    at: dt.datetime,
    by: Person | None = None,
    odd: Sequence[Oddity] = (),
) -> None:
    """Writes the new appeal with its contact, decision, first event and messages, inside the caller's transaction.

    Held from the beginning where anything is ``odd``: the public sees it at no moment.
    """
    if odd:
        appeal.version, appeal.hidden, appeal.held = 2, True, Held.WAITS
    appeal.save(force_insert=True)
    # The letters name the service, the receipt both of them: one statement for the two.
    named = Appeal.objects.select_related("service", "district").only("service", "district").get(pk=appeal.pk)
    appeal.service, appeal.district = named.service, named.district
    if contact is not None:
        contact.save(force_insert=True)
    stored_decision(appeal.pk, decision, at).save(force_insert=True)
    event = first_event(appeal, by=by)
    event.save(force_insert=True)
    queue_messages(event)
    if odd:
        held = _held(appeal, odd)
        held.save(force_insert=True)
        queue_messages(held, digest={Audience.OFFICE})


def _write(
    submission: Submission,
    decision: Route,
    due_on: dt.date,
    by: Person | None,
    holders: Collection[str] | None,
    at: dt.datetime,
    odd: Sequence[Oddity],
) -> Appeal:
    appeal = new_appeal(submission, decision, due_on, at)
    insert(appeal, new_contact(submission, appeal), decision, at, by, odd)
    attach(submission.uploads, appeal=appeal, event=None, holders=holders)
    return appeal
