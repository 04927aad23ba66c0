"""The licence of the data, in words for files. Knows no Django."""

from __future__ import annotations

from collections.abc import Mapping


def licence_in_words(licence: Mapping[str, str]) -> str:
    """Its name and address, those that the city has said; "not stated" where it has said neither."""
    return " ".join(filter(None, licence.values())) or "not stated"
