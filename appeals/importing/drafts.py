"""Turns a row into a draft of an appeal, or refuses it with a reason."""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyproj
from django.contrib.gis.geos import Point

from appeals.actions.submit import Submission
from appeals.importing.mapping import Moment, Placing, SourceMapping
from appeals.importing.rows import GEOMETRY_X, GEOMETRY_Y, Row
from appeals.intake.identifiers import stable_uuid7
from appeals.limits import ADDRESS_MAX, EXTERNAL_ID_MAX, TEXT_MAX
from appeals.workflow import Status
from districts.models import Category
from geo.points import GeometryRefused, OutsideBounds, city_point


class Reason(enum.StrEnum):
    """Why a row was refused, as shown in the report."""

    BROKEN_ROW = "broken row"
    NO_NUMBER = "no number"
    BAD_DATE = "bad date"
    UNKNOWN_KIND = "unknown kind"
    UNKNOWN_STATUS = "unknown status"
    UNKNOWN_CATEGORY = "unknown category"
    BAD_TEXT = "bad text"
    NO_COORDINATES = "no coordinates"
    BAD_COORDINATES = "bad coordinates"
    OUTSIDE_CITY = "outside the city"


class RowRefused(Exception):
    """The row cannot be imported."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


@dataclass(frozen=True)
class Draft:
    """An appeal from another system: what was sent, when, and how it ended.

    ``ended_at`` is the time of the answer, which other systems rarely distinguish from that of closing.
    """

    row: int
    submission: Submission
    at: dt.datetime
    status: Status
    ended_at: dt.datetime | None
    answer: str


class Drafting:
    """Makes drafts according to a mapping; ``categories`` are the leaves by code."""

    def __init__(self, mapping: SourceMapping, categories: Mapping[str, Category], now: dt.datetime) -> None:
        self._mapping, self._categories, self._now = mapping, categories, now
        self._locate = _locator(mapping.place)

    def number(self, row: Row) -> str:
        """The row's number in its source; empty if it has none."""
        return "" if row.fault else row.values[self._mapping.number]

    def draft(self, row: Row) -> Draft:
        """The row's draft. Raises ``RowRefused``."""
        mapping, values = self._mapping, row.values
        if row.fault:
            raise RowRefused(Reason.BROKEN_ROW, row.fault)
        number = values[mapping.number]
        if not number or len(number) > EXTERNAL_ID_MAX:
            raise RowRefused(
                Reason.NO_NUMBER, f"{mapping.number} is empty or longer than {EXTERNAL_ID_MAX} characters"
            )
        at = self._moment(values, mapping.created)
        if at is None:
            raise RowRefused(Reason.BAD_DATE, f"{mapping.created.column} is empty")
        status = Status(self._chosen(values, "status", Reason.UNKNOWN_STATUS))
        ended_at = self._ended_at(values, status, at)
        category = self._chosen(values, "category", Reason.UNKNOWN_CATEGORY)
        kind = self._chosen(values, "kind", Reason.UNKNOWN_KIND)
        text = mapping.text.fill(values)
        if not text or len(text) > TEXT_MAX:
            raise RowRefused(
                Reason.BAD_TEXT, f"the text has {len(text)} characters; it must have 1 to {TEXT_MAX}"
            )
        submission = Submission(
            id=stable_uuid7(at, mapping.source, number),
            kind=kind,
            category=self._categories[category],
            text=text,
            point=self._locate(values),
            language=mapping.language,
            address=mapping.address.fill(values)[:ADDRESS_MAX],
            source=mapping.source,
            external_id=number,
        )
        answer = mapping.answer.fill(values)[:TEXT_MAX] if ended_at else ""
        return Draft(row.n, submission, at, status, ended_at, answer)

    def _chosen(self, values: Mapping[str, str], key: str, reason: Reason) -> str:
        choice = getattr(self._mapping, key)
        ours: str | None = choice.of(values)
        if ours is None:
            raise RowRefused(
                reason, f"{choice.column} is {values[choice.column]!r}, which is not in the mapping"
            )
        return ours

    def _ended_at(self, values: Mapping[str, str], status: Status, at: dt.datetime) -> dt.datetime | None:
        if status not in (Status.ANSWERED, Status.CLOSED):
            return None
        ended_at = self._moment(values, self._mapping.closed) if self._mapping.closed else None
        if ended_at is None:
            raise RowRefused(Reason.BAD_DATE, f"its status is {status.value}, but it has no date for it")
        if ended_at < at:
            raise RowRefused(
                Reason.BAD_DATE, f"it ended on {ended_at:%Y-%m-%d}, before it started on {at:%Y-%m-%d}"
            )
        return ended_at

    def _moment(self, values: Mapping[str, str], moment: Moment) -> dt.datetime | None:
        text = values[moment.column]
        if not text:
            return None
        try:
            found = (
                dt.datetime.strptime(text, moment.format)  # noqa: DTZ007 - the zone is set below
                if moment.format
                else dt.datetime.fromisoformat(text)
            )
            if found.tzinfo is None:
                found = found.replace(tzinfo=self._mapping.timezone)
            found = found.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise RowRefused(
                Reason.BAD_DATE, f"{moment.column} is {text[:40]!r}, which is not a time"
            ) from None
        if found > self._now or found.year < 1970:
            raise RowRefused(Reason.BAD_DATE, f"{moment.column} is {text[:40]!r}: not between 1970 and now")
        return found


def _locator(place: Placing) -> Callable[[Mapping[str, str]], Point]:
    """Returns a function from a row to its point, EPSG:4326, lon/lat, in the city; raises ``RowRefused``."""
    x_column, y_column = (place.x, place.y) if place.x else (GEOMETRY_X, GEOMETRY_Y)
    turn = None
    if place.srid != 4326:
        turn = pyproj.Transformer.from_crs(place.srid, 4326, always_xy=True).transform

    def locate(values: Mapping[str, str]) -> Point:
        x, y = values[x_column], values[y_column]
        if not x or not y:
            raise RowRefused(Reason.NO_COORDINATES, "it has no coordinates")
        try:
            if turn is None:
                return city_point(x, y)
            lon, lat = turn(float(x), float(y))
            if not (math.isfinite(lon) and math.isfinite(lat)):
                raise GeometryRefused("they are outside their coordinate system")
            return city_point(lon, lat)
        except (GeometryRefused, ValueError) as refusal:
            reason = Reason.OUTSIDE_CITY if isinstance(refusal, OutsideBounds) else Reason.BAD_COORDINATES
            raise RowRefused(reason, f"{x[:20]}, {y[:20]}: {refusal}") from None

    return locate
