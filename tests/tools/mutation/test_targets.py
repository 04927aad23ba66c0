"""The table of targets, the list of equals, and the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutation import equal, python_mutants, sql_mutants
from tools.mutation.command import Result, count, table
from tools.mutation.equal import BadEntry, Equal
from tools.mutation.mutant import Mutant
from tools.mutation.targets import TARGETS, NoSuchTarget, Target, chosen
from tools.mutation.warm import Verdict

ROOT = Path(__file__).parents[3]
MUTANT = Mutant(3, "if a < b:", "a < b", "a <= b", "")
ENTRY = """
[[equal]]
target = "a.py"
line = "if a < b:"
was = "a < b"
now = "a <= b"
why = "a is never b"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "room").mkdir()
    for name in ("one.py", "two.sql"):
        (tmp_path / "room" / name).write_text("1")
    for name in ("__init__.py", "notes.txt"):
        (tmp_path / "room" / name).touch()
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_the_table_names_what_is_there() -> None:
    assert {target.path for target in chosen([], ROOT)} >= {
        "districts/routing.py",
        "districts/sql/candidates.sql",
    }


def test_every_mutant_called_equal_is_one_of_its_source() -> None:
    """Whoever changes a line that stands in the list learns of it at once, and not from the next run of all mutants."""
    entries = equal.read(equal.FILE.read_text(encoding="utf-8"))
    for target in chosen([], ROOT):
        source = (ROOT / target.path).read_text(encoding="utf-8")
        if any(entry.target == target.path for entry in entries):
            mutants = (sql_mutants if target.is_sql else python_mutants).mutants(source)
            assert not equal.stale(entries, target.path, mutants)
    assert {entry.target for entry in entries} <= {target.path for target in chosen([], ROOT)}


def test_a_folder_stands_for_its_sources(tree: Path) -> None:
    targets = chosen([], tree, {"room": ("tests",)})
    assert targets == [Target("room/one.py", ("tests",)), Target("room/two.sql", ("tests",))]
    assert [target.is_sql for target in targets] == [False, True]
    assert targets[0].module == "room.one"


def test_a_source_with_a_line_of_its_own_is_not_the_folder_s(tree: Path) -> None:
    (tree / "own").mkdir()
    table = {"room": ("tests",), "room/one.py": ("own",)}
    assert {target.path: target.tests for target in chosen([], tree, table)} == {
        "room/two.sql": ("tests",),
        "room/one.py": ("own",),
    }


@pytest.mark.parametrize("wanted", ["room", "room/", "room/one.py"])
def test_targets_are_chosen_by_their_paths(tree: Path, wanted: str) -> None:
    assert (
        chosen([wanted], tree, {"room/one.py": ("tests",), "room/two.sql": ("tests",)})[0].path
        == "room/one.py"
    )


@pytest.mark.parametrize(
    ("wanted", "entry"),
    [
        ([], ("room/moved.py", ("tests",))),
        ([], ("room/one.py", ("tests/moved",))),
        (["room/three.py"], ("room/one.py", ("tests",))),
        (["roo"], ("room/one.py", ("tests",))),
    ],
)
def test_what_is_missing_is_told(tree: Path, wanted: list[str], entry: tuple[str, tuple[str, ...]]) -> None:
    missing = wanted[0] if wanted else "moved"
    with pytest.raises(NoSuchTarget, match=missing):
        chosen(wanted, tree, dict([entry]))


def test_entries_of_the_project_are_whole() -> None:
    entries = equal.read(equal.FILE.read_text(encoding="utf-8"))
    paths = {target.path for target in chosen([], ROOT)}
    assert {entry.target for entry in entries} <= paths
    assert len(TARGETS) <= len(paths)


@pytest.mark.parametrize("text", [ENTRY.replace("why", "reason"), ENTRY.replace("a is never b", "")])
def test_an_entry_needs_a_reason(text: str) -> None:
    with pytest.raises(BadEntry):
        equal.read(text)


def test_a_survivor_that_is_listed_is_counted_apart() -> None:
    entries = equal.read(ENTRY)
    result = Result("a.py")
    count(result, MUTANT, Verdict.SURVIVED, entries)
    assert (result.excused, result.survivors, result.is_good) == (1, [], True)
    count(result, MUTANT, Verdict.SURVIVED, [])
    assert (result.survivors, result.is_good) == ([MUTANT], False)


def test_a_listed_mutant_that_dies_is_wrong() -> None:
    result = Result("a.py")
    count(result, MUTANT, Verdict.TIMEOUT, equal.read(ENTRY))
    assert (result.killed, result.by_time, result.is_good) == (1, 1, False)
    assert "a < b → a <= b" in result.wrong[0]


def test_an_entry_that_matches_nothing_is_stale() -> None:
    entries = equal.read(ENTRY)
    assert equal.stale(entries, "a.py", [MUTANT]) == []
    assert equal.stale(entries, "b.py", []) == []
    assert equal.stale(entries, "a.py", []) == [Equal("a.py", "if a < b:", "a < b", "a <= b", "a is never b")]


def test_the_report_ends_with_the_total() -> None:
    results = [
        Result("a.py", killed=8, by_time=1, survivors=[MUTANT]),
        Result("b.sql", killed=10, excused=2, left_out=9),
    ]
    assert [line.split() for line in table(results)][1:] == [
        ["a.py", "8", "1", "0", "(1", "killed", "for", "their", "time)"],
        ["b.sql", "10", "0", "2", "(9", "not", "tried)"],
        ["total", "18", "1", "2", "(1", "killed", "for", "their", "time,", "9", "not", "tried)"],
    ]
