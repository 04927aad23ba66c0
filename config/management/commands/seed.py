"""``./manage.py seed``: the database becomes the city of the profile folder, with a demonstration's life if wanted."""

from __future__ import annotations

import time
from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from accounts.demo import DEMO_PASSWORD, OPERATOR, make_demo_people
from accounts.models import User
from appeals.importing.terms import load_terms
from config.city import CITY
from districts.importing.entries import EntryRefused
from districts.importing.reference import load_reference
from districts.models import Service


class Command(BaseCommand):
    requires_system_checks = [Tags.database, Tags.models]
    help = (
        "Fills an empty database with the city of the profile folder: services, categories, borders, gazetteer, legal "
        "terms; with --demo also people who may log in, news and appeals with their answers. Does nothing when the "
        "city is there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action=BooleanOptionalAction,
            default=CITY.demo,
            help="a demonstration with invented people and appeals (default: what the profile says)",
        )
        parser.add_argument("--count", type=int, default=3_000, help="appeals of the demonstration (3000)")

    def handle(self, *args: Any, demo: bool, count: int, **options: Any) -> None:
        if Service.objects.exists():
            if options["verbosity"] > 1:
                self.stdout.write("The city is there already: nothing was changed.")
            return
        started = time.monotonic()
        try:
            with transaction.atomic():
                loaded = load_reference(CITY.folder)
                load_terms(CITY.folder)
                people = make_demo_people(CITY.code) if demo else {}
        except EntryRefused as refusal:
            raise CommandError(f"{CITY.folder}: {refusal}") from None
        self.stdout.write(
            f"City {CITY.code}: {loaded.services} services, {loaded.categories} categories, "
            f"{loaded.districts} districts, {loaded.areas} service areas, {loaded.places} places"
        )
        if people:
            self._tell_logins(people)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"Seeded in {time.monotonic() - started:.1f} s")

    def _tell_logins(self, people: dict[str, User]) -> None:
        services = {service.code: service.short for service in Service.objects.all()}
        width = max(len(person.email) for person in people.values())
        lines = [f"password of everyone here: {DEMO_PASSWORD}"]
        lines += [
            f"{person.email:<{width}}  {services.get(code, 'operator: /admin/' if code == OPERATOR else '')}"
            for code, person in people.items()
        ]
        file = settings.VAR_DIR / "logins.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
