"""GeoJSON text from PostGIS, checked against Shapely and the json module."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import connection
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appeals.models import Appeal
from appeals.querysets import NEWEST_FIRST
from districts.models import DistrictBoundary
from geo.geojson import FeatureText, PagedFeatures, collection, feature_texts
from geo.paging import PageRequest
from tests.factories import AppealFactory, CategoryFactory, DistrictBoundaryFactory
from tests.grid import IN_EAST, at

ANY_TEXT = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1, max_size=60
)

_on_one_row = settings(max_examples=60)


@pytest.fixture
def appeal(db: None) -> Appeal:
    made: Appeal = AppealFactory(category=CategoryFactory(), point=at(IN_EAST))
    return made


def _read(**properties: Any) -> dict[str, Any]:
    feature = FeatureText(geometry="point", properties=properties)
    (text,) = feature_texts(Appeal.objects.all(), feature)
    document: dict[str, Any] = json.loads(text)
    return document


@_on_one_row
@given(ANY_TEXT)
@example('"')
@example("\\")
@example("</script>\u2028\n\t{}")
@example("%s %(x)s %%")
def test_any_text_round_trips(appeal: Appeal, words: str) -> None:
    Appeal.objects.update(text=words)
    assert _read(text="text")["properties"]["text"] == words


@_on_one_row
@given(st.floats(72.6, 72.9), st.floats(40.4, 40.7))
def test_point_is_shapelys(appeal: Appeal, lon: float, lat: float) -> None:
    Appeal.objects.update(point=Point(lon, lat, srid=4326))
    parsed = shapely.from_geojson(json.dumps(_read()["geometry"]))
    assert math.isclose(parsed.x, lon, abs_tol=0.5000001e-6)
    assert math.isclose(parsed.y, lat, abs_tol=0.5000001e-6)
    assert len(repr(parsed.x).partition(".")[2]) <= 6


def test_polygons_with_holes_are_shapelys(db: None) -> None:
    ring = "(72.7 40.5,72.8 40.5,72.8 40.6,72.7 40.6,72.7 40.5)"
    hole = "(72.71 40.51,72.72 40.52,72.73 40.51,72.71 40.51)"
    wkt = f"MULTIPOLYGON((({ring[1:-1]}),{hole}),((72.9 40.5,73 40.5,73 40.6,72.9 40.5)))"
    DistrictBoundaryFactory(geom=GEOSGeometry(wkt, srid=4326))
    (text,) = feature_texts(DistrictBoundary.objects.all(), FeatureText(geometry="geom", properties={}))
    parsed = shapely.from_geojson(json.dumps(json.loads(text)["geometry"]))
    assert parsed.equals_exact(shapely.from_wkt(wkt), tolerance=1e-9)


def test_properties_of_every_type(appeal: Appeal) -> None:
    Appeal.objects.update(
        submitted_at=dt.datetime(2026, 5, 31, 12, 30, 0, 250, tzinfo=dt.UTC), due_on=dt.date(2026, 6, 19)
    )
    parsed = _read(
        number="number",
        hidden="hidden",
        day="due_on",
        moment="submitted_at",
        nothing="answered_at",
        category="category__code",
        made=Concat(Value("№ "), F("language"), output_field=TextField()),
        **{'na"me': Value("'")},
    )["properties"]
    appeal.refresh_from_db()
    assert dt.datetime.fromisoformat(parsed.pop("moment")) == appeal.submitted_at
    assert parsed == {
        "number": appeal.number,
        "hidden": False,
        "day": "2026-06-19",
        "nothing": None,
        "category": appeal.category.code,
        "made": "№ ky",
        'na"me': "'",
    }


def test_feature_conforms_to_rfc_7946(appeal: Appeal) -> None:
    feature = FeatureText(id="id", geometry="point", properties={"number": "number"})
    (text,) = feature_texts(Appeal.objects.all(), feature)
    assert json.loads(text) == {
        "type": "Feature",
        "id": str(appeal.pk),
        "geometry": {"type": "Point", "coordinates": list(IN_EAST)},
        "properties": {"number": appeal.number},
    }


def test_no_rows_and_impossible_rows(appeal: Appeal) -> None:
    feature = FeatureText(geometry="point", properties={})
    assert feature_texts(Appeal.objects.filter(number=0), feature) == []
    assert feature_texts(Appeal.objects.filter(number__in=[]), feature) == []
    assert (
        PagedFeatures(Appeal, feature, NEWEST_FIRST).page(Appeal.objects.none(), PageRequest()).features == []
    )


def test_too_many_properties_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="50 properties"):
        FeatureText(geometry="point", properties={str(n): "number" for n in range(51)})


def test_collection() -> None:
    assert json.loads(collection([b'{"a":1}', b'{"b":2}'], numberReturned=2, links=[])) == {
        "type": "FeatureCollection",
        "features": [{"a": 1}, {"b": 2}],
        "numberReturned": 2,
        "links": [],
    }
    assert json.loads(collection([])) == {"type": "FeatureCollection", "features": []}


def test_other_cursors_still_give_text(appeal: Appeal) -> None:
    """The cast to bytes belongs to one cursor and must not leak into the connection."""
    feature_texts(Appeal.objects.all(), FeatureText(geometry="point", properties={}))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'text', 1::bigint")
        assert cursor.fetchone() == ("text", 1)


def test_page_knows_whether_another_follows(db: None) -> None:
    category = CategoryFactory()
    for _n in range(3):
        AppealFactory(category=category)
    feature = FeatureText(geometry="point", properties={"number": "number"})
    paged = PagedFeatures(Appeal, feature, NEWEST_FIRST)
    first = paged.page(Appeal.objects.all(), PageRequest(2))
    assert len(first.features) == 2
    assert first.next is not None
    assert first.next == NEWEST_FIRST.cursor_at(Appeal.objects.newest_first()[1])
    rest = paged.page(Appeal.objects.all(), PageRequest(2, first.next))
    assert (len(rest.features), rest.next) == (1, None)
    assert paged.page(Appeal.objects.all(), PageRequest(3)).next is None


def test_a_page_respects_the_querysets_filter(db: None) -> None:
    """Joins of the filter and of the feature do not collide; the page sets the order, not the queryset."""
    lamp, tree = CategoryFactory(), CategoryFactory()
    for category in (lamp, tree, lamp):
        AppealFactory(category=category)
    feature = FeatureText(geometry="point", properties={"number": "number", "category": "category__code"})
    rows = Appeal.objects.filter(category__code=lamp.code).exclude(service__code="no-such").order_by("text")
    found = PagedFeatures(Appeal, feature, NEWEST_FIRST).page(rows, PageRequest())
    texts = [json.loads(text)["properties"] for text in found.features]
    assert texts == [
        {"number": appeal.number, "category": lamp.code}
        for appeal in Appeal.objects.filter(category=lamp).newest_first()
    ]
