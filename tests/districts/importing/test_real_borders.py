"""A real file of broken borders: 117 features of type Polygon with the coordinates of a MultiPolygon."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from districts.models import BoundaryRevision, DistrictBoundary
from tests.realdata import real_file

pytestmark = pytest.mark.django_db
FIELDS = ("--code-field", "name", "--name-field", "name")


@pytest.fixture(autouse=True)
def in_its_own_city(settings: Settings) -> None:
    settings.CITY_BOUNDS = (-122.52, 37.70, -122.35, 37.84)


def test_it_is_refused_with_a_clear_message() -> None:
    path = real_file("malformed_polygon_nesting.geojson.gz")
    err = io.StringIO()
    with pytest.raises(
        CommandError, match="117 of 117 features were refused. Nothing was written. --repair would"
    ):
        call_command("import_areas", str(path), *FIELDS, stderr=err)
    assert err.getvalue().startswith(
        "refused: feature 1 (Seacliff): "
        "The type is Polygon, but the coordinates are nested like MultiPolygon."
    )
    assert not BoundaryRevision.objects.exists()


def test_it_is_repaired_on_demand() -> None:
    out = io.StringIO()
    path = real_file("malformed_polygon_nesting.geojson.gz")
    call_command("import_areas", str(path), *FIELDS, "--repair", stdout=out, stderr=io.StringIO())
    assert "117 features read, 0 refused, 117 new" in out.getvalue()
    boundaries = DistrictBoundary.objects.all()
    assert boundaries.count() == 117
    assert all(boundary.geom.valid and boundary.geom.area > 0 for boundary in boundaries)
