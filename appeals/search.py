"""Words as people look for them: whatever their ending, in Kyrgyz and in Russian, and on a keyboard without ө, ү, ң, ё.

A word is cut down to its stem and found at the beginning of words. There is no stemmer for Kyrgyz to build on; its
suffixes follow few rules of sound (Ю. Д. Джанмагомедов и др., «Грамматика киргизского литературного языка», 1987), and a
search that finds a little more than was meant does no harm. Both languages are tried on every word: people mix them.

The indexes hold words, not their trigrams: a common one is a few entries, read fast, where its trigrams were compared for
each text; and the planner knows how common each is, so that a page of a common one is read in the order of the list, and
stops when it is full.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, Func, Q, TextField, Value
from django.db.models.lookups import Regex

_FROM, _TO = "ёөүңўқғ", "еоунукг"
_FOLD: Final = str.maketrans(_FROM, _TO)
#: With these PostgreSQL would take several words for one: an address of the network, a file, a number with its sign, a tag.
_JOINTS: Final = "<&-+~/.@_:"


class Folded(Func):
    """The columns as one text in lower case, letters that some keyboards lack as those that people type instead."""

    template = f"translate(lower(%(expressions)s), '{_FROM}', '{_TO}')"
    arg_joiner = " || ' ' || "
    output_field = TextField()


class Lexemes(Func):
    """The words of the columns as ``Folded`` makes them; the indexes are on this expression."""

    template = (
        "to_tsvector('simple'::regconfig, "
        f"translate(lower(%(expressions)s), '{_FROM}{_JOINTS}', '{_TO}{' ' * len(_JOINTS)}'))"
    )
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()


class _Match(Func):
    """True where the lexemes are as the query of the full text search says."""

    template = "%(expressions)s::tsquery)"
    arg_joiner = " @@ ("
    output_field = BooleanField()


def folded(text: str) -> str:
    """The text as ``Folded`` makes it of a column."""
    return unicodedata.normalize("NFC", text).lower().translate(_FOLD)


def holds(words: str, *columns: str) -> Q:
    """Each of the words stands in one of the columns, in some form; nothing for a text without words."""
    found = dict.fromkeys(re.findall(r"[^\W_]+", folded(words)))
    # Where there are others, a single letter says nothing, and half of all texts have it.
    telling = [word for word in found if len(word) > 1 or word.isdigit()] or list(found)
    if not telling:
        return Q(pk__in=[])
    # The index finds what begins so; after a short stem not every ending will do.
    vague = [word for word in telling if not word.isdigit() and min(map(len, _stems(word))) < _LONG]
    query = " & ".join(f"({lexemes(word)})" for word in telling)
    return Q(
        Q(_Match(Lexemes(*columns), Value(query))),
        *(Q(Regex(Folded(*columns), pattern(word))) for word in vague),
    )


def lexemes(word: str) -> str:
    """Query of the full text search for the forms of a folded word, and after a short stem for others: ``'мусор':*``."""
    if word.isdigit():
        return f"'{word}'"
    return " | ".join(f"'{start}':*" for start in sorted(_starts(word)))


def pattern(word: str) -> str:
    """Regular expression of PostgreSQL for the forms of a folded word."""
    if word.isdigit():
        return f"{_BEGINS}{word}{_ENDS}"
    return f"{_BEGINS}(?:{'|'.join(sorted(_forms(word)))})"


#: Where a word begins and ends: an underscore is none of its letters, as the words of the index have it.
_BEGINS: Final = "(?<![[:alnum:]])"
_ENDS: Final = "(?![[:alnum:]])"


#: After a stem of so many letters anything may follow, after a shorter one an ending alone.
_LONG: Final = 4


def _forms(word: str) -> set[str]:
    short = {f"{stem}[[:alnum:]]{{0,3}}{_ENDS}" for stem in _stems(word) if len(stem) < _LONG}
    return short | {start for stem in _stems(word) if len(stem) >= _LONG for start in _spellings(stem)}


def _starts(word: str) -> set[str]:
    """How words begin that may be a form of it."""
    return {start for stem in _stems(word) for start in (_spellings(stem) if len(stem) >= _LONG else [stem])}


def _stems(word: str) -> set[str]:
    return {_russian_stem(word), _kyrgyz_stem(word)}


def _spellings(stem: str) -> set[str]:
    """A long stem as its forms spell it."""
    # Vowels come and go in Russian (остановка, остановок), and a last consonant gets its voice in Kyrgyz (чырак, чырагы).
    if match := re.fullmatch(rf"(.*[{_CONSONANTS}])[ое]?к", stem):
        return {match[1] + vowel + last for vowel in ("", "о", "е") for last in "кг"}
    voiced = {"к": "кг", "г": "кг", "п": "пб", "б": "пб"}
    return {stem[:-1] + last for last in voiced.get(stem[-1], stem[-1])}


_VOWELS: Final = "аеиоуыэюя"
_CONSONANTS: Final = "бвгджзйклмнпрстфхцчшщ"
_VOICELESS: Final = "пткхфсшчщц"

_RUSSIAN: Final = sorted(
    [
        "а",
        "я",
        "о",
        "е",
        "ы",
        "и",
        "у",
        "ю",
        "ь",
        "ой",
        "ей",
        "ом",
        "ем",
        "ам",
        "ям",
        "ах",
        "ях",
        "ов",
        "ев",
        "ий",
        "ый",
        "ая",
        "яя",
        "ое",
        "ее",
        "ые",
        "ие",
        "ую",
        "юю",
        "ых",
        "их",
        "ым",
        "им",
        "ия",
        "ья",
        "ию",
        "ью",
        "ье",
        "ии",
        "ами",
        "ями",
        "иям",
        "иях",
        "ием",
        "ого",
        "его",
        "ому",
        "ему",
        "ыми",
        "ими",
        "иями",
        "ит",
        "ят",
        "ет",
        "ут",
        "ют",
        "ать",
        "ить",
        "еть",
        "ает",
        "ают",
        "или",
        "ило",
        "ила",
        "ало",
        "ала",
        "али",
    ],
    key=len,
    reverse=True,
)


def _russian_stem(word: str) -> str:
    """The folded word without the longest ending that leaves two letters."""
    for ending in _RUSSIAN:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            return word[: -len(ending)]
    return word


def _spelled(template: str) -> Iterator[str]:
    """Every spelling of a suffix: A and Y are vowels that follow the stem's, other capitals consonants that do."""
    sounds = {"A": "аео", "Y": "ыиу", "D": "дт", "L": "лдт", "N": "ндт", "G": "гк"}
    return map("".join, product(*(sounds.get(letter, letter) for letter in template)))


#: Plural, cases, possessives and cases after them: -лар, -нын, -ны, -га, -да, -дан, -дагы, -сы, -ы, -ым, -ыбыз …
_KYRGYZ: Final = sorted(
    {
        spelled
        for template in [
            "LAр",
            "NYн",
            "NY",
            "GA",
            "DA",
            "DAн",
            "DAгY",
            "сY",
            "Y",
            "сYн",
            "Yн",
            "сYнA",
            "YнA",
            "сYндA",
            "YндA",
            "сYнAн",
            "YнAн",
            "сYнYн",
            "YнYн",
            "Yм",
            "Yбыз",
            "Yбиз",
            "Yбуз",
            "Yныз",
            "Yниз",
            "Yнуз",
            "луу",
            "дуу",
            "туу",
            "сYз",
        ]
        for spelled in _spelled(template)
    },
    key=len,
    reverse=True,
)
#: Which vowels a suffix may have after the last vowel of the stem, ө and ү being folded.
_FOLLOWS: Final = {
    **dict.fromkeys("аяы", "аы"),
    **dict.fromkeys("еэи", "еи"),
    "о": "оу",
    **dict.fromkeys("ую", "аоу"),
}


def _kyrgyz_stem(word: str) -> str:
    """The folded word without suffixes, as long as four letters are left and the sounds fit."""
    stem = word
    while True:
        shorter = next(
            (
                stem[: -len(suffix)]
                for suffix in _KYRGYZ
                if stem.endswith(suffix) and _fits(stem[: -len(suffix)], suffix)
            ),
            None,
        )
        if shorter is None:
            return stem
        stem = shorter


def _fits(stem: str, suffix: str) -> bool:
    vowels = [letter for letter in stem if letter in _VOWELS]
    if len(stem) < 4 or not vowels:
        return False
    first = next(letter for letter in suffix if letter in _VOWELS)
    if first not in _FOLLOWS.get(vowels[-1], ""):
        return False
    last, begins = stem[-1], suffix[0]
    if begins in "тк":
        return last in _VOICELESS
    if begins in "дг":
        return last not in _VOICELESS
    if begins in _VOWELS:
        return last not in _VOWELS
    return begins == "л" or last in _VOWELS


def digits(words: str) -> str:
    """A telephone number's digits as they stand in E.164, without the 0 or 00 before them; empty when it is none."""
    if not re.fullmatch(r"[\d\s()+.-]+", words, re.ASCII):
        return ""
    found = re.sub(r"\D", "", words).lstrip("0")
    return found if len(found) >= 5 else ""


def telephone(words: str, column: str) -> Q:
    """The column holds the digits of that telephone number, or a part of them; nothing for other words."""
    number: Any = digits(words)
    return Q(**{f"{column}__contains": number}) if number else Q(pk__in=[])
