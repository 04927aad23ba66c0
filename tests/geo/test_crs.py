"""Coordinate reference systems that a file declares: honoured by PROJ's best way, or refused in words."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod, Transformer

from geo.crs import WGS84, CrsRefused, crs_named, declared_crs
from geo.polygons import PolygonRefused, city_area

PLACE = (72.79, 40.51)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EPSG:4284", "EPSG:4284"),
        ("epsg:4284", "EPSG:4284"),
        ("urn:ogc:def:crs:EPSG::4284", "EPSG:4284"),
        ("urn:ogc:def:crs:EPSG:6.9:4284", "EPSG:4284"),
        ("urn:x-ogc:def:crs:EPSG:4284", "EPSG:4284"),
        ("http://www.opengis.net/def/crs/EPSG/0/4284", "EPSG:4284"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84"),
        ("urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84"),
        (" EPSG:32643 ", "EPSG:32643"),
        ("ESRI:102100", "ESRI:102100"),
    ],
)
def test_names_that_are_understood(name: str, code: str) -> None:
    assert crs_named(name).code == code


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "not understood"),
        ("4284", "not understood"),
        ("EPSG:999999", "No way is known"),
        ("EPSG:4284; DROP", "not understood"),
        ("+proj=longlat +datum=WGS84", "not understood"),
        ('GEOGCS["x"]', "not understood"),
        # A local grid of a building site: nothing says where on earth it lies.
        ("EPSG:5800", "No way is known"),
        # Heights, and metres from the middle of the earth, of which PROJ makes degrees without a word.
        ("EPSG:5703", "No way is known"),
        ("EPSG:4978", "No way is known"),
        # Of a datum that nobody knows there is but a guess.
        ("EPSG:4024", "No way is known"),
    ],
)
def test_names_that_are_refused(name: str, words: str) -> None:
    with pytest.raises(CrsRefused, match=words):
        crs_named(name)


def test_pulkovo_is_not_wgs_84() -> None:
    """The datum of old plans lies some sixty metres beside ours in Osh."""
    ((lon, lat),) = crs_named("EPSG:4284").to_degrees(np.array([PLACE]))
    _, _, metres = Geod(ellps="WGS84").inv(*PLACE, lon, lat)
    assert 40 < metres < 90


@pytest.mark.parametrize("code", ["EPSG:32643", "EPSG:28413", "EPSG:3857"])
def test_there_and_back(code: str) -> None:
    ring = [PLACE, (72.80, 40.51), (72.80, 40.52), (72.79, 40.52), PLACE]
    xs, ys = Transformer.from_crs("EPSG:4326", code, always_xy=True).transform(*np.array(ring).T)
    projected = {"type": "Polygon", "coordinates": [np.column_stack([xs, ys]).tolist()]}
    (part,) = city_area(projected, crs=crs_named(code)).shape.geoms
    assert np.allclose(np.array(part.exterior.coords), ring, atol=2e-6)
    with pytest.raises(PolygonRefused, match="not longitude, latitude in degrees"):
        city_area(projected)


def test_coordinates_beyond_the_reach_of_their_system() -> None:
    ring = [[1e8, 1e8], [1.1e8, 1e8], [1e8, 1.1e8], [1e8, 1e8]]
    with pytest.raises(PolygonRefused, match=r"EPSG:32643 \(WGS 84 / UTM zone 43N\) is not defined|bounds"):
        city_area({"type": "Polygon", "coordinates": [ring]}, crs=crs_named("EPSG:32643"))


def test_which_systems_are_the_same() -> None:
    assert crs_named("OGC:CRS84").is_same(WGS84)
    assert crs_named("EPSG:4284").is_same(crs_named("urn:ogc:def:crs:EPSG::4284"))
    assert not crs_named("EPSG:4284").is_same(WGS84)


def test_a_file_without_the_member_is_wgs_84() -> None:
    assert declared_crs(None) == WGS84


@pytest.mark.parametrize(
    "member",
    [
        {},
        [],
        "EPSG:4326",
        {"type": "link", "properties": {"href": "x"}},
        {"type": "name"},
        {"type": "name", "properties": {"name": 4326}},
    ],
)
def test_a_member_that_names_nothing_is_refused(member: object) -> None:
    with pytest.raises(CrsRefused, match="does not name"):
        declared_crs(member)
