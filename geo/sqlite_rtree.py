"""The R*Tree of points in an SQLite file, all of it made at once, each node full. Knows no Django.

Source: sqlite.org, The SQLite R*Tree Module, chapter 6 ("shadow tables"), ``rtree.c`` for the nodes; Leutenegger, Lopez, Edgington:
STR, a simple and efficient algorithm for R-tree packing (1997).
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: The number of a row or node, and its box: west, east, south, north, in 32 bits each, rounded outwards.
_CELL: Final = np.dtype([("number", ">i8"), ("box", ">f4", 4)])
_CELLS: Final = 51
#: Leaves that are written together.
_AT_ONCE: Final = 1_024
#: Depth of the tree, in the root alone; the number of cells.
_HEAD: Final = np.dtype([("depth", ">u2"), ("count", ">u2")])
_NODE: Final = np.dtype([("head", _HEAD), ("cells", _CELL, _CELLS)])


def write_nodes(
    database: sqlite3.Connection, name: str, lon: NDArray[Any], lat: NDArray[Any]
) -> NDArray[np.int64]:
    """Writes the nodes of the empty tree ``name`` for points that are numbered from 1; the node that holds each.

    Needs some 60 bytes of memory for each of them.
    """
    numbers = _order(lon, lat)
    # Of the nodes of each level, from the leaves to the root, which is the first; those below follow level by level.
    counts = [-(-len(numbers) // _CELLS)]
    while counts[-1] > 1:
        counts.append(-(-counts[-1] // _CELLS))
    firsts = [1 + sum(counts[depth + 1 :]) for depth in range(len(counts))]
    above = []
    for start in range(0, len(numbers), _AT_ONCE * _CELLS):
        cells = _points(numbers[start : start + _AT_ONCE * _CELLS], lon, lat)
        _write(database, name, firsts[0] + start // _CELLS, cells)
        above.append(_above(cells))
    for depth in range(1, len(counts)):
        cells = np.concatenate(above)
        cells["number"] = firsts[depth - 1] + np.arange(len(cells))
        _write(database, name, firsts[depth], cells, depth)
        parents = firsts[depth] + np.arange(len(cells)) // _CELLS
        database.executemany(
            f'INSERT INTO "{name}_parent" (nodeno, parentnode) VALUES (?, ?)',  # noqa: S608  a layer's name
            zip(cells["number"].tolist(), parents.tolist(), strict=True),
        )
        above = [_above(cells)]
    holding = np.empty(len(numbers), np.int64)
    holding[numbers] = firsts[0] + np.arange(len(numbers)) // _CELLS
    return holding


def _points(numbers: NDArray[np.int64], lon: NDArray[Any], lat: NDArray[Any]) -> NDArray[Any]:
    cells = np.empty(len(numbers), _CELL)
    cells["number"] = numbers + 1
    for side, axis in enumerate((lon, lon, lat, lat)):
        cells["box"][:, side] = _rounded(axis[numbers], np.float32(np.inf if side % 2 else -np.inf))
    return cells


def _write(database: sqlite3.Connection, name: str, first: int, cells: NDArray[Any], depth: int = 0) -> None:
    """Writes full nodes of the cells, the last with what is left; the ``first`` node of all is the root, above others or not."""
    nodes = np.zeros(-(-len(cells) // _CELLS), _NODE)
    places = np.arange(len(cells))
    nodes["cells"][places // _CELLS, places % _CELLS] = cells
    nodes["head"]["count"] = _CELLS
    nodes["head"]["count"][-1] = len(cells) - (len(nodes) - 1) * _CELLS
    nodes["head"]["depth"] = depth if first == 1 else 0
    database.executemany(
        f'INSERT OR REPLACE INTO "{name}_node" (nodeno, data) VALUES (?, ?)',  # noqa: S608  a layer's name
        enumerate((node.tobytes() for node in nodes), first),
    )


def _order(lon: NDArray[Any], lat: NDArray[Any]) -> NDArray[np.int64]:
    """The points in strips from west to east, each from south to north: as many strips as leaves in each."""
    count = len(lon)
    strips = max(1, round(np.sqrt(count / _CELLS)))
    # Whole leaves.
    wide = -(-count // (strips * _CELLS)) * _CELLS or 1
    strip = np.empty(count, np.int64)
    strip[np.argsort(lon, kind="stable")] = np.arange(count) // wide
    return np.lexsort((lat, strip))


def _rounded(values: NDArray[Any], outwards: np.float32) -> NDArray[np.float32]:
    near = values.astype(np.float32)
    inside = near > values if outwards < 0 else near < values
    return np.where(inside, np.nextafter(near, outwards), near)


def _above(cells: NDArray[Any]) -> NDArray[Any]:
    """The cells of the nodes that hold the cells; their numbers are not known yet."""
    firsts = np.arange(0, len(cells), _CELLS)
    above = np.empty(len(firsts), _CELL)
    for side, furthest in enumerate((np.minimum, np.maximum) * 2):
        above["box"][:, side] = furthest.reduceat(cells["box"][:, side].astype("f4"), firsts)
    return above
