"""Text that shows something, and nothing but what it says: what a reader sees of it decides.

Characters that are not drawn turn the order of what is ("\\u202e"), make two words of the same look, and hide one from
search. Every door reads public texts with ``trimmed``, or with a form's field that does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: Letters and signs by their category that are drawn as nothing: Hangul fillers, the empty Braille cell.
_EMPTY: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
#: Beginnings of the general categories that are drawn: letters, numbers, punctuation, symbols. Marks need one of them.
_DRAWN: Final = ("L", "N", "P", "S")
#: Parts of emoji, although formats: flags of regions end with them.
_TAGS: Final = range(0xE0020, 0xE0080)

#: Characters that are not drawn, though what is around them may be drawn otherwise: soft hyphens, zero-width spaces and
#: joiners, marks, embeddings, overrides and isolates of directions, invisible operators, annotations.
_UNDRAWN: Final = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
#: In Persian and Indic words and in emoji they choose how the letters beside them are drawn.
_JOINERS: Final = "\u200c\u200d"
#: In a text with letters that run from right to left they say where a number or a Latin word stands (UAX 9, 2.7).
_DIRECTIONS: Final = "\u061c\u200e\u200f\u2066\u2067\u2068\u2069"
_ISOLATES: Final = "\u2066\u2067\u2068"
_END_OF_ISOLATE: Final = "\u2069"
_RIGHT_TO_LEFT: Final = ("R", "AL")
#: Scripts whose letters are drawn alike, whatever joins them.
_UNJOINED: Final = ("LATIN", "CYRILLIC", "GREEK", "DIGIT")


def shows(text: str) -> bool:
    """True when anything of it is drawn: not of spaces, controls, zero-width characters and lone marks alone."""
    return any(char not in _EMPTY and unicodedata.category(char)[0] in _DRAWN for char in text)


def trimmed(text: str) -> str:
    """The text without what it hides, and without spaces at both ends; empty when nothing of it shows.

    Inside stay the joiners of emoji and of the scripts that have them; where letters run from right to left, the marks and
    isolates of directions too, unless an isolate is left open.
    """
    if not shows(text):
        return ""
    text = _without_undrawn(text)
    first, last = 0, len(text)
    while _is_edge(text[first]):
        first += 1
    while _is_edge(text[last - 1]):
        last -= 1
    return text[first:last]


def _without_undrawn(text: str) -> str:
    if not _UNDRAWN.search(text):
        return text
    kept = ""
    # Letters: marks of that direction are what is judged here.
    if any(
        unicodedata.bidirectional(char) in _RIGHT_TO_LEFT and unicodedata.category(char)[0] == "L"
        for char in text
    ):
        kept = _DIRECTIONS if _is_balanced(text) else _DIRECTIONS[:3]

    def instead(found: re.Match[str]) -> str:
        char, at = found.group(), found.start()
        if char in _JOINERS:
            return char if _is_joined(text[at - 1 : at]) and _is_joined(text[at + 1 : at + 2]) else ""
        return char if char in kept else ""

    return _UNDRAWN.sub(instead, text)


def _is_balanced(text: str) -> bool:
    """True when every isolate ends, and in its own line: an open one turns what a page writes after the text."""
    for line in text.splitlines():
        depth = 0
        for char in line:
            depth += (char in _ISOLATES) - (char == _END_OF_ISOLATE)
            if depth < 0:
                return False
        if depth:
            return False
    return True


def _is_joined(char: str) -> bool:
    if char == "" or char.isspace() or _UNDRAWN.match(char):
        return False
    return not unicodedata.name(char, "").startswith(_UNJOINED)


def _is_edge(char: str) -> bool:
    if char.isspace():
        return True
    # Isolates that are left belong together.
    isolates = (*_ISOLATES, _END_OF_ISOLATE)
    return unicodedata.category(char) == "Cf" and ord(char) not in _TAGS and char not in isolates


def must_show(text: str) -> None:
    """Validator of required texts. Raises ``ValidationError`` when nothing of it shows."""
    if not shows(text):
        raise ValidationError(_("Write something that can be seen."), code="shows_nothing")


def trimming(field: forms.Field) -> forms.Field:
    """The form's field, which from now on gives its text as ``trimmed`` has it, and refuses a required one of nothing."""
    read: Callable[[Any], Any] = field.to_python

    def to_python(value: Any) -> Any:
        text = read(value)
        # What shows nothing is left for the validator to name.
        return (trimmed(text) or text) if isinstance(text, str) else text

    field.to_python = to_python  # type: ignore[method-assign]
    if field.required:
        field.validators.append(must_show)
    return field
