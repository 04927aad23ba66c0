"""``./manage.py archive_cube``: the cube of counts of an archive, by the engine of one's choice; the hash says whether they agree."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geo import cube


class Command(BaseCommand):
    help = (
        "Counts an archive (./manage.py archive_appeals) by city, month, stored cell and category, and says the hash of the counts, "
        "which is the same for each engine. DuckDB counts on this machine; Dask on the workers of a scheduler, which see "
        "the folder under the same path and have this code, or on two of this machine; PostGIS counts the live appeals. "
        "DuckDB and Dask: pip install duckdb distributed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, metavar="FOLDER", help="the archive; PostGIS does not read it"
        )
        parser.add_argument("--engine", choices=["duckdb", "dask", "postgis"], default="duckdb")
        parser.add_argument(
            "--scheduler", default="", metavar="ADDRESS", help="of Dask, such as tcp://10.0.0.5:8786"
        )
        parser.add_argument(
            "--memory", default="", metavar="SIZE", help="most that DuckDB takes, such as 1GB"
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="the counts as Parquet")

    def handle(
        self,
        *args: Any,
        folder: Path,
        engine: str,
        scheduler: str,
        memory: str,
        output: Path | None,
        **options: Any,
    ) -> None:
        started = time.monotonic()
        try:
            with _parts(folder.absolute(), engine, scheduler, memory) as parts:
                told = cube.tell(parts, output)
        except ImportError as error:
            raise CommandError(f"{engine} is not installed: pip install duckdb distributed") from error
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{told.appeals:,} appeals, {told.counts:,} counts, {time.monotonic() - started:.1f} s"
        )
        self.stdout.write(told.sha256)


@contextmanager
def _parts(folder: Path, engine: str, scheduler: str, memory: str) -> Iterator[Iterator[cube.Part]]:
    match engine:
        case "postgis":
            from reports.archive import cube_of_database

            yield cube_of_database()
        case "duckdb":
            yield cube.by_duckdb(folder, memory=memory)
        case _:
            from distributed import Client

            # Before the workers are started.
            cube.partitions_of(folder)
            # The library has no types.
            connect: Any = Client
            own = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
            with connect(scheduler) if scheduler else connect(**own) as client:
                yield cube.by_dask(folder, client)
