"""Who must answer for a pin: PostGIS finds the candidates, a pure function chooses among them.

Order of precedence: explicit priority, then the smallest area, then the area's code (so that a tie is not
left to chance), then the city-wide service of the category, then the Mayor's Office. A pin on a border is
covered by the areas on both sides and decided by the same order.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from districts.models import BoundaryRevision, District

_BATCH = 5_000


class RoutingError(Exception):
    """The pin cannot be assigned to any service."""


class OutsideCity(RoutingError):
    """No district of kind city covers the pin."""


class UnknownCategory(RoutingError):
    """There is no category of the pin's id."""


class NotSetUp(RoutingError):
    """There is no boundary revision in force, or no active Mayor's Office to fall back to."""


class Rule(enum.StrEnum):
    """What decided the service."""

    ONLY_AREA = "only_area"
    PRIORITY = "priority"
    SMALLEST_AREA = "smallest_area"
    TIE_BY_CODE = "tie_by_code"
    CITY_WIDE = "city_wide"
    OFFICE = "office"


@dataclass(frozen=True)
class AreaCandidate:
    """A service area that covers the pin and handles its category.

    ``area_m2`` is measured in the city's metric CRS; ``border_m`` is the distance from the pin to the area's border.
    """

    area_id: int
    code: str
    service_id: int
    priority: int
    area_m2: float
    border_m: float


@dataclass(frozen=True)
class DistrictCandidate:
    """A district that covers the pin; ``border_m`` is set only for the city, if no area covers the pin."""

    district_id: int
    code: str
    kind: str
    area_m2: float
    border_m: float | None


@dataclass(frozen=True)
class Candidates:
    """What PostGIS knows about one pin."""

    revision_id: int | None
    office_id: int | None
    city_wide_id: int | None = None
    districts: tuple[DistrictCandidate, ...] = ()
    areas: tuple[AreaCandidate, ...] = ()
    category_known: bool = True


@dataclass(frozen=True)
class Route:
    """The decision: who answers, and everything needed to explain it.

    ``area_id`` is None for the rules ``CITY_WIDE`` and ``OFFICE``; ``district_id`` is None where the city has no
    territory at the pin. ``border_m``: metres from the pin to the nearest border of the chosen area (of the city, when
    no area decided). ``rivals`` are the areas that lost, the closest runner-up first.
    """

    revision_id: int
    district_id: int | None
    service_id: int
    area_id: int | None
    rule: Rule
    border_m: float
    rivals: tuple[AreaCandidate, ...] = field(default=())


class Pin(NamedTuple):
    """A place and a topic: degrees EPSG:4326 and a category id."""

    lon: float
    lat: float
    category_id: int


def route(pin: Pin, *, on: dt.date, revision: BoundaryRevision | None = None) -> Route:
    """Decision for one pin by the borders in force on the date (or the given revision); one statement.

    Raises ``OutsideCity``, ``UnknownCategory`` or ``NotSetUp``.
    """
    return choose(find_candidates([pin], on=on, revision=revision)[0])


def route_many(
    pins: Iterable[Pin], *, on: dt.date, revision: BoundaryRevision | None = None
) -> Iterator[Route | RoutingError]:
    """Decisions and refusals in the order of the pins; one statement per 5,000 pins."""
    remaining = iter(pins)
    while batch := list(islice(remaining, _BATCH)):
        for candidates in find_candidates(batch, on=on, revision=revision):
            try:
                yield choose(candidates)
            except RoutingError as refusal:
                yield refusal


def choose(candidates: Candidates) -> Route:
    """The decision among the candidates; pure. Raises ``OutsideCity``, ``UnknownCategory`` or ``NotSetUp``."""
    if candidates.revision_id is None:
        raise NotSetUp("no boundary revision is in force")
    if not candidates.category_known:
        raise UnknownCategory
    city = next((d for d in candidates.districts if d.kind == District.Kind.CITY), None)
    if city is None:
        raise OutsideCity
    territories = [d for d in candidates.districts if d.kind != District.Kind.CITY]
    district = min(territories, key=lambda d: (d.area_m2, d.code), default=None)
    district_id = district.district_id if district else None
    if candidates.areas:
        winner, *rivals = sorted(candidates.areas, key=_rank)
        return Route(
            revision_id=candidates.revision_id,
            district_id=district_id,
            service_id=winner.service_id,
            area_id=winner.area_id,
            rule=_rule_between(winner, rivals),
            border_m=winner.border_m,
            rivals=tuple(rivals),
        )
    service_id, rule = (
        (candidates.city_wide_id, Rule.CITY_WIDE)
        if candidates.city_wide_id is not None
        else (candidates.office_id, Rule.OFFICE)
    )
    if service_id is None:
        raise NotSetUp("the city has no active Mayor's Office among its services")
    return Route(
        revision_id=candidates.revision_id,
        district_id=district_id,
        service_id=service_id,
        area_id=None,
        rule=rule,
        border_m=city.border_m or 0.0,
    )


def _rank(area: AreaCandidate) -> tuple[int, int, str, int]:
    # Whole square metres: coordinate rounding makes the same polygon from two tools differ slightly. A code is a
    # service's own: two of them may have the same.
    return (-area.priority, round(area.area_m2), area.code, area.service_id)


def _rule_between(winner: AreaCandidate, rivals: Sequence[AreaCandidate]) -> Rule:
    if not rivals:
        return Rule.ONLY_AREA
    (priority, size, *_), (rival_priority, rival_size, *_) = _rank(winner), _rank(rivals[0])
    if priority != rival_priority:
        return Rule.PRIORITY
    return Rule.SMALLEST_AREA if size != rival_size else Rule.TIE_BY_CODE


@cache
def _statement() -> str:
    return (Path(__file__).parent / "sql" / "candidates.sql").read_text(encoding="utf-8")


def find_candidates(
    pins: Sequence[Pin], *, on: dt.date, revision: BoundaryRevision | None = None
) -> list[Candidates]:
    """What PostGIS knows about each pin, in the order of the pins; one statement, indexed ``ST_Covers``."""
    parameters: dict[str, Any] = {
        "lon": [pin.lon for pin in pins],
        "lat": [pin.lat for pin in pins],
        "category": [pin.category_id for pin in pins],
        "revision": revision.pk if revision else None,
        "on": on,
        "metric_srid": settings.METRIC_SRID,
    }
    revision_id = office_id = None
    city_wide: dict[int, int | None] = {}
    districts: dict[int, list[DistrictCandidate]] = {}
    areas: dict[int, list[AreaCandidate]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_statement(), parameters)
        for n, kind, pk, code, service_id, priority, area_m2, border_m in cursor:
            match kind:
                case "revision":
                    revision_id = pk
                case "office":
                    office_id = service_id
                case "category":
                    city_wide[n] = service_id
                case "area":
                    found = AreaCandidate(pk, code, service_id, priority, area_m2, border_m)
                    areas.setdefault(n, []).append(found)
                case _:
                    districts.setdefault(n, []).append(DistrictCandidate(pk, code, kind, area_m2, border_m))
    return [
        Candidates(
            revision_id,
            office_id,
            city_wide.get(n),
            tuple(districts.get(n, ())),
            tuple(areas.get(n, ())),
            n in city_wide,
        )
        for n in range(1, len(pins) + 1)
    ]
