"""What looks odd about an appeal that comes in, so that the Mayor's Office looks at it before everyone reads it.

Nothing of it refuses an appeal: it is registered and answered like any other (``workflow.HOLD``).
"""

from __future__ import annotations

import enum
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from appeals.vocabulary import Text
from geo.word_forms import folded
from rates.senders import is_known_person, place_of
from rates.taking import SAME_TEXT, SAME_TEXT_PLACE, Limit, give_back, take_each


class Oddity(enum.StrEnum):
    """Why an appeal is held; kept among the event's details, for the Mayor's Office alone."""

    BAIT = "bait"
    SAME_TEXT = "same_text"
    LINKS = "links"
    MANY = "many"


#: A field of public forms that no person sees and no browser fills in; whatever fills it in reads no page.
BAIT: Final = "heading"


def is_baited(data: Mapping[str, Any]) -> bool:
    """True for a form of which the field is filled in that no person sees."""
    return data.get(BAIT) not in (None, "")


#: The oddities in words.
WORDS: Final[Mapping[str, Text]] = {
    Oddity.BAIT: _("a field was filled in that no person sees"),
    Oddity.SAME_TEXT: _("many appeals have come in the same words"),
    Oddity.LINKS: _("its text holds several links"),
    Oddity.MANY: _("much has come from the same internet connection"),
}

#: Key of the oddities among the details of the event.
ODD: Final = "odd"

#: So many links are no evidence of a pothole.
LINKS_MIN: Final = 3
#: A shorter text comes from many people in an outage, and says the same.
TELLING_CHARS_MIN: Final = 25
#: A host is known by its end alone: where it begins would be looked for again at each of a text's ten thousand dots.
_ENDS: Final = "com|net|org|info|ru|kg|kz|uz|io|me|biz|xyz|top|shop|site|online"
_LINK: Final = re.compile(
    rf"(?:https?://|www\.)\S+|(?<=[\w-])\.(?:{_ENDS})\b(?!\.(?:{_ENDS})\b)(?:/\S*)?", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\W_]+")
#: Categories of signs that stand on others or show nothing (UAX #44), and letters that do.
_UNSEEN: Final = re.compile("M[ne]|Cf")
_BLANK: Final = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0"))
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
#: Latin letters and digits that look like a Cyrillic letter, small or capital (UTS #39, confusables), as they are folded.
_LOOKS_LIKE: Final = str.maketrans("aceopxybhkmti03", "асеорхувнкмтіоз")
#: A word with fewer Cyrillic letters is a house or a model: 30а, к3.
_CYRILLIC_MIN: Final = 2


def oddities_of(text: str, *, sender: str, baited: bool = False, many: bool = False) -> list[Oddity]:
    """What is odd about an appeal with that text, which is counted; one statement, and one more of what a place repeats.

    ``baited``: a field was filled in that no person sees; ``many``: its sender has sent much, and proven nothing.
    """
    same = _as_heard(text)
    digest = hashlib.sha256(same.encode()).hexdigest()
    counted: dict[Limit, str] = {SAME_TEXT_PLACE: f"{digest} {place_of(sender)}"}
    if len(same) >= TELLING_CHARS_MIN:
        counted[SAME_TEXT] = digest
    used_up = take_each(counted)
    if SAME_TEXT_PLACE in used_up and SAME_TEXT in counted.keys() - used_up:
        # Nobody has the words of others held by repeating them.
        give_back(SAME_TEXT, digest)
    found = {
        Oddity.BAIT: baited,
        Oddity.SAME_TEXT: bool(used_up),
        Oddity.LINKS: _holds_links(text),
        Oddity.MANY: many,
    }
    return [oddity for oddity, is_so in found.items() if is_so]


def oddities_of_more(words: str, *, sender: str, replaces: bool) -> list[Oddity]:
    """What is odd about words that an author puts to an appeal of theirs that is public, or or that it ``replaces`` its text with.

    They are public at once, so that they are refused where a new appeal would be held. What is not the appeal's own text is not
    counted: “yes” is an answer to many questions.
    """
    if is_known_person(sender):
        return []
    if replaces:
        return oddities_of(words, sender=sender)
    return [Oddity.LINKS] if _holds_links(words) else []


def _holds_links(text: str) -> bool:
    return len(_LINK.findall(text)) >= LINKS_MIN


def _as_heard(text: str) -> str:
    """The words alone: no case, accents, or other forms of a letter (UAX #15, NFKD), and no signs between them.

    Nor letters of another alphabet inside a Cyrillic word. Numbers stay: they tell one house from the next.
    """
    letters = unicodedata.normalize("NFKD", folded(unicodedata.normalize("NFKC", text)))
    seen = "".join(
        str(unicodedata.decimal(sign, sign))
        for sign in letters
        if not _UNSEEN.fullmatch(unicodedata.category(sign))
    )
    words = _WORD.findall(seen.translate(_BLANK))
    return " ".join(
        word.translate(_LOOKS_LIKE) if len(_CYRILLIC.findall(word)) >= _CYRILLIC_MIN else word
        for word in words
    )


def oddities_in_words(details: Mapping[str, Any]) -> list[str]:
    """Why an appeal was held, by the details of that event, in the reader's language."""
    return [str(WORDS[code]) for code in details.get(ODD, ()) if code in WORDS]
