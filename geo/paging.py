"""Keyset pages of any list: the order of its columns, the opaque cursor, the condition, the page.

A page begins after the last row of the one before it, by the values that the list is ordered by. What comes in or goes
meanwhile shifts no row across the border of a page, and the hundredth page costs what the first one costs.
"""

from __future__ import annotations

import base64
import datetime as dt
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from django.db.models import BigIntegerField, BooleanField, Expression, F, Func, Model, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext as _

from geo.numbers import whole_number
from geo.refusals import Refusals, Refused, ValueRefused

PAGE_SIZE = 100
PAGE_SIZE_MAX = 1_000

#: The parameter of every paged list, of pages and of the API alike.
AFTER: Final = "after"
#: The parameter of lists that lead back too.
BEFORE: Final = "before"

_M = TypeVar("_M", bound=Model)
#: What a queryset gives for each row: the model, or what ``values_list`` makes of it.
_Row = TypeVar("_Row")

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class _Kind(NamedTuple):
    """How the values of one type stand in a cursor: as a whole number, in ``width`` of the struct module."""

    width: str
    number_of: Callable[[Any], int]
    value_of: Callable[[int], Any]
    #: The same number made by PostgreSQL of a column, as bigint.
    in_sql: Callable[[str], Combinable]


def _counted(column: str, template: str) -> Combinable:
    # Cast outside of the arithmetic: extract() gives numeric, which is exact.
    return Cast(Func(F(column), template=template), BigIntegerField())


def _row_number(number: int) -> int:
    if number < 0:
        raise ValueError(number)
    return number


_KINDS: Final[Mapping[type, _Kind]] = {
    dt.datetime: _Kind(
        "q",
        lambda at: (at - _EPOCH) // _MICROSECOND,
        lambda number: _EPOCH + number * _MICROSECOND,
        lambda column: _counted(column, "(extract(epoch FROM %(expressions)s)*1000000)"),
    ),
    dt.date: _Kind(
        "i",
        lambda day: int(day.toordinal()),
        dt.date.fromordinal,
        lambda column: _counted(column, "(%(expressions)s - DATE '0001-01-01' + 1)"),
    ),
    int: _Kind("q", int, _row_number, F),
}


@dataclass(frozen=True)
class Cursor:
    """The last row of a page, by the values of the order's columns. ``str()`` is the opaque text for a link."""

    values: tuple[dt.datetime | dt.date | int, ...]

    def __str__(self) -> str:
        kinds = [_KINDS[type(value)] for value in self.values]
        packed = struct.pack(_layout(kinds), *(_KINDS[type(value)].number_of(value) for value in self.values))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


class Order:
    """What a list is ordered by: columns with their types (aware ``datetime``, ``date``, ``int``).

    ``descending`` are all of them, or those that are named. No two rows may be equal in all of the columns, or some would
    be lost between pages, and none may be NULL there. A list that pages fast has an index on these columns, or at least on
    a first one of which few rows are equal. ``Order({"submitted_at": datetime, "number": int}, descending=True)`` is the
    newest first.
    """

    def __init__(self, columns: Mapping[str, type], *, descending: bool | Collection[str] = False) -> None:
        self.columns = tuple(columns)
        self._types = dict(columns)
        self._kinds = [_KINDS[kind] for kind in columns.values()]
        down = (columns if descending else ()) if isinstance(descending, bool) else descending
        self.signs = tuple("<" if column in down else ">" for column in columns)
        self.names = tuple(
            f"-{column}" if sign == "<" else column for column, sign in zip(columns, self.signs, strict=True)
        )

    def cursor_at(self, row: Any) -> Cursor:
        """The cursor of the page that follows the row."""
        return Cursor(tuple(getattr(row, column) for column in self.columns))

    def read(self, text: str) -> Cursor:
        """The cursor of this order that wrote the text; ``ValueError`` for any other text."""
        try:
            packed = base64.urlsafe_b64decode(text + "==")
            cursor = self.cursor_of(struct.unpack(_layout(self._kinds), packed))
        except (struct.error, OverflowError) as error:
            raise ValueError(text) from error
        # Base64 can spell the same bytes in several ways; what is none of it, and padding beyond need, is skipped. Only
        # our own spelling is accepted, so that addresses stay canonical.
        if str(cursor) != text:
            raise ValueError(text)
        return cursor

    def numbers(self) -> list[Combinable]:
        """The columns as the whole numbers of a cursor, made by PostgreSQL: what ``cursor_of`` takes."""
        return [_KINDS[kind].in_sql(column) for column, kind in self._types.items()]

    def cursor_of(self, numbers: tuple[int, ...]) -> Cursor:
        """The cursor of these numbers; ``ValueError`` or ``OverflowError`` when they are none of its types."""
        return Cursor(tuple(kind.value_of(number) for kind, number in zip(self._kinds, numbers, strict=True)))

    @property
    def turned(self) -> Order:
        """The same columns the other way round."""
        ascending = [column for column, sign in zip(self.columns, self.signs, strict=True) if sign == ">"]
        return Order(self._types, descending=ascending)

    def beyond(self, rows: QuerySet[_M, _Row], cursor: Cursor) -> QuerySet[_M, _Row]:
        """The rows that come after the cursor in this order."""
        return rows.filter(_Beyond(self, cursor))

    def until(self, rows: QuerySet[_M, _Row], cursor: Cursor) -> QuerySet[_M, _Row]:
        """The rows that come before the cursor in this order, and its own row."""
        return rows.exclude(_Beyond(self, cursor))

    def following(self, rows: QuerySet[_M, _Row], page: PageRequest) -> QuerySet[_M, _Row]:
        """The page's rows in this order, and one more when there is a next page."""
        if page.after is not None:
            rows = self.beyond(rows, page.after)
        return rows.order_by(*self.names)[: page.size + 1]

    def page(self, rows: QuerySet[_M, _Row], page: PageRequest) -> PageOfRows[_Row]:
        """The page of the rows that the queryset leaves, whatever it was ordered by; one statement."""
        if page.before is not None:
            return self._page_before(rows, page.size, page.before)
        found = list(self.following(rows, page))
        more = len(found) > page.size
        del found[page.size :]
        return PageOfRows(
            found,
            self.cursor_at(found[-1]) if more else None,
            self.cursor_at(found[0]) if found and page.after is not None else None,
        )

    def _page_before(self, rows: QuerySet[_M, _Row], size: int, before: Cursor) -> PageOfRows[_Row]:
        found = list(self.turned.following(rows, PageRequest(size, after=before)))
        more = len(found) > size
        del found[size:]
        found.reverse()
        return PageOfRows(
            found,
            self.cursor_at(found[-1]) if found else None,
            self.cursor_at(found[0]) if more else None,
        )


@dataclass(frozen=True)
class PageRequest:
    """What was asked for: at most ``size`` rows that come after the cursor, or right before the one of ``before``."""

    size: int = PAGE_SIZE
    after: Cursor | None = None
    before: Cursor | None = None


@dataclass(frozen=True)
class PageOfRows(Generic[_Row]):
    """The rows of one page, and the cursors of the next and the previous one where there are such.

    The page before the one that follows ``after`` is asked for by ``before=previous``.
    """

    rows: list[_Row]
    next: Cursor | None
    previous: Cursor | None = None


def parse_page(
    query: Mapping[str, str], order: Order, *, size: int | None = None, both_ways: bool = False
) -> PageRequest:
    """What is asked for, read from the parameters ``page_size`` (1 to ``PAGE_SIZE_MAX``) and ``after``.

    A list of which the page's reader does not choose the size names it; one that leads ``both_ways`` has the parameter
    ``before`` too. Raises ``Refused``.
    """
    refusals = Refusals()

    def cursor(name: str) -> Cursor | None:
        text = query.get(name, "")
        return refusals.read(lambda text: cursor_in(text, order), text, None, name=name) if text else None

    page = PageRequest(
        size or refusals.read(_page_size, query.get("page_size", ""), PAGE_SIZE),
        cursor(AFTER),
        cursor(BEFORE) if both_ways else None,
    )
    refusals.check()
    return page


def _page_size(text: str) -> int:
    if not text:
        return PAGE_SIZE
    size = whole_number(text) or 0
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise Refused({"page_size": [_("A page has from 1 to %(most)d items.") % {"most": PAGE_SIZE_MAX}]})
    return size


def cursor_in(text: str, order: Order) -> Cursor:
    """The cursor of this order that wrote the text. Raises ``ValueRefused``."""
    try:
        return order.read(text)
    except ValueError:
        sentence = _("Take this value from the “next” link of a page, without changes.")
        raise ValueRefused(sentence) from None


def _layout(kinds: list[_Kind]) -> str:
    return ">" + "".join(kind.width for kind in kinds)


class _Beyond(Expression):
    """Row comparison ``(moment, number) < (at, n)``: one condition on an index, which AND and OR are not.

    Where the columns go both ways there is no such comparison; then one on the first column bounds the others.
    """

    output_field = BooleanField()

    def __init__(self, order: Order, cursor: Cursor) -> None:
        super().__init__()
        self._sides: list[Any] = [*map(F, order.columns), *map(Value, cursor.values)]
        self._signs = order.signs

    def get_source_expressions(self) -> list[Any]:
        return self._sides

    def set_source_expressions(self, exprs: Any) -> None:
        self._sides = list(exprs)

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        half = len(self._signs)
        left, right = (
            [compiler.compile(side) for side in sides] for sides in (self._sides[:half], self._sides[half:])
        )
        if len(set(self._signs)) == 1:
            row, at = (", ".join(text for text, _params in side) for side in (left, right))
            return f"({row}) {self._signs[0]} ({at})", _params(*left, *right)
        beyond, params = "", tuple[Any, ...]()
        for column, value, sign in reversed(list(zip(left, right, self._signs, strict=True))):
            first = f"{column[0]} {sign} {value[0]}"
            if beyond:
                beyond = f"({first} OR ({column[0]} = {value[0]} AND {beyond}))"
                params = (*_params(column, value, column, value), *params)
            else:
                beyond, params = first, _params(column, value)
        bound = f"{left[0][0]} {self._signs[0]}= {right[0][0]}"
        return f"({bound} AND {beyond})", (*_params(left[0], right[0]), *params)


def _params(*compiled: tuple[str, Any]) -> tuple[Any, ...]:
    return tuple(value for _text, params in compiled for value in params)
