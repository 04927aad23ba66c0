"""The streets of the city's own base map, chosen by their names: a file of its profile, not in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson
from django.conf import settings
from django.utils.translation import get_language
from modeltranslation.utils import resolution_order

from geo.word_forms import folded, naming, readings, stands_in, words_in

#: So many streets of like names are offered.
FOUND_MAX: Final = 10
#: What the features of streets are called in ``layer``.
_LAYER: Final = "street"

Position = tuple[float, float]


@dataclass(frozen=True)
class Street:
    """All lines of one name, each of positions lon, lat (EPSG:4326). ``code`` is the first of its names."""

    code: str
    names: Mapping[str, str]
    lines: tuple[tuple[Position, ...], ...]

    @property
    def name(self) -> str:
        """In the language that is active, else in the first that has one."""
        return next(
            (self.names[code] for code in resolution_order(get_language() or "") if code in self.names),
            self.code,
        )


def all_streets() -> Mapping[str, Street]:
    """The named streets by their codes, by name; empty where the city has no base map."""
    path = Path(settings.CITY_FOLDER) / "base.geojson"
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0)


def find_streets(text: str) -> list[Street]:
    """At most ``FOUND_MAX`` streets that the text names in any language, in some form; one alone if it is its code or name."""
    if text in all_streets():
        return [all_streets()[text]]
    streets, typed = all_streets().values(), folded(text.strip())
    called = [street for street in streets if typed in map(folded, street.names.values())]
    if called:
        return called[:FOUND_MAX]
    asked = [words for reading in readings(text) if (words := naming(words_in(reading)))]
    return [
        street
        for street in streets
        if any(all(stands_in(word, _said(street)) for word in words) for words in asked)
    ][:FOUND_MAX]


def _said(street: Street) -> str:
    return folded(" ".join(street.names.values()))


@lru_cache(maxsize=2)
def _read(path: Path, changed_ns: int) -> dict[str, Street]:
    """The streets of the file, made once for each state of it; ``changed_ns`` 0 means no file."""
    found: dict[str, tuple[dict[str, str], list[tuple[Position, ...]]]] = {}
    features = orjson.loads(path.read_bytes())["features"] if changed_ns else []
    for feature in features:
        properties: dict[str, Any] = feature["properties"]
        names = {
            language: properties[f"name_{language}"]
            for language in settings.MODELTRANSLATION_LANGUAGES
            if properties.get(f"name_{language}")
        }
        if properties.get("layer") != _LAYER or not names:
            continue
        geometry = feature["geometry"]
        lines = [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]
        _names, known = found.setdefault(next(iter(names.values())), (names, []))
        known += [tuple((lon, lat) for lon, lat, *_ in line) for line in lines]
    return {code: Street(code, names, tuple(lines)) for code, (names, lines) in sorted(found.items())}
