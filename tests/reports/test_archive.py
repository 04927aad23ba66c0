"""The archive and the cubes made of it: the same counts by PostGIS, by DuckDB and by Dask, whatever happens to its workers."""

from __future__ import annotations

import io
import os
import signal
import time
from collections import Counter
from pathlib import Path
from threading import Thread

import geopandas as gpd
import pyarrow as pa
import pytest
from distributed import Client, LocalCluster
from django.core.management import CommandError, call_command
from pyarrow import parquet

from appeals.models import Appeal
from geo import cube
from geo.cube import by_dask, by_duckdb, counted, digest, files_of, merged
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
    found = cube_of_database()
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
    rows = found.select(["month", "cell_x", "cell_y", "category", "n"]).to_pylist()
    assert {tuple(row.values())[:-1]: row["n"] for row in rows} == own
    told = digest(found)
    parts = [counted(file) for file in files_of(archive)]
    assert digest(merged(parts)) == told
    # A sum of cubes is a cube, in whichever order.
    assert digest(merged([merged(parts[4:]), *reversed(parts[:4])])) == told
    assert digest(merged(parts[1:])) != told
    assert digest(by_duckdb(archive, memory="200MB")) == told

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        assert digest(by_dask(archive, client)) == told
        cluster.scale(2)
        client.wait_for_workers(2)
        assert digest(by_dask(archive, client)) == told

        # A worker knows no test: what is made in here goes to it by value.
        def slowly_counted(file: str) -> pa.Table:
            (Path(file).parent / "begun").touch()
            time.sleep(0.3)
            return counted(file)

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
        assert digest(by_dask(archive, client, slowly_counted)) == told
        killer.join()
        client.wait_for_workers(2)
        assert lost not in client.run(os.getpid).values()


def test_the_archive_is_of_the_public_appeals_and_as_they_are_now(archive: Path) -> None:
    months = [Path(file).parent.name for file in files_of(archive)]
    assert months == [f"month=2025-{month:02}" for month in range(1, 8)]
    march = gpd.read_parquet(files_of(archive)[2])
    assert (len(march), march.crs.to_epsg(), set(march.geom_type)) == (15 + 3 + 1, 4326, {"Point"})
    assert list(march["cell_x"]) == sorted(march["cell_x"])
    assert set(march["number"]) <= set(Appeal.objects.public().values_list("number", flat=True))
    Appeal.objects.filter(submitted_at__month=7).update(hidden=True)
    assert len([*write_archive(archive)]) == 6
    assert len(files_of(archive)) == 6
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
    assert first[1] == run(str(archive), "--engine", "postgis")[1] == digest(parquet.read_table(out))
    assert "134 appeals" in first[0]
    with pytest.raises(CommandError, match=r"no city=…/month=…/….parquet"):
        run(str(tmp_path / "nothing"))
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("archive_appeals", str(tmp_path / "file"))


def test_what_is_no_partition_is_refused() -> None:
    with pytest.raises(ValueError, match=r"is not city="):
        cube.counted("/somewhere/appeals.parquet")
