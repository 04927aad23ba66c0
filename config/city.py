"""The city this installation serves: a profile read from data, never from code.

A profile is a folder (``data/osh`` by default; override with ``CITY_PROFILE``) whose ``profile.toml`` holds
what is needed before there is a database: names, time zone, metric CRS, bounds, languages. ``seed`` loads
everything else in the folder (territories, services, categories, terms, base layer, gazetteer) into the
database.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

from bootstrap import variables

_Value = TypeVar("_Value")

PROJECT_ROOT = Path(__file__).resolve().parent.parent

#: Every language the interface is available in; a profile chooses among them.
INTERFACE_LANGUAGES: dict[str, str] = {"ky": "Кыргызча", "ru": "Русский", "en": "English"}


class ProfileError(ImproperlyConfigured):
    """The profile folder is missing, unreadable or contradicts itself; the message has a line for each fault."""


@dataclass(frozen=True)
class CityProfile:
    """One city's constants.

    ``bounds`` is (west, south, east, north) and ``center`` (lon, lat), both EPSG:4326 degrees. ``metric_srid`` is the
    EPSG code of a projected CRS in metres, used for every distance and area. ``office_hours`` are the spans of a working day
    in which services work, in order.
    """

    folder: Path
    code: str
    name: Mapping[str, str]
    office: Mapping[str, str]
    timezone: str
    metric_srid: int
    bounds: tuple[float, float, float, float]
    center: tuple[float, float]
    zoom: float
    languages: tuple[str, ...]
    default_language: str
    calendar_country: str
    calendar_subdivision: str | None
    office_hours: tuple[tuple[dt.time, dt.time], ...]
    base_map_style: str
    attribution: Mapping[str, str]
    licence: str
    licence_url: str

    def file(self, name: str) -> Path:
        """Path of one of the profile's files, which may not exist."""
        return self.folder / name


def load_profile(folder: Path) -> CityProfile:
    """The folder's profile.

    Raises ``ProfileError`` with a line for every key that is missing or wrong: its value, and what would be right. What
    only libraries know (whether the CRS measures metres, whether the calendar exists) ``config.checks`` examines.
    """
    source = folder / "profile.toml"
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"{source}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{source}: {error}") from None
    reader = _Reader(raw)
    languages: tuple[str, ...] = reader.read("languages", _languages, tuple(INTERFACE_LANGUAGES))
    profile = CityProfile(
        folder=folder,
        code=reader.read("code", _code, ""),
        name=reader.read("name", _names(languages), {}),
        office=reader.read("office", _names(languages), {}),
        timezone=reader.read("timezone", _timezone, "UTC"),
        metric_srid=reader.read("metric_srid", _whole, 0),
        bounds=reader.read("bounds", _bounds, (-180.0, -90.0, 180.0, 90.0)),
        center=reader.read("center", _lon_lat, (0.0, 0.0)),
        zoom=reader.read("zoom", _zoom, 0.0),
        languages=languages,
        default_language=reader.read("default_language", _one_of(languages), ""),
        calendar_country=reader.read("calendar.country", _country, ""),
        calendar_subdivision=reader.read("calendar.subdivision", _text, "", required=False) or None,
        office_hours=reader.read("calendar.office_hours", _spans, _NINE_TO_SIX, required=False),
        base_map_style=reader.read("map.base_map_style", _style, "", required=False),
        attribution=reader.read(
            "map.attribution", _in_every_language, _in_every_language(""), required=False
        ),
        licence=reader.read("open_data.licence", _text, "", required=False),
        licence_url=reader.read("open_data.licence_url", _link, "", required=False),
    )
    west, south, east, north = profile.bounds
    lon, lat = profile.center
    if not (west <= lon <= east and south <= lat <= north):
        reader.faults.append(f"center = {list(profile.center)}: must be [lon, lat] inside the bounds")
    reader.check_all_read()
    if reader.faults:
        raise ProfileError("\n".join(f"{source}: {fault}" for fault in reader.faults))
    return profile


#: Keys that ``seed`` reads, with the borders.
_BORDERS = ("borders.name", "borders.effective_from", "borders.note", "borders.accept_m2")


class _Reader:
    """Reads keys and collects what is wrong with them."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.faults: list[str] = []
        self._asked = set(_BORDERS)

    def read(
        self, key: str, parse: Callable[[Any], _Value], instead: _Value, *, required: bool = True
    ) -> _Value:
        """The parsed value of a key, ``table.key`` for one in a table; ``instead`` where it is missing or wrong."""
        self._asked.add(key)
        value: Any = self.raw
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            if required:
                self.faults.append(f"the key {key} is missing")
            return instead
        try:
            return parse(value)
        except (TypeError, ValueError) as right:
            self.faults.append(f"{key} = {value!r}: must be {right}")
            return instead

    def check_all_read(self) -> None:
        """Notes each key that nothing has asked for: a slip of the pen would pass for a key that is not there."""
        tables = {key.partition(".")[0] for key in self._asked if "." in key}
        for key, value in self.raw.items():
            inside = (
                [f"{key}.{name}" for name in value] if key in tables and isinstance(value, Mapping) else [key]
            )
            self.faults += [f"unknown key {name}" for name in inside if name not in self._asked]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes")
    return value.strip()


def _code(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", value):
        raise ValueError("small Latin letters, digits and hyphens: it becomes part of addresses")
    return value


def _country(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError("a country's two capital letters (ISO 3166-1), such as KG")
    return value


_NINE_TO_SIX = ((dt.time(9), dt.time(18)),)


def _spans(value: Any) -> tuple[tuple[dt.time, dt.time], ...]:
    right = 'a list of spans of the day in order, such as ["09:00-13:00", "14:00-18:00"]'
    if not isinstance(value, list) or not value:
        raise ValueError(right)
    times: list[dt.time] = []
    for span in value:
        if not isinstance(span, str) or not re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", span):
            raise ValueError(right)
        try:
            times += [dt.time.fromisoformat(time) for time in span.split("-")]
        except ValueError:
            raise ValueError(right) from None
    if times != sorted(set(times)):
        raise ValueError(right)
    return tuple(zip(times[::2], times[1::2], strict=True))


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("an EPSG code, a whole number")
    return value


def _zoom(value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= 22:
        raise ValueError("a number between 0 and 22")
    return float(value)


def _timezone(value: Any) -> str:
    right = "the name of a time zone, such as Asia/Bishkek"
    try:
        return ZoneInfo(_text(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(right) from None


def _languages(value: Any) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(one, str) and one in INTERFACE_LANGUAGES for one in value)
    ):
        raise ValueError(f"a list of some of {', '.join(INTERFACE_LANGUAGES)}")
    return tuple(value)


def _one_of(languages: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in languages:
            raise ValueError(f"one of the languages {', '.join(languages)}")
        return str(value)

    return parse


def _names(languages: tuple[str, ...]) -> Callable[[Any], Mapping[str, str]]:
    def parse(value: Any) -> Mapping[str, str]:
        if not isinstance(value, dict) or not all(
            isinstance(value.get(code), str) and value[code].strip() for code in languages
        ):
            raise ValueError(f"a table with a name in each of {', '.join(languages)}")
        return value

    return parse


def _lon_lat(value: Any) -> tuple[float, float]:
    if not (
        isinstance(value, list)
        and len(value) == 2
        and all(map(_is_number, value))
        and -180 <= value[0] <= 180
        and -90 <= value[1] <= 90
    ):
        raise ValueError("[lon, lat] in degrees")
    return float(value[0]), float(value[1])


def _bounds(value: Any) -> tuple[float, float, float, float]:
    right = "[west, south, east, north] in degrees, west < east and south < north"
    if not isinstance(value, list) or len(value) != 4:
        raise ValueError(right)
    try:
        (west, south), (east, north) = _lon_lat(value[:2]), _lon_lat(value[2:])
    except ValueError:
        raise ValueError(right) from None
    if not (west < east and south < north):
        raise ValueError(right)
    return west, south, east, north


def _style(value: Any) -> str:
    text = _text(value)
    return variables.style(text) if text else ""


def _link(value: Any) -> str:
    text = _text(value)
    if text and not re.fullmatch(r"https?://\S+", text):
        raise ValueError("an address such as https://creativecommons.org/licenses/by/4.0/")
    return text


def _in_every_language(words: Any) -> Mapping[str, str]:
    if isinstance(words, str):
        return dict.fromkeys(INTERFACE_LANGUAGES, words)
    if not isinstance(words, dict) or not all(isinstance(text, str) for text in words.values()):
        raise ValueError("a text in quotes, or a table with one for each language")
    return words


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def profile_folder() -> Path:
    """The folder that ``CITY_PROFILE`` names; the demo city's when it is unset.

    Raises ``ImproperlyConfigured`` with every environment variable that cannot be what it is: whatever stands on the
    settings comes by here first.
    """
    try:
        variables.check(os.environ)
    except variables.Wrong as wrong:
        raise ImproperlyConfigured(str(wrong)) from None
    return variables.CITY_PROFILE.read(os.environ)


CITY = load_profile(profile_folder())
