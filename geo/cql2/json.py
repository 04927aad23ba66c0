"""CQL2 JSON (OGC 21-065r2, Annex C): ``{"op": "=", "args": [{"property": "status"}, "new"]}``."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import orjson
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


def parse_json(text: str) -> Node:
    """The filter. Raises ``Cql2Refused`` naming the part that is not understood."""
    check_text(text)
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Cql2Refused(_("A JSON document is needed.")) from None
    # orjson takes the last of two; what is too deep for this is so for the reader too.
    with suppress(RecursionError):
        json.loads(text, object_pairs_hook=_once)
    return _Reader().node(document, 0)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(members)
    if len(known) < len(members):
        names = [name for name, _value in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise Cql2Refused(_("“%(name)s” stands twice in one part of the filter.") % {"name": twice[:60]})
    return known


class _Reader:
    def __init__(self) -> None:
        self._budget = Budget()

    def node(self, part: Any, depth: int) -> Node:
        """What the part says."""
        self._budget.depth(depth)
        if isinstance(part, bool):
            self._budget.part()
            return Said(part)
        op, args = _operation(part)
        if op in {"and", "or"} and len(args) > 1:
            return Both(tuple(self.node(each, depth + 1) for each in args), either=op == "or")
        if op == "not" and len(args) == 1:
            return Not(self.node(args[0], depth + 1))
        self._budget.part()
        return self._predicate(op, args, part)

    def _predicate(self, op: str, args: list[Any], part: Any) -> Node:
        if op in COMPARED and len(args) == 2:
            return Comparison(op, _property(args[0]), _literal(args[1]))
        if op == "isNull" and len(args) == 1:
            return Missing(_property(args[0]))
        if op == "like" and len(args) == 2:
            return Like(_property(args[0]), _pattern(args[1]))
        if op == "between" and len(args) == 3:
            return Between(_property(args[0]), _literal(args[1]), _literal(args[2]))
        if op == "in" and len(args) == 2 and isinstance(args[1], list) and args[1]:
            return Among(_property(args[0]), tuple(map(self._value, args[1])))
        if op == "s_intersects" and len(args) == 2:
            return Intersects(_property(args[0]), self._shape(args[1]))
        raise _not_understood(part)

    def _value(self, part: Any) -> Literal:
        self._budget.part()
        return _literal(part)

    def _shape(self, part: Any) -> Shape:
        if isinstance(part, dict) and isinstance(numbers := part.get("bbox"), list) and len(part) == 1:
            return Shape("BBox", [_number(number) for number in numbers])
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str) or kind not in DEPTHS:
            raise _not_understood(part)
        return Shape(kind, self._nested(part.get("coordinates"), DEPTHS[kind]))

    def _nested(self, part: Any, depth: int) -> list[Any]:
        if not isinstance(part, list) or not part:
            raise _not_understood(part)
        if depth:
            return [self._nested(each, depth - 1) for each in part]
        self._budget.vertex()
        if len(part) != 2:
            raise _not_understood(part)
        return [float(_number(number)) for number in part]


def _operation(part: Any) -> tuple[str, list[Any]]:
    if isinstance(part, dict) and set(part) == {"op", "args"}:
        op, args = part["op"], part["args"]
        if isinstance(op, str) and isinstance(args, list):
            return op, args
    raise _not_understood(part)


def _property(part: Any) -> Property:
    if isinstance(part, dict) and isinstance(name := part.get("property"), str) and len(part) == 1:
        return Property(name)
    op, args = _operation(part)
    if op == "casei" and len(args) == 1 and not isinstance(args[0], str):
        return Property(_property(args[0]).name, folded=True)
    raise _not_understood(part)


def _literal(part: Any) -> Literal:
    if isinstance(part, str | bool):
        return part
    if isinstance(part, int | float):
        return _number(part)
    if isinstance(part, dict) and len(part) == 1:
        for name in ("date", "timestamp"):
            if isinstance(written := part.get(name), str):
                return Instant(written)
    return _pattern(part)


def _pattern(part: Any) -> str:
    if isinstance(part, str):
        return part
    op, args = _operation(part)
    if op == "casei" and len(args) == 1 and isinstance(args[0], str):
        return args[0]
    raise _not_understood(part)


def _number(part: Any) -> int | float:
    if (
        isinstance(part, bool)
        or not isinstance(part, int | float)
        or not math.isfinite(part)
        or abs(part) > 1e18
    ):
        raise _not_understood(part)
    return part


def _not_understood(part: Any) -> Cql2Refused:
    try:
        written = orjson.dumps(part).decode()
    except orjson.JSONEncodeError:
        written = str(part)
    words = written if len(written) <= 60 else f"{written[:60]}…"
    return Cql2Refused(_("This part of the filter is not understood: %(words)s.") % {"words": words})
