"""Tables whose text is made in PostGIS, as that of features is: a queryset goes in, lines of CSV (RFC 4180) come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BinaryField,
    CharField,
    DateTimeField,
    Expression,
    F,
    FloatField,
    Func,
    TextField,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from django.db.models.sql.compiler import SQLCompiler

from geo.points import DECIMALS
from geo.statements import moment_text

Columns = Mapping[str, str | Combinable]
#: PostgreSQL's functions take no more arguments than 100: a column and a comma each, and ``concat`` leaves out NULL.
_COLUMNS_MAX = 50


class _Row(Expression):
    """A row made of columns."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self._parts: list[Any] = [F(value) if isinstance(value, str) else value for value in columns.values()]

    def get_source_expressions(self) -> list[Any]:
        return self._parts

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        self._parts = list(exprs)


class RowText(_Row):
    """Text of one row as a line of CSV, without its end: NULL is an empty cell, an empty text two quotation marks.

    Texts stand in quotation marks; moments are UTC (``2026-05-31T10:00:00.500000Z``), days ISO 8601, a list is its members with
    commas between them. ``guard`` is a regular expression: a text that it matches gets an apostrophe before it.
    """

    output_field = TextField()

    def __init__(self, columns: Columns, *, guard: str = "") -> None:
        super().__init__(columns)
        if len(columns) > _COLUMNS_MAX:
            raise ValueError(f"a row takes {_COLUMNS_MAX} columns, there are {len(columns)}")
        self._guard = guard

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        cells: list[str] = []
        params: list[Any] = []
        for part in self._parts:
            sql, given = compiler.compile(part)
            cell, more = self._cell(sql, part.output_field)
            cells.append(cell)
            params += [*given, *more]
        line = ",',',".join(cells)
        return f"concat({line})", tuple(params)

    def _cell(self, sql: str, field: Any) -> tuple[str, list[str]]:
        more: list[str] = []
        match field:
            case DateTimeField():
                return moment_text(sql), more
            case CharField() | TextField():
                pass
            case ArrayField():
                sql = f"array_to_string({sql},',')"
            case _:
                return f"({sql})::text", more
        if self._guard:
            sql, more = f"regexp_replace({sql},%s,'''')", [self._guard]
        return f"""'"'||replace({sql},'"','""')||'"'""", more


class RowBytes(_Row):
    """One row as PostgreSQL sends it in binary form (``geo.binary_rows``)."""

    output_field = BinaryField()

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        compiled = [compiler.compile(part) for part in self._parts]
        values = ",".join(sql for sql, _params in compiled)
        return f"record_send(ROW({values}))", tuple(param for _sql, params in compiled for param in params)


class Around(Concat):
    """A column of whole numbers as text, between two others."""

    def __init__(self, before: str, column: str, after: str) -> None:
        self.before, self.column, self.after = before, column, after
        number = Cast(F(column), TextField())
        super().__init__(Value(before), number, Value(after), output_field=TextField())


def listed(value: str | Combinable) -> str | Combinable:
    """The value; the members of a list with commas between them, as a ``RowText`` has them."""
    if not isinstance(getattr(value, "output_field", None), ArrayField):
        return value
    return Func(value, Value(","), function="array_to_string", output_field=TextField())


def lon_lat(point: str) -> dict[str, Combinable]:
    """Columns ``lon`` and ``lat`` of a point's column (EPSG:4326), in degrees rounded as in GeoJSON."""
    return {name: _rounded(axis, point) for name, axis in (("lon", "X"), ("lat", "Y"))}


def _rounded(axis: str, point: str) -> Combinable:
    return Func(
        F(point),
        template=f"trim_scale(round(ST_{axis}(%(expressions)s)::numeric,{DECIMALS}))",
        output_field=FloatField(),
    )


def raw_lon_lat(point: str) -> dict[str, Combinable]:
    """Columns ``lon`` and ``lat`` of a point's column (EPSG:4326), in degrees with all of their bits."""
    return {
        name: Func(F(point), function=f"ST_{axis}", output_field=FloatField())
        for name, axis in (("lon", "X"), ("lat", "Y"))
    }


def well_known_text(area: str) -> Combinable:
    """WKT of a polygon, which tools take for the geometry of a row; rounded as in GeoJSON."""
    return Func(F(area), template=f"ST_AsText(%(expressions)s,{DECIMALS})", output_field=TextField())


def well_known_binary(area: str) -> Combinable:
    """WKB of a polygon, all of its coordinates' bits."""
    return Func(F(area), template="ST_AsBinary(%(expressions)s,'NDR')", output_field=BinaryField())
