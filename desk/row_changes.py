"""Changes of the city's own rows in the reader's words: who, when, which row, from what to what."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import AutoField, DateField, DateTimeField, Field, ForeignKey, Model
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from history.models import RowChange
from history.recording import recorded_models

#: How what was done with a row is called.
OPERATIONS: Final[Mapping[str, str | Promise]] = {
    RowChange.Operation.INSERT: gettext_lazy("added"),
    RowChange.Operation.UPDATE: gettext_lazy("changed"),
    RowChange.Operation.DELETE: gettext_lazy("removed"),
}
#: Where a page lies, by the beginning of its name.
_PLACES: Final[Mapping[str, str | Promise]] = {
    "admin:": gettext_lazy("in the admin"),
    "desk:": gettext_lazy("at the desk"),
    "account_": gettext_lazy("on the pages of the account"),
}
#: Columns that name a row that is not there any more, the first that it has.
_NAMES: Final = ("name", "title", "email", "date", "code")
#: Corners of a geometry that are written out.
_CORNERS_SAID: Final = 12


@dataclass(frozen=True)
class Line:
    """A column's change in words; empty for nothing. The values of a ``secret`` are kept nowhere."""

    label: str
    before: str
    after: str
    secret: bool


@dataclass(frozen=True)
class Change:
    """A row's change in words. ``code`` and ``key`` are what finds all changes of the row."""

    at: dt.datetime
    who: str
    where: str
    what: str
    row: str
    done: str
    is_new: bool
    lines: list[Line]
    code: str
    key: str


class _Names(dict[type[Model], dict[str, str]]):
    """How the rows that are there are called, by model and key."""

    def of(self, model: type[Model], key: object) -> str:
        """The row's name; its key where it is not there any more."""
        return self.get(model, {}).get(str(key)) or f"№ {key}"


def code_of(model: type[Model]) -> str:
    """What the model is called in addresses."""
    return model._meta.label_lower


def in_words(changes: Sequence[RowChange]) -> list[Change]:
    """The changes in the reader's language, in their order; a query for each model that is named in them."""
    names = _names_in(changes)
    return [_in_words(change, names) for change in changes]


def _in_words(change: RowChange, names: _Names) -> Change:
    model = recorded_models().get(change.table_name)
    return Change(
        at=change.at,
        who=_who(change, names),
        where=next(
            (str(words) for start, words in _PLACES.items() if change.page.startswith(start)), change.page
        ),
        what=capfirst(str(model._meta.verbose_name)) if model else change.table_name,
        row=_row(change, model, names),
        done=str(OPERATIONS.get(change.operation, change.operation)),
        is_new=change.operation == RowChange.Operation.INSERT,
        lines=list(_lines(change, model, names)),
        code=code_of(model) if model else "",
        key=change.row_key,
    )


def _who(change: RowChange, names: _Names) -> str:
    if change.by is not None:
        return names.of(User, change.by)
    if change.command:
        return _("the command %(name)s") % {"name": change.command}
    if change.page:
        return _("somebody who was not logged in")
    return _("directly in the database")


def _row(change: RowChange, model: type[Model] | None, names: _Names) -> str:
    if model is not None and change.row_key in names.get(model, {}):
        return names[model][change.row_key]
    for name in _NAMES:
        for column in (f"{name}_{settings.MODELTRANSLATION_DEFAULT_LANGUAGE}", name):
            if said := [str(value) for value in reversed(change.changes.get(column, [])) if value]:
                return said[0]
    return f"№ {change.row_key}"


def _lines(change: RowChange, model: type[Model] | None, names: _Names) -> Iterator[Line]:
    columns = [field.column for field in model._meta.concrete_fields] if model else []
    known = [column for column in columns if column in change.changes]
    for column in [*known, *sorted({*change.changes} - {*known})]:
        values = change.changes[column]
        # Repeats the column of the city's own language.
        if f"{column}_{settings.MODELTRANSLATION_DEFAULT_LANGUAGE}" in change.changes:
            continue
        field = _field(model, column)
        if isinstance(field, AutoField):
            continue
        label = _label(field) if field else column
        if not values:
            if change.operation == RowChange.Operation.INSERT:
                continue
            yield Line(label, "", "", secret=True)
            continue
        before, after = (_value(field, value, names) for value in values)
        if before or after:
            yield Line(label, before, after, secret=False)


def _label(field: Field[Any, Any]) -> str:
    words = str(field.verbose_name)
    # A reference that nobody named is called by its own name in English.
    if isinstance(field, ForeignKey) and words == field.name.replace("_", " "):
        words = str(field.related_model._meta.verbose_name)
    return capfirst(words)


def _value(field: Field[Any, Any] | None, value: Any, names: _Names) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return _("yes") if value else _("no")
        case {"type": str(), "coordinates": list(drawn)}:
            return _corners(list(_positions(drawn)))
    if isinstance(field, ForeignKey):
        return names.of(field.related_model, value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, DateTimeField) and (moment := parse_datetime(str(value))):
        return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
    if isinstance(field, DateField) and (day := parse_date(str(value))):
        return date_format(day, "SHORT_DATE_FORMAT")
    return str(value)


def _positions(drawn: list[Any]) -> Iterator[tuple[float, float]]:
    """(lon, lat) of all corners of GeoJSON's coordinates, however deep they are."""
    if drawn and not isinstance(drawn[0], list):
        yield drawn[0], drawn[1]
        return
    for part in drawn:
        yield from _positions(part)


def _corners(positions: list[tuple[float, float]]) -> str:
    """The corners, latitude first as everywhere on the pages; of many, how many there are."""
    said = "; ".join(f"{lat:.6f}, {lon:.6f}" for lon, lat in positions[:_CORNERS_SAID])
    more = len(positions) - _CORNERS_SAID
    return said if more <= 0 else f"{said} … (+{more})"


def _field(model: type[Model] | None, column: str) -> Field[Any, Any] | None:
    """The field of the column; None for one that the table has no more."""
    if model is None:
        return None
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def _names_in(changes: Sequence[RowChange]) -> _Names:
    wanted: defaultdict[type[Model], set[Any]] = defaultdict(set)
    for change in changes:
        if change.by is not None:
            wanted[User].add(change.by)
        model = recorded_models().get(change.table_name)
        if model is None:
            continue
        wanted[model].add(change.row_key)
        for column, values in change.changes.items():
            field = _field(model, column)
            if isinstance(field, ForeignKey):
                wanted[field.related_model] |= {value for value in values if value is not None}
    return _Names({model: _names(model, keys) for model, keys in wanted.items()})


def _names(model: type[Model], keys: set[Any]) -> dict[str, str]:
    # What a row is called may say what it belongs to.
    owners = [field.name for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
    rows = model._base_manager.select_related(*owners) if owners else model._base_manager.all()
    return {str(row.pk): str(row) for row in rows.filter(pk__in=keys)}
