from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Prints how well repetitions are told from other appeals, beside a fixed gate: precision and recall by the verdicts of "
        "Chicago's own file of requests (chicago_sanitation311_2011_2014.csv.gz)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            from tests.bench.alike import GATE_DAYS, GATE_M, verdicts
        except ImportError as error:
            raise CommandError(f"{error}; run ./manage.py test once: it installs what this needs") from None
        if not file.exists():
            raise CommandError(f"{file} is not there")
        gate, curve = verdicts(file)
        self.stdout.write("| rule | repetitions found | others flagged | precision |\n|---|---|---|---|")
        steps = {f"evidence, recall {least:.1%}": next((one for one in curve if one.recall >= least), None)
                 for least in (0.5, 0.8, 0.9, 0.95, 0.97, 0.98, gate.recall)}  # fmt: skip
        for name, found in {f"gate of {GATE_M} m and {GATE_DAYS} days": gate, **steps}.items():
            if found:
                self.stdout.write(
                    f"| {name} | {found.recall:.1%} | {found.flagged:.2%} | {found.precision:.1%} |"
                )
