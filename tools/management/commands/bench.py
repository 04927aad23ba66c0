from __future__ import annotations

import os
import platform
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

if TYPE_CHECKING:
    from tests.bench.table import Line

#: What can be measured by itself; the first three need the benchmark's database.
PARTS = ("served", "panning", "queries", "statistics", "false-alarms", "archive")


class Command(BaseCommand):
    help = (
        "Measures the product against references in the same run (raw PostGIS, djangorestframework-gis, plain queries, PySAL), "
        "after checking that the results agree, and prints a table. The first run creates a database of a "
        "million appeals, which takes minutes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, default=1_000_000, help="appeals in the benchmark database")
        parser.add_argument(
            "--archive", type=int, default=50_000_000, help="rows of the archive, whose files are made anew"
        )
        parser.add_argument(
            "--peers",
            action="store_true",
            help="also tipg, pygeoapi and KDEpy, which are installed from PyPI",
        )
        parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts of it")
        parser.add_argument(
            "--growth",
            type=int,
            metavar="COUNT",
            help="nothing but what serving costs at 10,000, 100,000 … appeals, up to so many; 10 million are 25 GB, and an hour or more the first time",
        )

    def handle(
        self,
        *args: Any,
        count: int,
        archive: int,
        peers: bool,
        only: Sequence[str],
        growth: int | None,
        **options: Any,
    ) -> None:
        log = settings.VAR_DIR / "log" / "bench-server.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            if growth is not None:
                from tests.bench.growth import as_it_grows

                _collect_static()
                self._report(as_it_grows(growth, log))
                return
            from tests.bench.archive import archives
            from tests.bench.false_alarms import false_alarms
            from tests.bench.hotspots import statistics

            self.stdout.write(f"{count:,} appeals; {platform.machine()}, {os.cpu_count()} cores")
            self._report(
                [
                    *(self._served(count, log, peers=peers) if "served" in only else []),
                    *(self._panned(count, log) if "panning" in only else []),
                    *(self._queries(count) if "queries" in only else []),
                    *(statistics(peers=peers) if "statistics" in only else []),
                    *(false_alarms() if "false-alarms" in only else []),
                    *(archives(archive) if "archive" in only else []),
                ]
            )
        except ImportError as error:
            raise CommandError(f"{error}; run ./manage.py test once: it installs what this needs") from None

    def _served(self, count: int, log: Path, *, peers: bool) -> list[Line]:
        """What a server costs that answers from the benchmark's database."""
        from tests.bench.city import bench_database
        from tests.bench.desk import FEW, list_pages, open_desks, pages_among_many
        from tests.bench.exports import exports
        from tests.bench.peers import beside_peers
        from tests.bench.server import running_server
        from tests.bench.serving import deep_page, filtered_tiles, geojson_page, map_tiles, map_view
        from tests.bench.submitting import counted_inserts, submit_over_http
        from tests.bench.whole_sets import sequence_and_copy

        _collect_static()
        with bench_database(FEW) as url, running_server(url, log) as server:
            few = list_pages(server)
        with bench_database(count) as url:
            with connection.cursor() as cursor:
                cursor.execute("SELECT version(), postgis_lib_version()")
                self.stdout.write("; PostGIS ".join(cursor.fetchone()))
            with running_server(url, log) as server:
                lines = [
                    *geojson_page(server),
                    *deep_page(server),
                    *map_view(server),
                    *map_tiles(server),
                    *filtered_tiles(server),
                    *sequence_and_copy(server),
                    *exports(server),
                    *submit_over_http(server),
                    *counted_inserts(),
                    *open_desks(server),
                    *pages_among_many(list_pages(server), few),
                ]
            return [*lines, *(beside_peers(url, log) if peers else [])]

    def _panned(self, count: int, log: Path) -> list[Line]:
        """What the public map asks of such a server, in a browser."""
        from tests.bench.city import bench_database
        from tests.bench.panning import panning
        from tests.bench.server import running_server

        _collect_static()
        with bench_database(count) as url, running_server(url, log) as server:
            return panning(server)

    def _queries(self, count: int) -> list[Line]:
        """What is asked of the benchmark's database without a server."""
        from tests.bench.alerts import matching
        from tests.bench.city import bench_database
        from tests.bench.cube import classes_of_all
        from tests.bench.desk import desk_lists, desk_searches
        from tests.bench.routing import decisions
        from tests.bench.scoreboard import scoreboard

        with bench_database(count):
            return [
                *classes_of_all(),
                *decisions(),
                *matching(),
                *desk_lists(),
                *desk_searches(),
                *scoreboard(),
            ]

    def _report(self, lines: list[Line]) -> None:
        from tests.bench.table import render

        self.stdout.write(render(lines))
        if not all(line.kept for line in lines):
            raise CommandError("a limit was exceeded")


def _collect_static() -> None:
    """Pages name their styles and scripts."""
    call_command("collectstatic", interactive=False, verbosity=0)
