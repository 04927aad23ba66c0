"""``./manage.py report``: a report as a file, the same as at its address."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from reports.forms import QUESTIONS
from reports.kinds import KINDS
from reports.making import form_of, make_report
from reports.products import Asked, products_of


class Command(BaseCommand):
    help = (
        "Writes a report about the public appeals into a file: the same bytes as its address gives on that day. "
        "The filters are those of the page; days are YYYY-MM-DD, both included."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("report", choices=KINDS)
        parser.add_argument("--format", dest="ending", required=True, choices=sorted(products_of("heatmap")))
        parser.add_argument("--output", metavar="FILE", help="where to (its usual name, in this folder)")
        parser.add_argument("--language", choices=sorted(settings.CITY_NAME), default=settings.LANGUAGE_CODE)
        for name in QUESTIONS:
            parser.add_argument(f"--{name}", dest=f"ask_{name}", metavar="VALUE", default="")

    def handle(
        self, *args: Any, report: str, ending: str, output: str | None, language: str, **options: Any
    ) -> None:
        started = time.monotonic()
        product = products_of(report).get(ending)
        if product is None:
            raise CommandError(
                f"{report} cannot be had as {ending}, but as: {', '.join(products_of(report))}"
            )
        asked = {name: value for name in QUESTIONS if (value := options[f"ask_{name}"])}
        with translation.override(language):
            form = form_of(report, asked)
            if foreign := sorted(asked.keys() - form.fields.keys()):
                raise CommandError(f"{report} is not asked for --{foreign[0]}")
            made = make_report(report, form, drawn=product.drawn)
            if made is None:
                raise CommandError(
                    "\n".join(f"--{name}: {' '.join(map(str, said))}" for name, said in form.errors.items())
                )
            self.stderr.write(f"{made.total:,} appeals counted")
            what = Asked(report, form, made)
            target = Path(output or what.file_name(ending))
            _write(target, product.write(what))
        size_kb = target.stat().st_size / 1000
        self.stderr.write(f"{target}: {size_kb:,.0f} kB, {time.monotonic() - started:.1f} s")


def _write(target: Path, content: bytes) -> None:
    """The file as a whole or not at all."""
    half = target.with_name(f".{target.name}.part")
    try:
        half.write_bytes(content)
        half.replace(target)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise CommandError(f"{target} cannot be written: {error.strerror}") from error
