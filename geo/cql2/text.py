"""CQL2 text (OGC 21-065r2, Annex B): ``status = 'new' AND S_INTERSECTS(point, BBOX(72.7, 40.5, 72.8, 40.6))``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, NoReturn

from django.utils.translation import gettext as _

from geo.cql2.tree import (
    COMPARED,
    DEPTHS,
    Among,
    Between,
    Both,
    Budget,
    Comparison,
    Cql2Refused,
    Instant,
    Intersects,
    Like,
    Literal,
    Missing,
    Node,
    Not,
    Property,
    Said,
    Shape,
    check_text,
)

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?![\w.])
    |(?P<text>'(?:[^']|'')*')|"(?P<quoted>[^"]+)"|(?P<name>[A-Za-z_][\w.]*)|(?P<sign><=|>=|<>|[=<>(),]))""",
    re.VERBOSE,
)
#: GeoJSON's names of the geometries by their names in WKT.
_KINDS: Final = {kind.upper(): kind for kind in DEPTHS}


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_END: Final = "end"


def parse_text(text: str) -> Node:
    """The filter. Raises ``Cql2Refused`` naming the place from which on it is not understood."""
    check_text(text)
    parser = _Parser(_tokens(text), text)
    node = parser.either(0)
    if parser.now.kind != _END:
        parser.refuse()
    return node


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _not_understood(text, at)
        tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*tokens, _Token(_END, "", len(text))]


def _not_understood(text: str, at: int) -> Cql2Refused:
    place = {"n": at + 1, "words": text[at : at + 30].strip()}
    return Cql2Refused(_("The filter is not understood from character %(n)d on: “%(words)s”.") % place)


class _Parser:
    """Reads one token after the other; each method leaves the first one that is not its own."""

    def __init__(self, tokens: list[_Token], text: str) -> None:
        self._tokens, self._text, self._next = tokens, text, 0
        self._budget = Budget()

    @property
    def now(self) -> _Token:
        return self._tokens[self._next]

    def refuse(self) -> NoReturn:
        raise _not_understood(self._text, self.now.at)

    def either(self, depth: int) -> Node:
        """Parts with OR between them."""
        return self._chain(self._all, "OR", depth, either=True)

    def _all(self, depth: int) -> Node:
        return self._chain(self._one, "AND", depth, either=False)

    def _chain(self, part: Callable[[int], Node], word: str, depth: int, *, either: bool) -> Node:
        parts = [part(depth)]
        while self._word(word):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts), either)

    def _one(self, depth: int) -> Node:
        self._budget.depth(depth)
        if self._word("NOT"):
            return Not(self._one(depth + 1))
        if self._sign("("):
            node = self.either(depth + 1)
            self._must(")")
            return node
        self._budget.part()
        if self._word("S_INTERSECTS"):
            return self._intersects()
        for word in ("TRUE", "FALSE"):
            if self._word(word):
                return Said(word == "TRUE")
        return self._predicate()

    def _predicate(self) -> Node:
        subject = self._property()
        if self.now.kind == "sign" and self.now.text in COMPARED:
            sign = self._take().text
            return Comparison(sign, subject, self._literal())
        if self._word("IS"):
            contrary = self._word("NOT")
            self._must_word("NULL")
            return Not(Missing(subject)) if contrary else Missing(subject)
        contrary = self._word("NOT")
        node = self._range(subject)
        return Not(node) if contrary else node

    def _range(self, subject: Property) -> Node:
        if self._word("LIKE"):
            return Like(subject, self._pattern())
        if self._word("BETWEEN"):
            low = self._literal()
            self._must_word("AND")
            return Between(subject, low, self._literal())
        if not self._word("IN"):
            self.refuse()
        return Among(subject, tuple(self._list(self._value)))

    def _value(self) -> Literal:
        self._budget.part()
        return self._literal()

    def _property(self) -> Property:
        if self._function("CASEI"):
            name = self._name()
            self._must(")")
            return Property(name, folded=True)
        return Property(self._name())

    def _name(self) -> str:
        if self.now.kind not in {"name", "quoted"}:
            self.refuse()
        return self._take().text

    def _pattern(self) -> str:
        if self._function("CASEI"):
            pattern = self._string()
            self._must(")")
            return pattern
        return self._string()

    def _string(self) -> str:
        if self.now.kind != "text":
            self.refuse()
        return self._take().text[1:-1].replace("''", "'")

    def _literal(self) -> Literal:
        if self.now.kind == "number":
            return self._number()
        for word in ("DATE", "TIMESTAMP"):
            if self._function(word):
                instant = Instant(self._string())
                self._must(")")
                return instant
        for word in ("TRUE", "FALSE"):
            if self._word(word):
                return word == "TRUE"
        return self._pattern()

    def _number(self) -> int | float:
        if self.now.kind != "number":
            self.refuse()
        written = self.now.text
        number = int(written) if written.lstrip("+-").isdigit() else float(written)
        # Only what is finite, and an integer that some column may hold.
        if not math.isfinite(number) or abs(number) > 1e18:
            self.refuse()
        self._take()
        return number

    def _intersects(self) -> Node:
        self._must("(")
        subject = Property(self._name())
        self._must(",")
        shape = self._shape()
        self._must(")")
        return Intersects(subject, shape)

    def _shape(self) -> Shape:
        if self._function("BBOX"):
            numbers = [self._number()]
            while self._sign(","):
                numbers.append(self._number())
            self._must(")")
            return Shape("BBox", numbers)
        word = self.now.text.upper()
        if self.now.kind != "name" or word not in _KINDS:
            self.refuse()
        self._take()
        if word == "POINT":
            self._must("(")
            position = self._position()
            self._must(")")
            return Shape("Point", position)
        if word == "MULTIPOINT":
            return Shape("MultiPoint", self._list(self._point_of_many))
        kind = _KINDS[word]
        return Shape(kind, self._nested(DEPTHS[kind]))

    def _point_of_many(self) -> list[float]:
        bracketed = self._sign("(")
        position = self._position()
        if bracketed:
            self._must(")")
        return position

    def _nested(self, depth: int) -> list[Any]:
        inner: Callable[[], Any] = self._position if depth == 1 else lambda: self._nested(depth - 1)
        return self._list(inner)

    def _position(self) -> list[float]:
        self._budget.vertex()
        return [float(self._number()), float(self._number())]

    def _list(self, one: Callable[[], Any]) -> list[Any]:
        self._must("(")
        found = [one()]
        while self._sign(","):
            found.append(one())
        self._must(")")
        return found

    def _take(self) -> _Token:
        token = self.now
        self._next += 1
        return token

    def _word(self, word: str) -> bool:
        """Takes the word if it is next."""
        found = self.now.kind == "name" and self.now.text.upper() == word
        self._next += found
        return found

    def _sign(self, sign: str) -> bool:
        found = self.now.kind == "sign" and self.now.text == sign
        self._next += found
        return found

    def _function(self, word: str) -> bool:
        """Takes the word and the bracket after it, if both are next."""
        found = self.now.kind == "name" and self.now.text.upper() == word
        found = found and self._tokens[self._next + 1][:2] == ("sign", "(")
        self._next += 2 * found
        return found

    def _must(self, sign: str) -> None:
        if not self._sign(sign):
            self.refuse()

    def _must_word(self, word: str) -> None:
        if not self._word(word):
            self.refuse()
