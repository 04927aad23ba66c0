"""Mutants of SQL sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutation.mutant import REMOVED
from tools.mutation.sql_mutants import mutants


def made(source: str) -> set[str]:
    return {mutant.source for mutant in mutants(source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("WHERE a < b", {"WHERE a <= b", "WHERE a >= b", "WHERE true"}),
        ("WHERE a", {"WHERE true"}),
        ("WHERE a AND b", {"WHERE a OR b", "WHERE b", "WHERE a"}),
        ("WHERE (a OR b) AND c", {"WHERE (a AND b) AND c", "WHERE (a) AND c", "WHERE (b) AND c", "WHERE c"}),
        ("WHERE a BETWEEN b AND c", {"WHERE true"}),
        ("WHERE a IS NULL", {"WHERE a IS NOT NULL", "WHERE true"}),
        ("WHERE a IS NOT NULL", {"WHERE a IS NULL", "WHERE true"}),
        ("WHERE NOT EXISTS (SELECT)", {"WHERE  EXISTS (SELECT)", "WHERE true"}),
        ("WHERE EXISTS (SELECT)", {"WHERE NOT EXISTS (SELECT)", "WHERE true"}),
        ("WHERE a IN (b, c)", {"WHERE a IN (c)", "WHERE a IN (b)", "WHERE true"}),
        ("WHERE ST_Covers(a, b)", {"WHERE ST_Contains(a, b)", "WHERE (a && b)", "WHERE true"}),
        ("CASE WHEN a THEN b ELSE c END", {"CASE WHEN true THEN b ELSE c END", "CASE WHEN a THEN b  END"}),
        ("CASE WHEN a AND b THEN c END", {"CASE WHEN false THEN c END", "CASE WHEN a THEN c END"}),
        ("SELECT COALESCE(a, b)", {"SELECT COALESCE(b, a)", "SELECT a", "SELECT b"}),
        ("ORDER BY a DESC, b", {"ORDER BY a, b", "ORDER BY a DESC, b DESC", "ORDER BY b", "ORDER BY a DESC"}),
        ("ORDER BY a LIMIT 1", {"ORDER BY a DESC LIMIT 1", " LIMIT 1", "ORDER BY a ", "ORDER BY a LIMIT 2"}),
        ("FROM a LEFT JOIN b ON c", {"FROM a JOIN b ON c", "FROM a LEFT JOIN b ON true"}),
        ("FROM a JOIN b ON c", {"FROM a LEFT JOIN b ON c", "FROM a JOIN b ON true"}),
        ("SELECT a + 1", {"SELECT a - 1", "SELECT a + 2"}),
        ("SELECT 'state'", {"SELECT 'state_'"}),
        ("SELECT ST_Transform(a, %(srid)s)", {"SELECT a"}),
    ],
)
def test_what_becomes_of(source: str, expected: set[str]) -> None:
    assert expected <= made(source)


@pytest.mark.parametrize(
    "source",
    ["-- WHERE a < 7", "SELECT a::float8", "SELECT 'Words for people'", "SELECT count(*)", "SELECT -a"],
)
def test_what_is_left_alone(source: str) -> None:
    assert made(source) == set()


def test_a_mutant_says_where_it_differs() -> None:
    source = "SELECT a -- why\nFROM b\nWHERE c <= 1\n  AND d\n"
    shown = {(one.line, one.text, one.was, one.now) for one in mutants(source)}
    assert (3, "WHERE c <= 1", "c <= 1", "c < 1") in shown
    assert (4, "AND d", "d", REMOVED) in shown


def test_none_is_made_twice() -> None:
    files = [*Path(__file__).parents[3].glob("*/sql/*.sql")]
    assert files
    for file in files:
        sources = [mutant.source for mutant in mutants(file.read_text(encoding="utf-8"))]
        assert len(set(sources)) == len(sources) > 0
