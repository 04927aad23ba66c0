"""Rows as a table that PostgreSQL copies: what each row need not bring is told once to whoever writes a file of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from django.db import connections
from django.db.models import F, Func, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable

from geo.tables import Around, Columns
from geo.told_columns import LookedUp, ToldColumns, Written
from geo.vector_tiles import compiled


@dataclass(frozen=True)
class Table:
    """The ``statement`` of the rows: the keys of what is looked up, then the columns but those that are ``told``."""

    statement: str
    told: ToldColumns


def table_of(rows: QuerySet[Any], columns: Columns, looked_up: Collection[str] = ()) -> Table:
    """The table of the rows' columns; one statement for each of the relations that are ``looked_up``.

    What stands in another row of their own table is looked up for each: joined with itself, all of the table would be hashed, and
    then sorted for want of an index.
    """
    model = rows.model
    through = {
        relation: {name: value for name, value in columns.items() if _relations(value) == {relation}}
        for relation in looked_up
    }
    brought_as = {value: name for name, value in columns.items() if isinstance(value, str)}
    told = ToldColumns(
        [_looked_up(model, relation, own, rows.db) for relation, own in through.items()],
        [
            Written(name, value.before, brought_as[value.column], value.after)
            for name, value in columns.items()
            if isinstance(value, Around) and value.column in brought_as
        ],
    )
    keys = {f"key_{n}": model._meta.get_field(relation).attname for n, relation in enumerate(through)}
    brought = {
        name: _in_same_table(model, value) for name, value in columns.items() if name not in told.names
    }
    # A plain queryset, since that of a translated model loses the order of the columns.
    return Table(compiled(QuerySet(model, rows.query, rows.db), {**keys, **brought}), told)


def _relations(value: str | Combinable) -> set[str]:
    """The relations through which the value is reached; the empty one where it is not, or nobody can tell."""
    parts: list[Any] = [F(value)] if isinstance(value, str) else list(cast("Func", value).flatten())
    if not all(isinstance(part, (F, Func, Value)) for part in parts):
        return {""}
    names = [cast("Any", part).name for part in parts if isinstance(part, F)]
    return {name.partition("__")[0] if "__" in name else "" for name in names}


def _looked_up(model: type[Model], relation: str, columns: Columns, using: str) -> LookedUp:
    target = cast("type[Model]", model._meta.get_field(relation).related_model)
    of_target = {name: _from(relation, value) for name, value in columns.items()}
    rows: QuerySet[Any] = QuerySet(target, using=using)
    with connections[using].cursor() as cursor:
        cursor.execute(compiled(rows.order_by("pk"), {"key": "pk", **of_target}))
        found = cursor.fetchall()
    keys, *values = ([row[n] for row in found] for n in range(len(columns) + 1))
    return LookedUp([*columns], keys, values)


def _from(relation: str, value: Any) -> Any:
    """The value as it is reached from what the relation leads to."""
    if isinstance(value, str):
        return value.removeprefix(f"{relation}__")
    if isinstance(value, F):
        return F(_from(relation, cast("Any", value).name))
    copy = value.copy()
    copy.set_source_expressions([_from(relation, part) for part in value.get_source_expressions()])
    return copy


def _in_same_table(model: type[Model], value: str | Combinable) -> str | Combinable:
    if not isinstance(value, str) or "__" not in value:
        return value
    relation, _of, column = value.partition("__")
    if model._meta.get_field(relation).related_model is not model:
        return value
    return Subquery(model._base_manager.filter(pk=OuterRef(relation)).order_by().values(column))
