"""Writes the four drawn files of the profile beside this package: ``python -m data.osh.drawing``."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiLineString, mapping
from shapely.geometry.base import BaseGeometry

from data.osh.drawing.curves import degrees, spot
from data.osh.drawing.ground import RURAL, TERRITORIES, canals, city, faces, foothills, hill, parks, river_bed
from data.osh.drawing.grounds import grounds
from data.osh.drawing.places import LANDMARKS, SETTLEMENTS
from data.osh.drawing.service_areas import areas
from data.osh.drawing.streets import STREETS
from data.osh.drawing.texture import blocks, small_street_lines, small_streets

PROFILE = Path(__file__).resolve().parent.parent
Feature = dict[str, Any]
Names = tuple[str, str, str]

_PARK_NAMES: Mapping[str, Names] = {
    "navoi-park": ("Навои паркы", "Парк имени Навои", "Navoi Park"),
    "toktogul-park": ("Токтогул паркы", "Парк имени Токтогула", "Toktogul Park"),
    "riverside-park": ("Жээктеги парк", "Прибрежный парк", "Riverside Park"),
    "jashtyk-park": ("Жаштык паркы", "Парк Жаштык", "Jashtyk Park"),
    "central-square": ("Борбордук аянт", "Центральная площадь", "Central Square"),
    "manas-ata-park": ("Манас-Ата паркы", "Парк Манас-Ата", "Manas-Ata Park"),
    "jibek-jolu-park": ("Жибек-Жолу паркы", "Парк Жибек-Жолу", "Jibek-Jolu Park"),
    "toloikon-grove": ("Төлөйкөн токою", "Толойконская роща", "Toloikon Grove"),
    "airport-grove": ("Аэропорт токою", "Роща у аэропорта", "Airport Grove"),
    "foot-of-the-hill": ("Сулайман-Тоонун этеги", "Подножие Сулайман-Тоо", "Foot of Sulaiman-Too"),
}
_RIDGE_NAMES: Mapping[str, Names] = {
    "kerme-too-ridge": ("Керме-Тоо кыры", "Хребет Керме-Тоо", "Kerme-Too Ridge"),
    "toloikon-ridge": ("Төлөйкөн адырлары", "Толойконские адыры", "Toloikon Foothills"),
    "orke-ridge": ("Орке адырлары", "Адыры Орке", "Orke Foothills"),
}
_CANAL_NAMES: Mapping[str, Names] = {
    "uvam": ("Увам каналы", "Канал Увам", "Uvam Canal"),
    "jekelik": ("Жекелик каналы", "Канал Жекелик", "Jekelik Canal"),
}


def main() -> None:
    """Writes the files and prints their sizes."""
    _write("districts.geojson", district_features())
    _write("service_areas.geojson", service_area_features())
    _write("base.geojson", base_features())
    _write_gazetteer()


def district_features() -> Iterator[Feature]:
    """The city and its nine territories."""
    drawn = {code: degrees(face) for code, face in faces().items()}
    whole = shapely.coverage_union_all(list(drawn.values()))
    yield _feature(
        whole,
        ("Ош шаары", "город Ош", "Osh"),
        code="osh",
        kind="city",
        parent=None,
        rural=False,
        approximate=True,
    )
    for code, (_seed, *names) in TERRITORIES.items():
        yield _feature(
            drawn[code], _territory_names(code, tuple(names)), code=code, kind="territory", parent="osh",
            rural=code in RURAL, approximate=True,
        )  # fmt: skip


def _territory_names(code: str, stem: tuple[str, ...]) -> Names:
    ky, ru, en = stem
    if code in RURAL:
        return f"{ky} айылдык аймактык башкармалыгы", f"{ru}, сельское управление", f"{en} rural territory"
    return f"{ky} МАБ", f"МТУ {ru}", f"{en} territory"


def service_area_features() -> Iterator[Feature]:
    """Every service area."""
    for area in areas():
        yield _feature(
            _polygons(area.shape), (area.name_ky, area.name_ru, area.name_en), code=area.code, service=area.service,
            categories=list(area.categories), priority=area.priority, valid_from=area.valid_from,
            valid_to=area.valid_to, approximate=True,
        )  # fmt: skip


def base_features() -> Iterator[Feature]:
    """The base layer, in painting order."""
    for key, shape in foothills().items():
        yield _layer("hill", "ridge", shape, _RIDGE_NAMES[key])
    for block in blocks():
        yield _layer("block", "built", block)
    for ground in grounds().values():
        yield _layer("block", ground.category, ground.shape, (ground.name_ky, ground.name_ru, ground.name_en))
    for key, shape in parks().items():
        yield _layer("park", "square" if key == "central-square" else "park", shape, _PARK_NAMES[key])
    yield _layer("hill", "peak", hill(), ("Сулайман-Тоо", "Сулайман-Тоо", "Sulaiman-Too"))
    for key, canal in canals().items():
        yield _layer("canal", "canal", canal.intersection(city()), _CANAL_NAMES[key])
    yield _layer("river", "river", river_bed(), ("Ак-Буура", "Ак-Буура", "Ak-Buura"))
    named = {street.line.wkb for street in small_streets()}
    nameless = [line for line in small_street_lines() if line.wkb not in named]
    yield _layer("street", "minor", MultiLineString(nameless).simplify(2))
    for small in small_streets():
        yield _layer("street", "residential", small.line, (small.name_ky, small.name_ru, small.name_en))
    for street in sorted(STREETS.values(), key=lambda s: ("tertiary", "secondary", "primary").index(s.rank)):
        names = (street.name_ky, street.name_ru, street.name_en)
        yield _layer("street", street.rank, street.line.intersection(city()), names)
    for landmark in LANDMARKS:
        names = (landmark.name_ky, landmark.name_ru, landmark.name_en)
        yield _layer("landmark", landmark.category, spot(landmark.lon, landmark.lat), names)
    for place in SETTLEMENTS:
        names = (place.name_ky, place.name_ru, place.name_en)
        yield _layer("place", place.category, spot(place.lon, place.lat), names)


def _layer(layer: str, category: str, shape: BaseGeometry, names: Names | None = None) -> Feature:
    return _feature(degrees(shape), names, layer=layer, **{"class": category})


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    """The shape in degrees, valid after rounding, without the thin slivers that rounding can leave."""
    drawn = shapely.make_valid(degrees(shape))
    parts = [
        part for part in getattr(drawn, "geoms", [drawn]) if part.geom_type in ("Polygon", "MultiPolygon")
    ]
    return shapely.union_all(parts) if len(parts) != 1 else parts[0]


def _feature(geometry: BaseGeometry, names: Names | None, **properties: object) -> Feature:
    named = dict(zip(("name_ky", "name_ru", "name_en"), names, strict=True)) if names else {}
    # Outer rings counter-clockwise (RFC 7946, 3.1.6).
    oriented = shapely.orient_polygons(geometry)
    return {"type": "Feature", "properties": {**properties, **named}, "geometry": mapping(oriented)}


def _write(name: str, features: Iterable[Feature]) -> None:
    rows = [json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(rows) + "\n]}\n"
    (PROFILE / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(rows)} features, {len(text.encode()) / 1000:.0f} kB")


def _write_gazetteer() -> None:
    rows = sorted(set(_gazetteer_rows()))
    with (PROFILE / "gazetteer.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kind", "name_ky", "name_ru", "name_en", "aliases", "lon", "lat", "district"])
        writer.writerows(rows)
    print(f"gazetteer.csv: {len(rows)} rows")


def _gazetteer_rows() -> Iterator[tuple[str, ...]]:
    drawn = {code: degrees(face) for code, face in faces().items()}

    def row(kind: str, names: Names, aliases: str, point: BaseGeometry) -> tuple[str, ...]:
        written = degrees(point)  # rounding moves a street that is a border to one side of it
        district = next(code for code, face in drawn.items() if face.covers(written))
        lon, lat = written.coords[0]
        return (kind, *names, aliases, f"{lon:.6f}", f"{lat:.6f}", district)

    for street in STREETS.values():
        middle = street.line.intersection(city()).interpolate(0.5, normalized=True)
        yield row("street", (street.name_ky, street.name_ru, street.name_en), street.aliases, middle)
    for small in small_streets():
        middle = small.line.interpolate(0.5, normalized=True)
        yield row("street", (small.name_ky, small.name_ru, small.name_en), "", middle)
    for landmark in LANDMARKS:
        names = (landmark.name_ky, landmark.name_ru, landmark.name_en)
        yield row("landmark", names, landmark.aliases, spot(landmark.lon, landmark.lat))
    for place in SETTLEMENTS:
        names = (place.name_ky, place.name_ru, place.name_en)
        yield row(place.category, names, place.aliases, spot(place.lon, place.lat))
    for key, shape in parks().items():
        yield row("park", _PARK_NAMES[key], "", shape.representative_point())
    yield row("hill", ("Сулайман-Тоо", "Сулайман-Тоо", "Sulaiman-Too"), "Тахти-Сулайман", hill().centroid)


if __name__ == "__main__":
    main()
