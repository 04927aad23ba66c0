"""Mutants whose change lies in functions alone: they are put into modules that have long been imported."""

from __future__ import annotations

import gc
import inspect
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import CodeType, FunctionType


@dataclass(frozen=True)
class Exchange:
    """Functions and the code that the mutant gives them."""

    new: tuple[tuple[FunctionType, CodeType], ...]
    #: The exchanged codes and those within them, as ``Codes`` numbers them.
    numbers: frozenset[int]

    def make(self) -> None:
        """From here on the process is that of the mutant."""
        for function, code in self.new:
            function.__code__ = code


class Codes:
    """A module's code, numbered with all that it holds, and the functions that have it when first asked for one."""

    def __init__(self, module: CodeType) -> None:
        self._module = module
        #: Number by the identity of the code: equal codes of two functions are two.
        self.numbers: Mapping[int, int] = {id(code): n for n, code in enumerate(_all(module))}

    @cached_property
    def _functions(self) -> dict[int, list[FunctionType]]:
        functions: defaultdict[int, list[FunctionType]] = defaultdict(list)
        for found in gc.get_objects():
            if type(found) is FunctionType and id(found.__code__) in self.numbers:
                functions[id(found.__code__)].append(found)
        return functions

    def exchange(self, mutated: CodeType, called: Collection[int]) -> Exchange | None:
        """What makes the imported module the mutant's; None when that takes an import: the change is in what is done
        then, or in a function of the numbers that were ``called`` meanwhile."""
        changed = _changed(self._module, mutated)
        if not changed:
            return None
        numbers = frozenset(self.numbers[id(code)] for old, _new in changed for code in _all(old))
        if not numbers.isdisjoint(called) or any(id(old) not in self._functions for old, _new in changed):
            return None
        return Exchange(
            tuple((function, new) for old, new in changed for function in self._functions[id(old)]), numbers
        )


def _all(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in _inner(code):
        yield from _all(inner)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _changed(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The outermost functions that differ; None when more than functions do."""
    if old.co_flags & inspect.CO_OPTIMIZED:
        if _is_same(old, new):
            return []
        return [(old, new)] if old.co_freevars == new.co_freevars else None
    if _own(old) != _own(new):
        return None
    changed: list[tuple[CodeType, CodeType]] = []
    for one, other in zip(_inner(old), _inner(new), strict=True):
        inner = _changed(one, other)
        if inner is None:
            return None
        changed += inner
    return changed


def _is_same(old: CodeType, new: CodeType) -> bool:
    return _own(old) == _own(new) and all(
        _is_same(one, other) for one, other in zip(_inner(old), _inner(new), strict=True)
    )


def _own(code: CodeType) -> tuple[object, ...]:
    """All that a code does but for its inner codes; where it stands in the source does not count."""
    # By their form: 1, 1.0 and True are equal.
    constants = [None if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return (
        code.co_code,
        constants,
        code.co_name,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_exceptiontable,
    )
