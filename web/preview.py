"""Who would answer for a place and a category, and by when, before anything is sent: for the script and for the form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from appeals.actions.submit import route_or_refuse
from appeals.alike import Alike, find_alike
from appeals.deadlines import LegalClock
from appeals.identity import clean_text
from appeals.intake.parse import kind_of, leaf_category, upload_ids
from appeals.limits import TEXT_MAX
from appeals.models import Attachment
from appeals.vocabulary import Kind
from districts.explanation import border_in_words, rule_in_words
from districts.models import Category, District, Service, ServiceArea
from districts.routing import Rule
from geo.points import city_point
from geo.refusals import Refusals, Refused
from news.models import NewsItem

#: Nearer than this, a small move of the pin may change who answers, so that the border is mentioned.
NEAR_M = 30
#: How many appeals that are perhaps the same are named: more would hide the form on a phone.
ALIKE_SHOWN = 3
#: Characters of each.
ALIKE_TEXT = 140


@dataclass(frozen=True)
class Preview:
    """The routing decision in words, and the last day for the answer.

    ``works`` are under way where the place is, what ends first is first. ``alike`` are open appeals near by that
    are perhaps the same, the likeliest first. ``question`` is what a proposal's category asks whoever supports it, its author
    too; else empty.
    """

    district: District | None
    service: Service
    rule: Rule
    explanation: str
    border_m: float
    due_on: dt.date
    alike: list[Alike]
    works: list[NewsItem]
    question: str


def preview(
    lon: object,
    lat: object,
    category: object,
    kind: object,
    *,
    text: object = "",
    uploads: object = (),
    holders: Collection[str] = (),
) -> Preview:
    """What would be decided now; degrees in EPSG:4326, without a ``kind`` of a civic report.

    What is perhaps the same is found by the ``text`` too, and by those of the photos ``uploads`` (identifiers) that one of the
    ``holders`` brought. Raises ``Refused`` with sentences by field.
    """
    refusals = Refusals()
    point = refusals.read(lambda place: city_point(*place), (lon, lat), None, name="point")
    leaf = refusals.read(leaf_category, category, None, name="category")
    known = refusals.read(kind_of, kind, "", name="kind")
    words = refusals.read(lambda given: clean_text(given, TEXT_MAX), text, "", name="text")
    files = refusals.read(upload_ids, uploads, tuple[UUID, ...](), name="uploads")
    if point is None or leaf is None or refusals.errors:
        raise Refused(refusals.errors)
    now = timezone.now()
    decision = route_or_refuse(point, leaf, now)
    service = Service.objects.get(pk=decision.service_id)
    area = ServiceArea.objects.filter(pk__in=[decision.area_id]).first()
    because = rule_in_words(decision.rule, service=service.name, area=area.name if area else "")
    near = border_in_words(decision.border_m) if area and decision.border_m < NEAR_M else ""
    return Preview(
        district=District.objects.filter(pk__in=[decision.district_id]).first(),
        service=service,
        rule=decision.rule,
        explanation=" ".join(part for part in (because, near) if part),
        border_m=decision.border_m,
        due_on=LegalClock.read().due_on(known, now, category=leaf.pk),
        alike=find_alike(point, leaf.pk, now, text=words, looks=_looks(files, holders), most=ALIKE_SHOWN),
        works=list(NewsItem.objects.in_force_at(point, now)[:ALIKE_SHOWN]),
        question=_question_of(leaf) if known == Kind.RECOMMENDATION else "",
    )


def _question_of(category: Category) -> str:
    asked = category.attributes.filter(active=True).first()
    return asked.description if asked else ""


def preview_of(
    values: Mapping[str, str], uploads: Collection[Attachment], holders: Collection[str]
) -> Preview:
    """The same for a form with these values and photos."""
    return preview(
        *(values[name] for name in ("lon", "lat", "category", "kind")),
        text=values["text"],
        uploads=[str(upload.pk) for upload in uploads],
        holders=holders,
    )


def _looks(files: Collection[UUID], holders: Collection[str]) -> list[int]:
    """What these photos look like, of those that the holders brought; no query without files."""
    theirs = Attachment.objects.held_by(holders).filter(pk__in=files, look__isnull=False) if files else ()
    return [photo.look for photo in theirs if photo.look is not None]
