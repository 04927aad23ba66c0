"""``./manage.py import_appeals``: imports appeals from another system; see ``appeals.importing.run``."""

from __future__ import annotations

import csv
import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import DatabaseError, connection

from appeals.importing.rows import GEOMETRY_X, GEOMETRY_Y
from appeals.importing.run import AppealImport, ImportRefused, RefusedRow, Source, Totals, import_appeals
from appeals.models import Appeal, Event, MetricCell, PyramidCell, PyramidChange, RoutingDecision
from districts.importing.entries import EntryRefused
from districts.importing.files import FileRefused
from districts.importing.progress import Progress
from districts.installed import AnotherCity, installed_city
from districts.routing import NotSetUp
from geo.numbers import whole_number
from jobs.outage import in_one_line, is_operational

_SHOWN = 20


class Command(BaseCommand):
    requires_system_checks = [Tags.database, Tags.models]
    help = (
        "Imports and routes appeals with their dates and status from a CSV or GeoJSON file (plain or gzip), "
        "following a mapping file. Can be killed and run again: nothing is imported twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--mapping", type=Path, required=True, metavar="TOML", help="maps the columns")
        parser.add_argument(
            "--refused", type=Path, metavar="CSV", help="write every refused row and the reason to this file"
        )
        parser.add_argument("--report", type=Path, metavar="JSON", help="write the totals to this file")
        parser.add_argument("--limit", type=_rows, metavar="N", help="read only the first N rows")
        parser.add_argument("--dry-run", action="store_true", help="check and report, write nothing")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        wanted = AppealImport(options["file"], options["mapping"], options["limit"], options["dry_run"])
        _check_apart([wanted.file, wanted.mapping], [options["report"], options["refused"]])
        # Opened now, not when hours of work have nowhere to be reported.
        with _replaced(options["report"]) as report:
            self._import(wanted, options["refused"], report)

    def _import(self, wanted: AppealImport, refused: Path | None, report: TextIO | None) -> None:
        started, started_cpu = time.monotonic(), time.process_time()
        progress = Progress(sys.stderr, "rows")

        def show(totals: Totals) -> None:
            progress.show(totals.read, f"{totals.imported:,} imported")

        try:
            installed_city()
            with self._refusals(refused) as (begin, refuse):

                def on_start(source: Source) -> None:
                    progress.total = source.rows
                    begin(source)

                totals = import_appeals(wanted, refuse, on_start, show)
        except FileRefused as refusal:
            raise CommandError(f"{wanted.file}: {refusal}") from None
        except (AnotherCity, ImportRefused, EntryRefused, NotSetUp) as refusal:
            raise CommandError(str(refusal)) from None
        except DatabaseError as error:
            if not is_operational(error):
                raise
            raise CommandError(
                f"the database has stopped the import ({in_one_line(error)}). What was imported by then stays: run it again "
                "for the rest."
            ) from None
        finally:
            progress.end()
        if (totals.imported or totals.changed) and not wanted.dry_run:
            _analyze()
        seconds, cpu = time.monotonic() - started, time.process_time() - started_cpu
        self._print_totals(totals, wanted, seconds)
        if report:
            report.write(json.dumps(_report(totals, wanted, seconds, cpu), indent=2) + "\n")

    @contextmanager
    def _refusals(self, file: Path | None) -> Iterator[Any]:
        """Functions that begin the report and tell a refused row: in the file, or, for the first ones, on stderr."""
        with _replaced(file) as stream:
            if stream:
                table = _Refused(stream)
                yield table.begin, table.add
                return
            shown = 0

            def show(row: RefusedRow) -> None:
                nonlocal shown
                shown += 1
                if shown <= _SHOWN:
                    self.stderr.write(f"refused: row at {row.n} ({row.number}): {row.reason}: {row.why}")
                elif shown == _SHOWN + 1:
                    self.stderr.write("refused: … (--refused FILE.csv lists all)")

            yield lambda source: None, show

    def _print_totals(self, totals: Totals, wanted: AppealImport, seconds: float) -> None:
        self.stdout.write(f"{totals.read:,} rows read in {seconds:.1f} s")
        self.stdout.write(f"Coordinates: {totals.crs}")
        self.stdout.write(f"{totals.imported:>10,} imported")
        self.stdout.write(f"{totals.changed:>10,} changed since an earlier import")
        self.stdout.write(f"{totals.repeated:>10,} repeated, nothing new")
        for reason, count in totals.refused.most_common():
            self.stdout.write(f"{count:>10,} refused: {reason}")
        if wanted.dry_run:
            self.stdout.write("Dry run: nothing was written.")


class _Refused:
    """A table of refused rows as they stand in the file, after what is wrong with them: mended, it can be imported."""

    _OURS = ("line", "number", "reason", "explanation")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, source: Source) -> None:
        """Writes the header."""
        self._writer = csv.writer(self._stream, delimiter=source.delimiter)
        theirs = [_GEOMETRY.get(column, column) for column in source.columns]
        # No column twice: a mapping could not name it.
        self._writer.writerow(
            [*(f"refused {name}" if name in theirs else name for name in self._OURS), *theirs]
        )

    def add(self, row: RefusedRow) -> None:
        """Writes the row."""
        self._writer.writerow([row.n, row.number, row.reason.value, row.why, *row.fields])


_GEOMETRY = {GEOMETRY_X: "geometry x", GEOMETRY_Y: "geometry y"}


def _rows(text: str) -> int:
    rows = whole_number(text)
    if not rows:
        raise ArgumentTypeError("use a whole number from 1")
    return rows


def _check_apart(read: list[Path], written: list[Path | None]) -> None:
    """Raises ``CommandError`` where a file to be written is one that is read, or another one to be written."""
    sources, targets = {file.resolve() for file in read}, set[Path]()
    for file in filter(None, written):
        target = file.resolve()
        if target in sources:
            raise CommandError(f"{file} is read, and would be written over: name another file")
        if target in targets:
            raise CommandError(f"{file}: the two reports would be written over each other")
        targets.add(target)


@contextmanager
def _replaced(file: Path | None) -> Iterator[TextIO | None]:
    """Where to write what becomes the file when all is done; if an error ends it, a former file stays as it is."""
    if file is None:
        yield None
        return
    target = file.resolve()
    # A terminal or a pipe is written to; only a file can be replaced.
    into = target.with_name(f".{target.name}.part") if target.is_file() or not target.exists() else target
    try:
        stream = into.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    try:
        with stream:
            yield stream
        if into != target:
            into.replace(target)
    finally:
        if into != target:
            into.unlink(missing_ok=True)


def _analyze() -> None:
    """Updates planner statistics: autovacuum takes a minute to notice, and pages would be slow until then."""
    with connection.cursor() as cursor:
        for model in (Appeal, RoutingDecision, Event, PyramidChange, PyramidCell, MetricCell):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _report(totals: Totals, wanted: AppealImport, seconds: float, cpu_seconds: float) -> dict[str, Any]:
    return {
        "file": wanted.file.name,
        "dry_run": wanted.dry_run,
        "crs": totals.crs,
        "read": totals.read,
        "imported": totals.imported,
        "changed": totals.changed,
        "repeated": totals.repeated,
        "refused": {reason.value: count for reason, count in totals.refused.most_common()},
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
    }
