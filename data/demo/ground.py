"""Where things happen: pools of places from a profile's layers, and the surroundings of a place."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

LANGUAGES = ("ky", "ru")

_METRES_PER_LAT = 111_050.0


@dataclass(frozen=True)
class Spot:
    """A place an appeal may be about. ``names`` is the site's own name, if it has one."""

    lon: float
    lat: float
    names: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Surroundings:
    """What a resident would mention: nearest street and house number, settlement, landmark, by language."""

    street: Mapping[str, str]
    street_m: float
    house: int
    area: Mapping[str, str]
    area_kind: str
    landmark: Mapping[str, str] | None


@dataclass(frozen=True)
class Area:
    """A service area as appeal routing sees it."""

    code: str
    service: str
    categories: frozenset[str]
    priority: int
    size: float
    geom: BaseGeometry
    valid_from: dt.date | None
    valid_to: dt.date | None


@dataclass
class Ground:
    """A profile's layers, loaded once. Distances are metres on an equirectangular plane around the city's centre."""

    folder: Path
    pools: dict[str, list[Spot]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.profile = tomllib.loads((self.folder / "profile.toml").read_text(encoding="utf-8"))
        self.scenes = tomllib.loads((self.folder / "demo.toml").read_text(encoding="utf-8"))
        self.categories: dict[str, dict[str, Any]] = {
            row["code"]: row for row in _toml(self.folder / "categories.toml")["category"]
        }
        self.services: dict[str, dict[str, Any]] = {
            row["code"]: row for row in _toml(self.folder / "services.toml")["service"]
        }
        self.base = _features(self.folder / "base.geojson")
        districts = _features(self.folder / "districts.geojson")
        self.city = next(shape(f["geometry"]) for f in districts if f["properties"]["kind"] == "city")
        self._inside = self.city.buffer(-0.0002)
        shapely.prepare(self._inside)
        lon, lat = self.profile["center"]
        self.center = Spot(lon, lat)
        self._metres_per_lon = 111_320.0 * math.cos(math.radians(lat))
        layers = {kind: [shape(f["geometry"]) for f in self._layer(kind)] for kind in ("river", "hill")}
        self._water = shapely.union_all(layers["river"])
        self._heights = shapely.union_all(layers["hill"])
        shapely.prepare(self._water)
        shapely.prepare(self._heights)

    def distance_m(self, a: Spot, b: Spot) -> float:
        """Metres between two places."""
        return math.hypot((a.lon - b.lon) * self._metres_per_lon, (a.lat - b.lat) * _METRES_PER_LAT)

    def distances_m(self, places: np.ndarray, to: Spot) -> np.ndarray:
        """Metres from each row (lon, lat) to the place."""
        east, north = (places - (to.lon, to.lat)).T
        return np.asarray(np.hypot(east * self._metres_per_lon, north * _METRES_PER_LAT))

    def moved(self, spot: Spot, east_m: float, north_m: float) -> Spot:
        """The place this many metres away."""
        return Spot(
            spot.lon + east_m / self._metres_per_lon, spot.lat + north_m / _METRES_PER_LAT, spot.names
        )

    def stands(self, spot: Spot, *, on_heights: bool = False) -> bool:
        """True if something can happen there: strictly inside the city, on dry land, off the bare hills."""
        point = Point(spot.lon, spot.lat)
        if not self._inside.contains(point) or self._water.contains(point):
            return False
        return on_heights or not self._heights.contains(point)

    def pool(self, where: str) -> list[Spot]:
        """Candidate places of a kind; the profile's demo.toml lists the kinds."""
        if where not in self.pools:
            spots = list(self._candidates(where))
            if not spots:
                raise ValueError(f"{self.folder}: no place of kind {where!r}")
            self.pools[where] = spots
        return self.pools[where]

    def _layer(self, layer: str, *classes: str) -> Iterator[dict[str, Any]]:
        for feature in self.base:
            own = feature["properties"]
            if own["layer"] == layer and (not classes or own["class"] in classes):
                yield feature

    def _candidates(self, where: str) -> Iterator[Spot]:
        kind, _, argument = where.partition(":")
        chance = random.Random(f"pool {where}")
        match kind:
            case "main":
                lines = [
                    shape(f["geometry"]) for f in self._layer("street", "primary", "secondary", "tertiary")
                ]
                yield from self._beside(lines, 45.0, 14.0, chance)
            case "small":
                lines = [shape(f["geometry"]) for f in self._layer("street", "residential")]
                yield from self._beside(lines, 35.0, 16.0, chance)
            case "block":
                for feature in self._layer("block", "built"):
                    yield from self._within(shape(feature["geometry"]), 14_000.0, chance)
            case "bank":
                yield from self._beside([self._water.exterior], 40.0, 18.0, chance)
            case "hill":
                for feature in self._layer("hill", "peak"):
                    names = _names(feature["properties"])
                    for spot in self._within(shape(feature["geometry"]), 2_000.0, chance, on_heights=True):
                        yield Spot(spot.lon, spot.lat, names)
            case "park":
                for feature in self._layer("park"):
                    names = _names(feature["properties"])
                    for spot in self._within(shape(feature["geometry"]), 3_000.0, chance):
                        yield Spot(spot.lon, spot.lat, names)
            case "landmark":
                for feature in self._layer("landmark", *argument.split("+")):
                    lon, lat = feature["geometry"]["coordinates"]
                    for _ in range(12):
                        spot = self.moved(
                            Spot(lon, lat, _names(feature["properties"])), *_around(chance, 35.0)
                        )
                        if self.stands(spot, on_heights=True):
                            yield spot
            case "area":
                for code in argument.split("+"):
                    area = next(area for area in self.areas if area.code == code)
                    yield from self._within(area.geom, 3_000.0, chance)
            case _:
                raise ValueError(f"{self.folder / 'demo.toml'}: unknown kind of place {where!r}")

    def _beside(
        self, lines: list[BaseGeometry], step_m: float, aside_m: float, chance: random.Random
    ) -> Iterator[Spot]:
        """Places along the lines, slightly to either side."""
        for line in lines:
            for part in getattr(line, "geoms", [line]):
                length = part.length * _METRES_PER_LAT * 0.9
                for i in range(int(length / step_m)):
                    at = part.interpolate((i + chance.random()) * step_m / length, normalized=True)
                    spot = self.moved(Spot(at.x, at.y), *_around(chance, aside_m))
                    if self.stands(spot):
                        yield spot

    def _within(
        self, ground: BaseGeometry, m2_each: float, chance: random.Random, *, on_heights: bool = False
    ) -> Iterator[Spot]:
        """Places scattered over the area, one per so many square metres, at least six."""
        size_m2 = ground.area * _METRES_PER_LAT * self._metres_per_lon
        west, south, east, north = ground.bounds
        wanted = max(6, int(size_m2 / m2_each))
        for _ in range(wanted * 40):
            spot = Spot(chance.uniform(west, east), chance.uniform(south, north))
            if ground.contains(Point(spot.lon, spot.lat)) and self.stands(spot, on_heights=on_heights):
                yield spot
                wanted -= 1
                if not wanted:
                    return

    @cached_property
    def areas(self) -> list[Area]:
        """The profile's service areas."""
        return [
            Area(
                own["code"], own["service"], frozenset(own["categories"]), own["priority"],
                shape(f["geometry"]).area, shape(f["geometry"]), _date(own["valid_from"]), _date(own["valid_to"]),
            )
            for f in _features(self.folder / "service_areas.geojson")
            for own in [f["properties"]]
        ]  # fmt: skip

    def service_at(self, spot: Spot, category: str, on: dt.date) -> str:
        """Code of the service that answers there: priority, then the smallest area, then city-wide, then the Mayor's Office."""
        row = self.categories[category]
        point = Point(spot.lon, spot.lat)
        found = [
            area
            for area in self.areas
            if (
                (area.categories & {category, row.get("parent")})
                or (not area.categories and area.service == row.get("service"))
            )
            and (area.valid_from is None or area.valid_from <= on)
            and (area.valid_to is None or on < area.valid_to)
            and area.geom.covers(point)
        ]
        if not found:
            return str(row.get("service", self.office))
        return min(found, key=lambda area: (-area.priority, area.size, area.code)).service

    @cached_property
    def office(self) -> str:
        """Code of the Mayor's Office."""
        return next(code for code, row in self.services.items() if row["office"])

    @cached_property
    def _streets(self) -> tuple[shapely.STRtree, list[BaseGeometry], list[Mapping[str, str]]]:
        found = [
            (shape(f["geometry"]), _names(f["properties"]))
            for f in self._layer("street", "primary", "secondary", "tertiary", "residential")
        ]
        lines = [self._plane(line) for line, _ in found]
        return shapely.STRtree(lines), lines, [names for _, names in found]

    @cached_property
    def _settlements(self) -> list[tuple[Spot, str]]:
        with (self.folder / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
            return [
                (Spot(float(row["lon"]), float(row["lat"]), _names(row)), row["kind"])
                for row in csv.DictReader(file)
                if row["kind"] in ("microdistrict", "village")
            ]

    @cached_property
    def _landmarks(self) -> list[Spot]:
        return [
            Spot(lon, lat, _names(f["properties"]))
            for f in self._layer("landmark")
            for lon, lat in [f["geometry"]["coordinates"]]
        ]

    def _plane(self, geometry: BaseGeometry) -> BaseGeometry:
        return shapely.transform(geometry, lambda xy: xy * (self._metres_per_lon, _METRES_PER_LAT))

    def surroundings(self, spot: Spot) -> Surroundings:
        """What is nearest to the place."""
        tree, lines, names = self._streets
        point = self._plane(Point(spot.lon, spot.lat))
        nearest = int(tree.nearest(point))
        line = lines[nearest]
        settlement, kind = min(self._settlements, key=lambda row: self.distance_m(spot, row[0]))
        landmark = min(self._landmarks, key=lambda mark: self.distance_m(spot, mark))
        return Surroundings(
            street=names[nearest],
            street_m=line.distance(point),
            house=1 + int(line.project(point) / 17) % 320,
            area=settlement.names or {},
            area_kind=kind,
            landmark=landmark.names if self.distance_m(spot, landmark) < 1_600 else None,
        )


def _around(chance: random.Random, radius_m: float) -> tuple[float, float]:
    return chance.gauss(0, radius_m / 2), chance.gauss(0, radius_m / 2)


def _names(properties: Mapping[str, Any]) -> dict[str, str]:
    return {language: properties[f"name_{language}"] for language in LANGUAGES}


def _features(path: Path) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
