"""Keyset pages of a list that is ordered by (moment, number), newest first: parameters, cursor, condition."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import BooleanField, Expression, F, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext as _

from geo.refusals import Refused

PAGE_SIZE = 100
PAGE_SIZE_MAX = 1_000

_M = TypeVar("_M", bound=Model)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_LAYOUT = struct.Struct(">qq")


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: its moment (aware) and its number. ``str()`` is the opaque text for a link."""

    at: dt.datetime
    number: int

    def __str__(self) -> str:
        packed = _LAYOUT.pack((self.at - _EPOCH) // _MICROSECOND, self.number)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor that wrote the text; ``ValueError`` for anything that no cursor wrote."""
        try:
            microseconds, number = _LAYOUT.unpack(
                base64.b64decode(text + "==", altchars=b"-_", validate=True)
            )
            cursor = cls(_EPOCH + microseconds * _MICROSECOND, number)
        except (binascii.Error, struct.error, OverflowError) as error:
            raise ValueError(text) from error
        # Base64 can spell the same bytes in several ways; only ours is accepted, so that addresses stay canonical.
        if number < 0 or str(cursor) != text:
            raise ValueError(text)
        return cursor


@dataclass(frozen=True)
class Page:
    """What was asked for: at most ``size`` rows that come after the cursor."""

    size: int = PAGE_SIZE
    after: Cursor | None = None


def parse_page(query: Mapping[str, str]) -> Page:
    """Page read from the parameters ``page_size`` (1 to ``PAGE_SIZE_MAX``) and ``after``.

    Raises ``Refused``.
    """
    errors: dict[str, list[str]] = {}
    size, after = PAGE_SIZE, None
    text = query.get("page_size", "")
    if text:
        # isdecimal() takes the digits of every script, and int() as many of them as there are.
        size = int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 0
        if not 1 <= size <= PAGE_SIZE_MAX:
            errors["page_size"] = [_("A page has from 1 to %(most)d items.") % {"most": PAGE_SIZE_MAX}]
    text = query.get("after", "")
    if text:
        try:
            after = Cursor.parse(text)
        except ValueError:
            errors["after"] = [_("Take this value from the “next” link of a page, without changes.")]
    if errors:
        raise Refused(errors)
    return Page(size, after)


class _Before(Expression):
    """Row comparison ``(moment, number) < (at, n)``: one condition on an index, which AND and OR are not."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, moment: str, number: str, cursor: Cursor) -> None:
        super().__init__()
        self._sides: list[Any] = [F(moment), F(number), Value(cursor.at), Value(cursor.number)]

    def get_source_expressions(self) -> list[Any]:
        return self._sides

    def set_source_expressions(self, exprs: Any) -> None:
        self._sides = list(exprs)

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        parts = [compiler.compile(side) for side in self._sides]
        (moment, number, at, n) = (sql for sql, _params in parts)
        return f"({moment}, {number}) < ({at}, {n})", tuple(
            value for _sql, params in parts for value in params
        )


def rows_of_page(rows: QuerySet[_M], page: Page, *, moment: str, number: str) -> QuerySet[_M]:
    """The page's rows, newest first, and one more when there is a next page.

    ``number`` must be unique, or equal pairs would be lost between pages. No OFFSET: the hundredth page costs what the
    first one costs, given an index on (moment DESC, number DESC).
    """
    if page.after is not None:
        rows = rows.filter(_Before(moment, number, page.after))
    return rows.order_by(f"-{moment}", f"-{number}")[: page.size + 1]
