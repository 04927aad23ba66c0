"""Mutants of a Python source, made on its syntax tree.

What is changed: comparisons (negated, and moved by their border), ``and``/``or`` and each of their operands, ``not``,
arithmetic, numbers (+1), flags, strings that are code (names, lookups, orderings), conditions (always, never), results
(None), calls of min/max, any/all and floor/ceil, statements, decorators, keyword arguments, filters of comprehensions
and caught exceptions (left out one by one). Annotations, docstrings and messages for people are left alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tools.mutation.mutant import REMOVED, Mutant, on_one_line

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_RECKONED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_OPPOSITE = {"min": "max", "any": "all", "floor": "ceil"}
_OPPOSITE |= {other: name for name, other in _OPPOSITE.items()}
_LOOKUPS = {"__gte": "__gt", "__gt": "__gte", "__lte": "__lt", "__lt": "__lte"}
#: A string of this form is a name that other code looks up; anything else is taken for prose.
_NAME = re.compile(r"-?[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
#: Calls whose arguments are words for people or for the type checker.
_NOT_CODE = frozenset(
    {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "pgettext_lazy", "TypeVar", "cast"}
)
_ANNOTATIONS = frozenset({"annotation", "returns", "type_comment"})


@dataclass(frozen=True)
class _Edit:
    """The field of a node gets another value; ``node`` says where that is in the source."""

    owner: ast.AST
    field: str
    value: Any
    node: ast.AST
    was: str
    now: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of the source, in the order of its lines and each but once."""
    tree = ast.parse(source)
    lines = source.splitlines()
    seen = {ast.unparse(tree)}
    edits = [edit for node in _code(tree) for edit in _edits(node)]
    for edit in sorted(edits, key=lambda one: _line(one.node)):
        before = getattr(edit.owner, edit.field)
        setattr(edit.owner, edit.field, edit.value)
        mutated = ast.unparse(ast.fix_missing_locations(tree))
        setattr(edit.owner, edit.field, before)
        if mutated not in seen:
            seen.add(mutated)
            line = _line(edit.node)
            yield Mutant(line, lines[line - 1].strip(), on_one_line(edit.was), on_one_line(edit.now), mutated)


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that is executed."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in _ANNOTATIONS:
            continue
        if name == "args" and isinstance(node, ast.Call) and _called(node) in _NOT_CODE:
            continue
        if name == "keywords" and isinstance(node, ast.Call) and _called(node) in _NOT_CODE:
            continue
        if name == "test" and isinstance(value, ast.Name) and value.id == "TYPE_CHECKING":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield from _code(child)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str | type(...))
    )


def _edits(node: ast.AST) -> Iterator[_Edit]:
    match node:
        case ast.Compare():
            yield from _other_comparisons(node)
        case ast.BinOp() | ast.AugAssign() if type(node.op) in _RECKONED and not _is_formatting(node):
            yield _put(node, "op", _RECKONED[type(node.op)](), node)
        case ast.Constant():
            yield from _other_constants(node)
        case ast.Return() if node.value is not None and not _is_none(node.value):
            yield _put(node, "value", ast.Constant(None), node)
        case ast.If() | ast.IfExp():
            yield from _always_and_never(node)
        case ast.While():
            yield _put(node, "test", ast.Constant(False), node.test)
        case ast.Call():
            yield from _other_calls(node)
        case ast.comprehension():
            yield from _without_each(node, "ifs", node.ifs)
        case ast.ExceptHandler(type=ast.Tuple() as caught):
            yield from _without_each(caught, "elts", caught.elts)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield from _without_each(node, "decorator_list", node.decorator_list)
    yield from _other_expressions(node)
    yield from _without_statements(node)


def _put(owner: ast.AST, field: str, value: Any, shown: ast.AST, at: ast.AST | None = None) -> _Edit:
    """The edit that sets the field; ``shown`` is the node whose source shows the reader what changed."""
    was = ast.unparse(shown)
    before = getattr(owner, field)
    setattr(owner, field, value)
    now = ast.unparse(ast.fix_missing_locations(value if shown is before else shown))
    setattr(owner, field, before)
    return _Edit(owner, field, value, at or shown, was, now)


def _without_each(owner: ast.AST, field: str, members: Sequence[ast.AST]) -> Iterator[_Edit]:
    for n, member in enumerate(members):
        left = [*members[:n], *members[n + 1 :]]
        yield _Edit(owner, field, left, member, ast.unparse(member), REMOVED)


def _other_comparisons(node: ast.Compare) -> Iterator[_Edit]:
    for n, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            yield _put(node, "ops", [*node.ops[:n], other(), *node.ops[n + 1 :]], node)


def _is_formatting(node: ast.BinOp | ast.AugAssign) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod)
        and isinstance(node.left, ast.Constant | ast.Call)
        and not isinstance(getattr(node.left, "value", ""), int | float)
    )


def _other_constants(node: ast.Constant) -> Iterator[_Edit]:
    match node.value:
        case bool():
            yield _put(node, "value", not node.value, node)
        case int() | float():
            yield _put(node, "value", node.value + 1, node)
        case str() if node.value == "-":
            yield _put(node, "value", "", node)
        case str() if _NAME.fullmatch(node.value):
            yield _put(node, "value", _other_name(node.value), node)


def _other_name(name: str) -> str:
    for lookup, other in _LOOKUPS.items():
        if name.endswith(lookup):
            return name.removesuffix(lookup) + other
    return name[1:] if name.startswith("-") else f"{name}_"


def _always_and_never(node: ast.If | ast.IfExp) -> Iterator[_Edit]:
    if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
        yield _put(node, "test", ast.Constant(True), node.test)
        yield _put(node, "test", ast.Constant(False), node.test)


def _other_calls(node: ast.Call) -> Iterator[_Edit]:
    if _called(node) in _NOT_CODE:
        return
    other = _OPPOSITE.get(_called(node))
    if other and isinstance(node.func, ast.Name):
        yield _put(node.func, "id", other, node)
    elif other and isinstance(node.func, ast.Attribute):
        yield _put(node.func, "attr", other, node)
    for n, keyword in enumerate(node.keywords):
        for lookup, boundary in _LOOKUPS.items():
            if keyword.arg and keyword.arg.endswith(lookup):
                yield _put(keyword, "arg", keyword.arg.removesuffix(lookup) + boundary, keyword)
        # To leave a flag out is most often to turn it.
        if not (isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool)):
            left = [*node.keywords[:n], *node.keywords[n + 1 :]]
            yield _Edit(node, "keywords", left, keyword, ast.unparse(keyword), REMOVED)


def _other_expressions(node: ast.AST) -> Iterator[_Edit]:
    """Expressions below the node that one of their own operands takes the place of."""
    for name, value in ast.iter_fields(node):
        if name in _ANNOTATIONS:
            continue
        members = value if isinstance(value, list) else [value]
        for n, child in enumerate(members):
            for other in _simpler(child):
                new = [*members[:n], other, *members[n + 1 :]] if isinstance(value, list) else other
                was, now = ast.unparse(child), ast.unparse(ast.fix_missing_locations(other))
                yield _Edit(node, name, new, child, was, now)


def _simpler(node: object) -> Iterator[ast.expr]:
    match node:
        case ast.BoolOp():
            opposite = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield ast.BoolOp(opposite, node.values)
            for n in range(len(node.values)):
                left = [*node.values[:n], *node.values[n + 1 :]]
                yield ast.BoolOp(node.op, left) if len(left) > 1 else left[0]
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand


def _without_statements(node: ast.AST) -> Iterator[_Edit]:
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        if not isinstance(statements, list):
            continue
        for n, statement in enumerate(statements):
            if _can_be_left_out(statement, isinstance(node, ast.ClassDef)):
                new = [*statements[:n], ast.Pass(), *statements[n + 1 :]]
                yield _Edit(node, name, new, statement, ast.unparse(statement), REMOVED)


def _can_be_left_out(statement: ast.stmt, in_class: bool) -> bool:
    match statement:
        case ast.Expr():
            return not _is_docstring(statement)
        case ast.Raise() | ast.AugAssign() | ast.Delete() | ast.Break() | ast.Continue():
            return True
        case ast.Assign(targets=[ast.Name()]):
            # A local variable that is never set only breaks the next line; an attribute of a class may be inherited.
            return in_class
        case ast.Assign():
            return not isinstance(statement.targets[0], ast.Tuple)
    return False


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
