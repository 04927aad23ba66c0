"""OGC API - Tiles: the documents lead to the tiles that there are, and describe them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from appeals.models import Appeal
from geo.tiles import ZOOM_MAX, tile_at
from tests.opendata import mvt

_REL = "http://www.opengis.net/def/rel/ogc/1.0/"


def _follow(client: Client, document: Any, rel: str) -> Any:
    (href,) = (link["href"] for link in document["links"] if link["rel"] == rel)
    answer = client.get(href)
    assert answer.status_code == 200, href
    return answer.json()


def test_the_scheme_is_the_registered_one(client: Client, db: None) -> None:
    schemes = _follow(client, client.get("/ogc/").json(), f"{_REL}tiling-schemes")
    (named,) = schemes["tileMatrixSets"]
    scheme = _follow(client, named, "self")
    assert scheme["uri"] == named["uri"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    assert (scheme["id"], scheme["crs"]) == ("WebMercatorQuad", "http://www.opengis.net/def/crs/EPSG/0/3857")
    # OGC 17-083r4, D.1, table 22.
    for zoom, scale, cell_m in (
        (0, 559082264.028717, 156543.033928041),
        (18, 2132.72958384, 0.597164283559817),
    ):
        matrix = scheme["tileMatrices"][zoom]
        assert matrix["id"] == str(zoom)
        assert (matrix["scaleDenominator"], matrix["cellSize"]) == pytest.approx((scale, cell_m), rel=1e-9)
        assert matrix["pointOfOrigin"] == pytest.approx([-20037508.3427892, 20037508.3427892], rel=1e-12)
        assert matrix["matrixWidth"] == matrix["matrixHeight"] == 2**zoom


@pytest.mark.parametrize("collection", ["appeals", "districts"])
def test_a_collection_leads_to_its_tiles(
    client: Client, appeal: Appeal, settings: Settings, collection: str
) -> None:
    described = client.get(f"/ogc/collections/{collection}?lang=en").json()
    (listed,) = _follow(client, described, f"{_REL}tilesets-vector")["tilesets"]
    tileset = _follow(client, listed, "self")
    assert {name: tileset[name] for name in ("dataType", "crs", "tileMatrixSetURI")} == {
        name: listed[name] for name in ("dataType", "crs", "tileMatrixSetURI")
    }
    assert _follow(client, tileset, f"{_REL}tiling-scheme")["uri"] == tileset["tileMatrixSetURI"]
    assert _follow(client, tileset, f"{_REL}geodata")["id"] == collection
    told = _follow(client, tileset, "describedby")
    (layer,) = tileset["layers"]
    assert layer["id"] == told["vector_layers"][0]["id"] == collection
    assert list(layer["propertiesSchema"]["properties"]) == list(told["vector_layers"][0]["fields"])
    assert layer["geometryDimension"] == (0 if collection == "appeals" else 2)
    assert [limits["tileMatrix"] for limits in tileset["tileMatrixSetLimits"]] == [
        str(zoom) for zoom in range(ZOOM_MAX + 1)
    ]
    ((address, templated),) = (
        (link["href"], link["templated"]) for link in tileset["links"] if link["rel"] == "item"
    )
    assert templated is True
    for limits in tileset["tileMatrixSetLimits"]:
        tile = tile_at(appeal.point.x, appeal.point.y, int(limits["tileMatrix"]))
        assert limits["minTileCol"] <= tile.x <= limits["maxTileCol"]
        assert limits["minTileRow"] <= tile.y <= limits["maxTileRow"]
        if tile.z in {12, ZOOM_MAX}:
            answer = client.get(address.format(tileMatrix=tile.z, tileCol=tile.x, tileRow=tile.y))
            ((name, (_extent, features)),) = mvt.layers(answer.content).items()
            assert name == collection
            assert features
            for feature in features:
                assert set(feature.properties) <= set(layer["propertiesSchema"]["properties"])


def test_what_has_no_tiles_leads_to_none(client: Client, appeal: Appeal) -> None:
    document = client.get("/ogc/collections/service_areas").json()
    assert not [link for link in document["links"] if "tile" in link["rel"]]
    for path in (
        "service_areas/tiles",
        "roads/tiles",
        "service_areas/tiles/WebMercatorQuad",
        "appeals/tiles/Other",
    ):
        assert client.get(f"/ogc/collections/{path}").status_code == 404
