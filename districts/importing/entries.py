"""Entries of a profile's files, read value by value: every error names the file, entry and key."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model

from districts.importing.features import can_be_stored, crs_of, read_features
from districts.importing.files import FileRefused, examine
from geo.words import shows, trimmed

#: Everything that is read of a profile's folder.
PROFILE_FILES: Final = (
    "profile.toml", "services.toml", "categories.toml", "terms.toml", "districts.geojson", "service_areas.geojson",
    "gazetteer.csv", "base.geojson", "news.toml", "demo.toml",
)  # fmt: skip


class EntryRefused(Exception):
    """A file of the profile is missing, unreadable or inconsistent with itself or another one."""


@dataclass(frozen=True)
class Entry:
    """One table of a TOML file, feature of a GeoJSON file or row of a CSV file; ``where`` names it."""

    where: str
    values: Mapping[str, Any]
    geometry: Any = None
    _asked: set[str] = field(default_factory=set, repr=False, compare=False)

    def refuse(self, why: str) -> EntryRefused:
        """An error about this entry, for the caller to raise."""
        return EntryRefused(f"{self.where}: {why}")

    def check_fields(self, row: Model) -> None:
        """Refuses the entry where the row that was made of it has a value that its field does not take."""
        for found in row._meta.concrete_fields:
            value = getattr(row, found.attname)
            if found.name in self.values and not found.is_relation and value not in (None, ""):
                try:
                    found.run_validators(value)
                except ValidationError as error:
                    raise self.refuse(f"{found.name}: {' '.join(error.messages)}") from None

    def check_all_read(self) -> None:
        """Refuses the entry for a key that nothing has asked for: a slip of the pen would pass for what is not there."""
        if unknown := sorted(set(self.values) - self._asked):
            raise self.refuse(f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(self._asked))}")

    def _value(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        return self.values.get(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        """The text under the key, or the default if missing or empty; refused if there is no default."""
        value = self._value(key)
        if value in (None, ""):
            if default is None:
                raise self.refuse(f"{key} is missing")
            return default
        if not isinstance(value, str):
            raise self.refuse(f"{key} must be text, not {value!r}")
        if not can_be_stored(value):
            raise self.refuse(f"{key} has a character that cannot be stored: {value!r}")
        return value

    def translated(self, key: str, *, required: bool = True) -> dict[str, str]:
        """``{key}_ky``, ``{key}_ru``, ``{key}_en``: keyword arguments of a translated model.

        If ``required``, the city's default language must be present; pages fall back to it for the others.
        """
        found = {
            f"{key}_{code}": self.text(f"{key}_{code}", "") for code in settings.MODELTRANSLATION_LANGUAGES
        }
        if unseen := [name for name, text in found.items() if text and not shows(text)]:
            raise self.refuse(f"nothing of {', '.join(unseen)} can be seen")
        default = f"{key}_{settings.MODELTRANSLATION_DEFAULT_LANGUAGE}"
        if required and not found[default]:
            raise self.refuse(f"{default} is missing")
        return {name: trimmed(text) for name, text in found.items()}

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false under the key."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.refuse(f"{key} must be true or false, not {value!r}")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """The whole number under the key."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(f"{key} must be a whole number, not {value!r}")
        return value

    def day(self, key: str) -> dt.date:
        """The date under the key, as a TOML date or as text like 2026-05-31."""
        found = self.day_or_none(key)
        if found is None:
            raise self.refuse(f"{key} is missing")
        return found

    def day_or_none(self, key: str) -> dt.date | None:
        """Like ``day``, but None if missing."""
        value = self._value(key)
        if value in (None, ""):
            return None
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        try:
            return dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.refuse(f"{key} must be a date such as 2026-05-31, not {value!r}") from None

    def codes(self, key: str) -> list[str]:
        """The list of codes under the key; empty if missing."""
        value = self._value(key) or []
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            raise self.refuse(f"{key} must be a list of codes, not {value!r}")
        return value

    def tables(self, key: str) -> list[Entry]:
        """The tables in the list under the key; empty if missing."""
        value = self._value(key) or []
        if not isinstance(value, list) or not all(isinstance(values, dict) for values in value):
            raise self.refuse(f"{key} must be a list of tables, not {value!r}")
        return [Entry(f"{self.where}: {key} {n}", values) for n, values in enumerate(value, 1)]


def not_read(folder: Path) -> list[str]:
    """Names of the data files in the folder that are none of a profile's.

    Raises ``EntryRefused`` for one that looks like a slip of the pen for one that is not there: it would pass for a file that
    nobody wanted.
    """
    there = {file.name for file in folder.iterdir() if file.is_file()}
    absent = [name for name in PROFILE_FILES if name not in there]
    strange = sorted(
        name
        for name in there - set(PROFILE_FILES)
        if name.lower().endswith((".toml", ".geojson", ".json", ".csv"))
    )
    for name in strange:
        if meant := difflib.get_close_matches(name.lower(), absent, 1, _ALIKE):
            raise EntryRefused(f"{name}: no such file is read; rename it if it is {meant[0]}")
    return strange


#: Of two names: two letters of a short one may be wrong.
_ALIKE: Final = 0.85


def toml_entries(file: Path, table: str, *, beside: Sequence[str] = ()) -> list[Entry]:
    """Entries ``[[table]]`` of the TOML file, which has only that and those ``beside`` it. Raises ``EntryRefused``."""
    raw = read_toml(file)
    if unknown := sorted(set(raw) - {table, *beside}):
        known = ", ".join(f"[[{one}]]" for one in (table, *beside))
        raise EntryRefused(f"{file.name}: unknown table {', '.join(unknown)}; known are {known}")
    found = raw.get(table, [])
    if not isinstance(found, list) or not all(isinstance(values, dict) for values in found):
        raise EntryRefused(f"{file.name}: {table} must be written as [[{table}]]")
    return [Entry(_where(file, f"[[{table}]]", n, values), values) for n, values in enumerate(found, 1)]


def read_toml(file: Path) -> dict[str, Any]:
    """The TOML file. Raises ``EntryRefused``."""
    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise EntryRefused(f"{file.name}: {error}") from None


def feature_entries(file: Path) -> list[Entry]:
    """Features of the GeoJSON file, whose coordinates must be degrees of WGS 84. Raises ``EntryRefused``."""
    try:
        text = examine(file)
        if not (crs := crs_of(text)).is_wgs84:
            raise FileRefused(f"it declares {crs}; a profile's files are in EPSG:4326")
        with text.opened() as stream:
            return [
                Entry(_where(file, "feature", n, properties), properties, geometry)
                for n, properties, geometry in read_features(stream)
            ]
    except FileRefused as refusal:
        raise EntryRefused(f"{file.name}: {refusal}") from None


def csv_entries(file: Path) -> Iterator[Entry]:
    """Rows of the CSV file (UTF-8, with a header row). Raises ``EntryRefused``."""
    rows = csv.reader(io.StringIO(_text(file), newline=""), strict=True)
    try:
        header = next(rows, [])
        if twice := sorted(name for name, n in Counter(header).items() if n > 1):
            raise EntryRefused(f"{file.name}: it has several columns named {', '.join(twice)}")
        for values in rows:
            where = f"{file.name}: line {rows.line_num}"
            if values and len(values) != len(header):
                raise EntryRefused(f"{where}: it has {len(values)} fields, the header row has {len(header)}")
            if values:
                yield Entry(where, dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise EntryRefused(f"{file.name}: line {rows.line_num}: {error}") from None


def _text(file: Path) -> str:
    try:
        # Composed, as what people type is: "й" of two characters would never be found.
        return unicodedata.normalize("NFC", file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise EntryRefused(f"{file}: no such file") from None
    except UnicodeDecodeError as error:
        raise EntryRefused(f"{file.name}: not UTF-8 (byte {error.start})") from None


def _where(file: Path, what: str, n: int, values: Mapping[str, Any]) -> str:
    code = values.get("code")
    return f"{file.name}: {what} {n}" + (f" ({code})" if isinstance(code, str) else "")
