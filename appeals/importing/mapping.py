"""Maps the columns of an external table: a TOML file written once per source.

Every error names the file and the key; docs/importing.md explains the keys.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from string import Formatter

from django.conf import settings

from appeals.limits import SOURCE_MAX
from appeals.vocabulary import Channel, Kind, Status
from config.city import CITY
from districts.importing.entries import Entry, read_toml
from geo.crs import Crs, CrsRefused, crs_named

#: What became of an appeal elsewhere: plans and questions are those of the people who work here.
IMPORTED = (Status.NEW, Status.ACCEPTED, Status.ANSWERED, Status.CLOSED)


@dataclass(frozen=True)
class Template:
    """Text built from columns: ``{column}`` is its value; ``[…]`` is dropped if any value in it is empty.

    ``parts`` are (optional?, ((literal text, column or None), …)).
    """

    parts: tuple[tuple[bool, tuple[tuple[str, str | None], ...]], ...]

    @classmethod
    def parse(cls, source: str) -> Template:
        """The template; raises ``ValueError`` for unbalanced brackets, and for braces that hold more than a column."""
        parts = []
        for optional, plain in re.findall(r"\[([^\[\]]*)\]|([^\[\]]+)", source):
            pieces = list(Formatter().parse(optional or plain))
            if any(column == "" or spec or conversion for _, column, spec, conversion in pieces):
                raise ValueError("{ } must hold the name of a column and nothing else")
            parts.append((bool(optional), tuple((literal, column) for literal, column, _, _ in pieces)))
        if source.count("[") != source.count("]"):
            raise ValueError("[ and ] do not match")
        return cls(tuple(parts))

    def columns(self) -> set[str]:
        """Every column it refers to."""
        return {column for _, pieces in self.parts for _, column in pieces if column is not None}

    def fill(self, row: Mapping[str, str]) -> str:
        """The text for the row, without surrounding spaces."""
        text = ""
        for optional, pieces in self.parts:
            if not optional or all(row[column] for _, column in pieces if column is not None):
                text += "".join(
                    literal + (row[column] if column is not None else "") for literal, column in pieces
                )
        return text.strip()


@dataclass(frozen=True)
class Choice:
    """Maps a source value to ours: read from a column, or the same for every row (``column`` empty).

    ``default`` is used for values that are not listed; without one they are refused.
    """

    column: str
    values: Mapping[str, str]
    default: str | None

    def of(self, row: Mapping[str, str]) -> str | None:
        """Our value; None if the row's value is unknown."""
        return self.values.get(row[self.column], self.default) if self.column else self.default


#: Directives of ``strptime`` that read a time of day, alone or with the rest of a moment.
_TIME_OF_DAY = re.compile("%[HIcX]").search


@dataclass(frozen=True)
class Moment:
    """A column with a time: ISO 8601, or ``strptime`` with ``format``; without a zone it is in ``timezone``.

    ``instead`` is the column to read where it is empty. ``open_too`` says that what is open may have one, which says nothing.
    """

    column: str
    format: str | None
    timezone: zoneinfo.ZoneInfo
    instead: str = ""
    open_too: bool = False

    def column_of(self, row: Mapping[str, str]) -> str:
        """The column that the row has it in."""
        return self.instead if self.instead and not row[self.column] else self.column

    def read(self, text: str) -> dt.datetime:
        """The moment in UTC; of a day without a time, its beginning. Raises ``ValueError``."""
        found = (
            dt.datetime.strptime(text, self.format)  # noqa: DTZ007 - the zone is set below
            if self.format
            else dt.datetime.fromisoformat(text)
        )
        if found.tzinfo is None:
            found = found.replace(tzinfo=self.timezone)
        try:
            return found.astimezone(dt.UTC)
        except OverflowError:
            raise ValueError(text) from None

    def is_day(self, text: str) -> bool:
        """True when the text, which ``read`` takes, names a day without a time."""
        if self.format:
            return not _TIME_OF_DAY(self.format)
        try:
            dt.date.fromisoformat(text)
        except ValueError:
            return False
        return True


#: Degrees, minutes and seconds with their signs, and the side of the world.
_DEGREES = re.compile(
    r"""(-?)(\d{1,3}(?:\.\d+)?)°(?:\s*([0-5]?\d(?:\.\d+)?)['′’](?:\s*([0-5]?\d(?:\.\d+)?)(?:["″”]|''))?)?\s*([NSEW]?)""",
    re.ASCII,
)


@dataclass(frozen=True)
class Placing:
    """Where the coordinates are: in two columns, or the feature's own geometry (``x`` empty).

    ``decimal`` stands between the whole part of a number in a column and the rest. ``crs`` is that of the coordinates,
    None where the mapping does not say it.
    """

    x: str
    y: str
    decimal: str = "."
    crs: Crs | None = None

    def number(self, text: str) -> str:
        """The number as programs write it; of degrees also when they are written as 72°48'04.3"E. Other text as it is."""
        plain = text.replace(self.decimal, ".")
        if found := _DEGREES.fullmatch(plain):
            minus, degrees, minutes, seconds, side = found.groups()
            value = float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
            return str(-value if minus or side in {"S", "W"} else value)
        return plain


@dataclass(frozen=True)
class SourceMapping:
    """The whole mapping file."""

    source: str
    encoding: str
    delimiter: str
    language: str
    timezone: zoneinfo.ZoneInfo
    number: str
    created: Moment
    closed: Moment | None
    kind: Choice
    status: Choice
    category: Choice
    text: Template
    answer: Template
    address: Template
    place: Placing

    def columns(self) -> set[str]:
        """Every column the table must have."""
        named = {self.number, self.created.column}
        named |= {self.closed.column, self.closed.instead} if self.closed else set()
        named |= {choice.column for choice in (self.kind, self.status, self.category)}
        named |= {self.place.x, self.place.y}
        for template in (self.text, self.answer, self.address):
            named |= template.columns()
        return named - {""}


def read_mapping(file: Path, leaves: Collection[str]) -> SourceMapping:
    """The mapping in the file; ``leaves`` are the codes of the categories an appeal can have.

    Raises ``EntryRefused``.
    """
    top = Entry(file.name, read_toml(file))
    _only(top, {field.name for field in fields(SourceMapping)})
    source = top.text("source")
    if len(source) > SOURCE_MAX:
        raise top.refuse(f"source must have at most {SOURCE_MAX} characters")
    if source in Channel.values:
        raise top.refuse(
            f"source must name another system: {', '.join(Channel.values)} are ways into this one"
        )
    return SourceMapping(
        source=source,
        encoding=top.text("encoding", "utf-8"),
        delimiter=_delimiter(top),
        language=_language(top),
        timezone=_zone(top),
        number=_table(top, "number", "column").text("column"),
        created=_moment(top, "created"),
        closed=_moment(top, "closed", "else", "open_too") if "closed" in top.values else None,
        kind=_choice(top, "kind", Kind.values),
        status=_choice(top, "status", [status.value for status in IMPORTED]),
        category=_choice(top, "category", leaves),
        text=_template(top, "text", required=True),
        answer=_template(top, "answer"),
        address=_template(top, "address"),
        place=_placing(_table(top, "place", "lon", "lat", "x", "y", "srid", "geometry", "decimal")),
    )


def _table(top: Entry, key: str, *known: str) -> Entry:
    values = top.values.get(key, {})
    if not isinstance(values, dict):
        raise top.refuse(f"{key} must be written as [{key}]")
    entry = Entry(f"{top.where}: [{key}]", values)
    _only(entry, known)
    return entry


def _only(entry: Entry, known: Collection[str]) -> None:
    """What is misspelt would be ignored otherwise, and nobody would know."""
    if unknown := set(entry.values).difference(known):
        raise entry.refuse(f"unknown key {', '.join(sorted(unknown))}")


def _delimiter(top: Entry) -> str:
    delimiter = top.text("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise top.refuse("delimiter must be one character, neither a quotation mark nor a new line")
    return delimiter


def _language(top: Entry) -> str:
    language = top.text("language", settings.LANGUAGE_CODE)
    if language not in CITY.languages:
        raise top.refuse(
            f"language {language!r} is none of the city's languages: {', '.join(CITY.languages)}"
        )
    return language


def _zone(top: Entry) -> zoneinfo.ZoneInfo:
    name = top.text("timezone", settings.TIME_ZONE)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise top.refuse(f"there is no time zone {name!r}") from None


def _moment(top: Entry, key: str, *more: str) -> Moment:
    entry = _table(top, key, "column", "format", *more)
    moment = Moment(
        entry.text("column"),
        entry.text("format", "") or None,
        _zone(top),
        entry.text("else", ""),
        entry.flag("open_too", False),
    )
    if moment.format:
        try:
            moment.read(dt.datetime(2024, 5, 31, 13, 45, tzinfo=dt.UTC).strftime(moment.format))
        except (ValueError, re.error) as error:
            raise entry.refuse(f"format {moment.format!r} cannot be used: {error}") from None
    return moment


def _choice(top: Entry, key: str, ours: Collection[str]) -> Choice:
    fixed = top.values.get(key)
    if fixed is None or isinstance(fixed, str):
        choice = Choice("", {}, top.text(key))
    else:
        entry = _table(top, key, "column", "values", "default")
        values = entry.values.get("values", {})
        if not isinstance(values, dict) or not all(isinstance(ours, str) for ours in values.values()):
            raise entry.refuse('values must be a table: "theirs" = "ours"')
        choice = Choice(entry.text("column"), values, entry.text("default", "") or None)
    for value in (*choice.values.values(), choice.default):
        if value is not None and value not in ours:
            raise top.refuse(f"{key}: {value!r} is not one of {', '.join(sorted(ours))}")
    return choice


def _template(top: Entry, key: str, *, required: bool = False) -> Template:
    entry = _table(top, key, "template")
    try:
        return Template.parse(entry.text("template", None if required else ""))
    except ValueError as error:
        raise entry.refuse(f"template: {error}") from None


def _placing(entry: Entry) -> Placing:
    if "geometry" in entry.values and entry.flag("geometry"):
        if not set(entry.values) <= {"geometry", "srid"}:
            raise entry.refuse("the geometry of a feature needs no columns")
        return Placing("", "", crs=_crs(entry))
    decimal = entry.text("decimal", ".")
    if decimal not in {".", ","}:
        raise entry.refuse('decimal must be "." or ","')
    if "lon" in entry.values:
        return Placing(entry.text("lon"), entry.text("lat"), decimal, _crs(entry))
    if "x" not in entry.values:
        raise entry.refuse(
            "x is missing: a place is lon and lat, or x and y with their srid, or geometry = true for GeoJSON"
        )
    x, y = entry.text("x"), entry.text("y")
    entry.whole("srid")  # of what is called x and y nothing can be supposed
    return Placing(x, y, decimal, _crs(entry))


def _crs(entry: Entry) -> Crs | None:
    if "srid" not in entry.values:
        return None
    try:
        return crs_named(f"EPSG:{entry.whole('srid')}")
    except CrsRefused as refusal:
        raise entry.refuse(f"srid: {refusal}") from None
