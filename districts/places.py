"""Search in the city's own gazetteer, for the API and for the form; coordinates are a place too."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.gis.geos import Point

from districts.models import Place
from geo.points import WGS84_SRID, lon_lat_from_text
from geo.word_forms import Words, folded, kind_named, readings, stands_in, words_in

#: Fewer letters would find half of the city, and more are no name.
WORDS_MIN: Final = 2
WORDS_MAX: Final = 200
FOUND_MAX: Final = 10
#: Of so many at most the best are chosen.
_RANKED_MAX: Final = 100

#: Kind of the place that typed coordinates are.
COORDINATES: Final = "coordinates"


def cleaned(words: str) -> str:
    """The words as they are searched for."""
    return " ".join(words.replace("\x00", "").split())


def find_places(words: str) -> list[Place]:
    """At most ``FOUND_MAX`` places that the words name in any language, the best first, with districts.

    Coordinates are one place of the kind ``COORDINATES``, wherever it is. Fewer than ``WORDS_MIN`` or more than
    ``WORDS_MAX`` characters find nothing. One query, a second one where no name holds the words and one that resembles
    them is looked for.
    """
    needle = cleaned(words)
    if not WORDS_MIN <= len(needle) <= WORDS_MAX:
        return []
    if there := _at_coordinates(needle):
        return [there]
    known = Place.objects.select_related("district")
    found = list(known.holding(needle)[:_RANKED_MAX]) or list(known.misspelt(needle)[:_RANKED_MAX])
    typed = [words_in(reading) for reading in readings(needle)]
    return sorted(found, key=lambda place: min(_rank(place, one) for one in typed))[:FOUND_MAX]


def _at_coordinates(text: str) -> Place | None:
    degrees = lon_lat_from_text(text)
    if degrees is None:
        return None
    lon, lat = map(float, degrees)
    if abs(lon) > 180 or abs(lat) > 90:
        return None
    return Place(kind=COORDINATES, name=f"{lat:.6f}, {lon:.6f}", point=Point(lon, lat, srid=WGS84_SRID))


def _rank(place: Place, words: Words) -> tuple[bool, bool, bool, int]:
    """How far the place is from what was typed: its kind, its number, a house's number, what else its name says."""
    translated = [
        getattr(place, f"name_{language}") or "" for language in settings.MODELTRANSLATION_LANGUAGES
    ]
    names = [folded(name) for name in (*translated, *place.aliases.split(";")) if name]
    kinds = {kind_named(word) for word in words.kinds}
    numbered = all(any(stands_in(number, name) for name in names) for number in words.numbers)
    return (
        bool(kinds) and place.kind not in kinds,
        not numbered,
        bool(words.numbers) and not numbered and place.kind != "street",
        min((_unsaid(name, words) for name in names), default=0),
    )


def _unsaid(name: str, words: Words) -> int:
    """How many telling words of the name were not typed, and typed words the name has not."""
    own = words_in(name).telling
    typed = " ".join(words.telling)
    return sum(not stands_in(word, typed) for word in own) + sum(
        not stands_in(word, name) for word in words.telling
    )
