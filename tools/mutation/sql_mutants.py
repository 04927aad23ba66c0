"""Mutants of an SQL source, made on its tokens.

What is changed: comparisons (moved by their border, negated), ``IS NULL``, ``EXISTS``, ``AND``/``OR`` and each of
their conditions, whole conditions (true, or false in a CASE), arms of CASE, COALESCE, members of IN, ORDER BY
(direction, each item), LIMIT, numbers (+1), names in quotes, arithmetic, kinds of joins, and spatial functions:
``ST_Covers`` becomes a test of bounding boxes or one that leaves the border out, transformations and the like are left
out. Comments are left alone.

No grammar is known here, only brackets, CASE … END and the words that end a condition: what is no longer SQL fails
the first test, and costs a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.mutation.mutant import REMOVED, Mutant, on_one_line

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<string>'(?:[^']|'')*')
      | (?P<parameter>%\(\w+\)s|%s)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_]\w*|"[^"]*")
      | (?P<operator>::|<=|>=|<>|!=|&&|\|\||\S)""",
    re.VERBOSE | re.DOTALL,
)
_COMPARED = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "=": ("<>",),
    "<>": ("=",),
}
_RECKONED = {"+": "-", "-": "+", "*": "/", "/": "*"}
#: A condition or an item ends at one of these, at its own depth of brackets.
_ENDS = frozenset(
    {
        *(
            "select",
            "from",
            "where",
            "on",
            "and",
            "or",
            "when",
            "then",
            "else",
            "group",
            "order",
            "having",
            "limit",
        )
    }
    | {
        *(
            "offset",
            "union",
            "join",
            "left",
            "right",
            "inner",
            "cross",
            "full",
            "by",
            "returning",
            "with",
            "as",
        )
    }
    | {*("set", "using", "window", ",", ";")}
)
_ENDS_OF_ORDER = frozenset({"limit", "offset", "union", "for", ";"})
_INSTEAD = {"st_covers": "ST_Contains", "greatest": "LEAST", "least": "GREATEST", "min": "max", "max": "min"}
_INSTEAD |= {"floor": "ceil", "ceil": "floor"}
#: Functions whose first argument can stand in their place.
_TRANSPARENT = frozenset(
    {
        "st_boundary",
        "st_transform",
        "st_extent",
        "st_setsrid",
        "st_centroid",
        "st_envelope",
        "abs",
        "lower",
        "floor",
    }
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int
    #: Brackets and CASEs around it; those that open and close have the depth of what is around them.
    depth: int

    @property
    def word(self) -> str:
        return self.text.lower()


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    new: str
    #: What the reader is shown as changed, where that is more or less than what is replaced.
    shown: tuple[int, int] | None = None
    now: str | None = None


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of the source, in the order of its lines and each but once."""
    tokens = list(_tokens(source))
    seen = {_normal(source)}
    lines = source.splitlines()
    for edit in sorted(_edits(source, tokens), key=lambda one: (one.shown or (one.start,))[0]):
        mutated = source[: edit.start] + edit.new + source[edit.end :]
        normal = _normal(mutated)
        if normal not in seen:
            seen.add(normal)
            start, end = edit.shown or (edit.start, edit.end)
            line = source.count("\n", 0, start) + 1
            now = on_one_line(edit.new if edit.now is None else edit.now) or REMOVED
            yield Mutant(line, lines[line - 1].strip(), on_one_line(source[start:end]), now, mutated)


def _normal(source: str) -> tuple[str, ...]:
    return tuple(token.text for token in _tokens(source))


def _tokens(source: str) -> Iterator[_Token]:
    depth = 0
    ranges: set[int] = set()
    for match in _TOKEN.finditer(source):
        kind, text = str(match.lastgroup), match[0]
        if kind == "comment":
            continue
        closes = text == ")" or (kind == "word" and text.lower() == "end")
        depth -= closes
        if kind == "word" and text.lower() == "between":
            ranges.add(depth)
        elif kind == "word" and text.lower() == "and" and depth in ranges:
            # BETWEEN a AND b is one condition.
            ranges.remove(depth)
            kind = "range"
        yield _Token(kind, text, match.start(), match.end(), depth)
        depth += text == "(" or (kind == "word" and text.lower() == "case")


def _edits(source: str, tokens: Sequence[_Token]) -> Iterator[_Edit]:
    for n, token in enumerate(tokens):
        match token.kind:
            case "number":
                yield _Edit(
                    token.start,
                    token.end,
                    f"{token.text}1" if "." in token.text else str(int(token.text) + 1),
                )
            case "string" if re.fullmatch(r"'\w+'", token.text):
                yield _Edit(token.start, token.end, f"{token.text[:-1]}_'")
            case "operator":
                yield from _other_operators(tokens, n)
            case "word":
                yield from _other_words(source, tokens, n)


def _other_operators(tokens: Sequence[_Token], n: int) -> Iterator[_Edit]:
    token = tokens[n]
    for other in _COMPARED.get(token.text, ()):
        # The whole comparison is shown, an operator alone would say little.
        start, end = _before(tokens, n), _after(tokens, n)
        now = f"{_text(tokens, start, n - 1)} {other} {_text(tokens, n + 1, end)}"
        yield _Edit(token.start, token.end, other, (tokens[start].start, tokens[end].end), now)
    is_binary = 0 < n < len(tokens) - 1 and (
        tokens[n - 1].kind in {"word", "number", "parameter"} or tokens[n - 1].text == ")"
    )
    if (
        token.text in _RECKONED
        and is_binary
        and tokens[n - 1].word not in _ENDS
        and tokens[n + 1].text != ")"
    ):
        yield _Edit(token.start, token.end, _RECKONED[token.text])


def _other_words(source: str, tokens: Sequence[_Token], n: int) -> Iterator[_Edit]:
    token, word = tokens[n], tokens[n].word
    following = tokens[n + 1].word if n + 1 < len(tokens) else ""
    preceding = tokens[n - 1].word if n else ""
    match word:
        case "and" | "or":
            yield from _other_conditions(tokens, n)
        case "where" | "on" | "when" | "having" if preceding != "distinct":
            yield from _other_condition(tokens, n)
        case "is" if following in {"null", "not"}:
            end = n + 1 if following == "null" else n + 2
            yield _Edit(token.start, tokens[end].end, "IS NOT NULL" if following == "null" else "IS NULL")
        case "not" if preceding != "is":
            yield _Edit(token.start, token.end, "", (token.start, tokens[n + 1].end), tokens[n + 1].text)
        case "exists" if preceding != "not":
            yield _Edit(token.start, token.end, "NOT EXISTS")
        case "else":
            end = _after(tokens, n)
            yield _Edit(token.start, tokens[end].end, "")
        case "in" if following == "(" and tokens[n + 2].word != "select":
            yield from _without_each(tokens, _items(tokens, n + 1))
        case "by" if preceding == "order":
            yield from _other_orders(tokens, n)
        case "limit":
            yield _Edit(token.start, tokens[n + 1].end, "")
        case "distinct":
            yield _Edit(token.start, token.end, "")
        case "left" if following == "join":
            yield _Edit(token.start, tokens[n + 1].end, "JOIN")
        case "join" if preceding not in {"left", "right", "full", "cross", "inner"}:
            yield _Edit(token.start, token.end, "LEFT JOIN")
        case _ if following == "(":
            yield from _other_calls(source, tokens, n)


def _other_conditions(tokens: Sequence[_Token], n: int) -> Iterator[_Edit]:
    """The AND or OR turned into the other, and without its left or its right side."""
    token = tokens[n]
    first, last = _before(tokens, n), _after(tokens, n)
    left, right = tokens[first], tokens[n + 1]
    other = "OR" if token.word == "and" else "AND"
    both = (left.start, tokens[last].end)
    yield _Edit(token.start, token.end, other, both, f"… {other} …")
    yield _Edit(left.start, right.start, "", (left.start, tokens[n - 1].end), REMOVED)
    yield _Edit(tokens[n - 1].end, tokens[last].end, "", (right.start, tokens[last].end), REMOVED)


def _other_condition(tokens: Sequence[_Token], n: int) -> Iterator[_Edit]:
    """The whole condition after WHERE, ON, HAVING (true) or WHEN (true, false)."""
    end = _after(tokens, n)
    several = False
    while (
        end + 1 < len(tokens)
        and tokens[end + 1].depth == tokens[n].depth
        and tokens[end + 1].word in {"and", "or"}
    ):
        several, end = True, _after(tokens, end + 1)
    # Without each of its parts it has been tried already.
    if not several or tokens[n].word == "when":
        yield _Edit(tokens[n + 1].start, tokens[end].end, "true")
    if tokens[n].word == "when":
        yield _Edit(tokens[n + 1].start, tokens[end].end, "false")


def _other_orders(tokens: Sequence[_Token], n: int) -> Iterator[_Edit]:
    items = _items(tokens, n, _ENDS_OF_ORDER)
    for _first, last in items:
        token = tokens[last]
        shown = (tokens[_first].start, token.end)
        if token.word == "desc":
            now = _text(tokens, _first, last - 1)
            yield _Edit(tokens[last - 1].end, token.end, "", shown, now)
        else:
            now = f"{_text(tokens, _first, last - (token.word == 'asc'))} DESC"
            yield _Edit(token.start if token.word == "asc" else token.end, token.end, " DESC", shown, now)
    if len(items) > 1:
        yield from _without_each(tokens, items)
    else:
        yield _Edit(tokens[n - 1].start, tokens[items[0][1]].end, "")


def _other_calls(source: str, tokens: Sequence[_Token], n: int) -> Iterator[_Edit]:
    token, word = tokens[n], tokens[n].word
    arguments = [source[tokens[a].start : tokens[b].end] for a, b in _items(tokens, n + 1)]
    closing = next(m for m in range(n + 2, len(tokens)) if tokens[m].depth == tokens[n + 1].depth)
    start, end = token.start, tokens[closing].end
    if word in _INSTEAD:
        yield _Edit(start, end, f"{_INSTEAD[word]}({', '.join(arguments)})")
    if word == "st_covers":
        yield _Edit(start, end, f"({arguments[0]} && {arguments[1]})")
    if word in _TRANSPARENT:
        yield _Edit(start, end, arguments[0])
    if word in {"coalesce", "greatest", "least"}:
        yield _Edit(start, end, f"{token.text}({', '.join(reversed(arguments))})")
        for argument in arguments:
            yield _Edit(start, end, argument)


def _without_each(tokens: Sequence[_Token], items: Sequence[tuple[int, int]]) -> Iterator[_Edit]:
    for n, (first, last) in enumerate(items):
        shown = (tokens[first].start, tokens[last].end)
        if len(items) < 2:
            return
        if n + 1 < len(items):
            yield _Edit(tokens[first].start, tokens[items[n + 1][0]].start, "", shown, REMOVED)
        else:
            yield _Edit(tokens[items[n - 1][1]].end, tokens[last].end, "", shown, REMOVED)


def _items(tokens: Sequence[_Token], n: int, ends: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """First and last token of each item of the list that follows the token: a bracket that opens, or ORDER BY."""
    depth = tokens[n].depth + (tokens[n].text == "(")
    items: list[tuple[int, int]] = []
    first = n + 1
    for m in range(n + 1, len(tokens) + 1):
        over = (
            m == len(tokens)
            or tokens[m].depth < depth
            or (tokens[m].depth == depth and tokens[m].word in ends)
        )
        if over or (tokens[m].depth == depth and tokens[m].text == ","):
            if m > first:
                items.append((first, m - 1))
            first = m + 1
        if over:
            break
    return items


def _before(tokens: Sequence[_Token], n: int) -> int:
    """First token of what stands left of the operator."""
    m = n
    while m and not _is_end(tokens[m - 1], tokens[n].depth):
        m -= 1
    return m


def _after(tokens: Sequence[_Token], n: int) -> int:
    """Last token of what stands right of the operator."""
    m = n
    while m + 1 < len(tokens) and not _is_end(tokens[m + 1], tokens[n].depth):
        m += 1
    return m


def _is_end(token: _Token, depth: int) -> bool:
    return token.depth < depth or (token.depth == depth and token.kind != "range" and token.word in _ENDS)


def _text(tokens: Sequence[_Token], first: int, last: int) -> str:
    """The tokens as one text, with spaces only where words would run together."""
    text = ""
    for before, token in zip([None, *tokens[first:last]], tokens[first : last + 1], strict=True):
        text += " " * bool(before and token.start > before.end) + token.text
    return text
