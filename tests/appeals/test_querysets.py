"""What the questions to the database promise, at their edges."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.gis.geos import Point
from django.db import connection, transaction

from appeals.models import Appeal
from appeals.querysets import seen_until
from tests.grid import IN_EAST, at


def test_a_circle_is_round_to_a_third_of_a_thousandth(make: Callable[..., Appeal]) -> None:
    """Between the corners of the polygon it comes nearest to its middle: half of a 128th of the way round."""
    middle = at(IN_EAST)
    metric = middle.transform(settings.METRIC_SRID, clone=True)

    def at_distance(metres: float, turn: float) -> Point:
        x, y = metric.x + metres * math.cos(turn), metric.y + metres * math.sin(turn)
        place = Point(x, y, srid=settings.METRIC_SRID)
        place.transform(4326)
        return place

    turns = [math.pi * n / 128 for n in range(0, 256, 15)]
    near = {make(point=at_distance(1_000 * 0.9996, turn)).pk for turn in turns}
    for turn in turns:
        make(point=at_distance(1_000 * 1.0001, turn))
    assert set(Appeal.objects.within_metres(middle, 1_000).values_list("pk", flat=True)) == near


@pytest.mark.django_db(transaction=True)
def test_what_is_being_written_is_not_taken_for_seen() -> None:
    """A second before what begins this moment; and before whatever runs, however long."""

    def now() -> dt.datetime:
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            (moment,) = cursor.fetchone()
        return moment  # type: ignore[no-any-return]

    seen = seen_until()
    assert dt.timedelta(seconds=1) <= now() - seen < dt.timedelta(minutes=1)
    began, written = threading.Event(), threading.Event()
    moments: list[dt.datetime] = []

    def write() -> None:
        try:
            with transaction.atomic():
                moments.append(now())
                began.set()
                written.wait(30)
        finally:
            connection.close()

    other = threading.Thread(target=write)
    other.start()
    try:
        assert began.wait(30)
        assert seen_until() <= moments[0] - dt.timedelta(seconds=1)
        assert seen_until() <= moments[0] - dt.timedelta(seconds=1)
    finally:
        written.set()
        other.join()
