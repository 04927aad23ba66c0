"""The columns of Arrow that are made of what was told once and of what the rows bring. Knows no Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
from pyarrow import compute

from geo.binary_rows import columns, read_as
from geo.row_frames import Frame
from geo.told_columns import LookedUp, ToldColumns, Written

_KEY: Final = pa.int64()
_PLACE: Final = pa.int32()

Types = Mapping[str, pa.DataType]


def made_types(types: Types, told: ToldColumns) -> dict[str, pa.DataType]:
    """The types of ``all_columns``: what is looked up becomes dictionaries."""
    looked_up = {name for one in told.looked_up for name in one.fields}
    return {
        name: pa.dictionary(_PLACE, read_as(kind)) if name in looked_up else read_as(kind)
        for name, kind in types.items()
    }


def all_columns(frame: Frame, types: Types, told: ToldColumns) -> dict[str, pa.Array]:
    """The columns of these names and types, those that the frame's rows bring and those that are told.

    Rows bring the keys of what is looked up, then the columns in their order.
    """
    brought = {name: kind for name, kind in types.items() if name not in told.names}
    read = columns(frame, [*(_KEY for _one in told.looked_up), *brought.values()])
    keys, values = read[: len(told.looked_up)], read[len(told.looked_up) :]
    made = dict(zip(brought, values, strict=True))
    for looked_up, key in zip(told.looked_up, keys, strict=True):
        made.update(_found(looked_up, key, types))
    for written in told.written:
        made[written.field] = _around(written, made[written.of])
    return made


def _found(looked_up: LookedUp, keys: pa.Array, types: Types) -> Iterator[tuple[str, pa.Array]]:
    places = np.searchsorted(looked_up.keys, keys.fill_null(0).to_numpy())
    indices = pa.array(places, _PLACE, mask=keys.is_null().to_numpy(zero_copy_only=False))
    for name, values in zip(looked_up.fields, looked_up.values, strict=True):
        yield name, pa.DictionaryArray.from_arrays(indices, pa.array(values, read_as(types[name])))


def _around(written: Written, numbers: pa.Array) -> pa.Array:
    return compute.binary_join_element_wise(written.before, numbers.cast(pa.string()), written.after, "")
