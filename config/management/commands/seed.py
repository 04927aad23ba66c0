"""``./manage.py seed``: fills the database with the city of the profile folder and, optionally, demo data."""

from __future__ import annotations

import datetime as dt
import random
import time
from argparse import ArgumentParser, BooleanOptionalAction
from functools import cache
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone, translation

from accounts.demo import DEMO_PASSWORD, OPERATOR, make_demo_people
from accounts.models import User
from appeals.importing.demonstration import write_demonstration
from appeals.importing.terms import load_terms
from config.city import CITY
from districts.importing.entries import EntryRefused
from districts.importing.reference import load_reference
from districts.models import Service
from media.photos import prepare_photo
from news.importing import load_news

#: Arbitrary, but the same for every seeding process, so that they wait for each other.
_LOCK: Final = 7_166_321
_CHANCE: Final = 2016


class Command(BaseCommand):
    requires_system_checks = [Tags.database, Tags.models]
    help = (
        "Fills an empty database with the city of the profile folder: services, categories, borders, gazetteer, legal "
        "terms; with --demo also user accounts, news and appeals with answers. Does nothing if the city "
        "already exists."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action=BooleanOptionalAction,
            default=CITY.file("demo.toml").exists(),
            help="add demo data: invented people and appeals (default: if the folder has a demo.toml)",
        )
        parser.add_argument("--count", type=int, default=3_000, help="number of demo appeals (3000)")

    def handle(self, *args: Any, demo: bool, count: int, **options: Any) -> None:
        started = time.monotonic()
        try:
            with transaction.atomic(), translation.override(CITY.default_language):
                _wait_for_others()
                if Service.objects.exists():
                    if options["verbosity"] > 1:
                        self.stdout.write("The city already exists: nothing was changed.")
                    return
                self._seed_reference()
                if demo:
                    self._seed_demo(count)
        except EntryRefused as refusal:
            raise CommandError(f"{CITY.folder}: {refusal}") from None
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"Seeded in {time.monotonic() - started:.1f} s")

    def _seed_reference(self) -> None:
        loaded = load_reference(CITY.folder)
        load_terms(CITY.folder)
        self.stdout.write(
            f"City {CITY.code}: {loaded.services} services, {loaded.categories} categories, "
            f"{loaded.districts} districts, {loaded.areas} service areas, {loaded.places} places"
        )

    def _seed_demo(self, count: int) -> None:
        # The generator is data, not product: a city without demo data runs without the folder.
        from data.demo import draw_picture, generate
        from data.demo.people import someone

        picture = cache(lambda name: prepare_photo(BytesIO(draw_picture(name))))
        people = make_demo_people(CITY.code, lambda code: someone(random.Random(f"person {code}"))[0])  # noqa: S311
        now = timezone.now()
        tomorrow = timezone.localdate(now) + dt.timedelta(days=1)
        generated = generate(CITY.folder, _CHANCE, count, until=tomorrow)
        appeals = write_demonstration(generated, people, picture, now)
        news = load_news(CITY.folder, lambda name: picture(name).large.data, timezone.localdate(now))
        self.stdout.write(f"Demo data: {len(people)} people, {appeals} appeals, {news} news")
        self._write_logins(people)

    def _write_logins(self, people: dict[str, User]) -> None:
        """Writes the logins that ``up`` shows."""
        services = {service.code: service.short for service in Service.objects.all()}
        width = max(len(person.email) for person in people.values())
        lines = [f"Log in with the password {DEMO_PASSWORD} as"]
        lines += [
            f"  {person.email:<{width}}  {services.get(code, 'operator: /admin/' if code == OPERATOR else '')}"
            for code, person in people.items()
        ]
        file = settings.VAR_DIR / "logins.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _wait_for_others() -> None:
    """Several servers may start on one empty database: one seeds, the others find it seeded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
