"""``./manage.py archive_appeals``: the public appeals as GeoParquet by city and month."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.archive import write_archive


class Command(BaseCommand):
    help = (
        "Writes the public appeals as GeoParquet files, city=…/month=…/appeals.parquet, for ./manage.py archive_cube and "
        "other programs. Several cities may have one folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            written = [rows for _path, rows in write_archive(folder)]
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}") from error
        self.stdout.write(f"{folder}: {sum(written):,} appeals in {len(written)} files")
