"""The city this installation serves: a profile read from data, never from code.

A profile is a folder (``data/osh`` by default; override with ``CITY_PROFILE``) whose ``profile.toml`` holds
what is needed before there is a database: names, time zone, metric CRS, bounds, languages. ``seed`` loads
everything else in the folder (territories, services, categories, terms, base layer, gazetteer) into the
database.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent

#: Every language the interface is available in; a profile chooses among them.
INTERFACE_LANGUAGES: dict[str, str] = {"ky": "Кыргызча", "ru": "Русский", "en": "English"}


class ProfileError(Exception):
    """The profile folder is missing, unreadable or contradicts itself."""


@dataclass(frozen=True)
class CityProfile:
    """One city's constants.

    ``bounds`` is (west, south, east, north) and ``center`` (lon, lat), both EPSG:4326 degrees. ``metric_srid`` is the
    EPSG code of a projected CRS in metres, used for every distance and area.
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
    base_map_style: str
    attribution: Mapping[str, str]

    def file(self, name: str) -> Path:
        """Path of one of the profile's files, which may not exist."""
        return self.folder / name


def load_profile(folder: Path) -> CityProfile:
    """The folder's profile.

    Raises ``ProfileError`` naming the file and the key when something is missing or invalid.
    """
    source = folder / "profile.toml"
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileError(
            f"{source}: no such file; CITY_PROFILE must name a folder with a profile.toml"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source}: {error}") from None
    try:
        calendar = raw["calendar"]
        base_map = raw.get("map", {})
        west, south, east, north = (float(value) for value in raw["bounds"])
        lon, lat = (float(value) for value in raw["center"])
        profile = CityProfile(
            folder=folder,
            code=raw["code"],
            name=raw["name"],
            office=raw["office"],
            timezone=raw["timezone"],
            metric_srid=int(raw["metric_srid"]),
            bounds=(west, south, east, north),
            center=(lon, lat),
            zoom=float(raw["zoom"]),
            languages=tuple(raw["languages"]),
            default_language=raw["default_language"],
            calendar_country=calendar["country"],
            calendar_subdivision=calendar.get("subdivision") or None,
            base_map_style=base_map.get("base_map_style", ""),
            attribution=_in_every_language(base_map.get("attribution", "")),
        )
    except KeyError as error:
        raise ProfileError(f"{source}: the key {error} is missing") from None
    except (TypeError, ValueError) as error:
        raise ProfileError(f"{source}: {error}") from None
    if not (west < east and south < north and west <= lon <= east and south <= lat <= north):
        raise ProfileError(
            f"{source}: bounds must be [west, south, east, north] and contain the center [lon, lat]"
        )
    unknown = set(profile.languages) - set(INTERFACE_LANGUAGES)
    if unknown or profile.default_language not in profile.languages:
        raise ProfileError(
            f"{source}: languages must be among {sorted(INTERFACE_LANGUAGES)} and include the default"
        )
    return profile


def _in_every_language(words: str | Mapping[str, str]) -> Mapping[str, str]:
    return dict.fromkeys(INTERFACE_LANGUAGES, words) if isinstance(words, str) else words


def profile_folder() -> Path:
    """Folder in ``CITY_PROFILE`` (absolute, or relative to the project); the demo city when unset."""
    return PROJECT_ROOT / os.environ.get("CITY_PROFILE", "data/osh")


CITY = load_profile(profile_folder())
