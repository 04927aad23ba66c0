"""Words as people look for them: whatever their ending, in Kyrgyz, Russian and English, and on any keyboard.

A word is cut down to its stem and found at the beginning of words. There is no stemmer for Kyrgyz to build on; its
suffixes follow few rules of sound (Ю. Д. Джанмагомедов и др., «Грамматика киргизского литературного языка», 1987), and a
search that finds a little more than was meant does no harm. Both languages are tried on every word: people mix them.

Letters that a keyboard lacks are folded in what is stored and in what is typed (ө and о, ё and е); vowels that sound
alike (светафор), a language that the keyboard was not switched to (vecjh) and short forms (ул., мкр) in what is typed.

The indexes of appeals hold words, not their trigrams: a common one is a few entries, read fast, where its trigrams were
compared for each text; and the planner knows how common each is, so that a page of a common one is read in the order of
the list, and stops when it is full.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Final

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, Func, Q, TextField, Value

_FROM, _TO = "ёөүңўқғ", "еоунукг"
_FOLD: Final = str.maketrans(_FROM, _TO)
#: With these PostgreSQL would take several words for one: an address of the network, a file, a number with its sign, a tag.
_JOINTS: Final = "<&-+~/.@_:"
#: The Russian letters on the keys of Latin ones, ё folded.
_KEYS: Final = str.maketrans("qwertyuiop[]asdfghjkl;'zxcvbnm,.`", "йцукенгшщзхъфывапролджэячсмитьбюе")

#: What the short forms of an address stand for, all folded.
_SHORT: Final = {
    "ул": "улица",
    "коч": "кочо",
    "пр": "проспект",
    "пр-т": "проспект",
    "пр-кт": "проспект",
    "просп": "проспект",
    "пер": "переулок",
    "б-р": "бульвар",
    "бул": "бульвар",
    "мкр": "микрорайон",
    "мкрн": "микрорайон",
    "мкр-н": "микрорайон",
    "м-н": "микрорайон",
    "м/р": "микрорайон",
    "м-р": "микрорайон",
    "р-н": "район",
    "ж/м": "жилмассив",
    "ж-м": "жилмассив",
    "жм": "жилмассив",
    "пос": "поселок",
    "кв-л": "квартал",
    "st": "street",
    "str": "street",
    "ave": "avenue",
    "av": "avenue",
    "mkr": "микрорайон",
    "ul": "улица",
}
_SHORT_FORMS: Final = re.compile(
    rf"(?<![\w/-])({'|'.join(sorted(map(re.escape, _SHORT), key=len, reverse=True))})(?![\w/-])"
)
#: Words that only say what kind of place a name belongs to, by that kind.
_KINDS: Final = {
    "street": "улица кочо проспект проспектиси переулок бульвар street avenue lane",
    "microdistrict": "микрорайон кичирайон жилмассив квартал microdistrict",
    "village": "село поселок айыл айылы village",
}
#: Words beside which others decide.
_LITTLE: Final = frozenset(
    [
        "на",
        "по",
        "за",
        "до",
        "из",
        "от",
        "во",
        "не",
        "нет",
        "жок",
        "no",
        "же",
        "жана",
        "менен",
        "учун",
        "the",
        "and",
        "of",
        "for",
        "in",
        "on",
        "at",
        "to",
    ]
)
#: Words for the same: whichever is typed finds the others.
_SAME: Final = (frozenset({"рынок", "базар", "bazaar", "market"}),)


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


class _Like(Func):
    """True where the text is as the regular expression says.

    The function and not the operator: of that one the planner takes hardly any row to be so, where it knows nothing, and
    sorts all that an index finds.
    """

    function = "regexp_like"
    output_field = BooleanField()


def folded(text: str) -> str:
    """The text as ``Folded`` makes it of a column."""
    return unicodedata.normalize("NFC", text).lower().translate(_FOLD)


@dataclass(frozen=True)
class Words:
    """The words of a text, folded, each once: those that tell it from others, numbers, kinds of places that they name."""

    telling: tuple[str, ...]
    numbers: tuple[str, ...]
    kinds: tuple[str, ...]


def words_in(text: str) -> Words:
    """The words of the text, short forms written out; a single letter and the like only where there is nothing else."""
    written_out = _SHORT_FORMS.sub(lambda short: f" {_SHORT[short[1]]} ", folded(text))
    found = list(dict.fromkeys(re.findall(r"[^\W_]+", written_out)))
    numbers = [word for word in found if word.isdigit()]
    kinds = [word for word in found if kind_named(word)]
    others = [word for word in found if word not in numbers and word not in kinds]
    telling = [word for word in others if len(word) > 1 and word not in _LITTLE]
    if not (telling or numbers or kinds):
        telling = others
    return Words(tuple(telling), tuple(numbers), tuple(kinds))


def readings(text: str) -> list[str]:
    """The text, and where it has Latin letters alone, what the same keys write in Russian."""
    plain = folded(text)
    typed = re.search(r"[a-z]", plain) and not re.search(r"[а-я]", plain)
    return [plain, plain.translate(_KEYS)] if typed else [plain]


def holds(text: str, *columns: str) -> Q:
    """Each word of the text stands in one of the columns, in some form; nothing for a text without words."""
    found = Q(pk__in=[])
    for reading in readings(text):
        if words := required(words_in(reading)):
            found |= words_stand_in(words, *columns)
    return found


def words_stand_in(words: Iterable[str], *columns: str, within: type[Lexemes] = Lexemes) -> Q:
    """Each of the folded words stands in one of the columns, in some form."""
    # The index finds what begins so; after a short stem not every ending will do.
    vague = [word for word in words if not word.isdigit() and min(map(len, _stems(word))) < _LONG]
    query = " & ".join(f"({lexemes(word)})" for word in words)
    return Q(
        Q(_Match(within(*columns), Value(query))),
        *(Q(_Like(Folded(*columns), Value(pattern(word)))) for word in vague),
    )


def required(words: Words) -> tuple[str, ...]:
    """What a text about it must hold: kinds of places only where nothing but a number is beside them."""
    return (*(words.telling or words.kinds), *words.numbers)


def naming(words: Words) -> tuple[str, ...]:
    """What the name of a place must hold: the number of a house is in none."""
    return words.telling or words.kinds or words.numbers


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


def beginning(word: str) -> str:
    """Regular expression of PostgreSQL for words that begin so."""
    return f"{_BEGINS}{word}"


#: Where a word begins and ends: an underscore is none of its letters, as the words of the index have it.
_LETTER: Final = "[[:alnum:]]"
_BEGINS: Final = f"(?<!{_LETTER})"
_ENDS: Final = f"(?!{_LETTER})"


def stands_in(word: str, text: str) -> bool:
    """True when the folded word stands in the folded text in some form; as ``holds`` for what is read already."""
    return re.search(pattern(word).replace(_LETTER, r"[^\W_]"), text) is not None


@lru_cache(maxsize=1_024)
def beginnings(text: str) -> tuple[str, ...]:
    """How the forms of all telling words of the text begin, in order; kept for texts that stand on every page."""
    words = {same for word in words_in(text).telling for same in _same(word)}
    stems = {stem for word in words for stem in _stems(word)}
    found: list[str] = []
    for begun in sorted(begun for stem in stems for begun in _begun(stem)):
        # Whatever begins with the longer one begins with the shorter one.
        if not (found and len(found[-1]) > _LONG and begun.startswith(found[-1])) and begun not in found:
            found.append(begun)
    return tuple(found)


def kind_named(word: str) -> str:
    """Which kind of place the folded word names in some form: street, microdistrict or village; empty for none."""
    return next((kind for kind, known in _STEMS_OF_KINDS.items() if known & _stems(word)), "")


def _same(word: str) -> frozenset[str]:
    starts = _own_starts(word)
    return next(
        (same for same in _SAME if any(starts & _own_starts(other) for other in same)), frozenset({word})
    )


#: After a stem of so many letters anything may follow, after a shorter one an ending alone.
_LONG: Final = 4


def _forms(word: str) -> set[str]:
    stems = {stem for same in _same(word) for stem in _stems(same)}
    short = {f"{stem}{_LETTER}{{0,3}}{_ENDS}" for stem in stems if len(stem) < _LONG}
    return short | {start for stem in stems if len(stem) >= _LONG for start in _spellings(stem)}


def _starts(word: str) -> set[str]:
    """How words begin that may be a form of it, or of another word for the same."""
    return {start for same in _same(word) for start in _own_starts(same)}


def _own_starts(word: str) -> set[str]:
    return {start for stem in _stems(word) for start in (_spellings(stem) if len(stem) >= _LONG else [stem])}


def _stems(word: str) -> set[str]:
    if word.isascii():
        return {_english_stem(word)}
    return {_russian_stem(word), _kyrgyz_stem(word)}


def _spellings(stem: str) -> set[str]:
    """A long stem as its forms spell it, and as people do who go by the sound."""
    if stem.isascii():
        return {stem}
    # Vowels come and go in Russian (остановка, остановок), and a last consonant gets its voice in Kyrgyz (чырак, чырагы).
    if match := _FLEETING.fullmatch(stem):
        return {
            heard + vowel + last for heard in _heard(match[1]) for vowel in ("", "о", "е") for last in "кг"
        }
    return {heard + last for heard in _heard(stem[:-1]) for last in _VOICED.get(stem[-1], stem[-1])}


def _begun(stem: str) -> set[str]:
    """How the forms of the stem's word begin: as it does, without a vowel that goes, with its last consonant's voice."""
    if len(stem) < _LONG:
        return {stem}
    if (match := _FLEETING.fullmatch(stem)) and len(match[1]) >= _LONG:
        return {match[1]}
    return {stem[:-1] + last for last in _VOICED.get(stem[-1], stem[-1])}


def _heard(beginning: str) -> set[str]:
    """The beginning of a long word with letters that sound alike in place of each other; of a short one as it is."""
    if len(beginning) < 5:
        return {beginning}
    choices = [_ALIKE.get(letter, letter) for letter in beginning]
    # Each is one more start to look up: of a long word with many vowels the first ones are varied.
    while prod(map(len, choices)) > _HEARD_MAX:
        last = max(at for at, choice in enumerate(choices) if len(choice) > 1)
        choices[last] = beginning[last]
    return set(map("".join, product(*choices)))


_CONSONANTS: Final = "бвгджзйклмнпрстфхцчшщ"
_FLEETING: Final = re.compile(rf"(.*[{_CONSONANTS}])[ое]?к")
_VOICED: Final = {"к": "кг", "г": "кг", "п": "пб", "б": "пб"}
#: Letters that sound alike, and are mistaken for each other in long words; in short ones they tell words apart.
_ALIKE: Final = {**dict.fromkeys("ао", "ао"), **dict.fromkeys("еиэ", "еиэ"), **dict.fromkeys("ьъ", "ьъ")}
_HEARD_MAX: Final = 32


def _english_stem(word: str) -> str:
    """The word without an ending that leaves three letters."""
    for ending in ("ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


_VOWELS: Final = "аеиоуыэюя"
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


_STEMS_OF_KINDS: Final = {
    kind: frozenset(stem for word in words.split() for stem in _stems(word)) for kind, words in _KINDS.items()
}
