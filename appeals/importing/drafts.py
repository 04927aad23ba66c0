"""Turns a row into a draft of an appeal, or refuses it with a reason."""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from django.contrib.gis.geos import Point

from appeals.actions.inputs import required_text
from appeals.actions.submit import Submission, appeal_text
from appeals.identifiers import stable_uuid7
from appeals.identity import address_line
from appeals.importing.mapping import Moment, Placing, SourceMapping
from appeals.importing.rows import GEOMETRY_X, GEOMETRY_Y, Row
from appeals.limits import EXTERNAL_ID_MAX
from appeals.vocabulary import Status, Verb
from appeals.workflow import ACCEPT, ANSWER, ANSWERED_ELSEWHERE, CLOSE
from districts.models import Category
from geo.crs import Crs
from geo.points import GeometryRefused, OutsideBounds, city_point

_WHOLE = re.compile(r"^(\d+)\.0+$", re.ASCII)


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
    DIFFERS = "differs from what was imported"
    CHANGED_HERE = "changed here since it was imported"


class RowRefused(Exception):
    """The row cannot be imported."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


@dataclass(frozen=True)
class Draft:
    """An appeal from another system: what was sent, when, and how it ended.

    ``ended_at`` is the time of the answer, which other systems rarely distinguish from that of closing. ``answer`` is empty
    where the source does not have its words.
    """

    row: Row
    submission: Submission
    at: dt.datetime
    status: Status
    ended_at: dt.datetime | None
    answer: str

    @property
    def steps(self) -> list[Step]:
        """What has happened since it was submitted."""
        if self.status is Status.ACCEPTED:
            return [Step(ACCEPT, self.at)]
        if self.ended_at is None:
            return []
        closed = [Step(CLOSE, self.ended_at)] if self.status is Status.CLOSED else []
        return [Step(ANSWER if self.answer else ANSWERED_ELSEWHERE, self.ended_at, self.answer), *closed]


@dataclass(frozen=True)
class Step:
    """A step of the workflow, as another system has recorded it."""

    verb: Verb
    at: dt.datetime
    text: str = ""


class Drafting:
    """Makes drafts according to a mapping; ``categories`` are the leaves by code, ``crs`` is that of the places."""

    def __init__(
        self, mapping: SourceMapping, categories: Mapping[str, Category], crs: Crs, now: dt.datetime
    ) -> None:
        self._mapping, self._categories, self._now = mapping, categories, now
        self._locate = _locator(mapping.place, crs)

    def number(self, row: Row) -> str:
        """The row's number in its source; empty if it has none."""
        # Programs that take a column of numbers for measurements write 1001 as 1001.0.
        return "" if row.fault else _WHOLE.sub(r"\1", row.values[self._mapping.number])

    def draft(self, row: Row) -> Draft:
        """The row's draft. Raises ``RowRefused``."""
        mapping, values = self._mapping, row.values
        if row.fault:
            raise RowRefused(Reason.BROKEN_ROW, row.fault)
        number = self.number(row)
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
        submission = Submission(
            id=stable_uuid7(at, mapping.source, number),
            kind=kind,
            category=self._categories[category],
            text=_words("text", appeal_text, mapping.text.fill(values)),
            point=self._locate(values),
            language=mapping.language,
            address=_words("address", address_line, mapping.address.fill(values)),
            source=mapping.source,
            external_id=number,
        )
        answer = mapping.answer.fill(values) if ended_at else ""
        if answer:
            answer = _words("answer", required_text, answer)
        return Draft(row, submission, at, status, ended_at, answer)

    def _chosen(self, values: Mapping[str, str], key: str, reason: Reason) -> str:
        choice = getattr(self._mapping, key)
        ours: str | None = choice.of(values)
        if ours is None:
            raise RowRefused(
                reason, f"{choice.column} is {values[choice.column]!r}, which is not in the mapping"
            )
        return ours

    def _ended_at(self, values: Mapping[str, str], status: Status, at: dt.datetime) -> dt.datetime | None:
        closed, created = self._mapping.closed, self._mapping.created
        if status not in (Status.ANSWERED, Status.CLOSED):
            # One of the two is wrong, and neither could be told from the other.
            if closed and not closed.open_too and (date := values[closed.column_of(values)]):
                raise RowRefused(
                    Reason.BAD_DATE,
                    f"{closed.column_of(values)} is {date[:40]!r}, but its status is {status.value}",
                )
            return None
        ended_at = self._moment(values, closed) if closed else None
        if closed is None or ended_at is None:
            raise RowRefused(Reason.BAD_DATE, f"its status is {status.value}, but it has no date for it")
        if ended_at < at:
            # A day without a time begins before all that happens on it.
            column = closed.column_of(values)
            if closed.is_day(values[column]) and self._day(ended_at) == self._day(at):
                return at
            raise RowRefused(
                Reason.BAD_DATE,
                f"{column} is {values[column]!r}, before {created.column}, which is {values[created.column]!r}",
            )
        return ended_at

    def _day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self._mapping.timezone).date()

    def _moment(self, values: Mapping[str, str], moment: Moment) -> dt.datetime | None:
        column = moment.column_of(values)
        text = values[column]
        if not text:
            return None
        try:
            found = moment.read(text)
        except ValueError:
            raise RowRefused(Reason.BAD_DATE, f"{column} is {text[:40]!r}, which is not a time") from None
        if found > self._now or found.year < 1970:
            raise RowRefused(Reason.BAD_DATE, f"{column} is {text[:40]!r}: not between 1970 and now")
        return found


def _words(what: str, read: Callable[[object], str], text: str) -> str:
    """The text, by the rules that hold at every door. Raises ``RowRefused``."""
    try:
        return read(text)
    except ValueError as refusal:
        raise RowRefused(Reason.BAD_TEXT, f"{what}: {refusal}") from None


def _locator(place: Placing, crs: Crs) -> Callable[[Mapping[str, str]], Point]:
    """Returns a function from a row to its point, EPSG:4326, lon/lat, in the city; raises ``RowRefused``."""
    x_column, y_column = (place.x, place.y) if place.x else (GEOMETRY_X, GEOMETRY_Y)

    def locate(values: Mapping[str, str]) -> Point:
        x, y = values[x_column], values[y_column]
        if not x or not y:
            raise RowRefused(Reason.NO_COORDINATES, "it has no coordinates")
        try:
            if crs.is_wgs84:
                return city_point(place.number(x), place.number(y))
            ((lon, lat),) = crs.to_degrees(np.array([[float(place.number(x)), float(place.number(y))]]))
            if not (math.isfinite(lon) and math.isfinite(lat)):
                raise GeometryRefused("they are outside their coordinate system")
            return city_point(float(lon), float(lat))
        except (GeometryRefused, ValueError) as refusal:
            reason = Reason.OUTSIDE_CITY if isinstance(refusal, OutsideBounds) else Reason.BAD_COORDINATES
            raise RowRefused(reason, f"{x[:20]}, {y[:20]}: {refusal}") from None

    return locate
