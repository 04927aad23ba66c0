"""Text that shows something: what a reader sees of it decides, not how many characters it has."""

from __future__ import annotations

import unicodedata
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: Letters and signs by their category that are drawn as nothing: Hangul fillers, the empty Braille cell.
_EMPTY: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
#: Beginnings of the general categories that are drawn: letters, numbers, punctuation, symbols. Marks need one of them.
_DRAWN: Final = ("L", "N", "P", "S")
#: Parts of emoji, although formats: flags of regions end with them.
_TAGS: Final = range(0xE0020, 0xE0080)


def shows(text: str) -> bool:
    """True when anything of it is drawn: not of spaces, controls, zero-width characters and lone marks alone."""
    return any(char not in _EMPTY and unicodedata.category(char)[0] in _DRAWN for char in text)


def trimmed(text: str) -> str:
    """The text without the spaces and zero-width characters at both ends; empty when nothing of it shows."""
    if not shows(text):
        return ""
    first, last = 0, len(text)
    while _is_edge(text[first]):
        first += 1
    while _is_edge(text[last - 1]):
        last -= 1
    return text[first:last]


def _is_edge(char: str) -> bool:
    if char.isspace():
        return True
    return unicodedata.category(char) == "Cf" and ord(char) not in _TAGS


def must_show(text: str) -> None:
    """Validator of required texts. Raises ``ValidationError`` when nothing of it shows."""
    if not shows(text):
        raise ValidationError(_("Write something that can be seen."), code="shows_nothing")
