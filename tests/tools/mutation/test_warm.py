"""Mutants are tried in children of a process: seen from another process, for pytest runs but once in ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHOP = """
from collections.abc import Iterator

def table():
    return {"pear": 3}

# What a change of table() does here cannot be done again afterwards.
PRICES = table()

def pears(n: int, rate: int = PRICES["pear"]) -> int:
    return n * rate

def gift():
    return 5

def price(n: int) -> int:
    left = n
    while left > 0:
        left -= 1
    return n * 3
"""
# The name is imported into the test's module: the mutant must be there before it.
TESTS = """
from pathlib import Path

from shop import pears, price

def test_pears():
    assert pears(2) == 6

def test_price():
    assert price(2) == 6

def test_query():
    assert Path(__file__).with_name("query.sql").read_text() != "SELECT 2"
"""
RUN = """
import json, sys
from pathlib import Path
from tools.mutation import python_mutants, sql_mutants, warm
from tools.mutation.targets import Target

warm.LIBRARIES, warm.PROCESSOR_LEAST_S, warm.TEST_LEAST_S = (), *map(float, sys.argv[4:])
root, path = Path(sys.argv[1]), sys.argv[2]
maker = sql_mutants if path.endswith(".sql") else python_mutants
mutants = list(maker.mutants((root / path).read_text()))
sys.path.insert(0, str(root))
try:
    for n, verdict in warm.tried(Target(path, ("test_shop.py",)), mutants, root=root, scratch=Path(sys.argv[3])):
        print(json.dumps([mutants[n].was, mutants[n].now, verdict.name]))
except warm.CannotTry as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    (folder / "query.sql").write_text("SELECT 1")
    (folder / "test_shop.py").write_text(TESTS)
    return folder


def verdicts(shop: Path, path: str, *, all_tests_s: float = 2, one_test_s: float = 60) -> list[object]:
    scratch = shop.with_name("scratch")
    scratch.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    answer = subprocess.run(
        [sys.executable, "-c", RUN, str(shop), path, str(scratch), str(all_tests_s), str(one_test_s)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        timeout=300,
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_mutants_of_a_module(shop: Path) -> None:
    before = {file.name: file.read_bytes() for file in shop.iterdir()}
    found = verdicts(shop, "shop.py")
    assert ["n * 3", "n / 3", "KILLED"] in found
    assert ["return n * 3", "return None", "KILLED"] in found
    # The loop counts upwards for ever.
    assert ["left -= 1", "left += 1", "TIMEOUT"] in found
    # Nothing depends on the loop's end.
    assert ["left > 0", "left >= 0", "SURVIVED"] in found
    # What acts at the import, a default and a function that the import itself calls: the module is imported anew.
    assert ["'pear'", "'pear_'", "KILLED"] in found
    assert ["3", "4", "KILLED"] in found
    assert {file.name: file.read_bytes() for file in shop.iterdir()} == before


def test_a_loop_without_an_end_takes_the_time_of_its_own_test(shop: Path) -> None:
    found = verdicts(shop, "shop.py", all_tests_s=3_600, one_test_s=1)
    assert ["left -= 1", "left += 1", "TIMEOUT"] in found


def test_only_tests_that_call_what_was_changed_are_asked(shop: Path) -> None:
    """The other test fails in every child but the first: it would kill what it never calls."""
    other = """
def test_other():
    ran = Path(__file__).with_name("ran")
    is_first = not ran.exists()
    ran.touch()
    assert is_first
"""
    (shop / "test_shop.py").write_text(TESTS + other)
    found = verdicts(shop, "shop.py")
    assert ["left > 0", "left >= 0", "SURVIVED"] in found
    assert ["n * 3", "n / 3", "KILLED"] in found
    # Nothing calls it.
    assert ["return 5", "return None", "SURVIVED"] in found
    # A default can be seen by all.
    assert ["'pear'", "'pear_'", "KILLED"] in found


def test_what_a_test_imports_while_it_runs_sees_the_mutant(shop: Path) -> None:
    (shop / "till.py").write_text(
        "import shop\nRATE = shop.table()['pear']\ndef due(n):\n    return shop.price(n)\n"
    )
    (shop / "test_shop.py").write_text(
        "import shop\n"
        "def test_due():\n    from till import due\n    assert due(2) == 6\n"
        "def test_rate():\n    from till import RATE\n    assert RATE == 3\n"
    )
    found = verdicts(shop, "shop.py")
    assert ["n * 3", "n / 3", "KILLED"] in found
    assert ["3", "4", "KILLED"] in found


def test_what_a_fixture_of_several_tests_calls_is_seen_by_all_of_them(shop: Path) -> None:
    (shop / "test_shop.py").write_text(
        "import pytest\nimport shop\n"
        "@pytest.fixture(scope='module')\ndef given():\n    return shop.gift()\n"
        "def test_first(given):\n    pass\n"
        "def test_second(given):\n    assert given == 5\n"
    )
    assert ["5", "6", "KILLED"] in verdicts(shop, "shop.py")


def test_mutants_of_a_query(shop: Path) -> None:
    assert verdicts(shop, "query.sql") == [["1", "2", "KILLED"]]


def test_tests_that_fail_by_themselves_say_nothing(shop: Path) -> None:
    (shop / "test_shop.py").write_text(TESTS.replace("== 6", "== 7"))
    (found,) = verdicts(shop, "shop.py")
    assert "the tests fail before anything is changed" in str(found)
    assert "assert 6 == 7" in str(found)


@pytest.mark.parametrize("path", ["shop.py", "query.sql"])
def test_a_target_that_no_test_reads(shop: Path, path: str) -> None:
    (shop / "test_shop.py").write_text("def test_nothing(): pass")
    (found,) = verdicts(shop, path)
    assert f"{path}: no test reads it" in str(found)
