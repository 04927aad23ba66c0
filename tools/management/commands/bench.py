from __future__ import annotations

import os
import platform
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

if TYPE_CHECKING:
    from tests.bench.table import Line


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
            "--peers", action="store_true", help="also tipg and pygeoapi, which are installed from PyPI"
        )
        parser.add_argument(
            "--growth",
            type=int,
            metavar="COUNT",
            help="nothing but what serving costs at 10,000, 100,000 … appeals, up to so many; 10 million are 25 GB, and half an hour the first time",
        )

    def handle(
        self, *args: Any, count: int, archive: int, peers: bool, growth: int | None, **options: Any
    ) -> None:
        try:
            from tests.bench.alerts import matching
            from tests.bench.archive import archives
            from tests.bench.city import bench_database
            from tests.bench.desk import (
                FEW,
                desk_lists,
                desk_searches,
                list_pages,
                open_desks,
                pages_among_many,
            )
            from tests.bench.exports import exports
            from tests.bench.growth import as_it_grows
            from tests.bench.hotspots import statistics
            from tests.bench.peers import beside_peers
            from tests.bench.routing import decisions
            from tests.bench.scoreboard import scoreboard
            from tests.bench.server import running_server
            from tests.bench.serving import deep_page, filtered_tiles, geojson_page, map_tiles, map_view
            from tests.bench.submitting import counted_inserts, submit_over_http
            from tests.bench.whole_sets import sequence_and_copy
        except ImportError as error:
            raise CommandError(f"{error}; run ./manage.py test once: it installs what this needs") from None
        self.stdout.write(f"{count:,} appeals; {platform.machine()}, {os.cpu_count()} cores")
        log = settings.VAR_DIR / "log" / "bench-server.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        # Pages name their styles and scripts.
        call_command("collectstatic", interactive=False, verbosity=0)
        if growth is not None:
            self._report(as_it_grows(growth, log))
            return
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
            lines += [
                *(beside_peers(url, log) if peers else []),
                *decisions(),
                *matching(),
                *desk_lists(),
                *desk_searches(),
                *scoreboard(),
                *statistics(),
                *archives(archive),
            ]
        self._report(lines)

    def _report(self, lines: list[Line]) -> None:
        from tests.bench.table import render

        self.stdout.write(render(lines))
        if not all(line.kept for line in lines):
            raise CommandError("a limit was exceeded")
