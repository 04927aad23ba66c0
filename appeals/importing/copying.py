"""Bulk inserts with PostgreSQL's COPY, at a tenth of the cost of INSERT statements."""

from __future__ import annotations

import datetime as dt
import io
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from django.contrib.gis.geos import Point
from django.db import connection
from django.db.models import Field, JSONField, Model
from django.db.models.fields.files import FieldFile

_POINT_WITH_SRID: Final = 0x20000001  # OGC 06-103r4 type 1, with PostGIS's flag that the SRID follows
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_in(objects: Sequence[Model]) -> None:
    """Inserts the objects, all of one model, in order; one statement, inside the caller's transaction.

    Columns the database can fill (keys, defaults and generated columns) are left to it if no object sets
    them. The objects do not get their keys. Signals are not sent, ``save`` is not called.
    """
    if not objects:
        return
    model = type(objects[0])
    fields = [field for field in model._meta.local_concrete_fields if _is_ours(field, objects[0])]
    encoders = [(field.attname, _json if isinstance(field, JSONField) else _text) for field in fields]
    lines = io.StringIO()
    for row in objects:
        lines.write("\t".join([encode(getattr(row, name)) for name, encode in encoders]))
        lines.write("\n")
    lines.seek(0)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN", lines)


def _is_ours(field: Field[Any, Any], first: Model) -> bool:
    if field.generated:
        return False
    value = first.__dict__.get(field.attname)
    if field.primary_key and value is None:
        return False
    return not (field.has_db_default() and not isinstance(value, int | str | list))


def _json(value: object) -> str:
    return orjson.dumps(value).decode().translate(_ESCAPES)


def _text(value: Any) -> str:
    """The value in COPY's text format."""
    if value is None:
        return r"\N"
    if isinstance(value, FieldFile):
        value = value.name or ""
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    encode = _ENCODERS.get(type(value))
    if encode is None:
        raise TypeError(f"{type(value).__name__} cannot be written by COPY")
    return encode(value)


_ENCODERS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "t" if value else "f",
    int: str,
    float: repr,
    UUID: str,
    dt.datetime: dt.datetime.isoformat,
    dt.date: dt.date.isoformat,
    list: lambda value: f"{{{','.join(map(_text, value))}}}",
    bytes: lambda value: "\\\\x" + value.hex(),
    # Binary (EWKB), so that no digit is lost and no text is parsed.
    Point: lambda value: struct.pack("<BIIdd", 1, _POINT_WITH_SRID, value.srid, value.x, value.y).hex(),
}
