"""The cube of counts: how many appeals came in by city, month, stored cell and category; a sum of cubes is a cube.

It is the heavy part of every report, and all of it is a sum, so that it can be made by many machines from the files of an archive.
Arrow and NumPy alone: workers need neither Django nor a database. An archive is a folder of GeoParquet files
``city=osh/month=2026-01/appeals.parquet`` with the columns ``cell_x``, ``cell_y`` and ``category``.

A cube is told in parts, one a city's month, in their order: months have no count in common, so none is summed with another one,
and no machine holds more of the cube than the parts in hand.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

if TYPE_CHECKING:
    from distributed import Client

#: Of a file with the whole cube, a row a count.
SCHEMA: Final = pa.schema(
    [
        ("city", pa.string()),
        ("month", pa.string()),
        ("cell_x", pa.int32()),
        ("cell_y", pa.int32()),
        ("category", pa.string()),
        ("n", pa.int64()),
    ]
)
#: What is counted apart within a city's month.
_KEYS: Final = ("cell_x", "cell_y", "category")

_PARTITION: Final = re.compile(r"city=([\w-]+)/month=(\d{4}-\d{2})/[^/]+\.parquet\Z")

#: Rows of a file that are read at once.
_ROWS: Final = 1 << 20
#: Possible counts that are kept as an array, not sorted: so many for each row, and so many at most.
_DENSE_A_ROW, _DENSE = 32, 1 << 23
#: Parts that are asked for ahead, for each thread of a cluster.
_AHEAD: Final = 8


class Partition(NamedTuple):
    """A month of a city, as in ``city=osh/month=2026-01``."""

    city: str
    month: str


@dataclass(frozen=True)
class Part:
    """The counts of a partition, in the order of cell and category, each key once.

    ``cell_x`` and ``cell_y`` are int32, ``n`` is int64, ``code`` is int32: the place in ``categories``, which are sorted and all occur.
    """

    partition: Partition
    categories: tuple[str, ...]
    cell_x: NDArray[np.int32]
    cell_y: NDArray[np.int32]
    code: NDArray[np.int32]
    n: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.n)

    def table(self) -> pa.Table:
        """The counts as rows of ``SCHEMA``."""
        city, month = (pa.repeat(name, len(self)) for name in self.partition)
        category = pa.array(self.categories, pa.string()).take(pa.array(self.code))
        return pa.table([city, month, self.cell_x, self.cell_y, category, self.n], schema=SCHEMA)


def partitions_of(archive: Path) -> dict[Partition, list[str]]:
    """The partitions of the archive in their order, each with its files. Raises ``FileNotFoundError`` where there is none."""
    found: dict[Partition, list[str]] = {}
    for path in sorted(archive.glob("city=*/month=*/*.parquet")):
        if named := _PARTITION.search(path.as_posix()):
            found.setdefault(Partition(*named.groups()), []).append(str(path))
    if not found:
        raise FileNotFoundError(f"{archive} has no city=…/month=…/….parquet")
    return dict(sorted(found.items()))


def counted(partition: Partition, files: Sequence[str]) -> Part:
    """The counts of the files of a partition. Raises ``ValueError`` where a row has no cell or no category."""
    return merged(
        [
            summed(partition, *(batch[name] for name in _KEYS))
            for file in files
            for batch in parquet.ParquetFile(file, read_dictionary=["category"]).iter_batches(
                _ROWS, columns=[*_KEYS]
            )
        ]
        or [summed(partition, [], [], [], [])]
    )


def merged(parts: Sequence[Part]) -> Part:
    """The sum of counts of one partition."""
    if len(parts) == 1:
        return parts[0]
    columns = (
        (part.cell_x, part.cell_y, pa.DictionaryArray.from_arrays(part.code, [*part.categories]), part.n)
        for part in parts
    )
    x, y, category, n = zip(*columns, strict=True)
    return summed(
        parts[0].partition,
        np.concatenate(x),
        np.concatenate(y),
        pa.chunked_array(category).unify_dictionaries().combine_chunks(),
        np.concatenate(n),
    )


def summed(partition: Partition, cell_x: Any, cell_y: Any, category: Any, n: Any = None) -> Part:
    """The counts of rows (arrays of NumPy or Arrow, or lists) that stand for ``n`` appeals each, or for one.

    Raises ``ValueError`` where a row has no cell or no category, and for cells that are farther apart than a planet is wide.
    """
    x, y = (pa.array(values, pa.int32()) for values in (cell_x, cell_y))
    named = category if isinstance(category, pa.DictionaryArray) else pa.array(category, pa.string())
    if x.null_count or y.null_count or named.null_count:
        raise ValueError(f"{'/'.join(partition)} has a row without its cell or category")
    named = named if isinstance(named, pa.DictionaryArray) else named.dictionary_encode()
    names, code = _sorted(named)
    if not len(x):
        none = np.zeros(0, np.int32)
        return Part(partition, (), none, none, none, np.zeros(0, np.int64))
    (west, wide), (south, high) = (_span(values.to_numpy()) for values in (x, y))
    size = wide * high * len(names)
    if size >= 1 << 62:
        raise ValueError(f"{'/'.join(partition)} has cells that are too far apart")
    key = ((x.to_numpy().astype(np.int64) - west) * high + (y.to_numpy() - south)) * len(names) + code
    keys, sums = _sums(key, None if n is None else np.asarray(n, np.int64), size)
    place, code = np.divmod(keys, len(names))
    column, row = np.divmod(place, high)
    used, code = np.unique(code, return_inverse=True)
    return Part(
        partition,
        tuple(names[number] for number in used),
        (column + west).astype(np.int32),
        (row + south).astype(np.int32),
        code.astype(np.int32),
        sums,
    )


def _sorted(category: pa.DictionaryArray) -> tuple[list[str], NDArray[np.int64]]:
    """The names in their order, and each row's place among them."""
    given = category.dictionary.to_pylist()
    names = sorted(set(given))
    places = {name: place for place, name in enumerate(names)}
    return names, np.array([places[name] for name in given], np.int64)[category.indices.to_numpy()]


def _span(values: NDArray[np.int32]) -> tuple[int, int]:
    """The least value, and how many there are from it to the greatest."""
    least = int(values.min())
    return least, int(values.max()) - least + 1


def _sums(
    key: NDArray[np.int64], n: NDArray[np.int64] | None, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The keys that occur, in their order, and what they sum up to; all are less than ``size``."""
    if n is None and size <= min(_DENSE_A_ROW * len(key), _DENSE):
        counts = np.bincount(key, minlength=size)
        keys = np.flatnonzero(counts)
        return keys, counts[keys]
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
    if n is None:
        return key[first], np.diff(first, append=len(key))
    return key[first], np.add.reduceat(n[order], first)


@dataclass(frozen=True)
class Told:
    """What a cube says: how many appeals, in how many counts; ``sha256``, hexadecimal, is the same whoever counted."""

    appeals: int
    counts: int
    sha256: str


def tell(parts: Iterable[Part], output: Path | None = None) -> Told:
    """Sums up the parts of a cube, which come in the order of their partitions; writes them to ``output`` as Parquet."""
    appeals = counts = 0
    digest = hashlib.sha256()
    half = output.with_name(f".{output.name}.part") if output else None
    writer = parquet.ParquetWriter(half, SCHEMA, compression="zstd") if half else None
    try:
        for part in parts:
            if not len(part):
                continue
            appeals += int(part.n.sum())
            counts += len(part)
            digest.update("\n".join([*part.partition, str(len(part)), *part.categories, ""]).encode())
            for values in (part.cell_x, part.cell_y, part.code):
                digest.update(values.astype("<i4").tobytes())
            digest.update(part.n.astype("<i8").tobytes())
            if writer:
                writer.write_table(part.table())
        if writer and half and output:
            writer.close()
            half.replace(output)
    finally:
        if writer and half:
            writer.close()
            half.unlink(missing_ok=True)
    return Told(appeals, counts, digest.hexdigest())


def by_duckdb(archive: Path, *, memory: str = "") -> Iterator[Part]:
    """The cube of an archive by DuckDB, on this machine; ``memory`` limits it, as in "1GB". Needs the extra ``archive``."""
    import duckdb

    with duckdb.connect(config={"memory_limit": memory} if memory else {}) as engine:
        for partition, files in partitions_of(archive).items():
            found = engine.sql(
                "SELECT cell_x, cell_y, category, count(*) AS n FROM read_parquet(?) GROUP BY ALL",
                params=[files],
            ).to_arrow_table()
            yield summed(partition, *(found[name].combine_chunks() for name in (*_KEYS, "n")))


def by_dask(
    archive: Path, client: Client, count: Callable[[Partition, Sequence[str]], Part] = counted
) -> Iterator[Part]:
    """The cube of an archive by the workers of a Dask cluster, a task a partition; all of them see the folder under this path.

    What a worker had counted when it was lost is counted again by another one. Needs the extra ``archive``.
    """
    # The library has no types.
    cluster: Any = client
    waiting = iter(partitions_of(archive).items())
    ahead = _AHEAD * max(sum(cluster.nthreads().values()), 1)

    def asked(most: int) -> list[Any]:
        return [cluster.submit(count, *one, pure=False) for one in islice(waiting, most)]

    running = deque(asked(ahead))
    while running:
        part: Part = running.popleft().result()
        running += asked(1)
        yield part
