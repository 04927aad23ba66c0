"""OGC API - Tiles: which tiles there are of a collection, where they lie, and the scheme by which they are numbered."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from geo.bbox import Bbox
from geo.tiles import EQUATOR_M, ZOOM_MAX, tile_at
from geo.vector_tiles import MEDIA_TYPE
from opendata.ogc.collection import Collection
from opendata.ogc.links import JSON, Document, link, own_links
from opendata.properties import schema
from web.links import public_link

SCHEMES: Final = gettext_lazy("Tiling schemes")
TILES: Final = gettext_lazy("Vector tiles")

_SCHEME: Final = "WebMercatorQuad"
_TITLE: Final = "Google Maps Compatible for the World"
_URI: Final = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{_SCHEME}"
_CRS: Final = "http://www.opengis.net/def/crs/EPSG/0/3857"
_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"
#: The scheme goes deeper than the tiles do.
_DEEPEST: Final = 24
#: Cells of a tile's side, and metres of a cell's on a screen, as the scheme counts its scales (OGC 17-083r4, 6.2).
_SIDE: Final = 256
_SCREEN_CELL_M: Final = 0.000_28

CONFORMANCE: Final = (
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt")
    ),
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
)


def schemes_link() -> dict[str, str]:
    """Link of the landing page to the schemes."""
    return link(f"{_REL}tiling-schemes", reverse("ogc-tiling-schemes"), JSON, str(SCHEMES))


def tilesets_link(collection: Collection) -> dict[str, str]:
    """Link of a collection to its tiles."""
    return link(f"{_REL}tilesets-vector", reverse("ogc-tilesets", args=[collection.id]), JSON, str(TILES))


def schemes() -> Document:
    """The schemes by which tiles are numbered."""
    named = [link("self", reverse("ogc-tiling-scheme"), JSON, _TITLE)]
    return {
        "links": own_links(reverse("ogc-tiling-schemes")),
        "tileMatrixSets": [{"id": _SCHEME, "title": _TITLE, "uri": _URI, "crs": _CRS, "links": named}],
    }


def scheme() -> Document:
    """WebMercatorQuad (OGC 17-083r4, D.1), which web maps number their tiles by."""
    edge = EQUATOR_M / 2
    cells = [EQUATOR_M / _SIDE / 2**zoom for zoom in range(_DEEPEST + 1)]
    return {
        "id": _SCHEME,
        "title": _TITLE,
        "uri": _URI,
        "crs": _CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [
            {
                "id": str(zoom),
                "scaleDenominator": cell_m / _SCREEN_CELL_M,
                "cellSize": cell_m,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [-edge, edge],
                "tileWidth": _SIDE,
                "tileHeight": _SIDE,
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
            }
            for zoom, cell_m in enumerate(cells)
        ],
        "links": own_links(reverse("ogc-tiling-scheme")),
    }


def tilesets(collection: Collection) -> Document:
    """What tiles there are of the collection: one set, in the only scheme."""
    path = reverse("ogc-tileset", args=[collection.id])
    links = [link("self", path, JSON, str(collection.title)), _scheme_link()]
    return {
        "links": own_links(reverse("ogc-tilesets", args=[collection.id])),
        "tilesets": [{**_about(collection), "links": links}],
    }


def tileset(collection: Collection) -> Document:
    """Where the tiles are, which of them can hold something, and what their features hold."""
    city = Bbox(*settings.CITY_BOUNDS)
    path = reverse(f"{collection.id}-tile", args=["z", "x", "y"])
    address = public_link(path).replace("z/x/y", "{tileMatrix}/{tileCol}/{tileRow}")
    item: dict[str, Any] = {"rel": "item", "type": MEDIA_TYPE, "href": address, "templated": True}
    return {
        **_about(collection),
        "description": str(collection.description),
        "links": [
            *own_links(reverse("ogc-tileset", args=[collection.id])),
            _scheme_link(),
            item | {"title": str(TILES)},
            link("describedby", reverse(f"{collection.id}-tilejson"), JSON, "TileJSON"),
            link(
                f"{_REL}geodata", reverse("ogc-collection", args=[collection.id]), JSON, str(collection.title)
            ),
        ],
        "boundingBox": {"lowerLeft": city[:2], "upperRight": city[2:], "crs": _CRS84},
        "tileMatrixSetLimits": [_limits(city, zoom) for zoom in range(ZOOM_MAX + 1)],
        "layers": [
            {
                "id": collection.id,
                "title": str(collection.title),
                "dataType": "vector",
                "geometryDimension": 0 if collection.layer.geometry == "Point" else 2,
                "minTileMatrix": "0",
                "maxTileMatrix": str(ZOOM_MAX),
                # A tile leaves out what has no value.
                "propertiesSchema": {
                    "type": "object",
                    "properties": schema(collection.in_tiles)["properties"],
                },
            }
        ],
    }


def _about(collection: Collection) -> Document:
    return {
        "title": _("%(layer)s: vector tiles") % {"layer": collection.title},
        "dataType": "vector",
        "crs": _CRS,
        "tileMatrixSetURI": _URI,
    }


def _scheme_link() -> dict[str, str]:
    return link(f"{_REL}tiling-scheme", reverse("ogc-tiling-scheme"), JSON, _TITLE)


def _limits(city: Bbox, zoom: int) -> Document:
    first, last = tile_at(city.west, city.north, zoom), tile_at(city.east, city.south, zoom)
    return {
        "tileMatrix": str(zoom),
        "minTileRow": first.y,
        "maxTileRow": last.y,
        "minTileCol": first.x,
        "maxTileCol": last.x,
    }
