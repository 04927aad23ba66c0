"""A row of any model with sensible values; the city around it is ``tests.grid``.

An appeal made here has the contact, the routing decision and the first event that ``submit`` would have written, but
costs no routing. Use the actions themselves where their work is what is tested.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from functools import lru_cache
from typing import Any

import factory
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection
from django.db.models.expressions import DatabaseDefault
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Membership, PersonChange, User
from accounts.roles import Role
from appeals.deadlines import LegalClock
from appeals.identifiers import new_uuid7
from appeals.models import (
    AbuseReport,
    Appeal,
    AppealContact,
    Attachment,
    CalendarDay,
    Comment,
    Event,
    HotCell,
    LegalTerm,
    Message,
    Resident,
    RoutingDecision,
)
from appeals.vocabulary import Kind, Status
from appeals.workflow import SUBMIT
from districts.models import (
    Attribute,
    AttributeValue,
    BoundaryRevision,
    Category,
    District,
    DistrictBoundary,
    Place,
    Service,
    ServiceArea,
)
from districts.routing import Rule
from news.models import NewsItem
from tests.grid import CITY, IN_EAST, at, box

PASSWORD = "correct horse battery staple"


class NamedFactory(DjangoModelFactory[Any]):
    """Names in three languages, told apart by a suffix."""

    class Meta:
        abstract = True

    name_ky = factory.LazyAttribute(lambda row: f"{row.code} ky")
    name_ru = factory.LazyAttribute(lambda row: f"{row.code} ru")
    name_en = factory.LazyAttribute(lambda row: f"{row.code} en")


class ServiceFactory(NamedFactory):
    class Meta:
        model = Service

    code = factory.Sequence(lambda n: f"service-{n}")
    email = factory.LazyAttribute(lambda service: f"{service.code}@city.example")
    short_ky = factory.SelfAttribute("name_ky")
    short_ru = factory.SelfAttribute("name_ru")
    short_en = factory.SelfAttribute("name_en")


class CategoryFactory(NamedFactory):
    class Meta:
        model = Category

    code = factory.Sequence(lambda n: f"category-{n}")
    service = factory.SubFactory(ServiceFactory)


class AttributeFactory(DjangoModelFactory[Attribute]):
    class Meta:
        model = Attribute

    category = factory.SubFactory(CategoryFactory)
    code = "species"
    places = True
    description_ky = "Which ky"
    description_ru = "Which ru"
    description_en = "Which en"


class AttributeValueFactory(NamedFactory):
    class Meta:
        model = AttributeValue

    attribute = factory.SubFactory(AttributeFactory)
    code = factory.Sequence(lambda n: f"value-{n}")


class BoundaryRevisionFactory(DjangoModelFactory[BoundaryRevision]):
    class Meta:
        model = BoundaryRevision
        django_get_or_create = ("number",)

    number = 1
    name = "first"
    state = BoundaryRevision.State.PUBLISHED
    effective_from = dt.date(2020, 1, 1)
    published_at = factory.LazyFunction(timezone.now)


class DistrictFactory(NamedFactory):
    class Meta:
        model = District

    code = factory.Sequence(lambda n: f"district-{n}")
    kind = District.Kind.TERRITORY


class DistrictBoundaryFactory(DjangoModelFactory[DistrictBoundary]):
    class Meta:
        model = DistrictBoundary

    revision = factory.SubFactory(BoundaryRevisionFactory)
    district = factory.SubFactory(DistrictFactory)
    name_ky = factory.SelfAttribute("district.name_ky")
    name_ru = factory.SelfAttribute("district.name_ru")
    name_en = factory.SelfAttribute("district.name_en")
    geom = factory.LazyFunction(lambda: box(CITY))


class ServiceAreaFactory(NamedFactory):
    class Meta:
        model = ServiceArea

    revision = factory.SubFactory(BoundaryRevisionFactory)
    code = factory.Sequence(lambda n: f"area-{n}")
    service = factory.SubFactory(ServiceFactory)
    geom = factory.LazyFunction(lambda: box(CITY))


class PlaceFactory(DjangoModelFactory[Place]):
    class Meta:
        model = Place

    kind = "street"
    name_ky = factory.Sequence(lambda n: f"Көчө {n}")
    name_ru = factory.Sequence(lambda n: f"Улица {n}")
    name_en = factory.Sequence(lambda n: f"Street {n}")
    point = factory.LazyFunction(lambda: at(IN_EAST))
    search = factory.LazyAttribute(
        lambda place: " ".join([place.name_ky, place.name_ru, place.name_en]).lower()
    )


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@city.example")
    first_name = "Айгүл"
    last_name = factory.Sequence(lambda n: f"Токтосунова {n}")
    password = factory.django.Password(PASSWORD)


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    service = factory.SubFactory(ServiceFactory)


class PersonChangeFactory(DjangoModelFactory[PersonChange]):
    class Meta:
        model = PersonChange

    person = factory.SubFactory(UserFactory)
    by = factory.SubFactory(UserFactory)
    what = PersonChange.What.INVITED


class LegalTermFactory(DjangoModelFactory[LegalTerm]):
    class Meta:
        model = LegalTerm

    working_days = 14
    valid_from = dt.date(2020, 1, 1)
    law = "Law No. 67"


class CalendarDayFactory(DjangoModelFactory[CalendarDay]):
    class Meta:
        model = CalendarDay

    date = factory.Sequence(lambda n: dt.date(2026, 1, 1) + dt.timedelta(days=n))
    working = False
    name = "day off"


class AppealFactory(DjangoModelFactory[Appeal]):
    """An appeal in any state; ``answered_at`` and ``closed_at`` follow the status, ``due_on`` the legal clock."""

    class Meta:
        model = Appeal
        skip_postgeneration_save = True

    id = factory.LazyFunction(new_uuid7)
    kind = Kind.COMPLAINT
    category = factory.SubFactory(CategoryFactory)
    service = factory.LazyAttribute(lambda appeal: appeal.category.service)
    text = factory.Sequence(lambda n: f"Жарык күйбөй калды, {n}")
    language = "ky"
    address = factory.Sequence(lambda n: f"Ленин көчөсү, {n}")
    point = factory.LazyFunction(lambda: at(IN_EAST))
    status = Status.NEW
    submitted_at = factory.LazyFunction(timezone.now)
    pauses = factory.LazyAttribute(lambda appeal: _asked() if appeal.status == Status.WAITING else [])
    reply_by = factory.LazyAttribute(
        lambda appeal: appeal.pauses[-1] if appeal.status == Status.WAITING else None
    )
    due_on = factory.LazyAttribute(lambda appeal: _due_on(appeal.kind, appeal.submitted_at))
    answered_at = factory.LazyAttribute(
        lambda appeal: timezone.now() if appeal.status in {Status.ANSWERED, Status.CLOSED} else None
    )
    closed_at = factory.LazyAttribute(
        lambda appeal: timezone.now() if appeal.status == Status.CLOSED else None
    )
    fingerprint = factory.LazyAttribute(lambda appeal: hashlib.sha256(appeal.id.bytes).digest())

    contact = factory.RelatedFactory("tests.factories.AppealContactFactory", factory_related_name="appeal")
    first_event = factory.RelatedFactory("tests.factories.EventFactory", factory_related_name="appeal")
    routing = factory.RelatedFactory("tests.factories.RoutingDecisionFactory", factory_related_name="appeal")

    @classmethod
    def _create(cls, model_class: type[Appeal], *args: Any, **kwargs: Any) -> Appeal:
        appeal = super()._create(model_class, *args, **kwargs)
        if isinstance(appeal.number, DatabaseDefault):
            with connection.cursor() as cursor:
                cursor.execute("SELECT currval('appeals_number')")
                [appeal.number] = cursor.fetchone()
        return appeal


def _asked() -> list[dt.date]:
    """A question of today, which may be replied to for a week."""
    today = timezone.localdate()
    return [today, today + dt.timedelta(days=7)]


def _due_on(kind: str, submitted_at: dt.datetime) -> dt.date:
    clock = _clock()
    if not clock.terms:
        LegalTermFactory()
        clock = _clock()
    return clock.due_on(kind, submitted_at)


def _clock() -> LegalClock:
    """The clock as stored; most appeals are made where nothing of it has changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT array_agg(term) FROM appeals_legalterm AS term)::text, "
            "(SELECT array_agg(day) FROM appeals_calendarday AS day)::text, "
            "(SELECT array_agg((id, parent_id)) FROM districts_category WHERE EXISTS "
            "(SELECT FROM appeals_legalterm WHERE category_id IS NOT NULL))::text"
        )
        return _clock_of(settings.CALENDAR_COUNTRY, settings.CALENDAR_SUBDIVISION, *cursor.fetchone())


@lru_cache(maxsize=1)
def _clock_of(*stored: str | None) -> LegalClock:
    return LegalClock.read()


class AppealContactFactory(DjangoModelFactory[AppealContact]):
    class Meta:
        model = AppealContact

    appeal = factory.SubFactory(AppealFactory, contact=None)
    secret = factory.LazyFunction(lambda: uuid.uuid4().hex)
    name = "Бакыт Эсенов"
    email = factory.Sequence(lambda n: f"resident{n}@example.org")
    email_proven = True
    phone = "+996555123456"


class RoutingDecisionFactory(DjangoModelFactory[RoutingDecision]):
    class Meta:
        model = RoutingDecision

    appeal = factory.SubFactory(AppealFactory, routing=None)
    revision = factory.SubFactory(BoundaryRevisionFactory)
    district = factory.SelfAttribute("appeal.district")
    service = factory.SelfAttribute("appeal.service")
    area = None
    rule = Rule.CITY_WIDE
    border_m = 1234.5
    decided_at = factory.SelfAttribute("appeal.submitted_at")


class EventFactory(DjangoModelFactory[Event]):
    class Meta:
        model = Event

    appeal = factory.SubFactory(AppealFactory, first_event=None)
    version = 1
    verb = SUBMIT.code
    at = factory.SelfAttribute("appeal.submitted_at")
    actor_role = Role.RESIDENT
    actor = factory.LazyAttribute(
        lambda event: UserFactory() if event.actor_role in {Role.SERVICE, Role.OFFICE} else None
    )
    to_status = Status.NEW
    service = factory.SelfAttribute("appeal.service")


class AttachmentFactory(DjangoModelFactory[Attachment]):
    class Meta:
        model = Attachment

    id = factory.LazyFunction(uuid.uuid4)
    appeal = factory.SubFactory(AppealFactory)
    kind = Attachment.Kind.PHOTO
    state = Attachment.State.READY
    large = factory.LazyAttribute(lambda attachment: f"photos/{attachment.id}.jpg")
    thumb = factory.LazyAttribute(lambda attachment: f"thumbs/{attachment.id}.jpg")
    width, height = 1600, 1200
    digest = factory.LazyAttribute(lambda attachment: hashlib.sha256(attachment.id.bytes).digest())


class ResidentFactory(DjangoModelFactory[Resident]):
    class Meta:
        model = Resident

    email = factory.Sequence(lambda n: f"resident{n}@mail.example")


class CommentFactory(DjangoModelFactory[Comment]):
    """By a resident of its own."""

    class Meta:
        model = Comment

    key = factory.LazyFunction(new_uuid7)
    resident = factory.SubFactory(ResidentFactory)
    text = "The same here"
    language = "en"


class AbuseReportFactory(DjangoModelFactory[AbuseReport]):
    class Meta:
        model = AbuseReport

    appeal = factory.SubFactory(AppealFactory)
    reason = AbuseReport.Reason.INSULT
    person = factory.Sequence(lambda n: f"person {n}")
    place = factory.Sequence(lambda n: f"place {n}")


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    event = factory.SubFactory(EventFactory)
    recipient = factory.Sequence(lambda n: f"recipient{n}@example.org")
    audience = "author"
    language = "ky"
    next_attempt_at = factory.LazyFunction(timezone.now)


class HotCellFactory(DjangoModelFactory[HotCell]):
    """A cell of 250 m of which there are two appeals, too few to be shown, and sixty with its neighbours."""

    class Meta:
        model = HotCell

    number = factory.Sequence(int)
    cell = factory.LazyAttribute(lambda made: f"x{made.number}_y1")
    cell_m = 250
    code = factory.LazyAttribute(lambda made: f"{made.cell_m}.{made.cell}")
    area = factory.LazyFunction(lambda: box((72.759, 40.519, 72.762, 40.522)))
    count: int | None = None
    observed, expected, ratio, p, q, level = 60, 12.5, 4.8, 1e-06, 0.0004, 3
    since, until = dt.date(2026, 1, 1), dt.date(2026, 5, 31)
    made_at = factory.LazyFunction(timezone.now)


class NewsItemFactory(DjangoModelFactory[NewsItem]):
    class Meta:
        model = NewsItem

    published_at = factory.LazyFunction(timezone.now)
    point: Point | None = None
    title_ky = factory.Sequence(lambda n: f"Жаңылык {n}")
    title_ru = factory.Sequence(lambda n: f"Новость {n}")
    title_en = factory.Sequence(lambda n: f"News {n}")
    body_ky = body_ru = body_en = "First paragraph.\n\nSecond paragraph."
