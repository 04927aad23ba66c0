"""Public appeals at given places, many at a time, as if routed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

import numpy as np
from django.utils import timezone

from appeals.filters import EVERY_STATUS
from appeals.identifiers import new_uuid7
from appeals.models import Appeal
from tests.grid import CITY, EAST, GridCity, at

#: Noon in the city, in the middle of the period used in tests.
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=timezone.get_default_timezone())

#: In the address of the map that a report leads to, which shows by itself what awaits an answer alone.
EVERY_STATUS_QUERY = urlencode({"status": ",".join(EVERY_STATUS)})

Plant = Callable[..., list[Appeal]]
Places = list[tuple[float, float]]


def planter(city: GridCity) -> Plant:
    """Makes appeals at the places (lon, lat) that differ only in the given fields."""

    def plant(places: Sequence[tuple[float, float]], **changes: object) -> list[Appeal]:
        category = city.categories[str(changes.pop("category", "lamp"))]
        return Appeal.objects.bulk_create(
            Appeal(
                **{
                    "id": new_uuid7(),
                    "kind": "complaint",
                    "category": category,
                    "service": city.services["light"],
                    "text": "The lamp is out",
                    "language": "ru",
                    "point": at(place),
                    "district": city.districts["east" if place[0] >= EAST[0] else "west"],
                    "submitted_at": NOON,
                    "due_on": dt.date(2026, 3, 30),
                    "fingerprint": b"",
                    **changes,
                }
            )
            for place in places
        )

    return plant


def everywhere(n: int = 400, seed: int = 3) -> Places:
    """Places at random in the city."""
    west, south, east, north = CITY
    random = np.random.default_rng(seed)
    return [
        (float(lon), float(lat))
        for lon, lat in zip(random.uniform(west, east, n), random.uniform(south, north, n), strict=True)
    ]


#: Some 120 m and some 1,000 m in degrees.
CLOSE, KILOMETRE = 0.0012, 0.01


def around(place: tuple[float, float], n: int, seed: int = 5, reach: float = CLOSE) -> Places:
    """Places at most so far from that one, east or west and north or south."""
    random = np.random.default_rng(seed)
    return [(place[0] + dx, place[1] + dy) for dx, dy in random.uniform(-reach, reach, (n, 2)).tolist()]
