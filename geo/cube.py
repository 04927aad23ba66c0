"""The cube of counts: how many appeals came in by city, month, stored cell and category; a sum of cubes is a cube.

It is the heavy part of every report, and all of it is a sum, so that it can be made by many machines from the files of an archive.
Arrow and NumPy alone: workers need neither Django nor a database. An archive is a folder of GeoParquet files
``city=osh/month=2026-01/appeals.parquet`` with the columns ``cell_x``, ``cell_y`` and ``category``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import parquet

if TYPE_CHECKING:
    from distributed import Client

#: What is counted apart.
KEYS: Final = ("city", "month", "cell_x", "cell_y", "category")

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

_PARTITION: Final = re.compile(r"city=([\w-]+)/month=(\d{4}-\d{2})/[^/]+\.parquet\Z")

#: Cubes that are summed at once: a worker holds no more of them.
_TOGETHER: Final = 8


def files_of(archive: Path) -> list[str]:
    """The files of the archive by their names. Raises ``FileNotFoundError`` where there is none."""
    found = sorted(str(path) for path in archive.glob("city=*/month=*/*.parquet"))
    if not found:
        raise FileNotFoundError(f"{archive} has no city=…/month=…/….parquet")
    return found


def counted(file: str) -> pa.Table:
    """The cube of one file of an archive."""
    partition = _PARTITION.search(Path(file).as_posix())
    if partition is None:
        raise ValueError(f"{file} is not city=…/month=…/….parquet")
    rows = parquet.ParquetFile(file).read(columns=["cell_x", "cell_y", "category"])
    groups = rows.group_by(["cell_x", "cell_y", "category"]).aggregate([([], "count_all")])
    city, month = (pa.array([part] * len(groups), pa.string()) for part in partition.groups())
    return (
        pa.table([city, month, *(groups[name] for name in KEYS[2:]), groups["count_all"]], names=SCHEMA.names)
        .cast(SCHEMA)
        .combine_chunks()
    )


def merged(cubes: Sequence[pa.Table]) -> pa.Table:
    """The sum of the cubes."""
    groups = pa.concat_tables(cubes).group_by(list(KEYS)).aggregate([("n", "sum")])
    # In one piece: an array that is part of a larger one is sent with all of it.
    return groups.rename_columns({"n_sum": "n"}).select(SCHEMA.names).cast(SCHEMA).combine_chunks()


def digest(cube: pa.Table) -> str:
    """SHA-256, in hexadecimal, of the counts: the same whoever counted, and in which order."""
    rows = cube.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in KEYS])
    told = hashlib.sha256()
    for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True):
        values = rows[name]
        told.update(
            "\n".join(values.to_pylist()).encode()
            if kind == pa.string()
            else values.to_numpy().astype("<i8").tobytes()
        )
    return told.hexdigest()


def by_duckdb(archive: Path, *, memory: str = "") -> pa.Table:
    """The cube of an archive by DuckDB, on this machine; ``memory`` limits it, as in "1GB". Needs the extra ``archive``."""
    import duckdb

    files_of(archive)
    with duckdb.connect(config={"memory_limit": memory} if memory else {}) as engine:
        made: pa.Table = engine.sql(
            "SELECT city, month, cell_x, cell_y, category, count(*) AS n "
            "FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false) GROUP BY ALL",
            params=[str(archive / "city=*" / "month=*" / "*.parquet")],
        ).to_arrow_table()
        return made.cast(SCHEMA)


def by_dask(archive: Path, client: Client, count: Callable[[str], pa.Table] = counted) -> pa.Table:
    """The cube of an archive by the workers of a Dask cluster, one task a file; all of them see the folder under this path.

    What a worker had counted when it was lost is counted again by another one. Needs the extra ``archive``.
    """
    cubes: list[Any] = client.map(count, files_of(archive), pure=False)
    while len(cubes) > 1:
        cubes = [
            client.submit(merged, list(part), pure=False) if len(part) > 1 else part[0]
            for part in _parts(cubes)
        ]
    made: pa.Table = cubes[0].result()
    return made


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[first : first + _TOGETHER] for first in range(0, len(items), _TOGETHER))
