"""CQL2: the text and the JSON of a filter say the same, or what is wrong is said."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.cql2 import tree
from geo.cql2.json import parse_json
from geo.cql2.text import parse_text
from geo.cql2.tree import Cql2Refused, Node


def _is(name: str, value: Any, sign: str = "=") -> dict[str, Any]:
    return {"op": sign, "args": [{"property": name}, value]}


def _not(part: Any) -> dict[str, Any]:
    return {"op": "not", "args": [part]}


def _meets(shape: Any) -> dict[str, Any]:
    return {"op": "s_intersects", "args": [{"property": "g"}, shape]}


RING = [[0.0, 0.0], [1.0, 0.0], [1.0, -1.5], [0.0, 0.0]]
ALIKE: list[tuple[str, Any]] = [
    ("status = 'new'", _is("status", "new")),
    ("a<>'it''s'", _is("a", "it's", "<>")),
    ("a >= -5", _is("a", -5, ">=")),
    ("a < 1.5e2", _is("a", 150.0, "<")),
    ('"a" = TRUE', _is("a", True)),
    ("day = DATE('2026-05-31')", _is("day", {"date": "2026-05-31"})),
    ("at > timestamp('2026-05-31T10:00:00Z')", _is("at", {"timestamp": "2026-05-31T10:00:00Z"}, ">")),
    ("true", True),
    ("NOT FALSE", _not(False)),
    ("a IS NULL", {"op": "isNull", "args": [{"property": "a"}]}),
    ("a IS NOT NULL", _not({"op": "isNull", "args": [{"property": "a"}]})),
    ("a LIKE 'Lenin%'", _is("a", "Lenin%", "like")),
    ("CASEI(a) LIKE CASEI('%яма%')", {
        "op": "like", "args": [{"op": "casei", "args": [{"property": "a"}]}, {"op": "casei", "args": ["%яма%"]}]}),
    ("casei(a) = casei('X')", {
        "op": "=", "args": [{"op": "casei", "args": [{"property": "a"}]}, {"op": "casei", "args": ["X"]}]}),
    ("a NOT BETWEEN 1 AND 2", _not({"op": "between", "args": [{"property": "a"}, 1, 2]})),
    ("a in ('x','y')", {"op": "in", "args": [{"property": "a"}, ["x", "y"]]}),
    ("a NOT IN (1)", _not({"op": "in", "args": [{"property": "a"}, [1]]})),
    ("a=1 AND b=2 AND c=3", {"op": "and", "args": [_is("a", 1), _is("b", 2), _is("c", 3)]}),
    # AND binds closer than OR, NOT closer than both.
    ("NOT a=1 OR b=2 AND c=3", {"op": "or", "args": [_not(_is("a", 1)), {"op": "and", "args": [_is("b", 2), _is("c", 3)]}]}),
    ("NOT (a=1 OR b=2)", _not({"op": "or", "args": [_is("a", 1), _is("b", 2)]})),
    ("S_INTERSECTS(g, POINT(72.7 40.5))", _meets({"type": "Point", "coordinates": [72.7, 40.5]})),
    ("s_intersects(g, BBOX(1, 2, 3.5, 4))", _meets({"bbox": [1, 2, 3.5, 4]})),
    ("S_INTERSECTS(g, LINESTRING(0 0, 1 0))", _meets({"type": "LineString", "coordinates": RING[:2]})),
    ("S_INTERSECTS(g, MULTIPOINT(0 0, (1 0)))", _meets({"type": "MultiPoint", "coordinates": RING[:2]})),
    ("S_INTERSECTS(g, POLYGON((0 0, 1 0, 1 -1.5, 0 0)))", _meets({"type": "Polygon", "coordinates": [RING]})),
    ("S_INTERSECTS(g, MULTIPOLYGON(((0 0, 1 0, 1 -1.5, 0 0))))", _meets({"type": "MultiPolygon", "coordinates": [[RING]]})),
]  # fmt: skip


@pytest.mark.parametrize(("text", "document"), ALIKE, ids=[text for text, _document in ALIKE])
def test_both_ways_say_the_same(text: str, document: Any) -> None:
    assert parse_text(text) == parse_json(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", 1), ("a", 2), ("a = ", 5), ("= 1", 1), ("a = b", 5), ("1 = a", 1), ("a == 1", 4), ("a = 1 b", 7),
        ("(a = 1", 7), ("a = 1)", 6), ("a = 'x", 4), ("a ~ 1", 2), ("a IN ()", 7), ("a IN (1", 8), ("a NOT = 1", 7),
        ("a BETWEEN 1", 12), ("a IS 1", 6), ("a LIKE 1", 8), ("a = 1e999", 5), ("a = 9999999999999999999", 5), ("f(a) = 1", 2),
        ("a = 1; DROP TABLE x", 6), ("S_WITHIN(g, POINT(1 2))", 9), ("S_INTERSECTS(g, CIRCLE(1 2))", 17),
        ("S_INTERSECTS(g, POINT(1))", 24), ("S_INTERSECTS(g, POINT Z(1 2 3))", 23), ("S_INTERSECTS(g, POLYGON(1 2))", 25),
        ("S_INTERSECTS(g, POLYGON EMPTY)", 25), ("a = DATE(2026)", 10), ("NOT", 4), ("a = 1 AND", 10), ("a = 1 OR OR b = 2", 13),
    ],
)  # fmt: skip
def test_the_place_of_a_mistake_is_named(text: str, place: int) -> None:
    with pytest.raises(Cql2Refused, match=f"from character {place} on"):
        parse_text(text)


@pytest.mark.parametrize(
    "document",
    [
        None, 1, "a", [], {}, {"op": "="}, _is("a", None), {"op": "=", "args": [1, 1]}, {"op": "=", "args": [{"property": 1}, 1]},
        {"op": "and", "args": [True]}, {"op": "not", "args": []}, {"op": ["="], "args": []}, _is("a", [1]), _is("a", {"date": 1}),
        {"op": "in", "args": [{"property": "a"}, []]}, {"op": "s_within", "args": [{"property": "g"}, {"bbox": [1, 2, 3, 4]}]},
        _meets({"type": "Circle", "coordinates": []}), _meets({"type": "Point", "coordinates": [1, 2, 3]}), _meets({"type": "Point"}),
        _meets({"type": "Point", "coordinates": [True, "2"]}), _meets({"type": "Polygon", "coordinates": RING}), _meets({"bbox": "1"}),
        {"op": "=", "args": [{"property": "a"}, 10**30]}, {"op": "=", "args": [{"property": "a"}, 1], "more": 1},
        {"op": "like", "args": [{"op": "casei", "args": ["x"]}, "y"]},
    ],
    ids=str,
)  # fmt: skip
def test_the_part_that_is_not_understood_is_named(document: Any) -> None:
    with pytest.raises(Cql2Refused, match=r"not understood|JSON"):
        parse_json(json.dumps(document))


def test_a_member_that_stands_twice_is_refused() -> None:
    with pytest.raises(Cql2Refused, match="“op” stands twice"):
        parse_json('{"op":"=","args":[{"property":"a"},1],"op":"<>"}')


@pytest.mark.parametrize(
    ("parse", "within", "beyond"),
    [
        (parse_text, lambda n: "(" * (n - 1) + "a=1" + ")" * (n - 1), tree.DEPTH_MAX),
        (parse_text, lambda n: "NOT " * (n - 1) + "a=1", tree.DEPTH_MAX),
        (parse_json, lambda n: '{"op":"not","args":[' * (n - 1) + "true" + "]}" * (n - 1), tree.DEPTH_MAX),
        (parse_text, lambda n: " OR ".join(["a=1"] * (n - 1)), tree.PARTS_MAX + 1),
        (parse_text, lambda n: f"a IN ({','.join(['1'] * (n - 2))})", tree.PARTS_MAX + 1),
        (parse_json, lambda n: json.dumps({"op": "in", "args": [{"property": "a"}, [1] * (n - 2)]}), tree.PARTS_MAX + 1),
        (parse_text, lambda n: f"S_INTERSECTS(g, MULTIPOINT({','.join(['1 2'] * (n - 1))}))", tree.VERTICES_MAX + 1),
        (parse_text, lambda n: "a='" + "x" * (n - 5) + "'", tree.LENGTH_MAX + 1),
    ],
)  # fmt: skip
def test_a_filter_has_its_limits(
    parse: Callable[[str], Node], within: Callable[[int], str], beyond: int
) -> None:
    parse(within(beyond))
    with pytest.raises(Cql2Refused, match="too long or too deep"):
        parse(within(beyond + 2))


@pytest.mark.parametrize("text", ["a = '\x00'", "a = '\ud800'"])
def test_what_no_column_holds_is_refused(text: str) -> None:
    with pytest.raises(Cql2Refused):
        parse_text(text)
    with pytest.raises(Cql2Refused):
        parse_json(text)


WORDS = st.sampled_from(["a", "(", ")", "=", "<>", "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "'x'", "1", "-1.5", ",", "CASEI", "S_INTERSECTS", "POINT", "BBOX", "POLYGON", "DATE", "TRUE", "\"b\"", "'"])  # fmt: skip


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_text, parse_json):
        with contextlib.suppress(Cql2Refused):
            parse(text)
