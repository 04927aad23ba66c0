"""Writes invented appeals with invented histories, so that every page of a demo looks lived in."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.crypto import get_random_string

from accounts.models import User
from accounts.roles import Role
from appeals.actions.submit import Submission, new_contact
from appeals.actors import Actor, Author, Person
from appeals.deadlines import LegalClock, city_day
from appeals.gathering import GatheringState, Thresholds, in_state
from appeals.identifiers import stable_uuid7
from appeals.importing.history import (
    DueDates,
    HistoricalRouter,
    Past,
    begin,
    take_step,
    write,
    write_on,
)
from appeals.models import Appeal, Attachment, Comment, Event, Resident, Support, SupportReply
from appeals.vocabulary import OPEN_STATUSES, Status, Verb
from appeals.workflow import CARRY, ESCALATE, VERBS
from districts.models import AttributeValue, Category, Service
from districts.routing import Route
from geo.points import city_point
from media.pictures import PreparedPhoto

if TYPE_CHECKING:
    # Only for types: the product does not need the demo data to run.
    from data.demo import DemoAppeal, DemoStep

SOURCE = "demo"

#: Proposals that somebody supports, and how near the first of them are to their threshold.
_SUPPORTED: Final = 60
_SHARES: Final = (1.04, 0.96, 0.61)
#: Proposals besides whose supporters are asked something, and metres around within which they mark places.
_ASKED: Final = 6
#: The most supported of them are commented on.
_COMMENTED: Final = 12
_MARKED_M: Final = 600


def write_demonstration(
    appeals: Iterable[DemoAppeal],
    people: Mapping[str, User],
    picture: Callable[[str], PreparedPhoto],
    now: dt.datetime,
) -> int:
    """Writes the appeals, oldest first, without anything after ``now``; returns their number.

    ``people`` are the representatives by service code; ``picture`` returns a named picture.
    """
    submitted = [appeal for appeal in appeals if appeal.submitted_at <= now]
    author = _Author(people, picture, now)
    submissions = [author.submission(n, appeal) for n, appeal in enumerate(submitted, 1)]
    decisions = HistoricalRouter.read().route(
        (submission, appeal.submitted_at) for submission, appeal in zip(submissions, submitted, strict=True)
    )
    pasts = [
        author.past(appeal, submission, decision)
        for appeal, submission, decision in zip(submitted, submissions, decisions, strict=True)
        if isinstance(decision, Route)
    ]
    write(pasts)
    return len(pasts)


def support_proposals(now: dt.datetime) -> int:
    """Invents who supports the latest proposals, of which one has enough voices and one nearly; how many voices."""
    thresholds, office = Thresholds.read(), Service.objects.office()
    waiting = in_state(GatheringState.GATHERING, thresholds, city_day(now))
    gathering = Appeal.objects.public().proposals().filter(waiting).order_by("-number")
    asked = gathering.filter(category__attributes__active=True)[:_ASKED]
    latest = {appeal.pk: appeal for appeal in (*gathering[:_SUPPORTED], *asked)}.values()
    # First those that nobody has begun with: one of them comes to its threshold just now. No work is taken from anybody.
    proposals = sorted(
        latest, key=lambda appeal: (appeal.status != Status.NEW, appeal.status in OPEN_STATUSES)
    )
    voices: list[Support] = []
    events: list[Event] = []
    for n, appeal in enumerate(proposals):
        threshold = thresholds.of(appeal.district_id)
        chance = random.Random(f"support {n}")  # noqa: S311
        share = _SHARES[n] if n < len(_SHARES) else chance.random() ** 2 * 0.8
        appeal.supporters = round(threshold.voices * share)
        voices += [
            Support(appeal=appeal, person=f"demo {appeal.number} {m}", confirmed=m % 3 == 0)
            for m in range(appeal.supporters)
        ]
        if appeal.supporters >= threshold.voices:
            details = {"supporters": appeal.supporters, "threshold": threshold.voices}
            events.append(take_step(appeal, CARRY, now, to_service=office, details=details))
    Support.objects.bulk_create(voices)
    SupportReply.objects.bulk_create(_replies(voices, now))
    Appeal.objects.bulk_update(proposals, ["supporters"])
    write_on(proposals, events)
    return len(voices)


def _replies(voices: Iterable[Support], now: dt.datetime) -> Iterator[SupportReply]:
    """What most of those voices answer whose proposal asks something; the places are such as others have written about."""
    values: dict[int, list[AttributeValue]] = defaultdict(list)
    asked = AttributeValue.objects.filter(active=True, attribute__active=True).select_related("attribute")
    for value in asked:
        values[value.attribute.category_id].append(value)
    for appeal, own in groupby(voices, key=attrgetter("appeal")):
        if not (offered := values[appeal.category_id]):
            continue
        chance = random.Random(f"replies {appeal.number}")  # noqa: S311
        near = Appeal.objects.within_metres(appeal.point, _MARKED_M).order_by("number")
        places = list(near.values_list("point", flat=True)[:40])
        for voice in own:
            if chance.random() < 0.7:
                value = min(chance.choices(offered, k=2), key=offered.index)
                marks = value.attribute.places and chance.random() < 0.2
                point = chance.choice(places) if marks else None
                yield SupportReply(support=voice, value=value, point=point, at=now)


def comment_on_proposals(said: Mapping[str, Sequence[str]], now: dt.datetime) -> None:
    """Invents who comments on the most supported proposals: a few of what is ``said`` in the language of each."""
    proposals = Appeal.objects.public().proposals().filter(supporters__gt=0, language__in=said)
    for n, appeal in enumerate(proposals.order_by("-supporters", "number")[:_COMMENTED]):
        chance = random.Random(f"comments {n}")  # noqa: S311
        words = chance.sample(said[appeal.language], chance.randint(2, len(said[appeal.language])))
        moments = sorted(chance.uniform(0, 1) for _words in words)
        Comment.objects.bulk_create(
            Comment(
                key=stable_uuid7(appeal.submitted_at, SOURCE, f"comment {appeal.number} {m}"),
                appeal=appeal,
                resident=Resident.objects.get_or_create(email=f"resident-{m}@{SOURCE}.invalid")[0],
                text=text,
                language=appeal.language,
                at=appeal.submitted_at + (now - appeal.submitted_at) * moment,
            )
            for m, (text, moment) in enumerate(zip(words, moments, strict=True))
        )


class _Author:
    """Builds the histories of the appeals."""

    def __init__(
        self, people: Mapping[str, User], picture: Callable[[str], PreparedPhoto], now: dt.datetime
    ) -> None:
        self._people, self._now = people, now
        self._categories = {category.code: category for category in Category.objects.leaves()}
        self._services = {service.code: service for service in Service.objects.all()}
        self._by_id = {service.pk: service for service in self._services.values()}
        self._due_dates = DueDates(LegalClock.read())
        self._picture = cache(lambda name: _Picture(name, picture(name)))

    def submission(self, n: int, appeal: DemoAppeal) -> Submission:
        return Submission(
            id=stable_uuid7(appeal.submitted_at, SOURCE, str(n)),
            kind=appeal.kind,
            category=self._categories[appeal.category],
            text=appeal.text,
            point=city_point(appeal.lon, appeal.lat),
            language=appeal.language,
            address=appeal.address,
            name=appeal.name,
            email=appeal.email,
            phone="".join((appeal.phone or "").split()),
            postal_address=appeal.postal_address,
            secret=get_random_string(32),
            source=SOURCE,
        )

    def past(self, appeal: DemoAppeal, submission: Submission, decision: Route) -> Past:
        at = appeal.submitted_at
        past = begin(submission, decision, at, self._due_dates.due_on(submission, at), Role.RESIDENT)
        past.contact = new_contact(submission, past.appeal)
        if appeal.picture:
            past.attachments.append(self._picture(appeal.picture).attached_to(past))
        for step in takewhile(lambda step: step.at <= self._now, appeal.steps):
            self._apply(past, step)
        past.if_overdue(ESCALATE, self._now)
        return past

    def _apply(self, past: Past, step: DemoStep) -> None:
        to_service = self._services[step.to_service] if step.to_service else None
        if to_service is not None and to_service.pk == past.appeal.service_id:
            return  # routing already sent it there
        verb = VERBS[step.verb]
        past.then(
            verb,
            step.at,
            actor=self._actor(verb, past.appeal),
            text=step.text,
            to_service=to_service,
            details={"satisfied": step.satisfied} if step.satisfied else None,
            clock=self._due_dates.clock,
        )

    def _actor(self, verb: Verb, appeal: Appeal) -> Actor:
        if Role.RESIDENT in verb.roles:
            return Author(appeal.pk)
        return Person(self._people[self._by_id[appeal.service_id].code])


class _Picture:
    """A drawn picture, processed like an upload and stored once, however many appeals use it."""

    def __init__(self, name: str, prepared: PreparedPhoto) -> None:
        self._prepared = prepared
        self._digest = hashlib.sha256(prepared.large.data).digest()
        self._large = _stored(f"photos/demo-{name}.jpg", self._prepared.large.data)
        self._thumb = _stored(f"thumbs/demo-{name}.jpg", self._prepared.thumb.data)

    def attached_to(self, past: Past) -> Attachment:
        at = past.appeal.submitted_at
        return Attachment(
            id=stable_uuid7(at, SOURCE, f"picture {past.appeal.pk}"),
            appeal=past.appeal,
            kind=Attachment.Kind.PHOTO,
            state=Attachment.State.READY,
            large=self._large,
            thumb=self._thumb,
            width=self._prepared.large.width,
            height=self._prepared.large.height,
            digest=self._digest,
            created_at=at,
        )


def _stored(name: str, data: bytes) -> str:
    """Name of the file in the media storage; replaces one from an earlier demo."""
    default_storage.delete(name)
    return default_storage.save(name, ContentFile(data))
