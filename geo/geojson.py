"""GeoJSON (RFC 7946) whose text is made in PostGIS: a queryset goes in, the bytes of a FeatureCollection come out.

Python only joins what PostgreSQL wrote. The statement is the queryset's own, compiled by Django, so that whatever
narrows the queryset (who may see it, the reader's filters) narrows the text, and no word of a reader is ever SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import (
    DateTimeField,
    Expression,
    ExpressionWrapper,
    F,
    Field,
    Model,
    QuerySet,
    TextField,
)
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.datastructures import BaseTable
from psycopg2 import extensions

from geo.paging import Cursor, Order, PageRequest
from geo.points import DECIMALS
from geo.statements import moment_text, statement_of

MEDIA_TYPE = "application/geo+json"

#: PostgreSQL's json_build_object takes no more arguments than any function: 100, two for each property.
_PROPERTIES_MAX = 50

#: Columns as the bytes that PostgreSQL sent (UTF-8), neither decoded nor encoded again: of text, bigint, integer.
_AS_SENT = extensions.new_type((25, 20, 23), "AS_SENT", extensions.BYTES)

#: What the rows of a page are called in its statement.
_PAGE = "page"

#: Rows fetched at once of a list without an end: about two megabytes.
_BATCH = 2_000

Properties = Mapping[str, str | Combinable]


class FeatureText(Expression):
    """Text of one GeoJSON Feature: geometry rounded to ``decimals``, properties by name.

    The coordinates stand as they are stored, in EPSG:4326 lon/lat, unless ``geometry`` is an expression that makes
    others of them. Property values are column names or expressions; days are ISO 8601, moments UTC with six decimals
    (``2026-05-31T10:00:00.500000+00:00``), NULL is ``null``. A NULL geometry is ``null``.
    """

    output_field = TextField()

    def __init__(
        self,
        *,
        geometry: str | Combinable,
        properties: Properties,
        id: str | Combinable | None = None,  # noqa: A002
        decimals: int = DECIMALS,
    ) -> None:
        super().__init__()
        self._decimals = decimals
        if len(properties) > _PROPERTIES_MAX:
            raise ValueError(f"a feature takes {_PROPERTIES_MAX} properties, there are {len(properties)}")
        self._names = list(properties)
        self._parts: list[Any] = [
            _expression(geometry),
            *(_expression(value) for value in properties.values()),
        ]
        self._has_id = id is not None
        if id is not None:
            self._parts.append(_expression(id))

    def get_source_expressions(self) -> list[Any]:
        return self._parts

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        self._parts = list(exprs)

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        # Concatenation around one json_build_object was the cheapest of five ways (9.0 ms for 1,000 features of 850
        # bytes; json_build_object throughout 9.6, to_json of each value 9.7, row_to_json 11.4).
        compiled = [compiler.compile(part) for part in self._parts]
        (geometry, geometry_params), *values = compiled
        params: list[Any] = []
        id_sql = ""
        if self._has_id:
            id_sql, id_params = values.pop()
            params += id_params
        params += geometry_params
        pairs = []
        for name, part, (value_sql, value_params) in zip(self._names, self._parts[1:], values, strict=False):
            params += [name, *value_params]
            is_moment = isinstance(part.output_field, DateTimeField)
            pairs.append(("%s", moment_text(value_sql, "+00:00") if is_moment else value_sql))
        return _feature_sql(geometry, pairs, id_sql=id_sql, decimals=self._decimals), tuple(params)


def feature_sql(geometry: str, values: Mapping[str, str], *, decimals: int = DECIMALS) -> str:
    """SQL of the text that ``FeatureText`` makes, of parts that are SQL themselves; the names are identifiers."""
    return _feature_sql(geometry, [(f"'{name}'", value) for name, value in values.items()], decimals=decimals)


def _feature_sql(
    geometry: str, pairs: Iterable[tuple[str, str]], *, id_sql: str = "", decimals: int = DECIMALS
) -> str:
    head = '\'{"type":"Feature",\''
    if id_sql:
        head += f"""||'"id":'||to_json({id_sql})::text||','"""
    geometry_text = f"coalesce(ST_AsGeoJSON({geometry},{decimals},0),'null')"
    properties = ",".join(f"{name},{value}" for name, value in pairs)
    return f"({head}||'\"geometry\":'||{geometry_text}||',\"properties\":'||json_build_object({properties})::text||'}}')"


@dataclass(frozen=True)
class PageText:
    """One page: the features' texts in their order, and the cursor of the next page where there is one."""

    features: list[bytes]
    next: Cursor | None


class PagedFeatures:
    """The feature of each row of a model, in keyset pages of the order.

    Made once and used for every request, since compiling what does not change would cost more than all else in Python.
    """

    def __init__(self, model: type[Model], feature: FeatureText, order: Order) -> None:
        self._order = order
        names = {str(vars(part)["name"]) for part in _walk(feature) if isinstance(part, F)}
        fields = {model._meta.get_field(name.split("__")[0]) for name in {*names, *order.columns}}
        columns = {str(field.column): field.attname for field in fields if isinstance(field, Field)}
        # As text, since GeoDjango would wrap a geometry that is selected as itself.
        self._chosen = {
            f"chosen_{name}": ExpressionWrapper(F(name), TextField()) for name in columns.values()
        }
        numbers = _numbers(order)
        texts = (
            model._base_manager.order_by(*order.names)
            .annotate(geojson_text=feature, **numbers)
            .values_list("geojson_text", *numbers)
        )
        # Of the table's rows those of the page alone, but of what is joined to them all, of the table itself too.
        table = model._meta.db_table
        texts.query.alias_map[table] = BaseTable(_PAGE, table)
        self._texts, self._texts_params = texts.query.sql_with_params()
        quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
        self._with = f"WITH {_PAGE} ({', '.join(map(quoted, columns))})"

    @property
    def shape(self) -> str:
        """What tells features made in another way apart: of one shape and one state of the data they are the same."""
        return repr((self._texts, self._texts_params))

    def page(self, rows: QuerySet[Any], page: PageRequest) -> PageText:
        """The page of the rows that the queryset leaves; one statement.

        The rows are found first, by a WITH that stands in the table's place, and only those of the page meet the tables
        with their names. The texts come one by one rather than as one ``string_agg``: joining a thousand of them here costs
        less than growing one text of a megabyte there, and needs no second look for where the page ends.
        """
        chosen = self._order.following(rows, page)
        try:
            sql, params = chosen.annotate(**self._chosen).values_list(*self._chosen).query.sql_with_params()
        except EmptyResultSet:
            return PageText([], None)
        found = _fetched(rows.db, f"{self._with} AS ({sql}) {self._texts}", (*params, *self._texts_params))
        return _page_of(found, self._order, page)


def feature_page(rows: QuerySet[Any], feature: FeatureText, order: Order, page: PageRequest) -> PageText:
    """The page of the rows that the queryset leaves; one statement. For models with few rows, such as borders."""
    numbers = _numbers(order)
    # A plain queryset, since that of a translated model loses the order of the columns.
    chosen: QuerySet[Any, Any] = QuerySet(rows.model, order.following(rows, page).query, rows.db)
    chosen = chosen.annotate(geojson_text=feature, **numbers)
    return _page_of(raw_rows(chosen.values_list("geojson_text", *numbers)), order, page)


def _numbers(order: Order) -> dict[str, Combinable]:
    return {f"geojson_{column}": n for column, n in zip(order.columns, order.numbers(), strict=True)}


def _page_of(found: list[tuple[Any, ...]], order: Order, page: PageRequest) -> PageText:
    more = len(found) > page.size
    del found[page.size :]
    cursor = order.cursor_of(tuple(map(int, found[-1][1:]))) if more else None
    return PageText([row[0] for row in found], cursor)


def feature_texts(rows: QuerySet[Any], feature: FeatureText) -> list[bytes]:
    """Every row's feature in the queryset's order; one statement. For lists that are short by nature."""
    return [text for (text,) in raw_rows(rows.annotate(geojson_text=feature).values_list("geojson_text"))]


def feature_statement(rows: QuerySet[Any], text: Expression) -> str:
    """The whole statement, values and all, that makes every row's text (a ``FeatureText``, say); empty where no row can be.

    Whatever narrows or shapes the text is in it: two texts of one statement and one state of the database are the same.
    """
    return statement_of(rows.annotate(geojson_text=text).values_list("geojson_text"))


@contextmanager
def feature_batches(statement: str, alias: str = DEFAULT_DB_ALIAS) -> Iterator[Iterator[list[bytes]]]:
    """The features of a ``feature_statement`` in batches of one snapshot, however many there are.

    A cursor of the database, open while the block runs: this process never holds more than one batch.
    """
    if not statement:
        yield iter(())
        return
    with transaction.atomic(alias), connections[alias].chunked_cursor() as cursor:
        extensions.register_type(_AS_SENT, cursor.cursor)
        # The values are in it: a percent sign is one.
        cursor.execute(statement)
        yield ([text for (text,) in batch] for batch in iter(lambda: cursor.fetchmany(_BATCH), []))


def collection(features: Iterable[bytes], **members: Any) -> bytes:
    """A FeatureCollection of features that are JSON texts already, with ``members`` beside them."""
    tail = b"]," + orjson.dumps(members)[1:] if members else b"]}"
    texts = list(features)
    # One join of all, since a second copy of a megabyte costs as much as the first.
    texts[:1] = [b'{"type":"FeatureCollection","features":[' + (texts[0] if texts else b"")]
    texts[-1] += tail
    return b",".join(texts)


def raw_rows(rows: QuerySet[Any]) -> list[tuple[Any, ...]]:
    """The rows of a ``values_list``, its text and integer columns as the bytes that PostgreSQL sent."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    return _fetched(rows.db, sql, params)


def rows_of_statement(statement: str, alias: str = DEFAULT_DB_ALIAS) -> list[tuple[Any, ...]]:
    """The same of a statement that has its values in it."""
    return _fetched(alias, statement, None)


def _fetched(alias: str, sql: str, params: tuple[Any, ...] | None) -> list[tuple[Any, ...]]:
    with _as_sent(alias) as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


@contextmanager
def _as_sent(alias: str) -> Iterator[CursorWrapper]:
    with connections[alias].cursor() as cursor:
        extensions.register_type(_AS_SENT, cursor.cursor)
        yield cursor


def _walk(expression: Any) -> Iterator[Any]:
    yield expression
    # F has no sources, and is no Expression.
    for source in getattr(expression, "get_source_expressions", list)():
        yield from _walk(source)


def _expression(value: str | Combinable) -> Any:
    return F(value) if isinstance(value, str) else value
