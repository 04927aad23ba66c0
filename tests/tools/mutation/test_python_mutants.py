"""Mutants of Python sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutation.mutant import REMOVED
from tools.mutation.python_mutants import mutants


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.was, mutant.now) for mutant in mutants(source)}


@pytest.mark.parametrize(
    ("source", "was", "now"),
    [
        ("a < b", "a < b", {"a <= b", "a >= b"}),
        ("a >= b", "a >= b", {"a > b", "a < b"}),
        ("a == b", "a == b", {"a != b"}),
        ("a is None", "a is None", {"a is not None"}),
        ("a in b", "a in b", {"a not in b"}),
        ("a and b and c", "a and b and c", {"a or b or c", "b and c", "a and c", "a and b"}),
        ("a or b", "a or b", {"a and b", "a", "b"}),
        ("not a", "not a", {"a"}),
        ("-a", "-a", {"a"}),
        ("a + b", "a + b", {"a - b"}),
        ("a // b", "a // b", {"a * b"}),
        ("f(a << 1)", "a << 1", {"a >> 1"}),
        ("a += b", "a += b", {"a -= b", REMOVED}),
        ("f(7)", "7", {"8"}),
        ("f(True)", "True", {"False"}),
        ("f('cell_x')", "'cell_x'", {"'cell_x_'"}),
        ("f('-number')", "'-number'", {"'number'"}),
        ("f('n__gte')", "'n__gte'", {"'n__gt'"}),
        ("f(n__lt=a)", "n__lt=a", {"n__lte=a", REMOVED}),
        ("f(f'{a}__lt')", "'__lt'", {"'__lte'"}),
        ("f(key=a)", "key=a", {REMOVED}),
        ("max(a, b)", "max(a, b)", {"min(a, b)", REMOVED}),
        ("math.floor(a)", "math.floor(a)", {"math.ceil(a)", REMOVED}),
        ("a if b else c", "b", {"True", "False"}),
        ("if a:\n    b = 1", "a", {"True", "False"}),
        ("while a:\n    b = 1", "a", {"False"}),
        ("raise a", "raise a", {REMOVED}),
        ("[a for a in b if a]", "a", {REMOVED}),
        ("def f():\n    return a", "return a", {"return None"}),
        ("@cache\ndef f():\n    pass", "cache", {REMOVED}),
        ("def f(a=1):\n    pass", "1", {"2"}),
        ("class A:\n    b = c", "b = c", {REMOVED}),
        ("try:\n    pass\nexcept (A, B):\n    pass", "A", {REMOVED}),
    ],
)
def test_what_becomes_of(source: str, was: str, now: set[str]) -> None:
    found = {new for old, new in changes(source) if old == was}
    # A statement that is one expression can also be left out.
    assert found - {REMOVED} == now - {REMOVED}
    assert now <= found | {REMOVED}


@pytest.mark.parametrize(
    "source",
    [
        '"""What 7 means."""',
        "from a import b",
        "a: dict[str, 7]",
        "def f(a: 'b') -> 'c':\n    '''d'''\n    ...",
        "a = _('word')",
        "a = pgettext_lazy('verb', 'Close')",
        "a = TypeVar('a', bound=b)",
        "a = 'Words for people, 7 of them.'",
        "if TYPE_CHECKING:\n    from a import b",
        "def f():\n    return None",
    ],
)
def test_what_is_no_code_is_left_alone(source: str) -> None:
    assert list(mutants(source)) == []


def test_a_mutant_differs_in_one_place_and_says_where() -> None:
    source = "def f(a):\n    # why\n    if a < 1:\n        return 2\n"
    (mutant,) = [one for one in mutants(source) if one.now == "a <= 1"]
    assert (mutant.line, mutant.text, mutant.was) == (3, "if a < 1:", "a < 1")
    assert mutant.source == "def f(a):\n    if a <= 1:\n        return 2"


def test_all_mutants_compile_and_none_is_made_twice() -> None:
    made = list(mutants(Path(__file__).read_text(encoding="utf-8")))
    assert len({mutant.source for mutant in made}) == len(made) > 10
    for mutant in made:
        compile(mutant.source, "mutant", "exec", dont_inherit=True)
    assert [mutant.line for mutant in made] == sorted(mutant.line for mutant in made)
