"""COPY writes the same rows as saving one by one."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.contrib.gis.geos import Point
from hypothesis import given, settings
from hypothesis import strategies as st

from appeals.importing.copying import copy_in
from appeals.models import Appeal, RoutingDecision
from appeals.vocabulary import Kind
from districts.models import Place, Service
from tests.grid import GridCity

pytestmark = pytest.mark.django_db

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
moments = st.datetimes(timezones=st.just(dt.UTC))


@given(
    text=texts,
    address=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300),
    lon=st.floats(70, 75),
    lat=st.floats(40, 41),
    at=moments,
    hidden=st.booleans(),
    fingerprint=st.binary(min_size=1, max_size=32),
    answered=st.none() | moments,
)
@settings(max_examples=40)
def test_what_goes_in_comes_out(
    city: GridCity,
    text: str,
    address: str,
    lon: float,
    lat: float,
    at: dt.datetime,
    hidden: bool,
    fingerprint: bytes,
    answered: dt.datetime | None,
) -> None:
    appeal = Appeal(
        id=uuid.uuid4(),
        kind=Kind.REQUEST,
        category=city.categories["lamp"],
        text=text,
        language="ky",
        address=address,
        point=Point(lon, lat, srid=4326),
        service=city.services["light"],
        submitted_at=at,
        due_on=at.date(),
        hidden=hidden,
        answered_at=answered,
        fingerprint=fingerprint,
    )
    copy_in([appeal])
    found = Appeal.objects.get(pk=appeal.pk)
    for name in (
        "kind",
        "text",
        "address",
        "submitted_at",
        "due_on",
        "hidden",
        "answered_at",
        "version",
        "closed_at",
    ):
        assert getattr(found, name) == getattr(appeal, name)
    assert (found.point.x, found.point.y, found.point.srid) == (lon, lat, 4326)
    assert bytes(found.fingerprint) == fingerprint
    assert found.number > 0


def test_json_and_defaults(city: GridCity) -> None:
    appeal = Appeal(
        id=uuid.uuid4(),
        kind="request",
        category=city.categories["lamp"],
        text="a",
        language="ky",
        point=Point(72.72, 40.52, srid=4326),
        service=city.services["light"],
        submitted_at=dt.datetime.now(dt.UTC),
        due_on=dt.date.today(),  # noqa: DTZ011
        fingerprint=b"a",
    )
    rivals = [{"area": 1, "name": 'a"\\b\n'}, None, 1.5]
    copy_in([appeal])
    copy_in(
        [
            RoutingDecision(
                appeal=appeal,
                revision=city.revision,
                service=city.services["light"],
                rule="office",
                border_m=1.25,
                rivals=rivals,
                decided_at=appeal.submitted_at,
            )
        ]
    )
    found = RoutingDecision.objects.get(appeal=appeal)
    assert (found.rivals, found.border_m, found.district) == (rivals, 1.25, None)


def test_no_objects_and_unsupported_values(city: GridCity) -> None:
    copy_in([])
    with pytest.raises(TypeError, match="complex"):
        copy_in([Service(code=1j)])  # type: ignore[arg-type]
    copy_in([Place(kind="street", name_ky="Ленин", point=Point(72.7, 40.5, srid=4326))])
    assert Place.objects.get().name_ky == "Ленин"
