"""What the cube of an archive costs, by DuckDB and by Dask with one, two and four workers, one of them killed at its work."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from geo.cube import Part, by_dask, by_duckdb, tell
from tests.bench.table import Line

CITIES, MONTHS, CATEGORIES = 5, 60, 25

#: Side of a city in cells of 50 m, and how many places its appeals gather at.
SIDE, PLACES = 300, 400


def write_synthetic(folder: Path, rows: int) -> None:
    """An archive of so many appeals: the columns that are counted, and a moment and a point, which are not."""
    random = np.random.default_rng(7)
    codes = pa.array([f"category-{number}" for number in range(CATEGORIES)])
    a_file = np.full(CITIES * MONTHS, rows // (CITIES * MONTHS))
    a_file[: rows - a_file.sum()] += 1
    for number, n in enumerate(a_file.tolist()):
        city, month = divmod(number, MONTHS)
        places = np.random.default_rng(city).integers(0, SIDE, (PLACES, 2))
        at = places[random.integers(0, PLACES, n)] + random.normal(0, 8, (n, 2))
        x, y = np.clip(at, 0, SIDE - 1).astype(np.int32).T
        order = np.lexsort((y, x))
        submitted = np.datetime64(f"{2020 + month // 12}-{month % 12 + 1:02}", "us") + random.integers(
            0, 28 * 86_400_000_000, n
        )
        rows_of = pa.table(
            {
                "number": np.arange(n) + number * n,
                "submitted_at": submitted,
                "category": codes.take(pa.array(random.integers(0, CATEGORIES, n))),
                "cell_x": x[order] + 10_000,
                "cell_y": y[order] + 90_000,
            }
        )
        target = folder / f"city=city-{city}" / f"month={2020 + month // 12}-{month % 12 + 1:02}"
        target.mkdir(parents=True)
        parquet.write_table(rows_of, target / "appeals.parquet", compression="zstd")


def archives(rows: int) -> list[Line]:
    """The same cube by every engine, with its time from a cold start and the most memory of a process."""
    with tempfile.TemporaryDirectory(prefix="archive-") as made:
        folder = Path(made)
        write_synthetic(folder, rows)
        runs = {how: _run(folder, how) for how in ("duckdb", "dask-1", "dask-2", "dask-4", "dask-2-killed")}
    duckdb = runs["duckdb"]
    assert {run["sha256"] for run in runs.values()} == {duckdb["sha256"]}
    assert duckdb["appeals"] == rows
    return [
        Line(
            f"archive of {rows:,} rows, {run['counts']:,} counts: {how}",
            f"{run['seconds']:.1f} s, {run['cpu_s']:.1f} of a processor, {run['most_mb']:.0f} MB",
            f"{duckdb['seconds']:.1f} s DuckDB; the same hash",
            run["seconds"] / duckdb["seconds"],
            "≤ 2, memory < 1 GB" if how == "dask-2" else "memory < 1 GB",
            run["most_mb"] < 1000 and (how != "dask-2" or run["seconds"] <= 2 * duckdb["seconds"]),
        )
        for how, run in runs.items()
    ]


def _run(folder: Path, how: str) -> dict[str, Any]:
    started, before = time.perf_counter(), _cpu_s()
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.archive", str(folder), how],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {"seconds": time.perf_counter() - started, "cpu_s": _cpu_s() - before, **json.loads(said)}


def _cpu_s() -> float:
    """Seconds of the processor of all processes that ended below this one."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _counted_here(folder: Path, how: str) -> None:
    """Counts, and prints what it came to; in a process of its own, whose memory is measured."""
    if how == "duckdb":
        told = tell(by_duckdb(folder))
        workers: Sequence[float] = []
    else:
        told, workers = _by_dask(folder, int(how.split("-")[1]), killed=how.endswith("killed"))
    found = {
        "appeals": told.appeals,
        "counts": told.counts,
        "sha256": told.sha256,
        "most_mb": max(_most_mb(), *workers, 0),
    }
    sys.stdout.write(json.dumps(found))


def _by_dask(folder: Path, workers: int, *, killed: bool) -> tuple[Any, Sequence[float]]:
    from distributed import Client

    # The library has no types.
    connect: Any = Client
    with connect(n_workers=workers, threads_per_worker=1, dashboard_address=None) as client:
        parts: Iterator[Part] = by_dask(folder, client)
        if killed:
            parts = _killing(parts, min(client.run(os.getpid).values()))
        return tell(parts), list(client.run(_most_mb).values())


def _killing(parts: Iterator[Part], worker: int) -> Iterator[Part]:
    for number, part in enumerate(parts):
        if number == CITIES * MONTHS // 3:
            os.kill(worker, signal.SIGKILL)
        yield part


def _most_mb() -> float:
    """The most memory of this process; ``getrusage`` would count that of the one it was forked from."""
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kilobytes) / 1024


if __name__ == "__main__":
    _counted_here(Path(sys.argv[1]), sys.argv[2])
