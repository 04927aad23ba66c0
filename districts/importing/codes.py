"""Codes made of the names and numbers that files bring."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Kyrgyz, Russian and Uzbek letters in Latin ones (after BGN/PCGN, without diacritics and apostrophes).
# fmt: off
_CYRILLIC: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "ң": "ng", "о": "o", "ө": "o",
    "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ү": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "ғ": "gh", "қ": "q", "ў": "o", "ҳ": "h",
}
# fmt: on
#: Signs that say how a letter is spoken, and marks within a word: what is left of the word is still the same one.
_SILENT: Final = {*"'’‘ʼ`´"}


class CodeRefused(ValueError):
    """Text that cannot become a code; ``str()`` says which character has no place in one."""


def code_of(text: str) -> str:
    """The text as lower-case Latin letters and digits, with one hyphen wherever there was anything else.

    Cyrillic letters are transliterated and accents left out, so that no letter is lost: “Квартал 5” is ``kvartal-5``.
    Empty for a text without letters and digits. Raises ``CodeRefused`` for a letter of another script.
    """
    return re.sub("-+", "-", "".join(_sign(sign) for sign in unicodedata.normalize("NFC", text))).strip("-")


def _sign(sign: str) -> str:
    lower = sign.lower()
    if lower in _CYRILLIC:
        return _CYRILLIC[lower]
    if sign in _SILENT or unicodedata.combining(sign):
        return ""
    parts = [part for part in unicodedata.normalize("NFKD", lower).lower() if not unicodedata.combining(part)]
    plain = "".join(_CYRILLIC.get(part, part) for part in parts)
    if plain == "_" or (plain.isascii() and plain.isalnum()):
        return plain
    if any(unicodedata.category(part)[0] in "LN" for part in parts):
        raise CodeRefused(sign)
    return "-"
