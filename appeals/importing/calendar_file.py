"""The days on which the city's calendar differs from its country's, from a form or a CSV file: all of it or nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from appeals.filters import day_in
from appeals.models import CalendarDay, changing_the_clock
from geo.refusals import Refused, ValueRefused
from geo.words import trimmed

#: A file of ten years is far smaller.
BYTES_MAX = 200_000
ROWS_MAX = 2_000
NAME_MAX = 200

_YES_OR_NO: Mapping[str, bool] = {
    "yes": True,
    "1": True,
    "true": True,
    "no": False,
    "0": False,
    "false": False,
}


@dataclass(frozen=True)
class Loaded:
    """What became of the days: ``rows`` is the sum of the others; ``moved`` is the number of due dates that moved."""

    rows: int
    new: int
    changed: int
    same: int
    moved: int


def columns() -> list[str]:
    """The header row, in any order: ``working`` is yes or no, and a name in the city's own language must be there."""
    return ["date", "working", *(f"name_{code}" for code in settings.MODELTRANSLATION_LANGUAGES)]


def enter_days(days: Sequence[CalendarDay]) -> Loaded:
    """Adds those that are new, changes those that are there, and leaves all others; one transaction, due dates follow.

    Raises ``NoLegalTerm``.
    """
    with changing_the_clock() as change:
        known = {day.date: day for day in CalendarDay.objects.filter(date__in=[day.date for day in days])}
        fields = [name for name in columns() if name != "date"]
        new = [day for day in days if day.date not in known]
        changed = [
            day
            for day in days
            if day.date in known and any(getattr(day, f) != getattr(known[day.date], f) for f in fields)
        ]
        CalendarDay.objects.bulk_create(new)
        if changed:
            CalendarDay.objects.bulk_update(changed, fields)
    return Loaded(len(days), len(new), len(changed), len(days) - len(new) - len(changed), change.moved)


def remove_day(date: dt.date) -> int:
    """How many due dates moved, now that the day is as the country's calendar has it. Raises ``NoLegalTerm``."""
    with changing_the_clock() as change:
        CalendarDay.objects.filter(date=date).delete()
    return change.moved


def read_day(values: Mapping[str, str]) -> CalendarDay:
    """The day of a form whose fields are ``columns``, not saved. Raises ``Refused``."""
    try:
        return _day({name: _clean(values.get(name, "")) for name in columns()})
    except _RowRefused as refusal:
        raise Refused({"day": [f"{capfirst(str(refusal))}."]}) from None


def read_calendar(data: bytes) -> list[CalendarDay]:
    """The days of the file, not saved, in its order. Raises ``Refused`` with a sentence for each line that cannot be taken."""
    reader = csv.reader(io.StringIO(_text(data), newline=""), delimiter=_delimiter(data), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend(
            (reader.line_num, [_clean(field) for field in fields])
            for fields in reader
            if any(field.strip() for field in fields)
        )
    except csv.Error as error:
        raise _refused(_("Line %(n)d is not CSV: %(why)s") % {"n": reader.line_num, "why": error}) from None
    if not rows or sorted(rows[0][1]) != sorted(columns()):
        raise _refused(
            _("The first line must name these columns: %(names)s") % {"names": ", ".join(columns())}
        )
    if len(rows) == 1:
        raise _refused(_("The file holds no day."))
    if len(rows) > ROWS_MAX + 1:
        raise _refused(_("The file holds more than %(n)d days.") % {"n": ROWS_MAX})
    header, wrong, days = rows[0][1], list[str](), dict[dt.date, CalendarDay]()
    for line, fields in rows[1:]:
        try:
            if len(fields) != len(header):
                raise _RowRefused(
                    _("it has %(n)d fields, the first line has %(m)d") % {"n": len(fields), "m": len(header)}
                )
            day = _day(dict(zip(header, fields, strict=True)))
            if day.date in days:
                raise _RowRefused(_("%(day)s occurs twice") % {"day": day.date.isoformat()})
            days[day.date] = day
        except _RowRefused as refusal:
            wrong.append(_("Line %(n)d: %(why)s.") % {"n": line, "why": refusal})
    if wrong:
        raise Refused({"file": wrong})
    return list(days.values())


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", trimmed(text))


class _RowRefused(ValueError):
    """What is wrong with a row, in the reader's language."""


def _refused(sentence: str) -> Refused:
    return Refused({"file": [sentence]})


def _text(data: bytes) -> str:
    if len(data) > BYTES_MAX:
        raise _refused(_("The file is larger than %(n)d kB.") % {"n": BYTES_MAX // 1000})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(_("The file is not UTF-8 text: save it as CSV UTF-8.")) from None
    if "\x00" in text:
        raise _refused(_("The file is not text."))
    return text


def _delimiter(data: bytes) -> str:
    """Spreadsheets write what the machine's country uses."""
    first = data.split(b"\n", 1)[0]
    return max(",;\t", key=lambda mark: first.count(mark.encode()))


def _day(values: Mapping[str, str]) -> CalendarDay:
    try:
        date = day_in(values["date"])
    except ValueRefused:
        raise _RowRefused(_("a date must be written as 2026-05-31")) from None
    working = _YES_OR_NO.get(values["working"].lower())
    if working is None:
        raise _RowRefused(_("working must be yes or no"))
    names = {name: value for name, value in values.items() if name.startswith("name_")}
    if not names[f"name_{settings.MODELTRANSLATION_DEFAULT_LANGUAGE}"]:
        raise _RowRefused(_("the day has no name in the city's own language"))
    if any(len(name) > NAME_MAX for name in names.values()):
        raise _RowRefused(_("a name has more than %(n)d characters") % {"n": NAME_MAX})
    return CalendarDay(date=date, working=working, **names)
