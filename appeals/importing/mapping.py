"""Maps the columns of an external table: a TOML file written once per source.

Every error names the file and the key; docs/importing.md explains the keys.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from django.conf import settings

from appeals.limits import SOURCE_MAX
from appeals.workflow import Kind, Status
from districts.importing.entries import Entry, read_toml


@dataclass(frozen=True)
class Template:
    """Text built from columns: ``{column}`` is its value; ``[…]`` is dropped if any value in it is empty.

    ``parts`` are (optional?, ((literal text, column or None), …)).
    """

    parts: tuple[tuple[bool, tuple[tuple[str, str | None], ...]], ...]

    @classmethod
    def parse(cls, source: str) -> Template:
        """The template; raises ``ValueError`` for unbalanced brackets."""
        parts = []
        for optional, plain in re.findall(r"\[([^\[\]]*)\]|([^\[\]]+)", source):
            pieces = Formatter().parse(optional or plain)
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


@dataclass(frozen=True)
class Moment:
    """A column with a time: ISO 8601, or ``strptime`` with ``format``."""

    column: str
    format: str | None


@dataclass(frozen=True)
class Placing:
    """Where the coordinates are: two columns in the CRS ``srid``, or the feature's own geometry (``x`` empty)."""

    x: str
    y: str
    srid: int


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
        named = {self.number, self.created.column, self.closed.column if self.closed else ""}
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
    known = {
        *("source", "encoding", "delimiter", "language", "timezone", "number", "created", "closed", "kind"),
        *("status", "category", "text", "answer", "address", "place"),
    }
    if unknown := set(top.values) - known:
        raise top.refuse(f"unknown key {', '.join(sorted(unknown))}")
    source = top.text("source")
    if len(source) > SOURCE_MAX:
        raise top.refuse(f"source must have at most {SOURCE_MAX} characters")
    return SourceMapping(
        source=source,
        encoding=top.text("encoding", "utf-8"),
        delimiter=_delimiter(top),
        language=_language(top),
        timezone=_zone(top),
        number=_table(top, "number").text("column"),
        created=_moment(_table(top, "created")),
        closed=_moment(_table(top, "closed")) if "closed" in top.values else None,
        kind=_choice(top, "kind", Kind.values),
        status=_choice(top, "status", list(Status.values)),
        category=_choice(top, "category", leaves),
        text=_template(top, "text", required=True),
        answer=_template(top, "answer"),
        address=_template(top, "address"),
        place=_placing(_table(top, "place")),
    )


def _table(top: Entry, key: str) -> Entry:
    values = top.values.get(key, {})
    if not isinstance(values, dict):
        raise top.refuse(f"{key} must be written as [{key}]")
    return Entry(f"{top.where}: [{key}]", values)


def _delimiter(top: Entry) -> str:
    delimiter = top.text("delimiter", ",")
    if len(delimiter) != 1:
        raise top.refuse("delimiter must be one character")
    return delimiter


def _language(top: Entry) -> str:
    language = top.text("language", settings.LANGUAGE_CODE)
    if len(language) != 2:
        raise top.refuse("language must be a two-letter code")
    return language


def _zone(top: Entry) -> zoneinfo.ZoneInfo:
    name = top.text("timezone", settings.TIME_ZONE)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise top.refuse(f"there is no time zone {name!r}") from None


def _moment(entry: Entry) -> Moment:
    return Moment(entry.text("column"), entry.text("format", "") or None)


def _choice(top: Entry, key: str, ours: Collection[str]) -> Choice:
    fixed = top.values.get(key)
    if fixed is None or isinstance(fixed, str):
        choice = Choice("", {}, top.text(key))
    else:
        entry = _table(top, key)
        values = entry.values.get("values", {})
        if not isinstance(values, dict):
            raise entry.refuse('values must be a table: "theirs" = "ours"')
        choice = Choice(entry.text("column"), values, entry.text("default", "") or None)
    for value in (*choice.values.values(), choice.default):
        if value is not None and value not in ours:
            raise top.refuse(f"{key}: {value!r} is not one of {', '.join(sorted(ours))}")
    return choice


def _template(top: Entry, key: str, *, required: bool = False) -> Template:
    entry = _table(top, key)
    try:
        return Template.parse(entry.text("template", None if required else ""))
    except ValueError as error:
        raise entry.refuse(f"template: {error}") from None


def _placing(entry: Entry) -> Placing:
    if entry.values.get("geometry") is True:
        return Placing("", "", 4326)
    if "lon" in entry.values:
        return Placing(entry.text("lon"), entry.text("lat"), 4326)
    return Placing(entry.text("x"), entry.text("y"), entry.whole("srid"))
