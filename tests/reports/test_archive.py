"""The archive and the cubes made of it: the same counts by PostGIS, by DuckDB and by Dask, whatever happens to its workers."""

from __future__ import annotations

import io
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from itertools import starmap
from pathlib import Path
from threading import Thread

import geopandas as gpd
import pyarrow as pa
import pytest
from distributed import Client, LocalCluster
from django.core.management import CommandError, call_command
from pyarrow import parquet

from appeals.models import Appeal
from geo.cube import SCHEMA, Part, Partition, by_dask, by_duckdb, counted, partitions_of, summed, tell
from reports.archive import cube_of_database, write_archive
from tests.grid import IN_EAST, IN_WEST
from tests.reports.planting import Plant, everywhere
from tests.reports.test_trends import noon


@pytest.fixture
def archive(plant: Plant, tmp_path: Path) -> Path:
    """Of seven months; one appeal comes in after midnight of the city's clock, before that of UTC."""
    for month in range(1, 8):
        plant(everywhere(12, month) + [IN_WEST] * 3, submitted_at=noon(month))
        plant([IN_EAST] * month, category="pothole", submitted_at=noon(month, 20))
    plant([IN_EAST], submitted_at=noon(3, 1).replace(hour=2))
    plant([IN_EAST] * 9, hidden=True, submitted_at=noon(4))
    assert sum(rows for _path, rows in write_archive(tmp_path)) == 7 * 15 + 28 + 1
    return tmp_path


def test_every_engine_counts_the_same(archive: Path) -> None:
    parts = list(cube_of_database())
    # Against the rows.
    own = Counter(
        (
            f"{appeal.submitted_at.astimezone(noon(1).tzinfo):%Y-%m}",
            appeal.cell_x,
            appeal.cell_y,
            appeal.category.code,
        )
        for appeal in Appeal.objects.public().select_related("category")
    )
    rows = [tuple(row.values()) for part in parts for row in part.table().to_pylist()]
    assert {row[1:-1]: row[-1] for row in rows} == own
    assert rows == sorted(rows)
    told = tell(parts)
    assert told == tell(starmap(counted, partitions_of(archive).items()))
    assert told != tell(parts[1:])
    assert told == tell(by_duckdb(archive, memory="200MB"))

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        assert tell(by_dask(archive, client)) == told
        cluster.scale(2)
        client.wait_for_workers(2)
        assert tell(by_dask(archive, client)) == told

        # A worker knows no test: what is made in here goes to it by value.
        def slowly_counted(partition: Partition, files: Sequence[str]) -> Part:
            (Path(files[0]).parent / "begun").touch()
            time.sleep(0.3)
            return counted(partition, files)

        # One of them is lost in the middle of its work.
        lost = min(client.run(os.getpid).values())

        def kill_when_begun() -> None:
            for _ in range(500):
                if any(archive.rglob("begun")):
                    break
                time.sleep(0.02)
            os.kill(lost, signal.SIGKILL)

        killer = Thread(target=kill_when_begun)
        killer.start()
        assert tell(by_dask(archive, client, slowly_counted)) == told
        killer.join()
        cluster.scale(4)
        client.wait_for_workers(4)
        assert lost not in client.run(os.getpid).values()
        assert tell(by_dask(archive, client)) == told


@pytest.mark.parametrize("far", [1, 40_000])
def test_counts_of_one_month_in_several_files_are_summed(tmp_path: Path, far: int) -> None:
    """Whether so many counts are possible that they are sorted, or not; the files name their categories in orders of their own."""
    folder = tmp_path / "city=osh" / "month=2026-01"
    folder.mkdir(parents=True)
    for name, cells, categories in (("a", [0, far, 0], ["z", "é", "z"]), ("b", [far, 0], ["é", "a"])):
        rows = {"cell_x": cells, "cell_y": [-far] * len(cells), "category": categories}
        parquet.write_table(pa.table(rows), folder / f"{name}.parquet")
    (found,) = starmap(counted, partitions_of(tmp_path).items())
    expected = [
        {"city": "osh", "month": "2026-01", "cell_x": x, "cell_y": -far, "category": category, "n": n}
        for x, category, n in ((0, "a", 1), (0, "z", 2), (far, "é", 2))
    ]
    assert found.table().to_pylist() == expected
    assert found.categories == ("a", "z", "é")
    assert tell([found]) == tell(by_duckdb(tmp_path))


def test_the_archive_is_of_the_public_appeals_and_as_they_are_now(archive: Path) -> None:
    files = partitions_of(archive)
    assert [month for _city, month in files] == [f"2025-{month:02}" for month in range(1, 8)]
    march = gpd.read_parquet([*files.values()][2][0])
    assert (len(march), march.crs.to_epsg(), set(march.geom_type)) == (15 + 3 + 1, 4326, {"Point"})
    assert list(march["cell_x"]) == sorted(march["cell_x"])
    assert set(march["number"]) <= set(Appeal.objects.public().values_list("number", flat=True))
    Appeal.objects.filter(submitted_at__month=7).update(hidden=True)
    assert len([*write_archive(archive)]) == 6
    assert len(partitions_of(archive)) == 6
    assert not [*archive.rglob("*.part")]


def test_the_commands_say_the_hash(archive: Path, tmp_path: Path) -> None:
    def run(*options: str) -> list[str]:
        told = io.StringIO()
        call_command("archive_cube", *options, stdout=told)
        return told.getvalue().split("\n")[:2]

    told = io.StringIO()
    call_command("archive_appeals", str(archive), stdout=told)
    assert "134 appeals in 7 files" in told.getvalue()
    out = tmp_path / "cube.parquet"
    first = run(str(archive), "--output", str(out))
    assert first[1] == run(str(archive), "--engine", "postgis")[1]
    assert "134 appeals" in first[0]
    # What is written is what was told, and nothing half done is left.
    counts = parquet.read_table(out)
    assert (sum(counts["n"].to_pylist()), counts.schema.equals(SCHEMA)) == (134, True)
    assert not [*tmp_path.glob(".*")]
    with pytest.raises(CommandError, match=r"no city=…/month=…/….parquet"):
        run(str(tmp_path / "nothing"))
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("archive_appeals", str(tmp_path / "file"))


def test_what_cannot_be_counted_is_refused(tmp_path: Path) -> None:
    osh = Partition("osh", "2026-01")
    with pytest.raises(ValueError, match="osh/2026-01 has a row without its cell or category"):
        summed(osh, [1, 2], [1, 2], ["a", None])
    with pytest.raises(ValueError, match="osh/2026-01 has cells that are too far apart"):
        summed(osh, [-(2**31), 2**31 - 1], [-(2**31), 2**31 - 1], ["a", "b"])
    (tmp_path / "city=osh" / "month=soon").mkdir(parents=True)
    (tmp_path / "city=osh" / "month=soon" / "appeals.parquet").touch()
    with pytest.raises(FileNotFoundError, match="has no city="):
        partitions_of(tmp_path)
