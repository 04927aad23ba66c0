"""Search in the city's own gazetteer, for the API and for the form."""

from __future__ import annotations

from typing import Final

from districts.models import Place

#: Fewer letters would find half of the city, and more are no name.
WORDS_MIN: Final = 2
WORDS_MAX: Final = 200
FOUND_MAX: Final = 10


def cleaned(words: str) -> str:
    """The words as they are searched for."""
    return " ".join(words.replace("\x00", "").split())


def find_places(words: str) -> list[Place]:
    """At most ``FOUND_MAX`` places whose names in any language resemble the words, the best first, with districts.

    Fewer than ``WORDS_MIN`` or more than ``WORDS_MAX`` characters find nothing. One query.
    """
    needle = cleaned(words)
    if not WORDS_MIN <= len(needle) <= WORDS_MAX:
        return []
    return list(Place.objects.named_like(needle).select_related("district")[:FOUND_MAX])
