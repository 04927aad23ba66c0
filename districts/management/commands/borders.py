"""``./manage.py borders``: which borders there are, and the verbs of ``districts.actions``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from districts.actions import BordersRefused, check, publish, withdraw
from districts.management.arguments import acceptance, add_acceptance, day
from districts.management.findings import write_findings
from districts.models import BoundaryRevision


class Command(BaseCommand):
    requires_system_checks = [Tags.database, Tags.models]
    help = (
        "Lists the boundary revisions; checks, publishes or withdraws one. Withdrawing brings the former borders back into "
        "force at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "verb", choices=["list", "check", "publish", "withdraw"], nargs="?", default="list"
        )
        parser.add_argument("number", type=int, nargs="?", metavar="NUMBER", help="number of the revision")
        parser.add_argument(
            "--effective-from",
            type=day,
            metavar="DATE",
            help="publish: first day in force (today; of what was withdrawn, as before)",
        )
        add_acceptance(parser)

    @no_translations
    def handle(self, *args: Any, verb: str, number: int | None, **options: Any) -> None:
        if verb == "list":
            self._list()
            return
        revision = BoundaryRevision.objects.filter(number=number).first() if number is not None else None
        if revision is None:
            raise CommandError(f"{verb} needs the number of a revision: ./manage.py borders lists them")
        try:
            match verb:
                case "check":
                    findings = check(revision)
                    write_findings(self.stdout, findings)
                    if not findings:
                        self.stdout.write(f"Nothing is wrong with {revision}.")
                case "publish":
                    done = publish(
                        revision,
                        effective_from=options["effective_from"],
                        accepted=acceptance(options["accept"], options["accepted_by"]),
                    )
                    write_findings(self.stdout, done.findings)
                    self.stdout.write(
                        f"Published: {revision}, in force from {done.revision.effective_from}. "
                        f"In force now: {done.in_force or 'none yet'}"
                    )
                case _:
                    self.stdout.write(f"Withdrawn: {revision}. In force now: {withdraw(revision).in_force}")
        except BordersRefused as refusal:
            write_findings(self.stderr, refusal.findings)
            raise CommandError(f"{refusal} Nothing was changed.") from None

    def _list(self) -> None:
        current = BoundaryRevision.objects.in_force(timezone.localdate()).first()
        if not BoundaryRevision.objects.exists():
            self.stdout.write("There are no boundary revisions: ./manage.py import_areas makes the first.")
        for revision in BoundaryRevision.objects.order_by("number"):
            now = ", in force" if revision == current else ""
            since = f" from {revision.effective_from}" if not revision.is_draft else ""
            self.stdout.write(f"{revision.number:>4}  {revision.state}{since}{now}  {revision.name}")
            if revision.accepted_misfits_m2:
                self.stdout.write(
                    f"      overlaps and gaps of {revision.accepted_misfits_m2:,.0f} m², accepted by {revision.accepted_by}"
                )
